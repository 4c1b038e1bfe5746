"""The peer's published figures, and the values at which its rules switch."""

import math
from dataclasses import replace

import boa
import pytest

from novate.reference.margin import Position, Quote
from novate.reference.portfolio import TEST
from novate.series import HOUR, WAD, Series
from tests.margin_world import NOBODY, holding, wad
from tests.portfolio_world import PortfolioWorld

HOURS = 139  # 500,400 s
SIGMA = 1.0478844940849863
FORWARD = 1_500.833279310994
# 2e-6 of notional.
NEAR = 0.003


@pytest.fixture(scope="module")
def world() -> PortfolioWorld:
    world = PortfolioWorld()
    world.set_rules(1, TEST)
    tau = HOURS * HOUR / 31_536_000
    quote = Quote(1_500.0, FORWARD, SIGMA, discount=math.exp(-0.03 * tau))
    world.set_quote(1, world.expiry(HOURS), quote)
    return world


def call(world: PortfolioWorld, quantity: float = -1) -> Position:
    return Position(Series(1, world.expiry(HOURS), 1_500 * WAD, False), quantity)


def test_worked_example(world):
    health = world.assess([call(world)])
    assert health.equity / WAD == pytest.approx(-79.37158518905994, abs=NEAR)
    assert health.maintenance / WAD == pytest.approx(-301.7685348603643, abs=NEAR)
    assert health.initial / WAD == pytest.approx(-368.4876197617556, abs=NEAR)
    # On the safe side.
    assert health.equity / WAD <= -79.37158518905994
    assert health.maintenance / WAD <= -301.7685348603643
    assert health.initial / WAD <= -368.4876197617556


@pytest.mark.parametrize("confidence,charge", [(0.6, 0.0), (0.599, 0.401 * 0.5), (0.0, 0.5)])
def test_confidence_below_the_threshold_costs(world, confidence, charge):
    quote = world.view.quotes[1, world.expiry(HOURS)]
    plain = world.assess([call(world)])
    world.set_quote(1, world.expiry(HOURS), replace(quote, confidence=confidence))
    doubtful = world.assess([call(world)])
    assert (plain.initial - doubtful.initial) / WAD == pytest.approx(charge * 1_500, abs=1e-9)
    assert plain.maintenance == doubtful.maintenance


@pytest.mark.parametrize("peg,factor", [(1.0, 1.3), (0.98, 1.3), (0.97, 1.32), (0.0, 3.26)])
def test_stablecoin_below_its_peg_costs(world, peg, factor):
    world.set_rules(1, TEST, stablecoin=9)
    world.set_spot(9, peg)
    health = world.assess([call(world)])
    mark = -79.37158518905994
    need = -301.7685348603643 - mark
    assert health.maintenance / WAD == pytest.approx(need + mark, abs=NEAR)
    assert health.initial / WAD == pytest.approx(need * factor + mark, abs=2 * NEAR)


def test_collateral_moves_with_its_underlying(world):
    """A covered call: the unit loses 15 % at worst, and less of the call's mark is at stake."""
    world.settings.set_collateral(1, 1, WAD, WAD, NOBODY, sender=world.owner)
    alone = world.assess([], holdings=[holding(1, 2)])
    assert alone.equity == 3_000 * WAD
    # Worst move, and the static charge.
    assert alone.maintenance / WAD == pytest.approx(3_000 * (0.85 - 0.02), abs=1e-9)
    assert alone.initial / WAD == pytest.approx(3_000 * (1 - 1.3 * 0.17), abs=1e-9)
    covered = world.assess([call(world, -2)], holdings=[holding(1, 2)])
    bare = world.assess([call(world, -2)])
    assert covered.maintenance > alone.maintenance + bare.maintenance + 400 * WAD


def test_counting_of_naked_shorts(world):
    """P-11: a long put excuses a short call by the peer's counting only."""
    put = Position(Series(1, world.expiry(HOURS), 1_500 * WAD, True), 1)
    ours = world.assess([call(world), put])
    world.set_rules(1, replace(TEST, peer_counting=True))
    theirs = world.assess([call(world), put])
    assert (theirs.maintenance - ours.maintenance) / WAD == pytest.approx(15, abs=1e-9)
    # A call cannot be excused by a call of another strike.
    other = replace(put, series=Series(1, world.expiry(HOURS), 1_600 * WAD, False))
    assert world.assess([call(world), other]) == world.assess([other, call(world)])


def test_only_the_moving_part_of_the_forward_moves(world):
    """Inside the averaging window what has passed is settled."""
    expiry = world.expiry(0) if world.expiry(0) > world.now else world.expiry(1)
    with boa.env.anchor():
        boa.env.timestamp = expiry - 60
        quote = Quote(1_500.0, 1_500.0, 0.5, fixed=1_450.0)
        world.set_quote(1, expiry, quote)
        short = Position(Series(1, expiry, 1_500 * WAD, False), -1)
        health = world.assess([short])
        # 50 of 1,500 still moves: 15 % of that, and the charge for a naked short.
        assert health.maintenance / WAD == pytest.approx(-(50 * 0.15 + 15), abs=0.01)
    assert wad(1) == WAD
