"""Moves as wide as a scan range says: who sets it, what counts of it, margin after a storm."""

import math
from typing import Any

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.deploy import compiled, deploy
from novate.engine.cache import load
from novate.market import Market
from novate.parameters import Parameters
from novate.reference.margin import Position, Quote
from novate.reference.portfolio import assess
from novate.risk import margin_of
from novate.series import DAY, WAD, Series
from tests.margin_world import NOBODY
from tests.portfolio_world import PortfolioWorld

STORM = (0.93, 1.05, 0.9, 1.04, 0.92, 0.88)


class Scanned(PortfolioWorld):
    def __init__(self) -> None:
        super().__init__()
        self.set_rules(1)
        self.range: Any = load("tests/harness/SettableScan.vy").deploy()
        self.range.set(WAD)
        self.settings.set_scan_range(1, self.range.address, sender=self.owner)
        self.when = self.expiry(7 * 24)
        self.set_quote(1, self.when, Quote(1_500.0, 1_500.0, 0.7))

    def book(self, *legs: tuple[int, bool, float]) -> list[Position]:
        return [Position(Series(1, self.when, k * WAD, put), q) for k, put, q in legs]


@pytest.fixture(scope="module")
def world() -> Scanned:
    return Scanned()


def test_only_the_owner_sets_it(world: Scanned) -> None:
    with boa.reverts("ownable: caller is not the owner"):
        world.settings.set_scan_range(1, world.range.address, sender=world.intruder)


def test_set_and_unset(world: Scanned) -> None:
    other = load("tests/harness/SettableScan.vy").deploy()
    other.set(2 * WAD)
    world.settings.set_scan_range(1, other.address, sender=world.owner)
    (event,) = world.settings.get_logs()
    assert (event.underlying, event.old, event.new) == (1, world.range.address, other.address)
    assert world.settings.scan_range_of(1) == other.address
    assert world.settings.scan_of(1) == 2 * WAD
    world.settings.set_scan_range(1, NOBODY, sender=world.owner)
    assert world.settings.scan_range_of(1) == NOBODY
    assert world.settings.scan_of(1) == WAD
    other.set(4 * WAD)
    held = world.book((1_500, False, -1))
    assert math.isclose(
        world.assess(held).initial / WAD, world.expected(held).health.initial, rel_tol=1e-5
    )


def test_new_figures_keep_it(world: Scanned) -> None:
    world.range.set(3 * WAD)
    world.set_rules(1)
    assert world.settings.scan_of(1) == 3 * WAD


def test_market_never_set(world: Scanned) -> None:
    with boa.reverts("margin: no such market"):
        world.settings.set_scan_range(7, world.range.address, sender=world.owner)


@pytest.mark.parametrize("multiple", [0, WAD // 2 - 1, 4 * WAD + 1, 2**256 - 1])
def test_nonsense_is_refused_and_never_counts(world: Scanned, multiple: int) -> None:
    held = world.book((1_500, False, -1), (1_400, True, -2), (1_600, False, 1))
    world.range.set(WAD // 2 if multiple < WAD else 4 * WAD)
    at_bound = world.assess(held)
    world.range.set(multiple)
    assert world.assess(held) == at_bound
    assert world.settings.scan_of(1) == (WAD // 2 if multiple < WAD else 4 * WAD)
    with boa.reverts("margin: scan out of range"):
        world.settings.set_scan_range(1, world.range.address, sender=world.owner)


legs = st.lists(
    st.tuples(
        st.sampled_from([300, 900, 1_300, 1_450, 1_500, 1_600, 2_000, 4_000]),
        st.booleans(),
        st.sampled_from([-3, -1, -0.5, 0.5, 1, 2]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda leg: leg[:2],
)


@given(legs, st.integers(5_000, 40_000), st.sampled_from([0.05, 0.4, 0.9, 2.0, 5.0]), st.booleans())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_engine_equals_its_specification(
    world: Scanned, drawn: list, multiple: int, volatility: float, sold: bool
) -> None:
    """From half as wide to four times, for any volatility."""
    world.set_quote(1, world.when, Quote(1_500.0, 1_512.5, volatility, discount=0.98))
    world.range.set(multiple * 10**14)
    held = world.book(*((k, put, -abs(q) if sold else q) for k, put, q in drawn))
    found = world.assess(held)
    expected = assess(0, [], held, world.view, world.rules, scans={1: multiple / 10_000}).health
    unit = sum(abs(p.quantity) * max(p.strike, 1_512.5) for p in held)
    assert -2e-6 * unit <= found.maintenance / WAD - expected.maintenance <= 1e-9 + 1e-11 * unit
    assert -2.6e-6 * unit <= found.initial / WAD - expected.initial <= 1e-9 + 1e-11 * unit


@given(legs, st.integers(5_000, 39_000))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_wider_moves_never_ask_sellers_for_less(world: Scanned, drawn: list, multiple: int) -> None:
    world.set_quote(1, world.when, Quote(1_500.0, 1_500.0, 0.7))
    held = world.book(*((k, put, -abs(q)) for k, put, q in drawn))
    world.range.set(multiple * 10**14)
    before = world.assess(held)
    world.range.set((multiple + 1_000) * 10**14)
    after = world.assess(held)
    near = sum(abs(p.quantity) * max(p.strike, 1_500) for p in held) * 10**12 * 2
    assert after.initial <= before.initial + near
    assert after.maintenance <= before.maintenance + near


def test_collateral_is_moved_as_far(world: Scanned) -> None:
    world.settings.set_collateral(1, 1, WAD, WAD, NOBODY, sender=world.owner)
    world.set_spot(1, 1_500.0)
    lost = []
    for multiple in (WAD, 2 * WAD):
        world.range.set(multiple)
        health = world.assess([], 0, [(1 << 248) | WAD])
        # Two percent of static, and the lowest spot.
        lost.append(health.equity - health.maintenance - 30 * WAD)
    assert lost[0] == pytest.approx(300 * WAD, rel=1e-12)
    assert lost[1] == pytest.approx(600 * WAD, rel=1e-12)


class Storm:
    """A deployment as it comes: feeds, forecast, scan range, portfolio margin, one seller."""

    def __init__(self) -> None:
        self.market: Market = deploy(Parameters())
        self.forecast: Any = self.market.contracts["forecast"]
        self.range: Any = self.market.contracts["scan_range"]
        self.spot = self.market.parameters.prices.spot

    def close(self, spot: float) -> None:
        """A day passes; anybody records its close and moves the range."""
        self.market.travel(DAY)
        self.spot = spot
        self.market.push_price(spot, 0.15)
        self.forecast.record(1)
        self.range.move(1)


def test_margin_rises_after_a_storm() -> None:
    storm = Storm()
    market = storm.market
    keeper, seller = market.account("keeper"), market.account("seller")
    market.fund(seller, 1_000_000)
    market.fund(keeper, 1_000_000)
    office = compiled("clearing/BackOffice.vy").at(market.clearinghouse.address)
    office.set_engine(seller.number, 1, sender=seller.address)
    put = market.put(strike=2_500, days=60)
    market.trade(seller, keeper, put, quantity=1, price=25)
    spot = storm.spot
    calm = []
    for _ in range(3):
        storm.close(spot)
        calm.append(storm.range.scan_range(1))
    market.push_price(spot, 0.15)
    before = margin_of(market, seller)
    for step in STORM:
        spot *= step
        storm.close(spot)
    after_storm = storm.range.scan_range(1)
    # Judged where it was judged before: only the range is another.
    storm.market.push_price(storm.market.parameters.prices.spot, 0.15)
    after = margin_of(market, seller)
    assert after_storm > calm[-1] and after_storm > 15 * WAD // 10
    required = [t.health.equity - t.health.initial for t in (before, after)]
    assert required[1] > 1.3 * required[0]
