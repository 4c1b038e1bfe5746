"""What agents see and what they may ask for.

An agent is a pure function of its view and its random numbers: `decide(view, rng)` returns
actions, the runner signs and sends them. So the same agent plays in-process and over RPC, and a
run is reproduced by its seed.

Units: a view holds floats (USD, contracts, annualised volatility) because agents only judge;
actions that move money are turned into wad by the runner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..series import DAY, Series


@dataclass(frozen=True)
class Position:
    series: Series
    quantity: float  # [contracts] long positive


@dataclass(frozen=True)
class AccountView:
    """An account as the clearinghouse judges it now."""

    name: str
    number: int  # account id
    cash: float  # [USD] signed
    collateral: float  # [units of the index token]
    wallet: float  # [USD] stablecoin outside the clearinghouse
    equity: float  # [USD]
    initial: float  # [USD] excess over initial margin, negative is a shortfall
    maintenance: float  # [USD] excess over maintenance margin
    in_auction: bool
    positions: tuple[Position, ...]

    def short_puts(self) -> float:
        """[contracts] sold puts, positive."""
        return -sum(min(held.quantity, 0.0) for held in self.positions if held.series.is_put)

    def bought_puts(self) -> float:
        """[contracts]"""
        return sum(max(held.quantity, 0.0) for held in self.positions if held.series.is_put)

    def short_calls(self) -> float:
        """[contracts] sold calls, positive."""
        return -sum(min(held.quantity, 0.0) for held in self.positions if not held.series.is_put)


@dataclass(frozen=True)
class AuctionView:
    """A running auction, with the figures of this second."""

    account: int
    name: str
    mark: float  # [USD] all that is still for sale, at mark
    price: float  # [USD] asked for it; negative pays the bidder
    largest: float  # the largest share of it that a bid may take
    exposure: float  # [USD] free initial margin that a bidder of all of it must bring
    due: bool  # bids wait for a restart
    restored: bool  # the account stands well enough to end the auction
    delta: float = 0.0  # [units of the underlying] that a buyer of all of it would hedge
    over: bool = False  # insolvent, at its worst price, and nobody took it
    closes: int = 0  # [s] from when it may be closed against the other side, 0: not announced
    # Series that it is short, and who holds them long, the largest first.
    shorts: tuple[tuple[int, tuple[int, ...]], ...] = ()


@dataclass(frozen=True)
class View:
    """The market, and oneself in it."""

    now: int  # [s]
    day: int  # trading days since the start
    spot: float  # [USD]
    volatility: float  # annualised
    expiries: tuple[int, ...]  # [s] on offer, nearest first
    strikes: tuple[float, ...]  # [USD] on offer, ascending
    me: AccountView
    requests: tuple[Request, ...] = ()
    accounts: tuple[AccountView, ...] = ()  # below maintenance margin or in auction
    auctions: tuple[AuctionView, ...] = ()
    unfixed: tuple[int, ...] = ()  # [s] expiries that have passed without a fixing
    matured: tuple[int, ...] = ()  # accounts that hold expired, fixed positions

    def strike_near(self, target: float) -> float:
        """The strike on offer that is nearest to `target` [USD]."""
        return min(self.strikes, key=lambda strike: abs(strike - target))

    def expiry_near(self, days: float) -> int:
        """The expiry on offer that is nearest to `days` from now [s]."""
        return min(self.expiries, key=lambda expiry: abs(expiry - self.now - days * DAY))


# -- actions --


@dataclass(frozen=True)
class Request:
    """Ask the market maker for a price and trade if it is within the limit."""

    expiry: int  # [s]
    strike: float  # [USD]
    is_put: bool
    quantity: float  # [contracts] positive buys, negative sells
    limit: float  # [USD per contract] highest price paid, or lowest received
    taker: str = ""  # filled in by the runner


@dataclass(frozen=True)
class Quote:
    """The maker's answer: signed by the runner as an order for exactly this request."""

    request: Request
    price: float  # [USD per contract]


@dataclass(frozen=True)
class Deposit:
    amount: float  # [USD]


@dataclass(frozen=True)
class Withdraw:
    amount: float  # [USD]


@dataclass(frozen=True)
class Fix:
    expiry: int  # [s]


@dataclass(frozen=True)
class Settle:
    accounts: tuple[int, ...]


@dataclass(frozen=True)
class StartAuction:
    account: int


@dataclass(frozen=True)
class RestartAuction:
    account: int


@dataclass(frozen=True)
class EndAuction:
    account: int


@dataclass(frozen=True)
class WriteOff:
    account: int


@dataclass(frozen=True)
class Announce:
    """Nobody took an insolvent account: it will be closed against the other side."""

    account: int


@dataclass(frozen=True)
class Deleverage:
    """Close a short of an announced account against those who hold the series long."""

    account: int
    series: int  # code
    opposites: tuple[int, ...]  # accounts, four at most


@dataclass(frozen=True)
class Bid:
    account: int
    share: float  # of all that is still for sale, 0 to 1
    limit: float  # [USD] for all that is still for sale: the most that the bidder pays


Action = (
    Request
    | Quote
    | Deposit
    | Withdraw
    | Fix
    | Settle
    | StartAuction
    | RestartAuction
    | EndAuction
    | WriteOff
    | Announce
    | Deleverage
    | Bid
)


@dataclass(frozen=True)
class Agent:
    """Whoever plays: its account and what it starts with."""

    name: str
    cash: float = 0.0  # [USD] deposited on the first day
    reserve: float = 0.0  # [USD] kept outside, for margin calls
    index: float = 0.0  # [units of the index token] deposited on the first day

    def decide(self, view: View, rng: np.random.Generator) -> Sequence[Action]:
        """What to do now; reads nothing but the view and the random numbers."""
        return []
