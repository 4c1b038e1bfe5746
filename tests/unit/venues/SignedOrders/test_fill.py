"""What a fill does, and every reason for which it is refused."""

from typing import Any

import boa
import pytest
from eth_account import Account

from novate import orders
from novate.orders import WAD, Domain, Leg

CANCELLED = 2**256 - 1


def test_buys_and_sells_by_the_sign_of_the_leg(world: Any) -> None:
    order = world.order((0, WAD, 10 * WAD), (1, -2 * WAD, 7 * WAD))
    cost = world.fill(order, 3 * WAD)
    maker, taker = world.account("maker"), world.account("taker")
    bought, sold = world.events("Novated")
    assert (bought.seller, bought.buyer, bought.series) == (taker, maker, world.codes[0])
    assert (bought.quantity, bought.premium) == (3 * WAD, 30 * WAD)
    assert (sold.seller, sold.buyer, sold.series) == (maker, taker, world.codes[1])
    assert (sold.quantity, sold.premium) == (6 * WAD, 42 * WAD)
    assert cost == 12 * WAD == world.flows()[maker] == -world.flows()[taker]


def test_emits_what_is_used_up(world: Any) -> None:
    order = world.order()
    world.fill(order, WAD)
    world.fill(order, 2 * WAD)
    (event,) = world.events("OrderFilled")
    assert event.order == orders.order_hash(order, world.domain)
    assert (event.account, event.counterparty) == (world.account("maker"), world.account("taker"))
    assert (event.amount, event.filled) == (2 * WAD, 3 * WAD)


def test_partial_fills_exhaust_exactly(world: Any) -> None:
    order = world.order(size=3 * WAD + 1)
    for amount in (WAD, 1, 2 * WAD - 5, 5):
        world.fill(order, amount)
    assert world.filled(order) == order.size
    with boa.reverts("order: overfilled"):
        world.fill(order, 1)


def test_eight_legs_of_any_mix(world: Any) -> None:
    step = 25 * 10**8 << 64
    codes = [world.codes[0] + i * step for i in range(8)]
    legs = [Leg(code, (-1) ** i * WAD, i * WAD) for i, code in enumerate(codes)]
    world.fill(orders.quote(world.account("maker"), legs, nonce=10**6))
    assert [trade.series for trade in world.events("Novated")] == codes


def test_reverts_overfilled(world: Any) -> None:
    order = world.order(size=WAD)
    with boa.reverts("order: overfilled"):
        world.fill(order, WAD + 1)
    world.fill(order, WAD)
    with boa.reverts("order: overfilled"):
        world.fill(order, WAD)


def test_reverts_zero_amount(world: Any) -> None:
    with boa.reverts("order: zero amount"):
        world.fill(world.order(), 0)


def test_reverts_amount_too_large(recorder: Any, changed: Any) -> None:
    order = changed(recorder.order(), size=2**200)
    with boa.reverts("order: amount too large"):
        recorder.fill(order, 2**96)
    recorder.fill(order, 2**96 - 1)


def test_deadline_is_the_last_second(world: Any) -> None:
    now = boa.env.evm.patch.timestamp
    world.fill(world.order(deadline=now))


def test_reverts_expired(world: Any) -> None:
    with boa.reverts("order: expired"):
        world.fill(world.order(deadline=boa.env.evm.patch.timestamp - 1))


def test_reverts_own_account(world: Any) -> None:
    with boa.reverts("order: own account"):
        world.fill(world.order(), account=world.account("maker"), sender="maker")
    # Another account of the same owner is another counterparty.
    world.fill(world.order(), account=world.account("maker", 1), sender="maker")


def test_only_the_named_taker(world: Any) -> None:
    order = world.order(taker=world.address("taker"))
    world.fill(order, account=world.account("taker", 5))
    with boa.reverts("order: wrong taker"):
        world.fill(order, account=world.account("intruder"), sender="intruder")


def test_reverts_sender_may_not_act(world: Any) -> None:
    with boa.reverts("order: sender may not act"):
        world.fill(world.order(), sender="intruder")
    world.operators.set_operator(world.address("operator"), True, sender=world.address("taker"))
    world.fill(world.order(taker=world.address("taker")), sender="operator")


def test_limit_of_the_cost(world: Any) -> None:
    world.venue.set_fees(0, 10**15, sender=world.owner)
    sold = world.order((0, -WAD, 10 * WAD))
    cost = world.fill(sold, WAD)
    assert 10 * WAD < cost <= 11_250 * WAD // 1_000
    assert world.fill(sold, WAD, cost) == cost
    with boa.reverts("order: cost above limit"):
        world.fill(sold, WAD, cost - 1)
    bought = world.order()
    cost = world.fill(bought, WAD)
    assert -10 * WAD < cost < 0
    world.fill(bought, WAD, cost)
    with boa.reverts("order: cost above limit"):
        world.fill(bought, WAD, cost - 1)


# -- legs --


def test_reverts_no_legs(world: Any, changed: Any) -> None:
    with boa.reverts("order: no legs"):
        world.fill(changed(world.order(), legs=()))


@pytest.mark.parametrize("indices", [(0, 0), (1, 0), (0, 2, 1)])
def test_reverts_legs_not_ascending(world: Any, changed: Any, indices: tuple[int, ...]) -> None:
    """A series twice would be allowed a price on each side; the ledger would see the sum."""
    legs = tuple(Leg(world.codes[i], WAD, WAD) for i in indices)
    with boa.reverts("order: legs not ascending"):
        world.fill(changed(world.order(), legs=legs))


def forged_leg(series: int, quantity: int, price: int) -> Leg:
    leg = object.__new__(Leg)
    for name, value in (("series", series), ("quantity", quantity), ("price", price)):
        object.__setattr__(leg, name, value)
    return leg


@pytest.mark.parametrize("quantity", [0, 2**96, -(2**96), 2**255 - 1, -(2**255)])
def test_reverts_quantity_out_of_range(world: Any, changed: Any, quantity: int) -> None:
    legs = (forged_leg(world.codes[0], quantity, WAD),)
    with boa.reverts("order: quantity out of range"):
        world.fill(changed(world.order(), legs=legs))


def test_reverts_price_too_large(world: Any, changed: Any) -> None:
    legs = (forged_leg(world.codes[0], WAD, 2**96),)
    with boa.reverts("order: price too large"):
        world.fill(changed(world.order(), legs=legs))


def test_largest_numbers_are_computed_exactly(recorder: Any, changed: Any) -> None:
    """Neither product wraps: 2**96 - 1 divides by 5, so a quantity can be made whole."""
    top = 2**96 - 1
    amount = top // WAD * WAD
    order = changed(recorder.order((0, -top, top)), size=amount)
    assert recorder.fill(order, amount) == -(-(top * amount // WAD) * top // WAD)


@pytest.mark.parametrize(
    ("quantity", "amount", "exact"),
    [
        (WAD // 10, 10, True),
        (WAD // 10, 11, False),
        (1, WAD, True),
        (1, WAD - 1, False),
        (WAD, 1, True),
        (-3 * WAD // 2, 2, True),
        (-3 * WAD // 2, 1, False),
    ],
)
def test_inexact_quantities_are_refused(
    world: Any, quantity: int, amount: int, exact: bool
) -> None:
    order = world.order((0, quantity, WAD))
    if exact:
        world.fill(order, amount)
        assert world.events("Novated")[0].quantity == abs(quantity) * amount // WAD
    else:
        with boa.reverts("order: inexact quantity"):
            world.fill(order, amount)


# -- signatures --


def test_reverts_bad_signature_of_another_key(world: Any) -> None:
    order = world.order()
    with boa.reverts("order: bad signature"):
        world.fill(order, signed_by="intruder", signer=world.address("maker"))


def test_reverts_signer_may_not_act(world: Any) -> None:
    with boa.reverts("order: signer may not act"):
        world.fill(world.order(), signed_by="intruder")


@pytest.mark.parametrize(
    "field", ["account", "taker", "size", "legs", "nonce", "epoch", "deadline"]
)
def test_every_field_is_signed(world: Any, changed: Any, field: str) -> None:
    order = world.order()
    signature = orders.sign(order, world.keys["maker"], world.domain)
    leg = order.legs[0]
    other = {
        "account": order.account + 1,
        "taker": world.address("taker"),
        "size": order.size + 1,
        "legs": (*order.legs, Leg(world.codes[1], WAD, 1)),
        "nonce": order.nonce + 10**9,
        "epoch": 1,
        "deadline": order.deadline + 1,
    }[field]
    if field == "epoch":
        world.venue.cancel_all(world.account("maker"), sender=world.address("maker"))
    with boa.reverts("order: bad signature"):
        world.fill(changed(order, **{field: other}), signature=signature)
    if field == "legs":
        for forged in (
            changed(leg, series=world.codes[1]),
            changed(leg, quantity=-leg.quantity),
            changed(leg, price=leg.price + 1),
        ):
            with boa.reverts("order: bad signature"):
                world.fill(changed(order, legs=(forged,)), signature=signature)


def test_operator_signs_until_it_is_dismissed(world: Any) -> None:
    operator, maker = world.address("operator"), world.address("maker")
    world.operators.set_operator(operator, True, sender=maker)
    order = world.order()
    world.fill(order, signed_by="operator")
    world.operators.set_operator(operator, False, sender=maker)
    with boa.reverts("order: signer may not act"):
        world.fill(order, signed_by="operator")


def test_high_s_is_refused(world: Any) -> None:
    order = world.order()
    signature = orders.sign(order, world.keys["maker"], world.domain)
    prime = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
    s = prime - int.from_bytes(signature[32:64], "big")
    malleable = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    with boa.reverts("order: bad signature"):
        world.fill(order, signature=malleable)


@pytest.mark.parametrize("length", [0, 64, 66, 1_024])
def test_other_lengths_are_refused(world: Any, length: int) -> None:
    order = world.order()
    signature = orders.sign(order, world.keys["maker"], world.domain)
    with boa.reverts("order: bad signature"):
        world.fill(order, signature=(signature + bytes(1_024))[:length])


@pytest.mark.parametrize("length", [0, 64, 65])
def test_nobody_signs_for_the_empty_address(world: Any, length: int) -> None:
    """Failed recovery answers the empty address, which owns the accounts below 2**96."""
    order = orders.quote(7, [Leg(world.codes[0], WAD, WAD)], nonce=1)
    with boa.reverts("order: bad signature"):
        world.fill(order, signature=bytes(length), signer=orders.ANYONE)


def test_another_chain_is_another_domain(world: Any) -> None:
    order = world.order()
    there = Domain(world.domain.chain_id + 1, world.venue.address)
    with boa.reverts("order: bad signature"):
        world.fill(order, signature=orders.sign(order, world.keys["maker"], there))


def test_a_fork_of_the_chain_forgets_signatures(world: Any) -> None:
    order = world.order()
    signature = orders.sign(order, world.keys["maker"], world.domain)
    patch = boa.env.evm.patch
    home = patch.chain_id
    patch.chain_id = home + 1
    try:
        with boa.reverts("order: bad signature"):
            world.fill(order, signature=signature)
        world.fill(order)
    finally:
        patch.chain_id = home


def test_another_venue_is_another_domain(world: Any) -> None:
    order = world.order()
    there = Domain(world.domain.chain_id, world.ledger.address)
    with boa.reverts("order: bad signature"):
        world.fill(order, signature=orders.sign(order, world.keys["maker"], there))


# -- wallets that are contracts --


def order_of(wallet: Any, world: Any) -> Any:
    world.nonce += 1
    account = int(wallet.address, 16) << 96
    return orders.quote(account, [Leg(world.codes[0], WAD, WAD)], nonce=world.nonce)


@pytest.mark.parametrize("length", [0, 65, 1_024])
def test_wallet_accepts(world: Any, wallet: Any, length: int) -> None:
    order = order_of(wallet, world)
    wallet.approve(orders.order_hash(order, world.domain))
    world.fill(order, signature=bytes(length), signer=wallet.address)
    assert world.filled(order) == WAD


@pytest.mark.parametrize("manner", [0, 1, 2, 3, 4])
def test_wallet_refuses(world: Any, wallet: Any, manner: int) -> None:
    order = order_of(wallet, world)
    if manner != 0:
        wallet.approve(orders.order_hash(order, world.domain))
    wallet.behave(manner)
    with boa.reverts("order: bad signature"):
        world.fill(order, signature=bytes(65), signer=wallet.address)


def test_contract_without_the_interface_refuses(world: Any) -> None:
    account = int(world.ledger.address, 16) << 96
    order = orders.quote(account, [Leg(world.codes[0], WAD, WAD)], nonce=1)
    with boa.reverts("order: bad signature"):
        world.fill(order, signature=bytes(65), signer=world.ledger.address)


def test_wallet_as_operator(world: Any, wallet: Any) -> None:
    world.operators.set_operator(wallet.address, True, sender=world.address("maker"))
    order = world.order()
    wallet.approve(orders.order_hash(order, world.domain))
    world.fill(order, signature=b"", signer=wallet.address)


def test_key_of_a_wallet_does_not_sign_for_it(world: Any, wallet: Any) -> None:
    """An address with code is asked, whatever key a signature recovers to."""
    order = order_of(wallet, world)
    signature = orders.sign(order, Account.from_key(b"\x09" * 32), world.domain)
    with boa.reverts("order: bad signature"):
        world.fill(order, signature=signature, signer=wallet.address)
