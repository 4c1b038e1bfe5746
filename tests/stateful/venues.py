"""All venues over one clearinghouse at random: pools of two appetites, router, signed orders, batch
auction, vaults and their queues, wrapped longs; prices that move and crash, keepers, bidders.

A world is a market driven by a seeded generator, as `crashes.py`: a step is one action, after which
everything in `venues_checks.py` must hold. What is refused must be refused for one of REASONS.
`python -m tests.stateful.venues --seed 1 --worlds 100 --steps 100` plays many worlds,
`test_venues.py` a few.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import boa

from novate.agents.desk import Desk
from novate.agents.keepers import Keeper, Liquidator
from novate.liquidity import POOLS, VAULTS, Batch
from novate.market import Account
from novate.parameters import Prices
from novate.series import Series
from tests.stateful.playing import open_engine, play
from tests.stateful.venues_batch import Sealing
from tests.stateful.venues_checks import Checks
from tests.stateful.venues_quotes import Quoting
from tests.stateful.venues_savers import Saving
from tests.stateful.venues_takers import Taking
from tests.stateful.venues_unwinding import Unwinding
from tests.world import DAY, WAD, World, liquid

HOUR = 3_600
UNIT = 10**6
SPOT, VOLATILITY = 2_750.0, 0.15
LARGE = 20_000  # [USD] from which on the unwinder takes accounts
PEOPLE = {  # [USD] each begins with in the clearinghouse; as much again in the wallet
    "maker": 400_000,
    "taker": 150_000,
    "second taker": 60_000,
    "reckless": 16_000,
}
STRIKES = (0.95, 0.98, 0.99, 1.0, 1.01, 1.02, 1.05)  # of spot
# Every refusal that the rules name for what people try here.
REASONS = (
    *("pool: extreme delta", "pool: delta limit", "pool: gamma limit", "pool: vega limit"),
    *("pool: use limit", "pool: too close to expiry", "pool: surface not watched yet"),
    *("pool: surface moves", "pool: worth less than charge", "pool: paused", "pool: no hedge"),
    *("pool: value swings", "pool: no capital", "pool: delta within its band"),
    *("pool: request too small", "pool: request is over", "pool: cost above limit"),
    *("pool: stale price", "pool: too far from expiry", "pool: losses pending"),
    *("margin: below initial", "margin: worse than before", "margin: value given away"),
    "account: in auction",
    *("router: not filled", "token: balance too small", "token: not settled", "token: cost"),
    *("token: backing incomplete", "series: expired", "escrow: not enough liquidity"),
    *("batch: below margin", "batch: not enough free", "vault: delta too", "vault: bond too small"),
    *("vault: stopped", "vault: just opened", "vault: empty", "vault: options are open"),
    *("vault: order is open", "vault: cash to exchange", "vault: round under way"),
    *("queue: nothing waits", "queue: nothing to claim", "vault: tenor out of range"),
    *("batch: quantity out of range", "position: expired", "halt: all markets"),
    *("unwind: no money", "unwind: not large", "unwind: too little", "unwind: too dear"),
    *("unwind: something is held", "unwind: nothing held", "unwind: order stands"),
    *("unwind: not sold yet", "unwind: stale price", "unwind: holds collateral"),
    *("auction: stale price", "auction: price not settled", "auction: account restored"),
    *("auction: restart needed", "auction: wrong kind", "auction: not running"),
    *("reward: epoch not over", "reward: no points"),
)


class Venues(Checks, Taking, Saving, Quoting, Unwinding, Sealing, World):
    """One world; `step` acts once and checks everything."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.seen: Counter[str] = Counter()
        self.last = "beginning"
        parameters = liquid(POOLS[:2], VAULTS, batch=Batch(600, 60, 10**9, 10), large=LARGE)
        super().__init__(replace(parameters, prices=Prices(hold=0, jump=0, max_age=4 * DAY)))
        market = self.market
        self.spot, self.volatility, self.nonce = SPOT, VOLATILITY, 0
        self.token, self.index, self.yielding = (
            market.cash_token,
            market.index_token,
            market.yield_token,
        )
        self.batch, self.hub, self.router = market.batch, market.long_tokens, market.router
        self.unwinder = market.unwinder
        self.pools = [market.pool_0, market.pool_1]
        self.shares = [market.pool_shares_0, market.pool_shares_1]
        self.vaults = [market.contracts[f"vault_{i}"] for i in range(len(VAULTS))]
        self.queues = [market.contracts[f"vault_queue_{i}"] for i in range(len(VAULTS))]
        self.people = [self.person(role, cash) for role, cash in PEOPLE.items()]
        self.bidder = self.person("bidder", 2_000_000)
        self.backers = [self.person(role) for role in ("backer", "second backer")]
        self.savers = [self.person(role) for role in ("saver", "second saver")]
        self.lender, self.visitor = self.person("lender"), self.person("visitor")
        self.keeper = Desk(market, Keeper("keeper"))
        self.liquidator = Desk(market, Liquidator("bidder", capital=1_500_000.0))
        self.expiries = market.expiries(4)[1:3]
        self.traded: set[Series] = set()
        self.silent, self.ids, self.placed = [], [], []
        self.quotes, self.funded, self.points = [], {}, {}
        self.begin_world()

    def begin_world(self) -> None:
        """Everybody has tokens and lets the venues take them; pools and vaults have money."""
        operators = self.market.operators
        spenders = [self.ledger, self.batch, *self.shares, *self.vaults, *self.queues]
        spenders += [self.unwinder, self.market.quote_rewards]
        for one in self.everybody():
            for token, amount in ((self.token, 3 * 10**6 * UNIT), (self.index, 10**3 * WAD)):
                token.mint(one.address, amount)
                token.approve(self.yielding.address, 2**255, sender=one.address)
            self.yielding.deposit(500 * WAD, one.address, sender=one.address)
            for spender in spenders:
                for token in (self.token, self.index, self.yielding):
                    token.approve(spender.address, 2**255, sender=one.address)
            for vault, queue in zip(self.vaults, self.queues, strict=True):
                vault.approve(queue.address, 2**255, sender=one.address)
            operators.set_operator(self.router.address, True, sender=one.address)
        for one in (*self.people, self.lender):
            self.batch.bring(20_000 * UNIT, sender=one.address)
        self.unwinder.deposit(
            60_000 * UNIT, self.backers[0].address, sender=self.backers[0].address
        )
        for shares, dollars in zip(self.shares, (300_000, 200_000), strict=True):
            shares.request_deposit(dollars * UNIT, sender=self.backers[0].address)
        for vault in self.vaults:
            amount = 50_000 * UNIT if vault.ASSET_INDEX() == 0 else 20 * WAD
            saver = self.savers[0].address
            vault.deposit(amount, saver, sender=saver)
        self.look()
        self.travel(HOUR)
        for shares in self.shares:
            shares.process(32, 32)
        self.tempts(2_650, self.expiries[1])

    def tempts(self, strike: int, expiry: int) -> None:
        """Somebody sells puts and will not bear a crash."""
        put = self.market.series(strike, expiry, True)
        self.novate(self.trade(self.people[3], self.people[0], put, 30, 900))
        self.traded.add(put)

    def tempts_again(self) -> None:
        """Once that is over, with fresh money."""
        reckless = self.people[3]
        health = self.ledger.health(reckless.number)
        if health.fresh and health.initial >= 0 and not self.ledger.positions_of(reckless.number):
            money = max(PEOPLE["reckless"] - int(health.equity) // WAD, 0) * UNIT
            self.ledger.deposit(reckless.number, 0, money + 1, sender=reckless.address)
            self.attempt(self.tempts, round(self.spot * 0.96 / 25) * 25, self.live()[1])

    def everybody(self) -> list[Account]:
        return [
            *self.people,
            self.bidder,
            *self.backers,
            *self.savers,
            self.lender,
            self.visitor,
            self.keeper.account,
        ]

    # -- tools --

    def attempt(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """What a call returns, or None when it was refused for one of REASONS."""
        try:
            answer = call(*arguments, **options)
        except boa.BoaError as error:
            # Not the call tree: titanoboa cannot print that of every call.
            text = str(error.stack_trace)
            found = [reason for reason in REASONS if reason in text]
            assert found, text
            self.seen[f"refused: {found[0]}"] += 1
            return None
        return True if answer is None else answer

    def travel(self, seconds: int) -> None:
        boa.env.time_travel(seconds=seconds)
        self.push()

    def push(self) -> None:
        self.market.spot_feed.push(int(self.spot * 10**8), sender=self.owner)
        self.market.volatility_feed.push(int(self.volatility * 10**8), sender=self.owner)
        self.market.oracle.poke(1)
        self.moved = True

    def look(self) -> None:
        for pool in self.pools:
            pool.look(self.live())

    def live(self) -> list[int]:
        """Two expiries that trade [s]; later ones take the place of what is nearly over."""
        now = int(boa.env.timestamp)
        self.expiries = [one for one in self.market.expiries(5) if one > now + DAY][:2]
        return self.expiries

    def series(self) -> Series:
        rng = self.rng
        strike = round(self.spot * rng.choice(STRIKES) / 25) * 25
        return self.market.series(strike, rng.choice(self.live()), rng.random() < 0.5)

    def note(self, what: str) -> None:
        self.seen[what] += 1

    # -- time and prices --

    def waits(self) -> None:
        self.travel(self.rng.choice((12, HOUR, DAY, 3 * DAY)))
        self.look()

    def market_moves(self) -> None:
        self.spot = round(self.spot * (1 + self.rng.uniform(-0.025, 0.025)), 2)
        self.volatility = round(min(max(self.volatility * self.rng.uniform(0.9, 1.1), 0.1), 0.8), 4)
        self.travel(12)
        self.look()

    def crash(self) -> None:
        """Down or up by a tenth or more, and whoever fell below margin is auctioned."""
        self.tempts_again()
        move = self.rng.choice((-0.22, -0.22, -0.12, 0.12))
        self.spot = round(min(max(self.spot * (1 + move), 1_400.0), 4_500.0), 2)
        self.volatility = min(round(self.volatility * 1.6, 4), 0.8)
        self.travel(600)
        self.look()
        # Half of the time nobody but the unwinder bids.
        alone = self.rng.random() < 0.5
        for _ in range(self.rng.choice((1, 9))):
            receipts = self.keeper.round()
            if alone:
                self.unwinds()
            else:
                receipts += self.liquidator.round()
            for receipt in receipts:
                for event in receipt.events:
                    if event.name in ("AuctionStarted", "BidTaken", "LossCovered"):
                        self.note(event.name)
            self.travel(HOUR)

    def settles(self) -> None:
        """What has expired becomes cash: for people, pools, vaults and wrapped longs."""
        for expiry in {s.expiry for s in self.traded if s.expiry <= boa.env.timestamp}:
            if not self.market.oracle.fixing(1, expiry):
                try:
                    self.market.fix(expiry)
                except boa.BoaError as error:
                    assert "oracle" in str(error.stack_trace), error
                    return
                self.note("fixed an expiry")
        accounts = self.accounts()
        for first in range(0, len(accounts), 32):
            self.attempt(self.ledger.settle, accounts[first : first + 32])

    # -- the run --

    def actions(self) -> dict[Callable[[], None], int]:
        return {
            self.trades_with_a_pool: 20,
            self.routes: 7,
            self.fills: 6,
            self.hedges: 4,
            self.wraps: 6,
            self.gives_units: 6,
            self.backs: 5,
            self.takes_a_request_back: 1,
            self.processes: 5,
            self.saves: 7,
            self.serves: 5,
            self.goes_there_and_back: 6,
            self.plays_a_batch: 6,
            self.takes_bonds: 3,
            self.backs_the_unwinder: 4,
            self.ends_unwinding: 6,
            self.stands_by: 3,
            self.looks_at_quotes: 3,
            self.ends_rounds: 5,
            self.waits: 8,
            self.market_moves: 7,
            self.crash: 2,
            self.settles: 5,
        }

    def step(self, action: Callable[[], None] | None = None) -> None:
        if action is None:
            weights = self.actions()
            (action,) = self.rng.choices(list(weights), list(weights.values()))
        self.last, self.moved = action.__name__, False
        before = self.margins()
        action()
        self.seen[self.last] += 1
        self.check(before)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.stateful.venues", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=100, help="of each world")
    options = parser.parse_args()
    open_engine()
    seen: Counter[str] = Counter()
    began, failures = time.process_time(), 0
    for seed in range(options.seed, options.seed + options.worlds):
        if failure := play(Venues, seed, options.steps, seen):
            failures += 1
            print(failure, flush=True)
    print(
        f"seed {options.seed}, {options.worlds} worlds, {seen.pop('steps')} steps, "
        f"{failures} failures, {time.process_time() - began:.0f} s of CPU"
    )
    for what, count in sorted(seen.items()):
        print(f"{count:>8,}  {what}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
