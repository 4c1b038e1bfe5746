"""Autumn 2008 through the command line: a fund sells more far puts than all bidders together carry.

It stays unsold while the market falls on, from above maintenance margin to nothing. Then the
bidders are paid: by the security fund, and past it by all positive cash. Run twice, with a fund
that is too small and with one that is not; prices to 10 October, the end of the fall.
"""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from novate.__main__ import main

SMALL, BIG = 50_000, 2_000_000


def play(folder: Path, fund: int) -> dict:
    arguments = ["--scenario", "lehman", "--to", "2008-10-10", "--fund", str(fund)]
    with redirect_stdout(io.StringIO()) as said:
        assert main(["run", *arguments, "--out", str(folder)]) == 0
    (folder / "screen.txt").write_text(said.getvalue())
    return json.loads((folder / "summary.json").read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lehman")


@pytest.fixture(scope="module")
def poor(folder: Path) -> dict:
    return play(folder / "poor", SMALL)


@pytest.fixture(scope="module")
def rich(folder: Path) -> dict:
    return play(folder / "rich", BIG)


def seller(summary: dict) -> list[dict]:
    return [one for one in summary["auctions"] if one["account"] == "volatility fund"]


def test_solvent_auctions_recover_most_of_the_mark(poor: dict) -> None:
    sold = [one for one in poor["auctions"] if one["recovered"] is not None]
    assert len(sold) >= 2
    assert all(0.5 < one["recovered"] < 0.98 for one in sold)
    assert 0.7 < poor["recovered"] < 0.98


def test_the_seller_is_unsold_for_days_and_then_insolvent(poor: dict) -> None:
    (auction,) = seller(poor)
    assert auction["mark"] > 0 and auction["start"].startswith("2008-10-07")
    assert auction["outcome"] == "sold out" and auction["end"] > "2008-10-09"
    # Bidders were paid more than the mark lacked, for they bring margin.
    assert auction["paid_out"] > auction["debt_mark"] > 0


def test_each_loss_is_the_funds_and_everybodys_to_the_wei(poor: dict) -> None:
    debt = poor["bad_debt"]
    assert debt["adds_up"] and len(debt["losses"]) >= 2
    for one in [debt, *debt["losses"]]:
        loss, fund, everybody = (
            int(one[f"{part}_wei"]) for part in ("loss", "from_fund", "socialised")
        )
        assert loss == fund + everybody
    for part in ("loss", "from_fund", "socialised", "rounding"):
        total = sum(int(one[f"{part}_wei"]) for one in debt["losses"])
        assert int(debt[f"{part}_wei"]) == total
    # The fund paid all it had, its income of the weeks before included, and only then the others.
    assert int(debt["from_fund_wei"]) > SMALL * 10**18
    assert int(debt["socialised_wei"]) > 0
    assert int(poor["fees"]["fund_wei"]) <= 1


def test_the_shares_of_everybody_add_up_to_the_wei(poor: dict) -> None:
    debt = poor["bad_debt"]
    assert debt["shares_add_up"]
    for one in debt["losses"]:
        shares = [int(share) for share in one["borne_wei"].values()]
        assert sum(shares) - int(one["rounding_wei"]) == int(one["socialised_wei"])
        assert abs(int(one["rounding_wei"])) <= len(shares) + 1
    total = sum(int(share) for share in debt["borne_wei"].values())
    assert total - int(debt["rounding_wei"]) == int(debt["socialised_wei"])
    assert 0 < debt["rate"] < 0.2
    # What everybody bore is what came back and what is still to come back.
    assert int(debt["socialised_wei"]) == int(debt["restored_wei"]) + int(debt["outstanding_wei"])


def test_no_cash_is_lost_or_made(poor: dict, rich: dict) -> None:
    for summary in (poor, rich):
        assert summary["conservation"]["holds"]
        assert summary["conservation"]["positions_sum_to_zero"]


def test_with_a_fund_that_is_big_enough_nobody_else_pays(rich: dict) -> None:
    debt = rich["bad_debt"]
    assert int(debt["loss_wei"]) == int(debt["from_fund_wei"]) > 10**23
    assert int(debt["socialised_wei"]) == 0 and debt["rate"] == 0 and not debt["borne_wei"]
    assert int(rich["fees"]["fund_wei"]) > 0
    assert seller(rich)[0]["outcome"] == "sold out"


def test_the_screen_says_it(folder: Path, poor: dict) -> None:
    said = (folder / "poor" / "screen.txt").read_text()
    for words in (
        "volatility fund: ",
        " paid to bidders, sold out",
        "borne by        ",
        f"{poor['bad_debt']['socialised_wei']} wei, ",
        "of rounding: adds up to the wei",
    ):
        assert words in said
    assert (folder / "poor" / "losses.png").stat().st_size > 10_000
