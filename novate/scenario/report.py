"""What a run says at its end: the summary, the screen and the files."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from ..errors import NovateError
from ..market import Event, Market, from_wad
from ..plot import draw_all
from .record import Loss, Record

WIDTH = 78
# Auctions on the screen; the others stand in the summary.
SHOWN = 6
# Fields of events that hold account ids.
ACCOUNTS = {
    "account",
    "seller",
    "buyer",
    "bidder",
    "recipient",
    "counterparty",
    "sender",
    "receiver",
    "keeper",
}


def summarise(record: Record, market: Market, refused: Mapping[str, int]) -> dict[str, Any]:
    """Every figure of the screen, from the contracts and their events. Money in USD, and in wei
    (as text) where it must be exact."""
    events = market.events
    accounts = [*(account.number for account in market.accounts), market.clearinghouse.FUND()]
    cash = {number: int(market.clearinghouse.cash_of(number)) for number in accounts}
    certificate = market.clearinghouse.certificate()
    owed = sum(cash.values())
    auctions = [
        {
            "account": auction.account,
            "start": _iso(auction.start),
            "end": None if auction.end is None else _iso(auction.end),
            "outcome": auction.outcome,
            "mark": round(auction.mark, 2),
            "sold_mark": round(auction.sold_mark, 2),
            "paid": round(auction.paid, 2),
            "recovered": None if auction.recovered is None else round(auction.recovered, 4),
            "debt_mark": round(auction.debt_mark, 2),
            "paid_out": round(auction.paid_out, 2),
            "bids": len(auction.sales),
        }
        for auction in record.auctions
    ]
    sold = sum(auction.sold_mark for auction in record.auctions)
    paid = sum(auction.paid for auction in record.auctions)
    return {
        "title": record.title,
        "underlying": record.underlying,
        "from": _iso(record.marks[0].time),
        "to": _iso(record.marks[-1].time),
        "bars": len(record.marks),
        "trades": record.trades,
        "contracts": round(record.contracts, 6),
        "notional": round(record.notional, 2),
        "premium": round(record.premium, 2),
        "fees": _fund_income(market, events),
        "margin_calls": len(record.margin_calls),
        "auctions": auctions,
        "recovered": round(paid / sold, 4) if sold > 0 else None,
        "bad_debt": {
            **bad_debt(events, int(certificate.outstanding)),
            **borne(record.losses),
            "losses": [_loss(one) for one in record.losses],
        },
        "settled_positions": len(_named(events, "Settled")),
        "conservation": {
            "held_wei": str(certificate.held),
            "cash_of_all_accounts_wei": str(owed),
            "rounding_surplus_wei": str(certificate.held - owed),
            "certificate_surplus_wei": str(certificate.surplus),
            "holds": conserved(certificate.held, owed, certificate.surplus, len(market.receipts)),
            "positions_sum_to_zero": positions_balance(market),
        },
        "refused": dict(sorted(refused.items())),
        "transactions": len(market.receipts),
        "gas": gas_table(market),
    }


def conserved(held: int, owed: int, surplus: int, transactions: int) -> bool:
    """Tokens held cover all cash, and exceed it by no more than rounding can explain.

    Each transaction rounds a few balances, each by less than two wei at the indices of a run.
    """
    return 0 <= surplus and 0 <= held - owed <= 1_000 * max(transactions, 1)


def bad_debt(events: list[Event], outstanding: int) -> dict[str, Any]:
    """Who bore what accounts could not, and what came back since, in wei.

    It adds up when each loss is what the fund and all positive cash paid, and when what everybody
    bore is what came back and what is outstanding.
    """
    losses = [event.arguments for event in _named(events, "LossCovered")]
    loss, from_fund, socialised = (
        sum(one[part] for one in losses) for part in ("loss", "from_fund", "socialised")
    )
    restored = sum(event.arguments["amount"] for event in _named(events, "LossRestored"))
    return {
        "loss_wei": str(loss),
        "from_fund_wei": str(from_fund),
        "socialised_wei": str(socialised),
        "restored_wei": str(restored),
        "outstanding_wei": str(outstanding),
        "adds_up": all(one["loss"] == one["from_fund"] + one["socialised"] for one in losses)
        and socialised == restored + outstanding,
    }


def borne(losses: Sequence[Loss]) -> dict[str, Any]:
    """Who bore what was socialised, in wei, and as a share of its positive cash.

    The shares add up to the losses but for rounding: an index rounds each balance by a wei.
    """
    total: dict[str, int] = defaultdict(int)
    kept = 1.0
    for one in losses:
        kept *= 1 - one.rate
        for name, share in one.borne.items():
            total[name] += share
    return {
        "rate": 1 - kept,
        "borne_wei": {
            name: str(share)
            for name, share in sorted(total.items(), key=lambda item: (-item[1], item[0]))
        },
        "rounding_wei": str(sum(one.rounding for one in losses)),
        "shares_add_up": all(abs(one.rounding) <= len(one.borne) + 1 for one in losses),
    }


def _loss(one: Loss) -> dict[str, Any]:
    return {
        "time": _iso(one.time),
        "account": one.account,
        "loss_wei": str(one.loss),
        "from_fund_wei": str(one.from_fund),
        "socialised_wei": str(one.socialised),
        "rate": one.rate,
        "borne_wei": {name: str(share) for name, share in one.borne.items()},
        "rounding_wei": str(one.rounding),
    }


def positions_balance(market: Market) -> bool:
    """Whether the signed quantities of every series sum to zero, over everybody."""
    total: dict[int, int] = defaultdict(int)
    for account in market.accounts:
        for series, quantity in market.positions(account):
            total[series.code] += quantity
    return not any(total.values())


def gas_table(market: Market) -> dict[str, dict[str, int]]:
    """Transactions by kind: how many, median and highest gas."""
    kinds: dict[str, list[int]] = defaultdict(list)
    for receipt in market.receipts:
        kinds[receipt.operation].append(receipt.gas)
    return {
        kind: {"n": len(gas), "median": int(median(gas)), "max": max(gas)}
        for kind, gas in sorted(kinds.items())
        if kind != "set up"
    }


def _fund_income(market: Market, events: list[Event]) -> dict[str, Any]:
    """Where the fund's cash comes from; the parts sum to its balance."""
    fund = market.clearinghouse.FUND()
    trading = sum(
        event.arguments["seller_fee"] + event.arguments["buyer_fee"]
        for event in _named(events, "Novated")
    )
    seed = sum(
        event.arguments["amount"]
        for event in _named(events, "Deposited")
        if event.arguments["account"] == fund
    )
    interest = sum(event.arguments["to_fund"] for event in _named(events, "Accrued"))
    auctions = sum(event.arguments["fee"] for event in _named(events, "AuctionStarted"))
    # Cash that an insolvent account got since its auction began goes through the fund to bidders.
    passed = sum(event.arguments["from_reserve"] for event in _named(events, "BidTaken"))
    tips = sum(
        event.arguments["tip"]
        for event in _named(events, "AuctionStarted")
        if event.arguments["keeper"] in (0, fund)
    )
    covered = sum(event.arguments["from_fund"] for event in _named(events, "LossCovered"))
    balance = int(market.clearinghouse.cash_of(fund))
    # Income that went to everybody instead, and what those paid who left before a loss.
    restored = sum(event.arguments["amount"] for event in _named(events, "LossRestored"))
    left = sum(event.arguments["amount"] for event in _named(events, "ShareLeft"))
    income = trading + seed + interest + auctions + passed + tips + left - restored
    return {
        "trading_wei": str(trading),
        "seed_wei": str(seed),
        "interest_wei": str(interest),
        "auction_fees_wei": str(auctions),
        "passed_to_bidders_wei": str(passed),
        "tips_wei": str(tips),
        "losses_covered_wei": str(covered),
        "fund_wei": str(balance),
        # Interest that the fund's own cash earned, and rounding.
        "fund_earned_wei": str(balance - (income - covered)),
    }


def screen(record: Record) -> str:
    """One screen for a person."""
    summary = record.summary
    fees, debt, check = summary["fees"], summary["bad_debt"], summary["conservation"]
    first, last = summary["from"][:10], summary["to"][:10]
    lines = [
        f"{record.title}: {record.underlying} from {first} to {last}, {summary['bars']} bars",
        "-" * WIDTH,
        _row("trades", f"{summary['trades']:,} of {summary['contracts']:,.0f} options"),
        _row(
            "volume",
            f"{summary['notional']:,.0f} USD notional, {summary['premium']:,.0f} USD premium",
        ),
        _row(
            "fees",
            f"{_usd(fees['trading_wei'])} USD trading, "
            f"{_usd(fees['auction_fees_wei'])} USD auctions",
        ),
        _row("margin calls", f"{summary['margin_calls']}"),
        _row("auctions", _auction_line(summary)),
    ]
    for auction in summary["auctions"][:SHOWN]:
        told = []
        if auction["recovered"] is not None:
            told.append(f"paid {auction['paid']:,.0f}, {auction['recovered']:.1%} of mark")
        if auction["paid_out"]:
            told.append(f"{auction['paid_out']:,.0f} paid to bidders")
        told.append(auction["outcome"])
        lines.append(_row("", f"{auction['start'][:10]} {auction['account']}: {', '.join(told)}"))
    if len(summary["auctions"]) > SHOWN:
        lines.append(_row("", f"and {len(summary['auctions']) - SHOWN} more in summary.json"))
    lines += [
        _row(
            "bad debt",
            f"{_usd(debt['loss_wei'])} USD: fund {_usd(debt['from_fund_wei'])}, "
            f"socialised {_usd(debt['socialised_wei'])}",
        ),
        _row(
            "",
            f"{_usd(debt['restored_wei'])} USD came back, "
            f"{_usd(debt['outstanding_wei'])} outstanding: "
            + ("adds up" if debt["adds_up"] else "DOES NOT ADD UP"),
        ),
        *_borne_lines(debt),
        _row("security fund", f"{_usd(fees['fund_wei'])} USD"),
        _row("settled", f"{summary['settled_positions']:,} positions"),
        _row("conservation", f"{check['held_wei']} wei held"),
        _row("", f"{check['cash_of_all_accounts_wei']} wei in all accounts"),
        _row(
            "",
            f"{check['rounding_surplus_wei']} wei rounding surplus: "
            + ("holds" if check["holds"] else "BROKEN"),
        ),
        _row(
            "positions",
            "sum to zero in every series"
            if check["positions_sum_to_zero"]
            else "DO NOT SUM TO ZERO",
        ),
    ]
    if summary["refused"]:
        reasons = ", ".join(f"{number} x {why}" for why, number in summary["refused"].items())
        lines.append(_row("refused", reasons))
    lines += ["", f"{'gas, each as a fresh transaction':<34}{'n':>8}{'median':>12}{'max':>12}"]
    for kind, figures in summary["gas"].items():
        lines.append(f"{kind:<34}{figures['n']:>8,}{figures['median']:>12,}{figures['max']:>12,}")
    return "\n".join(lines)


def write(record: Record, market: Market, out: Path, shift: int = 0) -> list[Path]:
    """Write summary, ledger and pictures; nothing appears in `out` before all is ready."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".novate-", dir=out) as name:
            draft = Path(name)
            (draft / "summary.json").write_text(json.dumps(record.summary, indent=2) + "\n")
            _write_events(market, draft / "events.csv", shift)
            draw_all(record, draft)
            written = []
            for file in sorted(draft.iterdir()):
                os.replace(file, out / file.name)
                written.append(out / file.name)
            return written
    except OSError as error:
        raise NovateError(f"cannot write to {out}: {error.strerror or error}") from error


def _write_events(market: Market, file: Path, shift: int) -> None:
    """The ledger: one line per event, in order."""
    with file.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(
            [
                "number",
                "transaction",
                "time",
                "operation",
                "sender",
                "gas",
                "contract",
                "event",
                "accounts",
                "arguments",
            ]
        )
        owners = {account.address: account.name for account in market.accounts}
        number = 0
        for receipt in market.receipts:
            for event in receipt.events:
                number += 1
                accounts = [
                    market.name_of(value)
                    for name, value in event.arguments.items()
                    if name in ACCOUNTS and isinstance(value, int) and value >> 96
                ]
                table.writerow(
                    [
                        number,
                        event.transaction,
                        _iso(event.time - shift),
                        event.operation,
                        owners.get(receipt.sender, "owner"),
                        receipt.gas,
                        event.contract,
                        event.name,
                        " ".join(accounts),
                        json.dumps({name: _plain(v) for name, v in event.arguments.items()}),
                    ]
                )


def _named(events: list[Event], name: str) -> list[Event]:
    return [event for event in events if event.name == name]


def _plain(value: Any) -> Any:
    """Integers beyond what JSON readers keep exact become text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return str(value)


def _auction_line(summary: Mapping[str, Any]) -> str:
    number = len(summary["auctions"])
    if summary["recovered"] is None:
        return f"{number}"
    return f"{number}, bidders paid {summary['recovered']:.1%} of mark"


def _borne_lines(debt: Mapping[str, Any]) -> list[str]:
    """Who bore the socialised part; nothing when there was none."""
    if not debt["borne_wei"]:
        return []
    shares = list(debt["borne_wei"].items())
    named = [f"{name} {_usd(share)}" for name, share in shares[:3]]
    if len(shares) > 3:
        rest = sum(int(share) for _, share in shares[3:])
        named.append(f"{len(shares) - 3} more {_usd(str(rest))}")
    sound = "adds up to the wei" if debt["shares_add_up"] else "DOES NOT ADD UP"
    return [
        _row("borne by", f"{debt['rate']:.4%} of everybody's positive cash:"),
        _row("", ", ".join(named)),
        _row("", f"{debt['socialised_wei']} wei, {debt['rounding_wei']} of rounding: {sound}"),
    ]


def _row(label: str, text: str) -> str:
    return f"{label:<16}{text}"


def _usd(wei: str) -> str:
    return f"{from_wad(int(wei)):,.2f}"


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
