"""Large accounts in auction, taken over with backers' money and sold by batch."""

from typing import Any

import boa
import pytest

from novate.market import Account, Series
from tests.unit.auction.BatchAuction.conftest import LENGTH, UNIT, WINDOW, BatchWorld
from tests.world import WAD, wad

MONEY, DOLLAR = 2_000_000, 10**6
SOLVENT = 1
DAY = 86_400
LARGE = 1_000_000


class Unwinding(BatchWorld):
    """A strangle of 300 contracts whose seller falls below maintenance, and backers."""

    def __init__(self) -> None:
        super().__init__()
        market = self.market
        self.unit: Any = market.unwinder
        self.auctions: Any = market.auctions
        self.backer, self.second = (
            str(boa.env.generate_address(role)) for role in ("backer", "second")
        )
        for one in (self.backer, self.second):
            self.token.mint(one, 10**7 * DOLLAR)
            self.token.approve(self.unit.address, 2**256 - 1, sender=one)
        self.unit.deposit(MONEY * DOLLAR, self.backer, sender=self.backer)
        expiry = market.expiries(4)[2]
        self.book = [market.series(2_650, expiry, True), market.series(2_850, expiry, False)]
        self.seller = self.person("seller", 200_000)
        for series in self.book:
            self.novate(self.trade(self.seller, self.maker, series, 300, 20))
        market.withdraw(self.seller, int(self.excess(self.seller)))
        self.account = self.seller.number

    def excess(self, account: Account) -> float:
        return float(self.ledger.health(account.number).initial / WAD)

    def fall(self, *others: Account) -> None:
        """The market moves against sellers, whose accounts are put up for sale."""
        sold = [account.number for account in others] or [self.account]
        for spot in range(2_740, 2_300, -10):
            self.quote = (float(spot), round(0.15 + (2_750 - spot) / 1_500, 6))
            self.market.push_price(*self.quote)
            healths = [self.ledger.health(number) for number in sold]
            if all(health.maintenance < 0 for health in healths):
                break
        assert all(health.equity > 0 for health in healths)
        for number in sold:
            self.auctions.start(number, 0, sender=self.keeper)

    def pass_time(self, seconds: int) -> None:
        boa.env.evm.patch.timestamp += seconds
        self.market.push_price(*self.quote)

    def _to(self, time: int) -> None:
        boa.env.evm.patch.timestamp = max(time, boa.env.timestamp)
        self.market.push_price(*getattr(self, "quote", (2_750, 0.15)))

    def take(self) -> Any:
        """When the price has fallen far enough; everything that the auction sells now."""
        self.pass_time(4 * 3_600)
        units = self.auctions.preview(self.account, WAD).largest_units
        self.unit.take(self.account, units, SOLVENT, sender=self.keeper)
        return self.event("Taken")

    def event(self, name: str) -> Any:
        """The one of this name in the last call of the unit."""
        (found,) = [log for log in self.unit.get_logs() if type(log).__name__ == name]
        return found

    def held(self) -> dict[int, int]:
        words = self.ledger.positions_of(self.unit.ACCOUNT())
        return {
            word >> 96: int(self.market._positions(self.unit.ACCOUNT())[i][1])
            for i, word in enumerate(words)
        }

    def offer(self, series: Series) -> int:
        """An order for all that is held of a series, whole 1e-9."""
        units = abs(self.held()[series.code]) // UNIT * UNIT
        return int(self.unit.offer([series.code], [1], units, sender=self.keeper))

    def fair(self, series: Series) -> float:
        return float(self.market.pool_pricer.assess(1, [], series.code, 0).price / WAD)


@pytest.fixture(scope="module")
def world() -> Unwinding:
    return Unwinding()


def test_a_large_account_is_sold_series_by_series(world: Unwinding) -> None:
    world.fall()
    money = world.token.balanceOf(world.unit.address)
    before = world.ledger.health(world.unit.ACCOUNT()).equity
    taken = world.take()
    held = world.held()
    assert held.keys() == {one.code for one in world.book} and max(held.values()) < -wad(50)
    # 3 % of it stands for bonds; all the rest counts, and more than was paid for.
    gained = world.ledger.health(world.unit.ACCOUNT()).equity - before - money * 97 // 100 * 10**12
    notional = sum(abs(q) for q in held.values()) * int(world.quote[0]) // WAD
    assert gained * 10_000 >= notional * 25 * WAD
    assert taken.account == world.account and abs(taken.notional - notional * WAD) < 10**6 * WAD
    assert taken.gain == gained
    with boa.reverts("unwind: something is held"):
        world.unit.deposit(DOLLAR, world.second, sender=world.second)
    # A day later orders are off the mark by a quarter; the other side asks less.
    for _ in range(3):
        world.pass_time(8 * 3_600)
    orders = [world.offer(series) for series in world.book]
    assert world.event("Offered").id == orders[1]
    epoch = world.epoch
    asked = [round(world.fair(series) * 1.02, 6) for series in world.book]
    for series, price in zip(world.book, asked, strict=True):
        world.place(world.maker, [(series, -1)], 400, -price)
    world.to_clear(epoch)
    world.settle(epoch, *world.book)
    crumbs = world.held()
    assert all(abs(quantity) < UNIT for quantity in crumbs.values())
    # More is offered than wanted: at what the sellers ask, not at the limit of who must trade.
    assert [world.price(epoch, series) for series in world.book] == pytest.approx(asked)
    with boa.reverts("unwind: order stands"):
        world.unit.finish()
    world.unit.collect([one.code for one in world.book])
    assert world.batch.orders(orders[0]).account == 0
    world.unit.finish(sender=world.keeper)
    assert world.event("Finished").assets == world.unit.totalAssets()
    # Everything is back, but for the margin of crumbs, and somebody earned it.
    assert world.unit.since() == 0 and world.ledger.cash_of(world.unit.ACCOUNT()) <= 2 * 10**15
    now = world.unit.totalAssets()
    assert now == world.token.balanceOf(world.unit.address) > money
    shares = world.unit.balanceOf(world.backer)
    world.unit.redeem(shares, world.backer, world.backer, sender=world.backer)
    assert now - world.unit.totalAssets() > now - 2
    assert world.token.balanceOf(world.backer) > 10**7 * DOLLAR


def test_a_package_closes_both_sides_at_once(world: Unwinding) -> None:
    world.fall()
    world.take()
    world.pass_time(DAY // 3)
    codes = sorted(one.code for one in world.book)
    units = min(abs(q) for q in world.held().values()) // UNIT * UNIT
    id = world.unit.offer(codes, [1, 1], units)
    epoch = world.epoch
    for series in world.book:
        world.place(world.maker, [(series, -1)], 400, -round(world.fair(series), 6))
    world.to_clear(epoch)
    world.settle(epoch, *world.book)
    assert world.batch.accepted_in(epoch)[1] == [id]
    assert all(abs(quantity) < 2 * UNIT for quantity in world.held().values())
    # One bond for both; it is freed once.
    assert world.unit.standing() == 1
    world.unit.collect(codes)
    assert world.unit.standing() == 0


def test_limits_go_from_the_mark_to_half_of_it_away(world: Unwinding) -> None:
    world.fall()
    world.take()
    put = world.book[0]
    limits = []
    for hours in (0, 24, 24, 24):
        for _ in range(hours // 8):
            world.pass_time(8 * 3_600)
        with boa.env.anchor():
            world.offer(put)
            limits.append(world.unit._get_logs(world.unit._computation, True)[-1])
            words = world.batch.list_of(world.epoch, put.code, False)
            limits[-1] = (words[0] >> 80) / UNIT / world.fair(put)
    assert limits == pytest.approx([1, 1.25, 1.5, 1.5], abs=0.002)


def test_only_large_accounts_at_a_discount(world: Unwinding) -> None:
    world.fall()
    # At the first prices nothing is gained.
    with boa.reverts("unwind: too dear"):
        world.unit.take(world.account, WAD, SOLVENT)
    for units in (10**12, WAD // 20):
        with boa.reverts("unwind: too little"):
            world.unit.take(world.account, units, SOLVENT)
    with boa.reverts("auction: wrong kind"):
        world.unit.take(world.account, WAD, 2)
    world.pass_time(4 * 3_600)
    with boa.env.anchor():
        world.unit.redeem(
            world.unit.balanceOf(world.backer), *2 * [world.backer], sender=world.backer
        )
        with boa.reverts("unwind: no money"):
            world.unit.take(world.account, WAD, SOLVENT)


def test_small_accounts_and_collateral_are_left_to_others(world: Unwinding) -> None:
    small, rich = world.person("small", 60_000), world.person("rich", 60_000, units=5)
    for who in (small, rich):
        world.novate(world.trade(who, world.maker, world.book[0], 90, 20))
        world.market.withdraw(who, int(world.excess(who)))
    world.fall(small, rich)
    for who, reason in ((small, "unwind: not large"), (rich, "unwind: holds collateral")):
        with boa.reverts(reason):
            world.unit.take(who.number, WAD, SOLVENT)


def test_offers_close_what_is_held_and_once(world: Unwinding) -> None:
    world.fall()
    world.take()
    put, call = world.book
    held = abs(world.held()[put.code]) // UNIT * UNIT
    for codes, ratios, units, reason in (
        ([put.code], [1], held + UNIT, "unwind: more than is held"),
        ([put.code], [2], held, "unwind: more than is held"),
        ([put.code], [256], UNIT, "unwind: more than is held"),
        ([world.calls[0].code], [1], UNIT, "unwind: more than is held"),
        ([put.code], [1, 1], held, "unwind: legs do not match"),
        ([put.code], [1], held + 1 - UNIT, "batch: quantity out of range"),
    ):
        with boa.reverts(reason):
            world.unit.offer(codes, ratios, units)
    world.offer(put)
    with boa.reverts("unwind: order stands"):
        world.offer(put)
    epoch = world.epoch
    with boa.reverts("unwind: order stands"):
        world.unit.collect([put.code])
    # Nobody came: it is offered again.
    world.to_clear(epoch)
    world.settle(epoch, put, call)
    bound = world.batch.free(world.unit.address)
    world.unit.collect([put.code])
    assert world.batch.free(world.unit.address) > bound
    world.offer(put)
    with boa.reverts("unwind: order stands"):
        world.unit.finish()
    world.to_clear(world.epoch)
    boa.env.evm.patch.timestamp += DAY
    world.unit.collect([put.code])
    with boa.reverts("unwind: not sold yet"):
        world.unit.finish()
    with boa.reverts("unwind: stale price"):
        boa.env.evm.patch.timestamp += 10 * DAY
        world.offer(put)


def test_what_nobody_buys_expires(world: Unwinding) -> None:
    world.fall()
    world.take()
    expiry = world.book[0].expiry
    world._to(expiry - 3_600)
    boa.env.evm.patch.timestamp = expiry
    world.market.fix(expiry)
    world.unit.finish()
    assert world.held() == {}
    assert world.unit.totalAssets() > 0 and world.unit.since() == 0
    with boa.reverts("unwind: nothing held"):
        world.unit.finish()


def test_shares_are_parts_of_the_money(world: Unwinding) -> None:
    world.unit.deposit(MONEY * DOLLAR // 4, world.second, sender=world.second)
    mine, others = (world.unit.balanceOf(one) for one in (world.second, world.backer))
    assert abs(4 * mine - others) < 10**6
    # A gift belongs to all.
    world.token.mint(world.unit.address, 1_000 * DOLLAR)
    got = world.unit.redeem(mine, world.second, world.second, sender=world.second)
    assert abs(got - MONEY * DOLLAR // 4 - 200 * DOLLAR) < 10
    with boa.reverts():
        world.unit.redeem(others, world.second, world.backer, sender=world.second)


def test_windows_are_those_of_the_batch(world: Unwinding) -> None:
    assert (world.batch.LENGTH(), world.batch.WINDOW()) == (LENGTH, WINDOW)
    assert world.unit.LARGE() == wad(LARGE) and world.unit.asset() == world.token.address
