"""A short crash end to end through the command line: the figures must add up."""

import csv
import json
from pathlib import Path

import pytest

from novate.__main__ import main
from novate.scenario.report import conserved

# Ten trading days around a Friday: calm, then a fall of 6 % with volatility tripled.
BARS = [
    ("2018-01-29", 2850, 0.14),
    ("2018-01-30", 2825, 0.15),
    ("2018-01-31", 2824, 0.14),
    ("2018-02-01", 2822, 0.14),
    ("2018-02-02", 2762, 0.17),
    ("2018-02-05", 2590, 0.45),
    ("2018-02-06", 2650, 0.30),
    ("2018-02-07", 2680, 0.28),
    ("2018-02-08", 2600, 0.33),
    ("2018-02-09", 2620, 0.29),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    prices = folder / "prices.csv"
    lines = [f"{day},{close},{volatility}" for day, close, volatility in BARS]
    prices.write_text("\n".join(["date,close,implied volatility", *lines]) + "\n")
    out = folder / "out"
    assert main(["run", "--prices", str(prices), "--seed", "3", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def summary(played: Path) -> dict:
    return json.loads((played / "summary.json").read_text())


@pytest.fixture(scope="module")
def ledger(played: Path) -> list[dict]:
    with (played / "events.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["arguments"] = json.loads(row["arguments"])
    return rows


def named(ledger: list[dict], event: str) -> list[dict]:
    return [row["arguments"] for row in ledger if row["event"] == event]


def test_writes_every_file(played: Path) -> None:
    assert {file.name for file in played.iterdir()} == {
        "accounts.png",
        "auctions.png",
        "deployment.json",
        "events.csv",
        "losses.png",
        "market.png",
        "open_interest.png",
        "summary.json",
    }


def test_cash_is_conserved_to_the_wei(summary: dict) -> None:
    check = summary["conservation"]
    held, owed = int(check["held_wei"]), int(check["cash_of_all_accounts_wei"])
    assert held - owed == int(check["rounding_surplus_wei"])
    # Interest and payouts round by a few wei a transaction, never in favour of accounts.
    assert 0 <= held - owed < 10 * summary["transactions"]
    assert 0 <= int(check["certificate_surplus_wei"]) <= held - owed
    assert check["holds"]


def test_tokens_held_are_deposits_less_withdrawals(summary: dict, ledger: list[dict]) -> None:
    brought = sum(int(row["amount"]) for row in named(ledger, "Deposited") if row["asset"] == 0)
    assert int(summary["conservation"]["held_wei"]) == brought


def test_positions_sum_to_zero(summary: dict) -> None:
    assert summary["conservation"]["positions_sum_to_zero"] is True


def test_fees_are_what_the_fund_earned(summary: dict, ledger: list[dict]) -> None:
    fees = summary["fees"]
    charged = sum(
        int(row["seller_fee"]) + int(row["buyer_fee"]) for row in named(ledger, "Novated")
    )
    assert charged > 0
    assert int(fees["trading_wei"]) == charged
    parts = ("seed", "trading", "interest", "auction_fees", "passed_to_bidders", "tips")
    income = sum(int(fees[f"{part}_wei"]) for part in parts)
    balance = int(fees["fund_wei"])
    # What is left over is the interest on the fund's own cash, and rounding.
    left = balance - (income - int(fees["losses_covered_wei"]))
    assert left == int(fees["fund_earned_wei"])
    assert abs(left) < 10**15


def test_trades_match_the_ledger(summary: dict, ledger: list[dict]) -> None:
    trades = named(ledger, "Novated")
    assert summary["trades"] == len(trades) > 20
    quantity = sum(int(row["quantity"]) for row in trades) / 1e18
    assert summary["contracts"] == pytest.approx(quantity)
    assert summary["gas"]["trade"]["n"] == len(trades)


def test_settlement_pays_nothing_out_of_nothing(ledger: list[dict]) -> None:
    settled = named(ledger, "Settled")
    assert settled
    by_series: dict[str, list[int]] = {}
    for row in settled:
        quantity, payout = by_series.setdefault(str(row["series"]), [0, 0])
        by_series[str(row["series"])] = [
            quantity + int(row["quantity"]),
            payout + int(row["payout"]),
        ]
    for quantity, payout in by_series.values():
        assert quantity == 0
        assert -16 <= payout <= 0


def test_the_reckless_seller_is_auctioned_by_the_fall(summary: dict) -> None:
    auctions = [one for one in summary["auctions"] if one["account"] == "reckless seller"]
    assert auctions and auctions[0]["start"].startswith("2018-02-05")
    assert auctions[0]["bids"] >= 1
    assert summary["margin_calls"] >= 1


def test_the_same_seed_gives_the_same_run(played: Path, summary: dict, tmp_path: Path) -> None:
    prices = played.parent / "prices.csv"
    arguments = ["run", "--prices", str(prices), "--seed", "3", "--out", str(tmp_path)]
    assert main(arguments) == 0
    again = json.loads((tmp_path / "summary.json").read_text())
    assert again == summary


def test_conservation_check_can_fail() -> None:
    assert conserved(held=10, owed=10, surplus=0, transactions=1)
    assert not conserved(held=10, owed=11, surplus=0, transactions=1)
    assert not conserved(held=10**6, owed=10, surplus=0, transactions=1)
    assert not conserved(held=10, owed=10, surplus=-1, transactions=1)
