"""Interest through one index, and the curve behind it."""

from typing import Any

import boa
import pytest
from mpmath import exp, mp, mpf

from tests.world import DAY, WAD, World, build, wad

mp.dps = 40
YEAR = 365 * DAY


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def lender(world: World) -> Any:
    return world.person("lender", cash=100_000)


@pytest.fixture(scope="module")
def borrower(world: World, lender: Any) -> Any:
    """Owes 40,000 against 100 units."""
    account = world.person("borrower", units=100)
    world.market.withdraw(account, 40_000)
    return account


def rate(world: World, utilisation: float) -> float:
    r = world.market.parameters.rates
    base, low, high, kink = (x / WAD for x in (r.base, r.slope_low, r.slope_high, r.optimum))
    return base + low * min(utilisation, kink) + high * max(0.0, utilisation - kink)


def test_debt_grows_by_the_curve_and_credit_gets_the_rest(
    world: World, lender: Any, borrower: Any
) -> None:
    world.market.travel(days=73)
    interest = 40_000 * (exp(mpf(rate(world, 0.4)) * 73 / 365) - 1)
    share = mpf(world.market.parameters.rates.fund_share) / WAD
    assert world.cash(borrower) / WAD == pytest.approx(float(-40_000 - interest), rel=1e-12)
    assert world.cash(lender) / WAD == pytest.approx(
        float(100_000 + interest * (1 - share)), rel=1e-12
    )
    fund = world.ledger.cash_of(world.ledger.FUND()) / WAD
    assert fund == pytest.approx(float(interest * share), rel=1e-9)


def test_every_second_counts(world: World, borrower: Any) -> None:
    """In the view and when it is written; a second call in the same second adds nothing."""
    owed = -world.cash(borrower)
    growth = exp(mpf(rate(world, 0.4)) / YEAR)
    for second in (1, 2):
        boa.env.time_travel(seconds=1)
        assert -world.cash(borrower) == pytest.approx(owed * growth**second, rel=1e-17)
        for _ in range(2):
            world.ledger.settle([])
            assert -world.cash(borrower) == pytest.approx(owed * growth**second, rel=1e-17)


def test_the_certificate_rounds_down(world: World, lender: Any, borrower: Any) -> None:
    """What one account owes is rounded up, what it has down; both sums are rounded down."""
    for seconds in (11, 77, DAY):
        # An index with digits down to the last.
        boa.env.time_travel(seconds=seconds)
        world.ledger.settle([])
        boa.env.time_travel(seconds=seconds)
        found = world.ledger.certificate()
        assert found.debt == -world.cash(borrower) - 1
        fund = world.ledger.cash_of(world.ledger.FUND())
        assert 0 <= found.credit - world.cash(lender) - fund <= 1


def test_views_and_writes_agree(world: World, lender: Any, borrower: Any) -> None:
    world.market.travel(days=10)
    seen = world.cash(lender), world.cash(borrower), world.ledger.cash_of(world.ledger.FUND())
    world.ledger.settle([])
    after = world.cash(lender), world.cash(borrower), world.ledger.cash_of(world.ledger.FUND())
    assert max(abs(a - b) for a, b in zip(seen, after, strict=True)) <= 1


def test_nothing_is_made_or_lost(world: World, lender: Any, borrower: Any) -> None:
    for days in (1, 30, 365):
        world.market.travel(days=days)
        world.ledger.settle([])
        certificate = world.ledger.certificate()
        assert 0 <= certificate.surplus < 10**9
        owed = world.cash(lender) + world.cash(borrower)
        owed += world.ledger.cash_of(world.ledger.FUND())
        assert 0 <= certificate.held - owed < 10**9


def test_accruing_often_or_seldom_is_the_same(world: World, borrower: Any, lender: Any) -> None:
    """At a constant rate: the base alone, so that utilisation does not matter."""
    curve = build("clearing/InterestCurve.vy", WAD // 10, 0, 0, WAD)
    world.ledger.set_curve(curve.address, 0, sender=world.owner)
    results = []
    for steps in (1, 50):
        with boa.env.anchor():
            for _ in range(steps):
                world.market.travel(YEAR // 50 * (50 // steps))
                world.ledger.settle([])
            results.append(world.cash(borrower))
    assert results[0] == pytest.approx(results[1], rel=1e-15)
    assert results[0] / WAD == pytest.approx(float(-40_000 * exp(mpf("0.1"))), rel=1e-12)


def test_no_interest_before_the_first_debt(world: World, lender: Any) -> None:
    """A year without debt must not be charged to whoever borrows first."""
    lonely = World()
    saver = lonely.person("saver", cash=1_000)
    lonely.market.travel(YEAR)
    lonely.market.push_price(2_750, 0.15)
    debtor = lonely.person("debtor", units=10)
    lonely.market.withdraw(debtor, 500)
    assert lonely.cash(debtor) == -500 * WAD
    assert lonely.cash(saver) == 1_000 * WAD
    lonely.market.travel(DAY)
    assert -500.2 * WAD < lonely.cash(debtor) < -500 * WAD


def test_repaying_stops_the_clock(world: World, lender: Any, borrower: Any) -> None:
    world.market.travel(days=10)
    world.market.fund(borrower, 50_000)
    before = world.cash(borrower)
    assert before > 0
    world.market.travel(days=10)
    assert world.cash(borrower) == before


def test_a_century_of_extreme_rates_does_not_revert(
    world: World, lender: Any, borrower: Any
) -> None:
    """The index has a ceiling; views and settlement stay total."""
    curve = build("clearing/InterestCurve.vy", 2 * WAD, 2 * WAD, 10 * WAD, 0)
    world.ledger.set_curve(curve.address, 0, sender=world.owner)
    for _ in range(20):
        world.market.travel(5 * YEAR)
        world.ledger.settle([])
    assert world.cash(borrower) < -(10**9) * WAD
    assert world.ledger.certificate().surplus >= 0


@pytest.mark.parametrize("debt", [0, 1, 79, 80, 81, 100, 250])
def test_rate_of_the_curve(debt: int) -> None:
    curve = build("clearing/InterestCurve.vy", WAD // 100, WAD // 20, 2 * WAD, 8 * WAD // 10)
    u = min(debt / 100, 1.0)
    expected = 0.01 + 0.05 * min(u, 0.8) + 2 * max(0.0, u - 0.8)
    assert curve.rate(wad(debt), wad(100)) / WAD == pytest.approx(expected, rel=1e-12)


def test_reverts_of_the_curve() -> None:
    def curve(*figures: int) -> Any:
        return build("clearing/InterestCurve.vy", *figures)

    for figures in ((2 * WAD + 1, 0, 0, 0), (0, 2 * WAD + 1, 0, 0)):
        with boa.reverts("curve: rate too high"):
            curve(*figures)
    with boa.reverts("curve: slope too steep"):
        curve(0, 0, 10 * WAD + 1, 0)
    with boa.reverts("curve: optimum above one"):
        curve(0, 0, 0, WAD + 1)


def test_reverts_of_set_curve(world: World) -> None:
    curve = world.market.curve.address
    with boa.reverts("cash: curve has no code"):
        world.ledger.set_curve(world.intruder, 0, sender=world.owner)
    with boa.reverts("cash: fund share too large"):
        world.ledger.set_curve(curve, WAD // 2 + 1, sender=world.owner)


def test_a_new_curve_counts_from_now_on(world: World, lender: Any, borrower: Any) -> None:
    world.market.travel(days=10)
    before = world.cash(borrower)
    curve = build("clearing/InterestCurve.vy", 2 * WAD, 0, 0, WAD)
    world.ledger.set_curve(curve.address, 0, sender=world.owner)
    assert world.cash(borrower) == before


def test_reverts_cash_total_too_large() -> None:
    world = World()
    rich = world.market.account("rich")
    world.market.cash_token.mint(rich.address, 2**112 // 10**12 + 1)
    with boa.env.prank(rich.address):
        world.market.cash_token.approve(world.ledger.address, 2**256 - 1)
        world.ledger.deposit(rich.number, 0, 2**112 // 10**12)
        with boa.reverts("cash: total too large"):
            world.ledger.deposit(rich.number, 0, 1)
