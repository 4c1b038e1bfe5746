"""Packages that restore parity or take a butterfly or calendar arbitrage out pay no fees."""

from typing import Any

import boa
import pytest

from novate.market import Market
from novate.series import WAD, Series

MAKER_RATE, TAKER_RATE = WAD // 10_000, 3 * WAD // 10_000


@pytest.fixture(autouse=True)
def fees(market: Market) -> None:
    market.orders.set_fees(MAKER_RATE, TAKER_RATE, sender=market.owner)


def cash(world: Any) -> tuple[int, ...]:
    ledger = world.ledger
    numbers = (world.account("maker"), world.account("taker"), ledger.FUND())
    return tuple(int(ledger.cash_of(one)) for one in numbers)


def fund_gains(world: Any, *legs: tuple[int, int, int]) -> int:
    """What the fund earns when the taker fills the order; legs as `World.order` has them."""
    before = cash(world)
    with boa.env.anchor():
        world.fill(world.order(*legs))
        gain = cash(world)[2] - before[2]
        assert sum(cash(world)) == sum(before)
        return gain


def parity(market: Market, strike: int, expiry: int) -> int:
    """[wad] forward less strike in today's money."""
    quote = market.oracle.quote(1, expiry)
    return int((quote.forward - strike * WAD) * quote.discount // WAD)


@pytest.mark.parametrize("sign", [1, -1])
def test_put_call_parity(world: Any, market: Market, sign: int) -> None:
    """The maker's call is too cheap beside its put, or too dear."""
    series = Series.from_code(world.codes[0])
    fair = parity(market, 3_000, series.expiry)
    put = 300 * WAD

    def gain(edge: int) -> int:
        # The taker buys the call and sells the put when sign is 1, and gets the better of it.
        call = put + fair - sign * edge
        return fund_gains(world, (0, -sign * WAD, call), (1, sign * WAD, put))

    assert gain(WAD // 100) == 0
    assert gain(-WAD // 100) > 0
    # A leg by itself says nothing of the others.
    assert fund_gains(world, (0, -sign * WAD, WAD)) > 0


def test_butterflies_and_calendars(
    world: Any, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    expiry = Series.from_code(world.codes[0]).expiry
    later = next(one for one in market.expiries(12) if one > expiry)
    strikes = (2_700, 2_800, 2_900)
    codes = [Series(1, expiry, k * WAD, False).code for k in strikes]
    codes.append(Series(1, later, 2_700 * WAD, False).code)
    monkeypatch.setattr(world, "codes", codes)

    def butterfly(price: int) -> int:
        wings, body = 60 * WAD, (120 * WAD - price) // 2
        return fund_gains(world, (0, -WAD, wings), (1, 2 * WAD, body), (2, -WAD, wings))

    assert butterfly(WAD) > 0 and butterfly(0) > 0 and butterfly(-2) == 0

    def calendar(price: int) -> int:
        return fund_gains(world, (0, WAD, 60 * WAD), (3, -WAD, 60 * WAD + price))

    assert calendar(WAD) > 0 and calendar(-WAD) == 0
    # The other way round nothing is certain.
    assert fund_gains(world, (0, -WAD, 60 * WAD), (3, WAD, 80 * WAD)) > 0


def test_crossed_orders_too(world: Any, market: Market) -> None:
    fair = parity(market, 3_000, Series.from_code(world.codes[0]).expiry)
    order = world.order((0, -WAD, 300 * WAD + fair - WAD), (1, WAD, 300 * WAD))
    before = cash(world)
    world.cross(order, world.counter(order))
    assert cash(world)[2] == before[2]


def test_accounts_that_belong_together_earn_nothing(world: Any, market: Market) -> None:
    """They pass arbitrages to each other, there and back, at whatever prices: the sum stays."""
    fair = parity(market, 3_000, Series.from_code(world.codes[0]).expiry)
    before = cash(world)
    for edge in (1, 5, 200):
        for sign in (1, -1):
            call = 600 * WAD + fair - sign * edge * WAD
            world.fill(world.order((0, -sign * WAD, call), (1, sign * WAD, 600 * WAD)))
    after = cash(world)
    assert sum(after[:2]) <= sum(before[:2]) and after[2] == before[2]
    for role in ("maker", "taker"):
        assert not world.ledger.positions_of(world.account(role))
    # One leg of it, and the fund earns.
    world.fill(world.order((0, -WAD, 100 * WAD)))
    world.fill(world.order((0, WAD, 100 * WAD)))
    assert sum(cash(world)[:2]) < sum(before[:2]) and cash(world)[2] > before[2]


def test_stale_prices_prove_nothing(world: Any, market: Market) -> None:
    fair = parity(market, 3_000, Series.from_code(world.codes[0]).expiry)
    legs = ((0, -WAD, 300 * WAD + fair - 50 * WAD), (1, WAD, 300 * WAD))
    assert fund_gains(world, *legs) == 0
    # Closing what is held goes on while prices are stale, and pays.
    world.fill(world.order(*legs))
    boa.env.time_travel(seconds=5 * 86_400)
    assert not market.oracle.quote(1, Series.from_code(world.codes[0]).expiry).fresh
    back = ((0, WAD, 300 * WAD + fair + 50 * WAD), (1, -WAD, 300 * WAD))
    assert fund_gains(world, *back) > 0
