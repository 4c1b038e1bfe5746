"""ERC-20 and ERC-2612, from their texts, over every token here.

https://eips.ethereum.org/EIPS/eip-20, https://eips.ethereum.org/EIPS/eip-2612; beside them the
list of https://github.com/crytic/properties (its ERC-20 part, read for what is worth asking).
"""

from collections import defaultdict
from typing import Any

import boa
import pytest
from eth_account.messages import encode_typed_data
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.proofs.standards.conftest import (
    ERC20,
    ERC2612,
    KEYS,
    NOBODY,
    PEOPLE,
    UNLIMITED,
    Tokens,
    events,
)

# A proxy has not the code that titanoboa compiled.
pytestmark = pytest.mark.filterwarnings("ignore:casted bytecode")
few = settings(max_examples=5, derandomize=True, phases=[Phase.explicit, Phase.generate])
people = st.integers(0, 2)
# Shares of what the first holder has, and what is beyond any balance.
parts = st.sampled_from([0, 1, 2, 3, 4, 5, UNLIMITED])
steps = st.lists(
    st.tuples(
        st.sampled_from(["transfer", "transferFrom", "approve"]), people, people, people, parts
    ),
    min_size=6,
    max_size=6,
)


def amount_of(part: int, held: int) -> int:
    """0, a wei, a third, all, one more than all, or the most there can be."""
    return {0: 0, 1: 1, 2: held // 3, 3: held, 4: held + 1, 5: held // 2}.get(part, UNLIMITED)


@pytest.mark.parametrize("name", ERC20)
@given(steps=steps)
@few
def test_balances_and_allowances_follow_the_standard(
    world: Tokens, name: str, steps: list[tuple[str, int, int, int, int]]
) -> None:
    token = world.erc20[name]
    supply = token.totalSupply()
    balance = {one: token.balanceOf(one) for one in PEOPLE}
    allowed: dict[tuple[str, str], int] = defaultdict(int)
    outside = supply - sum(balance.values())
    for what, first, second, third, part in steps:
        caller, owner, to = PEOPLE[first], PEOPLE[second], PEOPLE[third]
        amount = amount_of(part, balance[caller if what == "transfer" else owner])
        if what == "approve":
            assert token.approve(to, amount, sender=caller) is True
            assert events(token, "Approval")[-1] == (caller, to, amount)
            allowed[caller, to] = amount
            continue
        source = caller if what == "transfer" else owner
        arguments = (to, amount) if what == "transfer" else (owner, to, amount)
        needed = allowed[owner, caller] if what == "transferFrom" else UNLIMITED
        if amount > balance[source] or amount > needed:
            with boa.reverts():
                getattr(token, what)(*arguments, sender=caller)
            continue
        assert getattr(token, what)(*arguments, sender=caller) is True
        # "Transfers of 0 values MUST be treated as normal transfers and fire the Transfer event."
        if name != "LongToken":
            assert events(token, "Transfer")[-1] == (source, to, amount)
        balance[source] -= amount
        balance[to] += amount
        if what == "transferFrom" and needed != UNLIMITED:
            allowed[owner, caller] -= amount
    assert {one: token.balanceOf(one) for one in PEOPLE} == balance
    assert all(token.allowance(*pair) == left for pair, left in allowed.items())
    # No step made or lost a unit.
    assert token.totalSupply() == supply == outside + sum(balance.values())


@pytest.mark.parametrize("name", ERC20)
def test_names_and_digits(world: Tokens, name: str) -> None:
    token = world.erc20[name]
    assert token.name() and token.symbol()
    assert 0 <= token.decimals() <= 36
    assert token.balanceOf(NOBODY) == 0


@pytest.mark.parametrize("spender", [PEOPLE[1], PEOPLE[0]], ids=["another", "oneself"])
@pytest.mark.parametrize("name", ERC20)
def test_an_allowance_is_used_up_unless_unlimited(world: Tokens, name: str, spender: str) -> None:
    """Also one's own: who says `transferFrom` of oneself without it is refused, as by solmate's and
    OpenZeppelin's."""
    token, (owner, _, to) = world.erc20[name], PEOPLE
    with boa.reverts():
        token.transferFrom(owner, to, 1, sender=spender)
    token.approve(spender, 5, sender=owner)
    assert token.transferFrom(owner, to, 3, sender=spender) is True
    assert token.allowance(owner, spender) == 2
    with boa.reverts():
        token.transferFrom(owner, to, 3, sender=spender)
    token.approve(spender, UNLIMITED, sender=owner)
    assert token.transferFrom(owner, to, 3, sender=spender) is True
    assert token.allowance(owner, spender) == UNLIMITED
    assert token.balanceOf(to) == 6


@pytest.mark.parametrize("name", ERC20)
def test_nothing_moves_without_leave(world: Tokens, name: str) -> None:
    token = world.erc20[name]
    assert token.balanceOf(PEOPLE[0]) > 0
    with boa.reverts():
        token.transferFrom(PEOPLE[0], PEOPLE[1], 1, sender=PEOPLE[1])
    with boa.reverts():
        token.transfer(PEOPLE[1], token.balanceOf(PEOPLE[0]) + 1, sender=PEOPLE[0])


# -- ERC-2612 --

PERMIT = ("owner", "spender", "value", "nonce", "deadline")


def permit(token: Any, key: Any, message: tuple[Any, ...], **changes: Any) -> tuple[Any, ...]:
    """v, r, s over a permit; the domain may be changed."""
    kinds = ("address", "address", "uint256", "uint256", "uint256")
    domain = {
        "name": token.name(),
        "version": "1",
        "chainId": boa.env.evm.patch.chain_id,
        "verifyingContract": str(token.address),
    } | changes
    types = {"Permit": [{"name": n, "type": k} for n, k in zip(PERMIT, kinds, strict=True)]}
    fields = dict(zip(PERMIT, message, strict=True))
    signed = key.sign_message(encode_typed_data(domain, types, fields))
    return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


@pytest.mark.parametrize("name", ERC2612)
@given(value=st.integers(0, UNLIMITED), left=st.integers(0, 10**6))
@few
def test_a_permit_sets_the_allowance_and_uses_up_its_nonce(
    world: Tokens, name: str, value: int, left: int
) -> None:
    token, (owner, spender, _) = world.erc20[name], PEOPLE
    deadline = boa.env.timestamp + left
    nonce = token.nonces(owner)
    signature = permit(token, KEYS[0], (owner, spender, value, nonce, deadline))
    token.permit(owner, spender, value, deadline, *signature, sender=PEOPLE[2])
    assert events(token, "Approval") == [(owner, spender, value)]
    assert (token.allowance(owner, spender), token.nonces(owner)) == (value, nonce + 1)
    # "a given signature may only be used once"
    with boa.reverts():
        token.permit(owner, spender, value, deadline, *signature)


@pytest.mark.parametrize("name", ERC2612)
def test_a_permit_of_anything_else_is_refused(world: Tokens, name: str) -> None:
    token, (owner, spender, other) = world.erc20[name], PEOPLE
    now, nonce = boa.env.timestamp, token.nonces(PEOPLE[0])
    good = (owner, spender, 7, nonce, now)
    v, r, s = permit(token, KEYS[0], good)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    twin = (order - int.from_bytes(s, "big")).to_bytes(32, "big")
    refused = [
        (owner, spender, 8, now, v, r, s),  # another value
        (owner, other, 7, now, v, r, s),  # another spender
        (other, spender, 7, now, v, r, s),  # another owner
        (owner, spender, 7, now + 1, v, r, s),  # another deadline
        (owner, spender, 7, now, 55 - v, r, twin),  # the other signature of the same message
        (NOBODY, spender, 7, now, v, bytes(32), s),  # a failed recovery is nobody's signature
        (owner, spender, 7, now, *permit(token, KEYS[1], good)),  # another key
        (owner, spender, 7, now, *permit(token, KEYS[0], (owner, spender, 7, nonce + 1, now))),
        (owner, spender, 7, now - 1, *permit(token, KEYS[0], (owner, spender, 7, nonce, now - 1))),
        (owner, spender, 7, now, *permit(token, KEYS[0], good, chainId=5)),
        (owner, spender, 7, now, *permit(token, KEYS[0], good, verifyingContract=other)),
    ]
    for arguments in refused:
        with boa.reverts():
            token.permit(*arguments)
    assert token.allowance(owner, spender) == 0
    assert token.nonces(owner) == nonce
    token.permit(owner, spender, 7, now, v, r, s)
    assert token.allowance(owner, spender) == 7


@pytest.mark.parametrize("name", ERC2612)
def test_the_domain_separator_is_that_of_eip_712(world: Tokens, name: str) -> None:
    from eth_abi import encode
    from eth_utils import keccak

    token = world.erc20[name]
    kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    words = (
        keccak(text=kind),
        keccak(text=token.name()),
        keccak(text="1"),
        boa.env.evm.patch.chain_id,
        str(token.address),
    )
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    assert token.DOMAIN_SEPARATOR() == keccak(encode(types, words))
