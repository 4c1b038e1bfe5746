"""Gas of every operation of the ledger as a fresh transaction: `python -m benchmarks.gas`.

Rewrites benchmarks/gas.json, which is committed, so that a change shows its cost in the diff;
tests/integration/test_gas.py holds the file to the contracts. A figure is execution only: without
the 21,000 of a transaction and its calldata, before refunds, with everything cold.
`margin.standard.N` is what the check of N positions adds to a withdrawal; `_shorts` is the dear
case of a book without a long. The oracle is set as live markets should set it: an aggregate that
anybody has recorded within 12 seconds is served as it is. Where nobody has, the sources are read:
those figures end in `_live`.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import boa
from boa.environment import Env
from tqdm import tqdm

from novate.deploy import deploy
from novate.engine import Engine
from novate.gas import transaction_gas
from novate.market import Account, Market, Series
from novate.parameters import Parameters

FILE = Path(__file__).resolve().parent / "gas.json"
PEERS = Path(__file__).resolve().parent / "peers.toml"
WAD = 10**18
START = 1_767_225_600
EXPIRY_DAYS = 7
# Short strikes around a spot of 2,750, 25 apart.
FIRST_STRIKE = 1_150
UNLIMITED = 2**256 - 1


class Bench:
    """A deployed market with two rich accounts, rolled back after every figure."""

    def __init__(self) -> None:
        boa.env.evm.patch.timestamp = START
        self.market: Market = deploy(Parameters(fund=100_000))
        # Held for 12 s; sources within 5 % of the median; prices may jump, since crashes are made.
        self.market.oracle.set_limits(1, 12, 500, 0)
        self.market.travel(600)
        self.market.oracle.poke(1)
        self.ledger = self.market.clearinghouse
        self.venue = boa.env.generate_address("venue")
        self.ledger.set_venue(self.venue, True, sender=self.market.owner)
        self.maker = self.person("maker", 100_000_000)
        self.taker = self.person("taker", 100_000_000)
        self.figures: dict[str, int] = {}

    def person(self, name: str, cash: int) -> Account:
        account = self.market.account(name)
        self.market.give(account, cash + 10)
        if cash:
            self.market.deposit(account, cash)
        return account

    def record(self, name: str, function: Any, *arguments: Any, sender: str) -> int:
        with boa.env.anchor():
            gas = transaction_gas(function, *arguments, sender=sender)
        self.figures[name] = gas.execution
        return gas.execution

    def series(self, count: int, every_put: int = 2) -> list[Series]:
        """Calls and, every so many, puts of one expiry, strikes in random order."""
        strikes = [FIRST_STRIKE + 25 * i for i in range(count)]
        random.Random(1).shuffle(strikes)
        expiry = self.market.expiry_in(EXPIRY_DAYS)
        return [self.market.series(k, expiry, i % every_put == 0) for i, k in enumerate(strikes)]

    def open(
        self, account: Account, series: list[Series], sells: Callable[[int], bool], quantity: int
    ) -> None:
        """The account trades `quantity` [wad] of each series against the maker."""
        legs = []
        for i, one in enumerate(series):
            sides = (account, self.maker) if sells(i) else (self.maker, account)
            legs.append((sides[0].number, sides[1].number, one.code, quantity, WAD, 0, 0))
        for start in range(0, len(legs), 16):
            self.ledger.novate(legs[start : start + 16], sender=self.venue)

    # -- the figures --

    def escrow(self) -> None:
        payer = self.person("payer", 1_000)
        number = payer.number
        self.record("ledger.deposit", self.ledger.deposit, number, 0, 10**6, sender=payer.address)
        self.record(
            "ledger.withdraw",
            self.ledger.withdraw,
            *(number, 0, 10**6, payer.address),
            sender=payer.address,
        )

    def fill(self, name: str, taker: Account, series: Series) -> None:
        """A signed order filled by the taker: what a user pays for a trade."""
        order, signature = self.market.sign(self.maker, series, -1, 1)
        self.record(
            name,
            self.market.orders.fill,
            *(order.as_tuple(), self.maker.address, signature, taker.number, WAD),
            sender=taker.address,
        )

    def trades(self) -> None:
        series = self.series(64)
        self.fill("trade.first", self.taker, series[0])
        with boa.env.anchor():
            self.open(self.taker, series[:1], lambda _: False, WAD)
            self.fill("trade.existing", self.taker, series[0])
        for count in (16, 64):
            with boa.env.anchor():
                self.open(self.taker, series[:count], lambda i: i % 4 < 2, WAD)
                self.fill(f"trade.on{count}", self.taker, series[-1])

    def live(self) -> None:
        """The same when nobody has recorded an aggregate in this block."""
        series = self.series(16)
        self.market.travel(60)
        with boa.env.anchor():
            self.open(self.taker, series[:1], lambda _: False, WAD)
            self.fill("trade.existing_live", self.taker, series[0])
        arguments = (self.taker.number, 0, 10**6, self.taker.address)
        bare = transaction_gas(
            self.ledger.withdraw, *arguments, sender=self.taker.address
        ).execution
        self.open(self.taker, series, lambda i: i % 4 < 2, WAD)
        full = transaction_gas(
            self.ledger.withdraw, *arguments, sender=self.taker.address
        ).execution
        self.figures["margin.standard.16_live"] = full - bare

    def margin(self) -> None:
        for suffix, sells in (("", lambda i: i % 4 < 2), ("_shorts", lambda _: True)):
            for count in (16, 64, 128):
                with boa.env.anchor():
                    arguments = (self.taker.number, 0, 10**6, self.taker.address)
                    bare = transaction_gas(
                        self.ledger.withdraw, *arguments, sender=self.taker.address
                    ).execution
                    self.open(self.taker, self.series(count), sells, WAD)
                    full = transaction_gas(
                        self.ledger.withdraw, *arguments, sender=self.taker.address
                    ).execution
                    self.figures[f"margin.standard.{count}{suffix}"] = full - bare

    def settlement(self) -> None:
        for name, count in (("one", 1), ("128", 128)):
            with boa.env.anchor():
                series = self.series(count)
                self.open(self.taker, series, lambda i: i % 4 < 2, WAD)
                self.market.travel_to(series[0].expiry - 3_600)
                self.market.push_price(2_750, 0.15)
                self.market.travel_to(series[0].expiry)
                expiry = series[0].expiry
                rounds = self.market.oracle_lens.rounds_at(1, expiry - self.market.oracle.WINDOW())
                self.market.oracle.fix(1, expiry, rounds)
                self.record(
                    f"settle.{name}",
                    *(self.ledger.settle, [self.taker.number]),
                    sender=self.market.owner,
                )

    def auctions(self) -> None:
        """By standard margin, and the largest account by portfolio margin, on both sides."""
        house = self.market.auctions
        keeper = self.person("keeper", 0)
        cases = [(count, 0, "") for count in (1, 16, 64, 128)]
        for count, engine, suffix in [*cases, (128, 1, "_portfolio")]:
            with boa.env.anchor():
                seller = self.person("seller", 1_000_000)
                for account in (seller, self.taker) if engine else ():
                    self.ledger.set_engine(account.number, engine, sender=account.address)
                puts = self.series(count, 1) if count > 1 else [self.market.put(2_700, 7)]
                self.open(seller, puts, lambda _: True, WAD)
                free = self.ledger.health(seller.number).initial // 10**18
                self.market.withdraw(seller, free)
                self.crash(seller)
                start = (house.start, seller.number, keeper.number)
                self.record(f"auction.start.{count}{suffix}", *start, sender=keeper.address)
                house.start(seller.number, keeper.number, sender=keeper.address)
                self.market.travel(60)
                self.market.oracle.poke(1)
                kind = house.preview(seller.number, WAD).terms.kind
                self.record(
                    f"auction.bid.{count}{suffix}",
                    house.bid,
                    *(seller.number, self.taker.number, WAD // 4, 2**200, kind, UNLIMITED),
                    sender=self.taker.address,
                )

    def crash(self, seller: Account) -> None:
        """Moves the market until the seller is below maintenance and still solvent."""
        for spot in range(2_745, 1_000, -25):
            self.market.push_price(spot, 0.15 + (2_750 - spot) / 2_000)
            self.market.oracle.poke(1)
            health = self.ledger.health(seller.number)
            if health.maintenance < 0:
                assert health.equity > 0, "crashed past solvency"
                return
        raise AssertionError("the seller survived")

    def losses(self) -> None:
        """A loss shared by everybody costs the same, however many accounts there are."""
        for name, strangers in (("loss.socialised.few", 1), ("loss.socialised.many", 40)):
            with boa.env.anchor():
                self.ledger.set_auction_house(self.venue, sender=self.market.owner)
                for i in range(strangers):
                    self.person(f"stranger {i}", 10)
                self.ledger.freeze(self.maker.number, sender=self.venue)
                self.open_and_sell(name)

    def open_and_sell(self, name: str) -> None:
        with boa.env.anchor():
            self.record(
                name,
                self.ledger.liquidate,
                *(self.maker.number, self.taker.number, WAD, 0, -200_000 * WAD),
                sender=self.venue,
            )

    def views(self) -> None:
        people = [self.taker.number] * 200
        with boa.env.anchor():
            self.open(self.taker, self.series(4), lambda i: i % 2 == 0, WAD)
            self.record(
                "view.health_of_200", self.market.lens.healths, people, sender=self.market.owner
            )

    def run(self) -> dict[str, int]:
        for figure in (
            self.escrow,
            self.trades,
            self.margin,
            self.live,
            self.settlement,
            self.auctions,
            self.losses,
            self.views,
        ):
            with boa.env.anchor():
                figure()
        return dict(sorted(self.figures.items()))


def peers() -> Iterator[tuple[str, int, str]]:
    """(our name, the peer's gas, what it is) of benchmarks/peers.toml."""
    import tomllib

    for row in tomllib.loads(PEERS.read_text())["figure"]:
        yield row["ours"], row["gas"], f"{row['project']}: {row['what']}"


def report(figures: dict[str, int], before: dict[str, int]) -> str:
    """The table that a person reads: gas, what it was in the file, peers."""
    beside = {name: (gas, what) for name, gas, what in peers()}
    lines = []
    for name, gas in figures.items():
        line = f"{name:<30}{gas:>12,}"
        if before.get(name) != gas:
            line += f"   was {before[name]:,}" if name in before else "   new"
        if name in beside:
            theirs, what = beside[name]
            line += f"   {theirs / gas:>5.1f} x less than {theirs:,} ({what})"
        lines.append(line)
    return "\n".join(lines)


def measure() -> dict[str, int]:
    """The ledger, its venue and its auctions."""
    return Bench().run()


# Each measures one part in a world of its own, by a function `measure`.
START = 1_767_225_600  # [s] 2026-01-01 00:00 UTC, where tests begin

TOPICS = (
    "gas",
    "math",
    "math_fast",
    "oracle_core",
    "oracle_periphery",
    "standard_margin",
    "portfolio",
    "forecast",
    "governance",
    "amm",
    "batch",
    "vault",
)


def of_topic(topic: str) -> dict[str, int]:
    """The figures of a module of benchmarks/."""
    # Addresses decide ties, and every world draws them from one source.
    with mock.patch.object(Env, "_random", random.Random(topic)), boa.swap_env(Engine()):
        # Nor do figures depend on the day: time to expiry is part of a price, and prices of orders.
        boa.env.evm.patch.timestamp = START
        figures: dict[str, int] = import_module(f"benchmarks.{topic}").measure()
    return figures


def main() -> int:
    figures: dict[str, int] = {}
    for topic in tqdm(TOPICS, desc="gas", unit="topic"):
        found = of_topic(topic)
        assert not figures.keys() & found.keys(), f"{topic} measures a figure again"
        figures |= found
    before = json.loads(FILE.read_text())
    FILE.write_text(json.dumps(dict(sorted(figures.items())), indent=2) + "\n")
    print(report(dict(sorted(figures.items())), before))
    return 0


if __name__ == "__main__":
    sys.exit(main())
