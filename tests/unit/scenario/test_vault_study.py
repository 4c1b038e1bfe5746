"""Rounds of all vaults through a path, beside payoffs by hand; and the study's pictures."""

from itertools import pairwise
from pathlib import Path

import pytest

from novate import pool_study
from novate.data.scenarios import load_scenario
from novate.liquidity import VAULTS
from novate.vault_study import Rounds, study


@pytest.fixture(scope="module")
def runs() -> dict[str, Rounds]:
    return study("volmageddon", 3)


def fixed_before(time: int) -> float:
    """[USD] the close that was the price when the options of a round expired."""
    bars = load_scenario("volmageddon").bars
    place = next(i for i, bar in enumerate(bars) if bar.timestamp == time)
    return bars[place - 1].close


def test_payoffs_are_those_of_the_strikes(runs: dict[str, Rounds]) -> None:
    spots = {bar.timestamp: bar.close for bar in load_scenario("volmageddon").bars}
    paid = 0.0
    for terms, run in zip(VAULTS, runs.values(), strict=True):
        assert len(run.premiums) == len(run.payoffs) == len(run.strikes) == 3
        for place, (began, ended) in enumerate(pairwise(run.times)):
            fixing, strikes = fixed_before(ended), run.strikes[place]
            share = terms.strategy.share / 10_000
            cover = strikes[0] if terms.strategy.by_strike else spots[began]
            expected = 0.0
            for leg, strike in zip(terms.strategy.legs, strikes, strict=True):
                value = max((strike - fixing) if leg.is_put else (fixing - strike), 0.0)
                expected += -value if leg.sells else value
            assert run.payoffs[place] == pytest.approx(expected * share / cover, abs=2e-5)
            paid += abs(run.payoffs[place])
    assert paid > 0.01


def test_shares_follow_from_premiums_and_payoffs(runs: dict[str, Rounds]) -> None:
    """Cash is its own measure: nothing else moves a share of the vault that holds it."""
    run = runs["Novate secured put"]
    assert all(premium > 0 for premium in run.premiums) and set(run.alone) == {1.0}
    for place, (was, now) in enumerate(pairwise(run.values)):
        assert now / was == pytest.approx(1 + run.premiums[place] + run.payoffs[place], abs=2e-6)
    assert all(premium < 0 for premium in runs["Novate protected yield"].premiums)


def test_the_command_draws_what_it_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["pool_study", "lehman", "--start", "2008-10-06", "--days", "2", "--out", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    pool_study.main()
    said = capsys.readouterr().out
    assert said.count("lehman") == 2 and "gamma" in said and "residual" in said
    drawn = sorted(tmp_path.iterdir())
    assert [one.name for one in drawn] == ["lehman_limits.png", "lehman_lp.png"]
    assert all(one.stat().st_size > 10_000 for one in drawn)
