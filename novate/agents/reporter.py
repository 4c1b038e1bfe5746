"""Reporters at work: they watch their sources, sign what they see, and submit what enough of them
have signed: prices to the signed feed, smiles to the volatility surface.

Each process holds the key of one reporter, or of several; they meet at a board, which is a folder
(`novate.oracle.board`). Whoever sees that a report is due proposes one, whoever agrees signs it,
and whoever finds a quorum submits. All that a process must remember is its journal of what it
signed, on disk; killed and started again it goes on where board and chain stand, and contradicts
nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boa
from eth_account import Account as Keys
from eth_account.signers.local import LocalAccount

from ..errors import NetworkError, ParameterError
from ..market import Market, Receipt
from ..network import Network, connect
from ..oracle.board import Board, Journal
from ..oracle.reporter import Feed, Heartbeat, Reporter, propose
from ..oracle.reports import PriceReport, Proof, Report, SurfaceReport, proof_of
from ..oracle.smiles import SmileReporter, SurfaceFeed
from ..oracle.sources import Source, named_source
from .desk import attach, look_again

# The key of one reporter; without it a process signs for the reporters that the market made up.
KEY_VARIABLE = "NOVATE_REPORTER_KEY"
# [s] before a report becomes too old within which it is no longer submitted.
HASTE = 2
# [s] by which smiles are dated back: the surface refuses what is ahead of its block, and a node
# that estimates may be a block behind.
LAG = 3
# Smiles are due less often than prices, and after larger moves.
SMILES_DUE = Heartbeat(deviation=0.02, interval=600)


@dataclass(frozen=True)
class Watch:
    """What reporters of one process look at, and for how long a price of it counts [s]."""

    prices: Sequence[Source]
    volatilities: Sequence[Source] = ()
    max_age: int = 120
    volatility_max_age: int = 3_600


class ReporterDesk:
    """The reporters of one process on a market that has a signed feed, a surface, or both.

    signers: keys; those that are in no committee are of no use. folder: of board and journals.
    """

    def __init__(
        self,
        market: Market,
        signers: Iterable[LocalAccount],
        watch: Watch,
        folder: Path,
        *,
        prices_due: Heartbeat | None = None,
        smiles_due: Heartbeat = SMILES_DUE,
        expiries: int = 4,
    ) -> None:
        self.market = market
        self.account = market.account("reporter")
        self.prices_due = prices_due or Heartbeat()
        self.smiles_due = smiles_due
        self.expiries = expiries
        self.refused: list[str] = []
        self.journals: list[Journal] = []
        self.people: list[Reporter] = []
        self.painters: list[SmileReporter] = []
        signers = list(signers)
        if "signed_feed" in market.contracts and watch.prices:
            self.feed = Feed.at(market.signed_feed)
            self.board = Board(folder, self.feed.domain)
            for index, signer in self._places(market.signed_feed, signers):
                signed: Any = self._journal(self.board, signer)
                self.people.append(
                    Reporter(index, signer, watch.prices, max_age=watch.max_age, signed=signed)
                )
        if "surface" in market.contracts and watch.volatilities:
            self.surface = SurfaceFeed.at(market.surface)
            self.easel = Board(folder, self.surface.domain)
            for index, signer in self._places(market.surface, signers):
                signed = self._journal(self.easel, signer)
                self.painters.append(
                    SmileReporter(
                        index,
                        signer,
                        watch.volatilities,
                        max_age=watch.volatility_max_age,
                        signed=signed,
                    )
                )
        if not self.people and not self.painters:
            held = ", ".join(signer.address for signer in signers) or "none"
            raise ParameterError("reporters", held, "in the committee of a feed or a surface")

    def close(self) -> None:
        """Let another process sign with these keys."""
        for journal in self.journals:
            journal.close()

    def round(self) -> list[Receipt]:
        """Look once, propose, sign, submit; returns what was sent."""
        if isinstance(self.market.env, Network):
            self.market.env._reset_fork()
        done = self._price() if self.people else []
        if self.painters:
            expiries = [e for e in self.market.expiries(self.expiries) if e % 3_600 == 0]
            # Where all rise the last comes first, and where all fall the first: see the surface.
            if self._rises(expiries):
                expiries.reverse()
            for expiry in expiries:
                done += self._smile(expiry)
        return done

    def run(
        self, *, every: float, rounds: int | None = None, say: Callable[[str], object] = print
    ) -> None:
        """Rounds for ever, or so many."""
        look_again(self, every, rounds, say)

    # -- prices --

    def _price(self) -> list[Receipt]:
        now, feed = self.market.now, self.feed
        last = feed.latest()[1]
        oldest = max(last + 1, now - feed.contract.max_age() + HASTE)
        waiting: list[Report] = [
            one
            for one in self.board.reports(now)
            if isinstance(one, PriceReport) and one.timestamp >= oldest
        ]
        mine = [one for one in waiting if self._sign_price(one, now)]
        if not mine:
            report = propose(self.people, feed, now, least=1)
            if report is None or not self.prices_due.due(feed, report.price / feed.scale, now):
                return []
            self.board.propose(report)
            self._sign_price(report, now)
            mine = [report]
        done = self._submit(self.board, mine, feed.quorum, "signed_feed", "offer")
        if done:
            underlying = self.market.parameters.underlying
            done += self._send("oracle", "poke", underlying)
        return done

    def _sign_price(self, report: Any, now: int) -> bool:
        found = {one.index: one.sign(report, self.feed, now) for one in self.people}
        for index, signature in found.items():
            if signature is not None:
                self.board.sign(report, index, signature)
        return any(found.values())

    # -- smiles --

    def _smile(self, expiry: int) -> list[Receipt]:
        now, surface = self.market.now, self.surface
        underlying = self.market.parameters.underlying
        level, posted = surface.latest(underlying, expiry)
        if expiry not in surface.contract.expiries(underlying):
            posted = 0
        oldest = max(posted + 1, now - surface.contract.MAX_AGE() + HASTE)
        waiting: list[Report] = [
            one
            for one in self.easel.reports(now)
            if isinstance(one, SurfaceReport)
            and (one.underlying, one.expiry) == (underlying, expiry)
            and oldest <= one.timestamp
        ]
        mine = [one for one in waiting if self._sign_smile(one, now)]
        if not mine:
            report = self.painters[0].propose(surface, underlying, expiry, now - LAG)
            own = self.painters[0].observe(now)
            if report is None or own is None:
                return []
            moved = abs(own - level) > self.smiles_due.deviation * level
            if now - posted < self.smiles_due.interval and not moved:
                return []
            self.easel.propose(report)
            self._sign_smile(report, now)
            mine = [report]
        return self._submit(self.easel, mine, surface.quorum, "surface", "submit")

    def _sign_smile(self, report: Any, now: int) -> bool:
        found = {one.index: one.sign(report, self.surface, now) for one in self.painters}
        for index, signature in found.items():
            if signature is not None:
                self.easel.sign(report, index, signature)
        return any(found.values())

    def _rises(self, expiries: Sequence[int]) -> bool:
        own = self.painters[0].observe(self.market.now)
        if own is None or not expiries:
            return False
        return own > self.surface.latest(self.market.parameters.underlying, expiries[-1])[0]

    # -- both --

    def _submit(
        self, board: Board, reports: Sequence[Report], quorum: int, unit: str, function: str
    ) -> list[Receipt]:
        """The newest report that enough have signed."""
        contract = self.market.contracts[unit]
        members = [str(one) for one in contract.members(contract.committee_now()[0])]
        for report in sorted(reports, key=lambda one: -one.timestamp):
            proof: Proof | None = proof_of(
                report, board.signatures(report), members, quorum, board.domain
            )
            if proof is not None:
                return self._send(unit, function, *report.arguments(), *proof)
        return []

    def _send(self, unit: str, function: str, *arguments: Any) -> list[Receipt]:
        try:
            return [self.market.send(unit, function, *arguments, sender=self.account)]
        except boa.BoaError:
            self.refused.append(self.market.refusal)
        except NetworkError as error:
            # Of a node that is behind; one that is gone ends the next round.
            self.refused.append(str(error))
        return []

    def _journal(self, board: Board, signer: LocalAccount) -> Journal:
        self.journals.append(Journal(board.folder / f"signed-{signer.address}.jsonl"))
        return self.journals[-1]

    @staticmethod
    def _places(contract: Any, signers: Sequence[LocalAccount]) -> list[tuple[int, LocalAccount]]:
        """Those who are in the committee, with their indices."""
        members = [str(one) for one in contract.members(contract.committee_now()[0])]
        return [(members.index(one.address), one) for one in signers if one.address in members]


def keys_of(market: Market) -> list[LocalAccount]:
    """The key in the environment, or those of the reporters that `deploy` made up."""
    given = os.environ.get(KEY_VARIABLE)
    if given is None:
        return market.made_up_reporters()
    try:
        return [Keys.from_key(given)]
    except ValueError as error:
        raise NetworkError(f"{KEY_VARIABLE} is no private key") from error


def serve(
    rpc: str,
    manifest: Path,
    *,
    prices: Sequence[str],
    volatilities: Sequence[str] = (),
    folder: Path | None = None,
    max_age: int = 120,
    every: float = 5.0,
    rounds: int | None = None,
) -> None:
    """`python -m novate agent reporter`: on a chain, until it is stopped.

    prices, volatilities: sources as `named_source` takes them. folder: where reporters meet, by
    default `reports` beside the manifest. max_age: [s] up to which an observation counts.
    """
    watch = Watch(
        [named_source(name) for name in prices],
        [named_source(name, volatility=True) for name in volatilities],
        max_age,
        max(max_age, Watch.volatility_max_age),
    )
    with boa.swap_env(connect(rpc)):
        market = attach(manifest)
        desk = ReporterDesk(market, keys_of(market), watch, folder or manifest.parent / "reports")
        desk.run(every=every, rounds=rounds, say=lambda text: print(text, flush=True))
