"""What fills do to the real ledger, and what the ledger refuses."""

from typing import Any

import boa
import pytest

from novate import orders
from novate.orders import Leg
from novate.series import DAY, WAD, Series, unpack

MAKER_RATE, TAKER_RATE = 10**14, 3 * 10**14


@pytest.fixture
def fees(world: Any) -> None:
    world.venue.set_fees(MAKER_RATE, TAKER_RATE, sender=world.owner)


def positions(world: Any, role: str) -> dict[int, int]:
    return dict(unpack(word) for word in world.ledger.positions_of(world.account(role)))


def cash(world: Any) -> list[int]:
    fund = world.ledger.FUND()
    accounts = [world.account("maker"), world.account("taker"), fund]
    return [world.ledger.cash_of(account) for account in accounts]


def spot(market: Any) -> int:
    return int(market.oracle.spot(1)[0])


def test_positions_cash_and_fees_arrive(world: Any, market: Any, fees: None) -> None:
    # Puts in the money at more than they are worth, so that nothing is free of fees.
    price = 600 * WAD
    order = world.order((0, WAD, price), (1, -2 * WAD, price))
    before = cash(world)
    cost = world.fill(order, 3 * WAD)
    maker, taker, fund = (after - was for after, was in zip(cash(world), before, strict=True))

    assert positions(world, "maker") == {world.codes[0]: 3 * WAD, world.codes[1]: -6 * WAD}
    assert positions(world, "taker") == {world.codes[0]: -3 * WAD, world.codes[1]: 6 * WAD}
    maker_fees = sum(orders.fee(q * WAD, price, spot(market), MAKER_RATE) for q in (3, 6))
    taker_fees = sum(orders.fee(q * WAD, price, spot(market), TAKER_RATE) for q in (3, 6))
    assert taker == -cost == -1_800 * WAD - taker_fees
    assert maker == 1_800 * WAD - maker_fees
    assert fund == maker_fees + taker_fees > 0


def test_crossing_moves_the_same(world: Any, fees: None) -> None:
    order = world.order((0, WAD, 100 * WAD), (1, -2 * WAD, 100 * WAD))
    before = cash(world)
    with boa.env.anchor():
        world.fill(order, 3 * WAD)
        filled = cash(world)
    world.cross(order, world.counter(order, slippage=WAD), 3 * WAD)
    assert cash(world) == filled != before


def test_a_refused_fill_uses_nothing_up(world: Any) -> None:
    """A taker without a cent cannot buy."""
    order = world.order((0, -WAD, 10 * WAD))
    with boa.reverts("margin: below initial"):
        world.fill(order, account=world.account("taker", 77))
    assert world.filled(order) == 0


def test_a_package_is_margined_as_a_whole(world: Any, market: Any) -> None:
    """A spread needs its width of 25 and no more; its short leg alone a tenth of spot."""
    poor = world.account("taker", 78)
    units = 600 * 10**market.parameters.cash_decimals
    market.cash_token.mint(market.owner, units)
    market.cash_token.approve(market.clearinghouse, units, sender=market.owner)
    market.clearinghouse.deposit(poor, 0, units, sender=market.owner)

    short, long = world.codes[0], world.codes[0] + (25 * 10**8 << 64)
    alone, spread = (
        orders.quote(world.account("maker"), legs, nonce=1, size=4 * WAD)
        for legs in ([Leg(short, WAD, 0)], [Leg(short, WAD, 0), Leg(long, -WAD, 0)])
    )
    with boa.reverts("margin: below initial"):
        world.fill(alone, 4 * WAD, account=poor)
    world.fill(spread, 4 * WAD, account=poor)
    assert world.ledger.health(poor).initial >= 0


def test_stale_prices_stop_opening_but_not_closing(world: Any, market: Any, fees: None) -> None:
    world.fill(world.order(size=5 * WAD), 5 * WAD)
    boa.env.time_travel(seconds=5 * DAY)
    with boa.reverts("margin: stale price"):
        world.fill(world.order((0, 1, 10 * WAD)))
    world.fill(world.order((0, -WAD, 10 * WAD)), 5 * WAD)
    assert positions(world, "maker") == positions(world, "taker") == {}
    # At the last price known.
    (trade,) = world.events("Novated")
    assert trade.buyer_fee == orders.fee(5 * WAD, 10 * WAD, spot(market), TAKER_RATE) > 0


def test_series_are_the_ledgers_matter(world: Any) -> None:
    for series, reason in (
        (Series(3, 1_769_760_000, 3_000 * WAD, False), "series: underlying not listed"),
        (Series(1, 1_769_760_000, 3_001 * WAD, False), "series: strike off tick"),
        (Series(1, 1_769_760_000 + DAY, 3_000 * WAD, False), "series: expiry off grid"),
    ):
        order = orders.quote(world.account("maker"), [Leg(series.code, WAD, WAD)], nonce=1)
        with boa.reverts(reason):
            world.fill(order)
    boa.env.time_travel(seconds=30 * DAY)
    with boa.reverts("series: expired"):
        world.fill(world.order())


def test_a_venue_that_is_not_allowed_trades_nothing(world: Any) -> None:
    world.ledger.set_venue(world.venue, False, sender=world.owner)
    with boa.reverts("novate: not a venue"):
        world.fill(world.order())


def test_nobody_acts_for_the_fund(world: Any) -> None:
    fund = world.ledger.FUND()
    order = orders.quote(fund, [Leg(world.codes[0], WAD, 100 * WAD)], nonce=1)
    with boa.reverts("order: signer may not act"):
        world.fill(order, signed_by="intruder")
    with boa.reverts("order: bad signature"):
        world.fill(order, signed_by="intruder", signer=world.ledger.address)
    with boa.reverts("order: sender may not act"):
        world.fill(world.order(), account=fund, sender="intruder")
