"""A writer of naked puts in a crash: auctioned, cured, restarted, insolvent; on real contracts."""

from dataclasses import dataclass
from typing import Any

import boa
import pytest

from novate.market import Account, Series
from tests.world import WAD, World

SOLVENT, INSOLVENT = 1, 2
NO_LIMIT = 2**200
LATER = 2**40
BUFFER = 15 * WAD // 100


@dataclass
class Crash:
    """The writer is short 20 puts at 2,500 and has 12,400 USD; the buyer holds them."""

    world: World
    writer: Account
    buyer: Account
    bidder: Account
    rival: Account
    keeper: Account
    hedge: Series
    put: Series

    @property
    def ledger(self) -> Any:
        return self.world.ledger

    @property
    def house(self) -> Any:
        return self.world.market.auctions

    def push(self, spot: float, volatility: float = 0.6) -> None:
        self.world.market.push_price(spot, volatility)

    def start(self) -> None:
        self.house.start(self.writer.number, self.keeper.number, sender=self.keeper.address)

    def health(self, account: Account | None = None) -> Any:
        return self.ledger.health((account or self.writer).number)

    def buffered(self) -> int:
        health = self.health()
        return int(self.house.buffered_margin(health.maintenance, health.equity, BUFFER))

    def preview(self, units: int = WAD) -> Any:
        return self.house.preview(self.writer.number, units)

    def bid(
        self,
        bidder: Account,
        units: int = WAD,
        limit: int = NO_LIMIT,
        kind: int = SOLVENT,
        deadline: int = LATER,
        sender: str | None = None,
    ) -> tuple[int, int]:
        return self.house.bid(  # type: ignore[no-any-return]
            self.writer.number,
            bidder.number,
            units,
            limit,
            kind,
            deadline,
            sender=sender or bidder.address,
        )

    def in_auction(self) -> bool:
        return bool(self.ledger.in_auction(self.writer.number))

    def fund(self) -> int:
        return int(self.ledger.cash_of(self.ledger.FUND()))

    def everybody(self) -> list[Account]:
        return [self.writer, self.buyer, self.bidder, self.rival, self.keeper]

    def expire(self) -> None:
        """Lets the puts expire with a price every other day."""
        market = self.world.market
        while market.now < self.put.expiry:
            market.travel_to(min(market.now + 2 * 86_400, self.put.expiry + 600))
            self.push(1_750)

    def check_conservation(self) -> None:
        """Positions sum to zero, cash to what is held but for a few wei of rounding."""
        for series in (self.put, self.hedge):
            assert sum(self.world.position(one, series) for one in self.everybody()) == 0
        certificate = self.ledger.certificate()
        assert 0 <= certificate.surplus < 10**4
        total = sum(self.world.cash(one) for one in self.everybody()) + self.fund()
        assert 0 <= certificate.held - total < 10**4


@pytest.fixture(scope="module")
def crash() -> Crash:
    world = World()
    writer = world.person("writer", cash=12_000, units=0.5)
    buyer = world.person("buyer", cash=100_000)
    people = [world.person(role, cash=60_000) for role in ("bidder", "rival")]
    keeper = world.person("keeper")
    put, hedge = world.market.put(2_500, 14), world.market.put(2_300, 14)
    world.novate(world.trade(writer, buyer, put, 20, 410), world.trade(buyer, writer, hedge, 1, 10))
    return Crash(world, writer, buyer, *people, keeper, hedge, put)


@pytest.fixture
def solvent(crash: Crash) -> Crash:
    crash.push(1_930)
    assert crash.health().equity > 0 > crash.health().maintenance
    crash.start()
    return crash


@pytest.fixture
def insolvent(crash: Crash) -> Crash:
    crash.push(1_750)
    assert crash.health().equity < 0
    crash.start()
    return crash


def test_a_healthy_account_cannot_be_auctioned(crash: Crash) -> None:
    with boa.reverts("auction: above maintenance"):
        crash.start()
    crash.push(2_300, 0.4)
    with boa.reverts("auction: above maintenance"):
        crash.start()


def test_two_bidders_restore_the_account(solvent: Crash) -> None:
    crash = solvent
    fee, tip = crash.fund(), crash.world.cash(crash.keeper)
    assert fee > 0 and tip > 0
    crash.world.market.travel(600)
    equity = crash.health().equity
    largest = crash.preview().largest_units
    assert 0 < largest < WAD
    sold, paid = crash.bid(crash.bidder, largest // 3)
    assert paid == pytest.approx(equity * sold // WAD * 0.98 * 0.5 ** (600 / 21_600) // 1, rel=2e-3)
    assert crash.in_auction()
    # Positions and collateral in proportion: the hedge stays a hedge.
    held = [crash.world.position(crash.bidder, one) for one in (crash.put, crash.hedge)]
    assert held[0] == pytest.approx(-20 * sold, abs=20)
    assert held[1] == pytest.approx(sold, abs=2)
    assert crash.ledger.holdings_of(crash.bidder.number)[0] & (2**248 - 1) == sold // 2
    crash.check_conservation()

    more, _ = crash.bid(crash.rival)
    assert sold + more == pytest.approx(largest, rel=1e-6)
    assert not crash.in_auction()
    # B is zero but for the rounding of 2 positions, the mark and the interest index.
    assert abs(crash.buffered()) < 10**6
    for bidder in (crash.bidder, crash.rival):
        assert crash.health(bidder).initial >= 0
    crash.check_conservation()


def test_the_account_loses_no_more_than_the_price_implies(solvent: Crash) -> None:
    """Invariant 4: equity falls by the discount on what was sold and nothing else."""
    crash = solvent
    before = crash.health().equity
    preview = crash.preview()
    sold, paid = crash.bid(crash.bidder)
    lost = before - crash.health().equity
    assert lost <= before * sold // WAD - paid + 10**6
    assert preview.terms.factor == 98 * WAD // 100
    assert paid >= before * sold // WAD * 98 // 100


def test_the_restored_account_trades_again(solvent: Crash) -> None:
    crash = solvent
    closing = crash.world.trade(crash.buyer, crash.writer, crash.put, 0.1, 60)
    with boa.reverts("account: in auction"):
        crash.world.novate(closing)
    with boa.reverts("account: in auction"):
        crash.ledger.withdraw(
            crash.writer.number, 0, 1, crash.writer.address, sender=crash.writer.address
        )
    crash.bid(crash.bidder)
    crash.world.novate(closing)


def test_a_deposit_cures(solvent: Crash) -> None:
    crash = solvent
    with boa.reverts("auction: not restored"):
        crash.house.finish(crash.writer.number)
    crash.world.market.fund(crash.writer, round(-crash.buffered() / WAD) + 1)
    with boa.reverts("auction: account restored"):
        crash.bid(crash.bidder)
    crash.house.finish(crash.writer.number, sender=crash.world.intruder)
    assert not crash.in_auction()


def test_a_recovery_ends_it(solvent: Crash) -> None:
    crash = solvent
    crash.push(2_400, 0.4)
    crash.house.finish(crash.writer.number)
    assert not crash.in_auction()


def test_dust_cannot_block_a_bid(solvent: Crash) -> None:
    """P-24: strangers' cash and bids before it leave a bid without slack as it was."""
    crash = solvent
    crash.world.market.travel(60)
    limit, units = crash.preview().lot_price, crash.preview().largest_units // 3
    with boa.env.anchor():
        alone = crash.bid(crash.bidder, units, limit)
    intruder = crash.world.person("stranger", cash=1)
    token = crash.world.market.cash_token
    token.mint(intruder.address, 10)
    for account in (crash.writer, crash.bidder):
        crash.ledger.deposit(account.number, 0, 1, sender=intruder.address)
    crash.bid(crash.rival, 1)
    # One wei of slack for the rounding of the ledger's positions.
    together = crash.bid(crash.bidder, units, limit + 10**4)
    assert together[0] == alone[0]
    assert together[1] == pytest.approx(alone[1], abs=10**4)


def test_limits_of_a_bid(solvent: Crash) -> None:
    crash = solvent
    price = crash.preview().lot_price
    now = crash.world.market.now
    with boa.reverts("auction: above the limit"):
        crash.bid(crash.bidder, limit=price - 1)
    with boa.reverts("auction: deadline passed"):
        crash.bid(crash.bidder, deadline=now - 1)
    with boa.reverts("auction: wrong kind"):
        crash.bid(crash.bidder, kind=INSOLVENT)
    with boa.reverts("auction: not the bidder"):
        crash.bid(crash.bidder, sender=crash.world.intruder)
    with boa.reverts("auction: bidder is the account"):
        crash.bid(crash.writer)
    crash.bid(crash.bidder, limit=price, deadline=now)


def test_a_bidder_needs_initial_margin(solvent: Crash) -> None:
    poor = solvent.world.person("poor bidder", cash=100)
    with boa.reverts("margin: below initial"):
        solvent.bid(poor)


def test_nobody_else_drives_the_ledger(solvent: Crash) -> None:
    crash = solvent
    intruder = crash.world.intruder
    with boa.reverts("auction: not the house"):
        crash.ledger.thaw(crash.writer.number, sender=intruder)
    with boa.reverts("auction: not the house"):
        crash.ledger.charge(crash.writer.number, crash.bidder.number, 1, sender=intruder)


def test_stale_prices_pause_it(solvent: Crash) -> None:
    crash = solvent
    market = crash.world.market
    market.travel(300)
    price = crash.preview().terms.factor
    market.travel(5 * 86_400)
    crash.house.pause(crash.writer.number)
    for call in (
        lambda: crash.bid(crash.bidder),
        lambda: crash.house.restart(crash.writer.number),
        lambda: crash.house.finish(crash.writer.number),
        lambda: crash.house.resume(crash.writer.number),
    ):
        with boa.reverts("auction: stale price"):
            call()
    crash.push(1_930)
    # Paused after the tail had passed: begins anew rather than be sold for nothing.
    assert crash.preview().terms.due
    crash.house.restart(crash.writer.number)
    assert crash.preview().terms.factor > price
    crash.bid(crash.bidder)


def test_a_pause_in_time_keeps_the_price(solvent: Crash) -> None:
    crash = solvent
    market = crash.world.market
    # The last price is about to become stale.
    market.travel(4 * 86_400)
    crash.house.restart(crash.writer.number)
    market.travel(1)
    crash.house.pause(crash.writer.number)
    market.travel(86_400)
    crash.push(1_930)
    crash.house.resume(crash.writer.number)
    assert crash.preview().terms.elapsed == 1


def test_black_thursday(solvent: Crash) -> None:
    """P-08: no bidder for a day. Nothing goes below a tenth of mark; then bidders return."""
    crash = solvent
    lowest = WAD
    for _ in range(24 * 4):
        crash.world.market.travel(900)
        terms = crash.preview().terms
        if terms.due:
            with boa.reverts("auction: restart needed"):
                crash.bid(crash.bidder, 1)
            crash.house.restart(crash.writer.number)
        else:
            lowest = min(lowest, terms.factor)
    assert lowest > WAD // 10
    sold, paid = crash.bid(crash.bidder)
    assert paid > 0 and sold > 0


def test_the_kind_turns_with_the_mark(solvent: Crash) -> None:
    crash = solvent
    crash.push(1_750)
    with boa.reverts("auction: restart needed"):
        crash.bid(crash.bidder)
    crash.house.restart(crash.writer.number)
    with boa.reverts("auction: wrong kind"):
        crash.bid(crash.bidder)
    crash.push(1_930)
    with boa.reverts("auction: restart needed"):
        crash.bid(crash.bidder, kind=INSOLVENT)
    crash.house.restart(crash.writer.number)
    crash.bid(crash.bidder)
    assert not crash.in_auction()


def test_the_fund_pays_for_an_insolvent_account(insolvent: Crash) -> None:
    crash = insolvent
    crash.world.market.endow_fund(20_000)
    fund = crash.fund()
    crash.world.market.travel(1_800)
    health = crash.health()
    expected = (health.equity + health.maintenance) // 2
    paid = 0
    for bidder, units in ((crash.bidder, WAD // 2), (crash.rival, WAD)):
        assert crash.preview().lot_price == pytest.approx(expected, rel=1e-9)
        _, payment = crash.bid(bidder, units, kind=INSOLVENT)
        paid += payment
    assert paid == pytest.approx(expected, rel=1e-9)
    assert fund - crash.fund() == pytest.approx(-paid, abs=10**4)
    assert not crash.in_auction()
    assert crash.ledger.positions_of(crash.writer.number) == []
    assert 0 <= crash.world.cash(crash.writer) < 10
    for one in (crash.bidder, crash.rival):
        assert crash.health(one).initial >= 0
    crash.check_conservation()


def test_what_the_fund_lacks_is_everybodys(insolvent: Crash) -> None:
    """Invariant 6: the fund empties to the wei, the rest falls on all positive cash pro rata."""
    crash = insolvent
    crash.world.market.endow_fund(500)
    crash.world.market.travel(3_600)
    payment = -crash.preview().lot_price
    fund = crash.fund()
    before = {one.name: crash.world.cash(one) for one in crash.everybody()}
    crash.bid(crash.bidder, kind=INSOLVENT)
    assert crash.fund() == 0
    # Credit when the loss is recognised: the writer's cash is sold and bears nothing.
    credit = sum(cash for name, cash in before.items() if cash > 0 and name != "writer")
    rate = 1 - (payment - fund) / credit
    for one in (crash.buyer, crash.rival):
        assert crash.world.cash(one) == pytest.approx(before[one.name] * rate, rel=1e-9)
    # P-35: the bidder gets what was quoted, beside its own share of the loss.
    got = crash.world.cash(crash.bidder) - before["bidder"] * rate
    assert got == pytest.approx(payment + before["writer"], rel=1e-9)
    crash.check_conservation()


def test_a_deposit_into_an_insolvent_account_pays_first(insolvent: Crash) -> None:
    crash = insolvent
    crash.world.market.endow_fund(20_000)
    lot = crash.preview().lot_price
    crash.world.market.fund(crash.writer, 100)
    assert crash.preview().lot_price == lot
    fund = crash.fund()
    crash.bid(crash.bidder, kind=INSOLVENT)
    assert fund - crash.fund() == pytest.approx(-lot - 100 * WAD, abs=10**4)
    assert 0 <= crash.world.cash(crash.writer) < 10
    crash.check_conservation()


def test_settled_in_auction_the_debt_is_written_off(crash: Crash) -> None:
    """No bidder until expiry: settlement goes on, and a debt without assets is recognised."""
    market = crash.world.market
    crash.push(1_750)
    crash.start()
    crash.expire()
    market.fix(crash.put.expiry)
    crash.ledger.settle([crash.writer.number, crash.buyer.number])
    assert crash.ledger.positions_of(crash.writer.number) == []
    assert crash.world.cash(crash.writer) < 0
    # Half a unit of collateral is left: sold together with the debt.
    assert crash.preview().terms.kind == INSOLVENT
    crash.bid(crash.bidder, kind=INSOLVENT)
    assert not crash.in_auction()
    assert 0 <= crash.world.cash(crash.writer) < 10
    crash.check_conservation()


def test_a_debt_without_assets_leaves_the_auction(crash: Crash) -> None:
    market = crash.world.market
    crash.ledger.withdraw(
        crash.writer.number, 1, WAD // 2, crash.writer.address, sender=crash.writer.address
    )
    crash.push(1_750)
    crash.start()
    crash.expire()
    market.fix(crash.put.expiry)
    crash.ledger.settle([crash.writer.number, crash.buyer.number])
    # What was expected is recognised in the same call.
    crash.house.finish(crash.writer.number)
    assert crash.world.cash(crash.writer) == 0
    assert crash.ledger.pending() == 0
    with boa.reverts("write off: no debt"):
        crash.ledger.write_off(crash.writer.number)
    crash.check_conservation()


def test_buying_ones_own_account_gains_nothing(solvent: Crash) -> None:
    """P-33, solvent: what the second account gains the first one lost, besides the fee."""
    crash = solvent
    second = Account(crash.writer.name, crash.writer.signer, 1)
    market = crash.world.market
    market.fund(second, 50_000)
    market.travel(20_000)
    wealth = crash.health().equity + crash.health(second).equity
    crash.bid(second)
    assert crash.health().equity + crash.health(second).equity <= wealth + 10**6
