"""`python -m tests.stateful.breaks`: contracts broken on purpose; each must turn a check red.

The broken source stands in memory only: a process of its own compiles what reads it and plays
worlds until something fails. Prints which check caught which break, and fails when one goes unseen
or another check than the one that names the rule saw it first.
"""

from __future__ import annotations

import argparse
import dataclasses
import multiprocessing
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"


class Break(NamedTuple):
    """Text of a source, what stands there instead, and the checks that may see it first: in worlds
    of everything that is deployed, or of all venues."""

    file: str
    old: str
    new: str
    checks: tuple[str, ...]
    venues: bool = False


BREAKS = (
    Break(
        "clearing/book.vy",
        "        self.positions[account][i] = series._pack(code, after)\n",
        "        self.positions[account][i] = series._pack(code, after + 1)\n",
        ("1 quantities sum to zero", "1 the total is what is long"),
    ),
    Break(
        "clearing/BackOffice.vy",
        "        long_change -= max(part, 0)\n",
        "        long_change -= min(part, 0)\n",
        ("1 open interest is what is long", "1 the total is what is long"),
    ),
    Break(
        "clearing/Clearinghouse.vy",
        "fees += trade.seller_fee + trade.buyer_fee\n",
        "fees += trade.seller_fee + trade.buyer_fee + 10**13\n",
        ("2 claims are covered",),
    ),
    Break(
        "clearing/escrow.vy",
        "staticcall token.balanceOf(self) - before == amount",
        "staticcall token.balanceOf(self) - before <= amount",
        ("2 collateral adds up",),
    ),
    Break(
        "clearing/Clearinghouse.vy",
        "if not fresh or excess < 0:",
        "if not fresh:",
        ("3 who grows has initial margin",),
    ),
    Break(
        "clearing/Clearinghouse.vy",
        "    ledger._require_initial(account, indices)\n",
        "",
        ("3 who leaves has initial margin",),
    ),
    Break(
        "instruments/halts.vy",
        "assert self.halted_until[ALL] <= block.timestamp",
        "assert self.halted_until[ALL] < 2**200",
        ("3 halted markets open nothing",),
    ),
    Break(
        "auction/AuctionHouse.vy",
        'health.maintenance) < 0, "auction: above',
        'health.maintenance) < 10**21, "auction: above',
        ("4 sound accounts are not auctioned",),
    ),
    Break(
        "auction/AuctionHouse.vy",
        "assert lots._lot_price(terms) <= limit_price",
        "assert lots._lot_price(terms) <= limit_price + 10**24",
        ("4 bids keep their limit",),
    ),
    Break(
        "auction/AuctionHouse.vy",
        "assert not terms.due, ",
        "assert not terms.due and terms.reserved == 0, ",
        ("12 dust blocks nobody",),
    ),
    Break(
        "venues/SignedOrders.vy",
        "assert amount <= order.size - used",
        "assert amount <= order.size",
        ("4 orders are filled once",),
    ),
    Break(
        "settlement/expiry.vy",
        "payout = series._payout(code, quantity, fixing)",
        "payout = series._payout(code, quantity, fixing) + 1",
        ("5 payoffs are right",),
    ),
    Break(
        "clearing/BackOffice.vy",
        "ledger.outstanding += loss - from_fund",
        "ledger.outstanding += loss",
        ("6 outstanding is what was shared",),
    ),
    Break(
        "auction/AuctionHouse.vy",
        "extcall LEDGER.provide(convert(after, int256) - convert(before, int256))",
        "extcall LEDGER.provide(convert(after, int256))",
        ("6 pending is what auctions lack",),
    ),
    Break(
        "clearing/ledger.vy",
        "    if accounts._count(header) == 0 and balance >= 0:\n        return\n",
        "",
        ("7 free cash leaves", "11 nothing is stuck"),
    ),
    Break(
        "clearing/accounts.vy",
        '    assert self._may_act(msg.sender, account), "account: not yours"\n',
        "    pass\n",
        (
            "8 strangers gain nothing",
            "3 who leaves has initial margin",
            "u the fund's account",
        ),
    ),
    Break(
        "oracle/markets.vy",
        "CLOSING_DELAY: constant(uint256) = 259_200",
        "CLOSING_DELAY: constant(uint256) = 259_200_000",
        ("11 nothing is stuck",),
    ),
    Break(
        "clearing/Clearinghouse.vy",
        "@external\ndef settle(",
        "@external\n@reentrant\ndef settle(",
        ("u no re-entry",),
    ),
    Break(
        "oracle/medians.vy",
        "    middle: uint256 = count >> 1\n",
        "    middle: uint256 = count - 1\n",
        ("u the price is honest", "u prices are the reference's"),
    ),
    Break(
        "insurance/SecurityFund.vy",
        "    return (product + whole - 1) // whole if up else product // whole\n\n\n"
        "@internal\n@view\ndef _to_assets",
        "    return 2 * product // whole\n\n\n@internal\n@view\ndef _to_assets",
        ("u fund shares",),
    ),
    Break(
        "auction/Unwinder.vy",
        "assert gain * BPS >= notional * EDGE",
        "assert gain * BPS >= -notional * BPS",
        ("the unwinder buys below the mark",),
        venues=True,
    ),
    Break(
        "auction/Unwinder.vy",
        "    assert self.standing == 0, ",
        "    assert self.standing >= 0, ",
        ("the unwinder's bonds are back before shares",),
        venues=True,
    ),
    Break(
        "auction/Unwinder.vy",
        "vault_shares._to_assets(shares, self._idle(), False)",
        "vault_shares._to_assets(shares, self._idle(), True)",
        ("nobody who stays with the unwinder is diluted",),
        venues=True,
    ),
    Break(
        "venues/OptionPool.vy",
        "convert(worth.reserve, int256) + deal.cost - deal.value, uint256)",
        "convert(worth.reserve, int256) + max(deal.charge, 0), uint256)",
        ("a pool keeps what it charges in reserve",),
        venues=True,
    ),
    Break(
        "venues/pool_charges.vy",
        "deal.fee = (size - free) * rate",
        "deal.fee = (size - max(free, size // 2)) * rate",
        ("as the reference",),
        venues=True,
    ),
    Break(
        "auction/matching.vy",
        "premium=unsafe_mul(quantity, price),",
        "premium=unsafe_mul(quantity, price + 10**6),",
        ("batch: one price for all",),
        venues=True,
    ),
    Break(
        "auction/crossing.vy",
        "unsafe_add(c.last_buy, c.last_sell) >> 1",
        "(unsafe_add(c.last_buy, c.last_sell) >> 1) + 1",
        ("batch: as the reference",),
        venues=True,
    ),
    Break(
        "auction/matching.vy",
        "    commitments._credit(owner, bond)\n",
        "    commitments._credit(owner, 2 * bond)\n",
        ("bonds are conserved",),
        venues=True,
    ),
    Break(
        "vaults/StrategyVault.vy",
        "    self._require_open()\n    shares: uint256 = self._to_shares(assets, False)\n",
        "    shares: uint256 = self._to_shares(assets, False)\n",
        ("shares of a vault wait for the end of its round",),
        venues=True,
    ),
    Break(
        "vaults/StrategyVault.vy",
        "holdings._fetch(amount, self)",
        "holdings._fetch(amount // 2, self)",
        ("between rounds all of a vault is here",),
        venues=True,
    ),
    Break(
        "venues/QuoteRewards.vy",
        "        self.totals[epoch] += earned\n",
        "        self.totals[epoch] += earned // 2 + 1\n",
        ("rewards that are owed are there", "rewards are shared by points"),
        venues=True,
    ),
)


def play(one: Break, worlds: int, keeps: bool, pipe: Any) -> None:
    """In a process of its own: the source as if it were broken, worlds until one fails."""
    from novate.deploy import compiled
    from novate.engine import cache
    from tests.stateful.playing import open_engine

    file = (CONTRACTS / one.file).resolve()
    text = file.read_text()
    assert text.count(one.old) == 1, f"{one.file}: {text.count(one.old)} places"
    broken = text.replace(one.old, one.new)
    read, loaded = Path.read_text, cache.Sources._load_from_path

    def read_text(self: Path, *args: Any, **kwargs: Any) -> str:
        return broken if self == file else read(self, *args, **kwargs)

    def load_from_path(self: Any, resolved_path: Path, original_path: Path) -> Any:
        found = loaded(self, resolved_path, original_path)
        if Path(resolved_path) == file:
            found = dataclasses.replace(found, contents=broken)
        return found

    Path.read_text = read_text  # type: ignore[method-assign]
    cache.Sources._load_from_path = load_from_path  # type: ignore[method-assign]
    cache._write = lambda *_: None
    # What has been loaded already is read again where it imports what is broken.
    compiled.cache_clear()
    open_engine()
    (play_venues if one.venues else play_village)(worlds, keeps, pipe)


def play_village(worlds: int, keeps: bool, pipe: Any) -> None:
    from tests.stateful.worlds import Campaign

    campaign = Campaign()
    for seed in range(1, worlds + 1):
        failure = campaign.play(seed, 500)
        if failure is not None:
            length = len(failure.steps)
            row = campaign.shrink(failure, 60).as_row() if keeps else None
            pipe.send((failure.check, seed, length, campaign.seen.steps, row))
            return
    pipe.send(("", worlds, 0, campaign.seen.steps, None))


def play_venues(worlds: int, keeps: bool, pipe: Any) -> None:
    """The check is what the assertion says; nothing is cut down."""
    from tests.stateful.playing import play as play_world
    from tests.stateful.venues import Venues

    seen: Counter[str] = Counter()
    for seed in range(1, worlds + 1):
        before = seen["steps"]
        failure = play_world(Venues, seed, 100, seen)
        if failure:
            check = failure.strip().rsplit("\n", 1)[-1].removeprefix("AssertionError: ")
            steps = seen["steps"] + 1
            pipe.send((check, seed, steps - before, steps, None))
            return
    pipe.send(("", worlds, 0, seen["steps"], None))


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.stateful.breaks", description=__doc__)
    parser.add_argument("--worlds", type=int, default=150)
    parser.add_argument("--keep", action="store_true", help="the steps, cut down, as a test")
    parser.add_argument("only", nargs="*", type=int, help="numbers of the breaks")
    options = parser.parse_args()
    from tests.stateful.invariants import keep
    from tests.stateful.playing import open_engine
    from tests.stateful.venues import Venues
    from tests.stateful.village import Village

    # Everything that is sound is loaded once, before processes part.
    open_engine()
    Village()
    Venues(0)
    context, bad = multiprocessing.get_context("fork"), 0
    for number, one in enumerate(BREAKS):
        if options.only and number not in options.only:
            continue
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=play, args=(one, options.worlds, options.keep, there))
        process.start()
        there.close()
        try:
            check, seed, step, calls, row = here.recv()
        except EOFError:
            check, seed, step, calls, row = "no answer", 0, 0, 0, None
        process.join()
        if row is not None and len(row["steps"]) <= 40:
            keep([row | {"detail": f"with {one.file} broken: {one.new.strip()[:100]}"}])
        seen = check in one.checks
        bad += not seen
        unit = "steps" if one.venues else "calls"
        print(
            f"{number:>2} {one.file}: {check or 'unseen'} (world {seed}, step {step}, "
            f"{calls:,} {unit}){'' if seen else '   EXPECTED ' + ' or '.join(one.checks)}",
            flush=True,
        )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
