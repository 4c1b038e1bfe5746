"""What a run leaves behind: the figures that the report, the pictures and the files are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Mark:
    """The market at one bar."""

    time: int  # [s]
    spot: float  # [USD]
    high: float
    low: float
    volatility: float  # annualised


@dataclass(frozen=True)
class Standing:
    """An account at one bar."""

    time: int  # [s]
    equity: float  # [USD]
    initial: float  # [USD] excess over initial margin
    maintenance: float  # [USD] excess over maintenance margin


@dataclass(frozen=True)
class Sale:
    """One bid of an auction that was filled."""

    elapsed: int  # [s] since the start
    bidder: str
    share: float  # of the portfolio as it was at the start
    mark: float  # [USD] what that share was worth at mark
    price: float  # [USD] what the bidder paid for it; negative was paid to the bidder


@dataclass
class AuctionRecord:
    """One auction from start to end."""

    account: str
    start: int  # [s]
    mark: float  # [USD] the portfolio at mark at the start
    maintenance: float  # [USD] excess at the start
    solvent: bool = True
    # (elapsed [s], asking price and mark of the portfolio as it was at the start [USD])
    path: list[tuple[int, float, float]] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    fee: float = 0.0  # [USD] to the fund
    end: int | None = None  # [s]
    outcome: str = "running"

    @property
    def sold_mark(self) -> float:
        """[USD] what was sold while it was worth something, at mark."""
        return sum(sale.mark for sale in self.sales if sale.mark > 0)

    @property
    def paid(self) -> float:
        """[USD] what bidders paid for that."""
        return sum(sale.price for sale in self.sales if sale.mark > 0)

    @property
    def recovered(self) -> float | None:
        """Paid as a share of mark, where the mark was positive."""
        return self.paid / self.sold_mark if self.sold_mark > 0 else None

    @property
    def debt_mark(self) -> float:
        """[USD] what was sold at a mark below zero, as a size."""
        return -sum(sale.mark for sale in self.sales if sale.mark <= 0)

    @property
    def paid_out(self) -> float:
        """[USD] what bidders were paid for taking that."""
        return -sum(sale.price for sale in self.sales if sale.mark <= 0)


@dataclass(frozen=True)
class Loss:
    """What an account could not bear, and who bore it. All in wei."""

    time: int  # [s]
    account: str
    loss: int
    from_fund: int
    socialised: int
    # name -> its share of what was socialised; together they bear it up to `rounding`
    borne: Mapping[str, int]
    rate: float  # share of its positive cash that everybody lost

    @property
    def rounding(self) -> int:
        """Taken beyond the loss, kept by the house; an index rounds each balance by a wei."""
        return sum(self.borne.values()) - self.socialised


@dataclass(frozen=True)
class Pool:
    """What bears losses, at one moment."""

    time: int  # [s]
    fund: float  # [USD] cash of the security fund
    index: float  # what one unit of positive cash has become since the start


@dataclass(frozen=True)
class Transaction:
    """One transaction: who called what, when, at what gas."""

    number: int
    time: int  # [s]
    operation: str  # kind, as in the gas table
    sender: str
    gas: int


@dataclass(frozen=True)
class Event:
    """One event of a contract, decoded."""

    transaction: int
    time: int  # [s]
    operation: str
    contract: str
    name: str
    arguments: dict[str, Any]


@dataclass
class Record:
    """All of a run."""

    title: str
    underlying: str
    marks: list[Mark] = field(default_factory=list)
    standings: dict[str, list[Standing]] = field(default_factory=dict)
    auctions: list[AuctionRecord] = field(default_factory=list)
    # (expiry [s], strike [USD], is_put) -> highest open interest [contracts] seen
    interest: dict[tuple[int, float, bool], float] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    fixings: dict[int, float] = field(default_factory=dict)  # expiry [s] -> price [USD]
    margin_calls: list[tuple[int, str, float]] = field(default_factory=list)  # time, who, shortfall
    transactions: list[Transaction] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    trades: int = 0
    contracts: float = 0.0  # options traded
    notional: float = 0.0  # [USD] contracts times spot
    premium: float = 0.0  # [USD]
    summary: dict[str, Any] = field(default_factory=dict)
