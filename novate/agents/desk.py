"""Keeper and liquidator at work on a market: in-process, or a process of its own on a chain.

A desk remembers nothing: each round it reads accounts and auctions anew (the health of up to 256
accounts in one view call), decides, and sends. So one that was killed goes on where the chain
stands, and what is done is not done again: a started auction runs, a fixed expiry is fixed. Where
somebody else was quicker, the contract refuses and the desk goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import boa
import numpy as np
from eth_utils import keccak

from ..deploy import face
from ..errors import NetworkError
from ..fronts import join
from ..graph import UNITS, units_for
from ..manifest import Manifest
from ..market import INDEX, Account, Health, Market, Receipt, from_wad
from ..network import Network, connect
from ..reference import pricing
from ..series import WAD
from .base import AccountView, Agent, AuctionView, Position, View
from .hand import perform
from .keepers import Keeper, Liquidator

# Kind of an auction, as contracts/auction/lots.vy; places of contracts/auction/deleveraging.vy.
INSOLVENT, PLACES = 2, 4
_DEPOSITED = "0x" + keccak(text="Deposited(uint256,uint256,uint256,address)").hex()
# Relative step of the spot for a delta.
_BUMP = 1e-3


def attach(file: Path) -> Market:
    """The market that a manifest describes, on the chain of `boa.env`."""
    manifest = Manifest.read(file)
    if manifest["chain_id"] != boa.env.evm.patch.chain_id:
        raise NetworkError(f"{file} describes chain {manifest['chain_id']}, not this one")
    faces = {unit.name: unit.face for unit in units_for(manifest.parameters, UNITS)}
    contracts = {
        name: face(faces.get(name) or one["source"], one["address"])
        for name, one in manifest["contracts"].items()
    }
    return Market(join(contracts), manifest.parameters, manifest["owner"])


class Looking(Protocol):
    """One who looks at a market once a round, and collects what it was refused."""

    refused: list[str]

    def round(self) -> list[Receipt]:
        """Look once, act; returns what was done."""
        ...


def look_again(
    one: Looking, every: float, rounds: int | None, say: Callable[[str], object]
) -> None:
    """Rounds for ever, or so many; every [s]."""
    played = 0
    while rounds is None or played < rounds:
        for receipt in one.round():
            say(f"{receipt.operation}: {', '.join(event.name for event in receipt.events)}")
        while one.refused:
            say(f"refused: {one.refused.pop(0)}")
        played += 1
        if rounds is None or played < rounds:
            time.sleep(every)


class Desk:
    """An agent with its account on a market."""

    def __init__(self, market: Market, agent: Agent) -> None:
        self.market = market
        self.agent = agent
        self.account: Account = market.account(agent.name)
        self.refused: list[str] = []

    def round(self) -> list[Receipt]:
        """Look once, decide, act; returns what was done."""
        if isinstance(self.market.env, Network):
            self.market.env._reset_fork()
        done = []
        for action in self.agent.decide(self.view(), np.random.default_rng(0)):
            try:
                done.append(perform(self.market, self.account, action))
            except boa.BoaError:
                self.refused.append(self.market.refusal)
            except NetworkError as error:
                # Of a node that knows already what somebody else was quicker to do.
                self.refused.append(str(error))
        return done

    def run(
        self, *, every: float, rounds: int | None = None, say: Callable[[str], object] = print
    ) -> None:
        """Rounds for ever, or so many."""
        look_again(self, every, rounds, say)

    # -- what it sees --

    def numbers(self) -> list[int]:
        """Every account that ever got a deposit, and this one."""
        market = self.market
        if not isinstance(market.env, Network):
            return [one.number for one in market.accounts]
        wanted = {
            "fromBlock": "0x0",
            "toBlock": "latest",
            "address": str(market.clearinghouse.address),
            "topics": [_DEPOSITED],
        }
        logs = market.env._rpc.fetch("eth_getLogs", [wanted])
        found = {int(entry["topics"][1], 16) for entry in logs} - {market.clearinghouse.FUND()}
        return sorted(found | {self.account.number})

    def view(self) -> View:
        market = self.market
        house = market.clearinghouse
        numbers = self.numbers()
        judged: dict[int, Health] = {}
        for first in range(0, len(numbers), 256):
            part = numbers[first : first + 256]
            answers = market.lens.healths(part)
            judged.update((n, Health(*h)) for n, h in zip(part, answers, strict=True))
        frozen = {n for n in numbers if judged[n].maintenance < 0 or house.in_auction(n)}
        troubled = {n: self._account(n, judged[n]) for n in frozen}
        me = self._account(self.account.number, judged[self.account.number])
        underlying = market.parameters.underlying
        spot = from_wad(market.oracle.spot(underlying)[0])
        expired: dict[int, set[int]] = {}
        # series -> its longs by size, of those who are not in auction themselves
        longs: dict[int, list[tuple[int, int]]] = {}
        if isinstance(self.agent, Keeper):
            for number in numbers:
                for series, quantity in market._positions(number):
                    if series.expiry <= market.now:
                        expired.setdefault(series.expiry, set()).add(number)
                    elif quantity > 0 and not (number in troubled and troubled[number].in_auction):
                        longs.setdefault(series.code, []).append((quantity, number))
        fixed = {e for e in expired if market.oracle.fixing(underlying, e)}
        matured = sorted(set().union(*(expired[e] for e in fixed)))
        return View(
            now=market.now,
            day=0,
            spot=spot,
            volatility=0.0,
            expiries=(),
            strikes=(),
            me=me,
            accounts=tuple(troubled.values()),
            auctions=tuple(
                self._auction(one, judged[n], longs)
                for n, one in troubled.items()
                if one.in_auction
            ),
            unfixed=tuple(sorted(set(expired) - fixed)),
            matured=tuple(matured),
        )

    def _account(self, number: int, health: Health) -> AccountView:
        market = self.market
        house = market.clearinghouse
        words = house.holdings_of(number)
        return AccountView(
            name=market.name_of(number),
            number=number,
            cash=from_wad(house.cash_of(number)),
            collateral=from_wad(sum(w % 2**248 for w in words if w >> 248 == INDEX)),
            wallet=0.0,
            equity=from_wad(health.equity),
            initial=from_wad(health.initial),
            maintenance=from_wad(health.maintenance),
            in_auction=house.in_auction(number),
            positions=tuple(Position(s, from_wad(q)) for s, q in market._positions(number)),
        )

    def _auction(
        self, one: AccountView, health: Health, longs: dict[int, list[tuple[int, int]]]
    ) -> AuctionView:
        market = self.market
        terms = market.auctions.preview(one.number, WAD).terms
        insolvent = terms.kind == INSOLVENT and terms.equity < 0
        price = from_wad(terms.price)
        return AuctionView(
            account=one.number,
            name=one.name,
            mark=from_wad(terms.equity - terms.reserved),
            price=price,
            largest=from_wad(terms.largest),
            exposure=max(price - from_wad(health.initial - terms.reserved), 0.0),
            due=terms.due or not terms.fresh,
            restored=terms.margin >= 0,
            delta=self._delta(one),
            over=insolvent and terms.elapsed >= market.parameters.auction.insolvent,
            closes=int(market.auctions.announced(one.number)) if insolvent else 0,
            shorts=tuple(
                (held.series.code, largest(longs.get(held.series.code, [])))
                for held in one.positions
                if held.quantity < 0 and held.series.expiry > market.now
            ),
        )

    def _delta(self, one: AccountView) -> float:
        """[units of the underlying] at the oracle's forward and volatility, by two prices."""
        delta = one.collateral
        for held in one.positions:
            series, left = held.series, held.series.expiry - self.market.now
            if left <= 0:
                continue
            quote = self.market.oracle.quote(series.underlying, series.expiry)
            forward, strike = from_wad(quote.forward), from_wad(series.strike)
            side = "put" if series.is_put else "call"
            low, high = (
                float(
                    getattr(
                        pricing.black76(
                            forward * (1 + bump), strike, from_wad(quote.volatility), left
                        ),
                        side,
                    )
                )
                for bump in (-_BUMP, _BUMP)
            )
            delta += held.quantity * (high - low) / (2 * _BUMP * forward)
        return delta


def largest(longs: list[tuple[int, int]]) -> tuple[int, ...]:
    """The accounts of the largest holdings (quantity, account), as many as have a place."""
    return tuple(number for _, number in sorted(longs, reverse=True)[:PLACES])


def serve(
    role: str,
    rpc: str,
    manifest: Path,
    *,
    every: float = 5.0,
    rounds: int | None = None,
    capital: float = 100_000.0,
) -> None:
    """`python -m novate agent`: a keeper or a liquidator on a chain, until it is stopped."""
    agent: Agent = Keeper(role) if role == "keeper" else Liquidator(role, capital=capital)
    with boa.swap_env(connect(rpc)):
        desk = Desk(attach(manifest), agent)
        desk.run(every=every, rounds=rounds, say=lambda text: print(text, flush=True))
