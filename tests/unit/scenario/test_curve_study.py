"""The study of auction curves: formulas of the reference, its answer is the default."""

from dataclasses import replace

import numpy as np
import pytest

from novate.curve_study import CURVES, LEAST_FACTOR, RATES, Book, Curve, play, study, table
from novate.parameters import Auction
from novate.reference import auction as reference
from novate.series import WAD


@pytest.mark.parametrize("name", CURVES)
def test_curves_are_those_of_the_contract(name: str) -> None:
    curve = CURVES[name]
    shape = getattr(reference, curve.family.replace("-", "_"))
    arguments = (round(curve.start * WAD), round(curve.cutoff * WAD), int(curve.fast))
    for elapsed in (0, 60, 600, 3_600, int(curve.tail)):
        exact = float(shape(elapsed, *arguments, int(curve.slow))) / WAD
        assert curve.factor(np.array([float(elapsed)]))[0] == pytest.approx(exact, abs=1e-12)
    # What the bounds of contracts/auction/rules.vy demand of a tail.
    assert curve.factor(np.array([curve.tail]))[0] >= LEAST_FACTOR


def flat(equity: float, requirement: float, steps: int = 600) -> Book:
    """One account whose figures do not move."""
    return Book(np.full((1, steps), equity), np.full((1, steps), requirement), np.full(1, 1e4))


def test_a_healthy_account_is_left_alone() -> None:
    result = play(flat(1_000, 900), CURVES["exponential, half in 6 hours"], 16, 1)
    assert np.isnan(result.recovered) and result.deficit == 0


def test_one_auction_by_hand() -> None:
    """Bidders who come at once and take all they want at the price of the second minute."""
    curve = Curve("two-phase", 0.5, 0.5, 600, 600, 600)
    result = play(flat(1_000, 1_200), curve, 1e9, 1, drought=False)
    assert result.recovered == pytest.approx(0.5)
    assert result.cured == 1
    assert result.deficit == 0


def test_an_insolvent_account_costs_others() -> None:
    curve = CURVES["exponential, half in 6 hours"]
    result = play(flat(-500, 1_200), curve, 1e9, 1, drought=False)
    # 500 of the lot at mark, and what the bidders ask for the risk.
    assert 500 <= result.deficit <= 1_700
    nobody = play(flat(-500, 1_200), curve, 1e-9, 1)
    assert nobody.deficit == pytest.approx(500) and nobody.cured == 0


def test_the_default_recovers_most_at_nearly_the_same_loss() -> None:
    results = study(accounts=12)
    assert len(table(results).splitlines()) == 1 + len(results)
    chosen = CURVES["exponential, half in 6 hours"]
    deployed = Auction()
    assert (deployed.start, deployed.cutoff, deployed.fast) == (9_800, 4_900, chosen.fast)
    name = "exponential, half in 6 hours"
    for rate in RATES[1:]:
        best = max((r for r in results if r.rate == rate), key=lambda r: r.recovered)
        assert best.curve == name
        mine = next(r for r in results if (r.curve, r.rate) == (name, rate))
        peer = next(r for r in results if r.rate == rate and "production" in r.curve)
        assert mine.recovered > peer.recovered + 0.1
        assert mine.deficit < peer.deficit * 1.25


def test_equal_seeds_bring_equal_results() -> None:
    curves = {"one": replace(CURVES["exponential, half in 6 hours"])}
    assert study(4, 7, curves) == study(4, 7, curves)
