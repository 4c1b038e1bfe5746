"""Hashes, the domain, the constructor, and the lock."""

from typing import Any

import boa
import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from novate import orders
from novate.orders import MAX_NUMBER, WAD, Leg, Order

words = st.integers(0, 2**256 - 1)
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
any_legs = st.lists(
    st.builds(
        Leg,
        words,
        st.integers(-MAX_NUMBER, MAX_NUMBER).filter(bool),
        st.integers(0, MAX_NUMBER),
    ),
    max_size=8,
).map(tuple)


@given(st.builds(Order, words, addresses, words, any_legs, words, words, words))
def test_hash_equals_python(world: Any, order: Order) -> None:
    assert world.venue.hash_of(order.as_tuple()) == orders.order_hash(order, world.domain)


def test_hash_by_hand(world: Any) -> None:
    """EIP-712 written out, against both implementations."""
    order = world.order((0, WAD, 3), (1, -WAD, 4), taker=world.address("taker"))
    leg_type = b"Leg(uint256 series,int256 quantity,uint256 price)"
    order_type = (
        b"Order(uint256 account,address taker,uint256 size,Leg[] legs,"
        b"uint256 nonce,uint256 epoch,uint256 deadline)" + leg_type
    )

    def word(value: int) -> bytes:
        return (value % 2**256).to_bytes(32, "big")

    legs = b"".join(
        keccak(keccak(leg_type) + word(leg.series) + word(leg.quantity) + word(leg.price))
        for leg in order.legs
    )
    struct = keccak(
        keccak(order_type)
        + word(order.account)
        + word(int(order.taker, 16))
        + word(order.size)
        + keccak(legs)
        + word(order.nonce)
        + word(order.epoch)
        + word(order.deadline)
    )
    domain = keccak(
        keccak(
            b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        )
        + keccak(b"Novate Signed Orders")
        + keccak(b"1")
        + word(boa.env.evm.patch.chain_id)
        + word(int(world.venue.address, 16))
    )
    digest = keccak(b"\x19\x01" + domain + struct)
    assert world.venue.hash_of(order.as_tuple()) == digest
    assert orders.order_hash(order, world.domain) == digest


def test_domain_is_published(world: Any) -> None:
    """EIP-5267."""
    fields, name, version, chain, venue, salt, extensions = world.venue.eip712Domain()
    published = {"name": name, "version": version, "chainId": chain, "verifyingContract": venue}
    assert published == world.domain.as_dict()
    assert (fields, salt, extensions) == (b"\x0f", bytes(32), [])


def test_constructor(world: Any) -> None:
    venue = world.venue
    assert venue.CLEARINGHOUSE() == world.ledger.address
    assert venue.ORACLE() == world.ledger.ORACLE()
    assert venue.owner() == world.owner


def test_reverts_no_owner(world: Any) -> None:
    with boa.reverts("order: no owner"):
        type(world).deployer().deploy(world.ledger, world.ledger, orders.ANYONE)


@pytest.mark.parametrize("name", ["fill", "cross", "cancel", "cancel_all", "set_fees"])
def test_nothing_is_entered_twice(recorder: Any, name: str) -> None:
    """Called from inside `novate`; from outside the same calls pass."""
    venue, ledger = recorder.venue, recorder.ledger
    order, other = recorder.order(), recorder.order()
    counter = recorder.counter(other)
    maker, taker = recorder.address("maker"), recorder.address("taker")
    signed = (
        other.as_tuple(),
        maker,
        orders.sign(other, recorder.keys["maker"], recorder.domain),
    )
    against = (
        counter.as_tuple(),
        taker,
        orders.sign(counter, recorder.keys["taker"], recorder.domain),
    )
    arguments: Any = {
        "fill": (*signed, recorder.account("taker"), WAD),
        "cross": (*signed, *against, WAD),
        "cancel": (other.as_tuple(),),
        "cancel_all": (recorder.account("maker"),),
        "set_fees": (1, 1),
    }[name]
    # The ledger itself gets all rights, so that nothing but the lock refuses.
    for role in ("maker", "taker"):
        ledger.set_operator(ledger.address, True, sender=recorder.address(role))
    venue.transfer_ownership(ledger.address, sender=recorder.owner)

    with boa.env.anchor():
        getattr(venue, name)(*arguments, sender=ledger.address)
    data = getattr(venue, name).prepare_calldata(*arguments)
    ledger.reenter(venue.address, data)
    with boa.reverts():
        recorder.fill(order)
    ledger.reenter(orders.ANYONE, b"")
    recorder.fill(order)
