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
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import boa

from novate import orders as signed_orders
from novate.agents.desk import Desk
from novate.agents.keepers import Keeper, Liquidator
from novate.engine import Engine
from novate.liquidity import POOLS, VAULTS, Batch
from novate.market import Account
from novate.orders import ANYONE, Leg
from novate.parameters import Prices
from novate.series import Series, unpack
from tests.stateful.venues_batch import Sealing
from tests.stateful.venues_checks import Checks
from tests.world import DAY, WAD, World, liquid, wad

HOUR = 3_600
UNIT = 10**6
UNLIMITED = 2**255 - 1
# [wei] by which cash may move when its principal is rounded, beside what is paid.
INTEREST = 3
START = 1_767_225_600
SPOT, VOLATILITY = 2_750.0, 0.15
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
)


class Venues(Checks, Sealing, World):
    """One world; `step` acts once and checks everything."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.seen: Counter[str] = Counter()
        self.last = "beginning"
        parameters = liquid(POOLS[:2], VAULTS, batch=Batch(600, 60, 10**9, 10))
        super().__init__(replace(parameters, prices=Prices(hold=0, jump=0, max_age=4 * DAY)))
        market = self.market
        self.spot, self.volatility, self.nonce = SPOT, VOLATILITY, 0
        self.token, self.index, self.yielding = (
            market.cash_token,
            market.index_token,
            market.yield_token,
        )
        self.batch, self.hub, self.router = market.batch, market.long_tokens, market.router
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
        self.begin_world()

    def begin_world(self) -> None:
        """Everybody has tokens and lets the venues take them; pools and vaults have money."""
        operators = self.market.operators
        spenders = [self.ledger, self.batch, *self.shares, *self.vaults, *self.queues]
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
        # Somebody who will not bear a crash.
        put = self.market.series(2_650, self.expiries[1], True)
        self.novate(self.trade(self.people[3], self.people[0], put, 30, 900))
        self.traded.add(put)

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

    # -- takers --

    def trades_with_a_pool(self) -> None:
        """At a limit that is met exactly, missed by a wei, or without one; beside the reference."""
        rng = self.rng
        pool, series, taker = rng.choice(self.pools), self.series(), rng.choice(self.people)
        quantity = wad(rng.choice((-40, -5, 1, 15, 60)))
        compared = rng.random() < 0.25
        if compared:
            # A block of its own, in which nothing was traded yet.
            boa.env.time_travel(seconds=12)
        deal = self.attempt(pool.quote, series.code, quantity)
        if deal is None:
            return
        if compared:
            self.agrees_with_the_reference(pool, series, quantity, deal)
        missed = rng.random() < 0.2
        arguments = (taker.number, series.code, quantity)
        if missed:
            with boa.reverts("pool: cost above limit"):
                pool.trade(*arguments, deal.cost - 1, sender=taker.address)
            self.note("limits kept")
            return
        before = self.cash(taker)
        paid = self.attempt(pool.trade, *arguments, deal.cost, sender=taker.address)
        if paid is not None:
            assert paid == deal.cost, "no order worse than its limit"
            change = before - self.cash(taker)
            assert abs(change - paid) <= INTEREST, "no order worse than its limit"
            self.note("traded with a pool")
            self.traded.add(series)

    def routes(self) -> None:
        """One or two legs over both pools and makers' orders, under one limit."""
        rng = self.rng
        taker = rng.choice(self.people[1:])
        legs = [(one, rng.choice((-12, 3, 20))) for one in {self.series() for _ in range(2)}]
        orders = []
        for series, quantity in legs:
            deal = self.attempt(self.pools[0].quote, series.code, wad(quantity))
            if deal is not None and rng.random() < 0.6:
                price = abs(deal.cost) // abs(quantity) // 10**9 * 10**9
                orders.append(self.order(self.people[0], series, -quantity, max(price, 10**9)))
        wanted = [(series.code, wad(quantity)) for series, quantity in legs]
        pools = [pool.address for pool in self.pools]
        partial, limit = rng.random() < 0.3, UNLIMITED
        arguments: tuple[Any, ...] = (taker.number, wanted, pools, orders)
        quoted = self.attempt(self.router.quote, wanted, pools, orders)
        if quoted is not None and rng.random() < 0.5:
            # Legs move each other's price; some limits are missed, and then nothing happens.
            limit = quoted[1] + abs(quoted[1]) // rng.choice((50, 1_000))
        places: tuple[Any, ...] = ()
        if rng.random() < 0.3:
            values = [self.market.pool_pricer.assess(1, [], s.code, DAY).price for s, _ in legs]
            places = (self.batch.address, [value // 10**9 * 10**9 for value in values])
        before = self.cash(taker)
        try:
            paid = self.router.route(*arguments, limit, partial, *places, sender=taker.address)
        except boa.BoaError as error:
            text = str(error.stack_trace)
            assert "router: cost above limit" in text or "router: not filled" in text
            assert self.cash(taker) == before
            self.note("refused: router")
            return
        waiting = len(self.placed)
        self.note_placed(self.router.get_logs())
        waits = [order for _, _, order in self.placed[waiting:]]
        at_limit = sum(units * price // WAD for _, _, units, price in waits)
        assert paid == before - self.cash(taker) + at_limit <= limit, (
            "no order worse than its limit"
        )
        self.traded |= {series for series, _ in legs}
        self.note("routed")

    def order(self, maker: Account, series: Series, quantity: int, price: int) -> Any:
        """A signed order; the maker buys a positive quantity."""
        self.nonce += 1
        order = signed_orders.quote(
            maker.number,
            [Leg(series.code, WAD if quantity > 0 else -WAD, price)],
            nonce=self.nonce,
            size=wad(abs(quantity)),
            taker=ANYONE,
            epoch=0,
            deadline=2**40,
        )
        signature = signed_orders.sign(order, maker.signer, self.market.domain)
        return (order.as_tuple(), maker.address, signature)

    def fills(self) -> None:
        """A signed order near the pools' value, part of it filled."""
        rng, series = self.rng, self.series()
        maker, taker = rng.sample(self.people, 2)
        value = self.market.pool_pricer.assess(1, [], series.code, DAY).price
        price = max(value // 10**9 * 10**9 * rng.choice((90, 100, 110)) // 100, 10**9)
        order = self.order(maker, series, rng.choice((-4, 4)), price)
        done = self.attempt(
            self.market.orders.fill, *order, taker.number, wad(2), sender=taker.address
        )
        if done is not None:
            self.traded.add(series)
            self.note("filled")

    def hedges(self) -> None:
        rng = self.rng
        pool, taker = rng.choice(self.pools), rng.choice(self.people)
        delta = pool.state(0)[0].delta / WAD
        quantity = int(-rng.choice((-0.9, 0.5, 0.9)) * delta / self.spot)
        if quantity:
            expiry, strike = rng.choice(self.live()), 2_750 * WAD
            arguments = (taker.number, expiry, strike, wad(quantity))
            if self.attempt(pool.hedge, *arguments, sender=taker.address) is not None:
                self.traded |= {Series(1, expiry, strike, is_put) for is_put in (False, True)}
                self.note("hedged")

    # -- wrapped longs --

    def wraps(self) -> None:
        longs = self.longs()
        if not longs:
            return
        owner, series = self.rng.choice(longs)
        arguments = (owner.number, series.code, wad(self.rng.choice((1, 3))), owner.address)
        if self.attempt(self.hub.wrap, *arguments, sender=owner.address) is not None:
            self.note("wrapped")

    def longs(self) -> list[tuple[Account, Series]]:
        """Who holds a contract or more of what is not over."""
        found = []
        for one in self.people:
            for code, quantity in map(unpack, self.ledger.positions_of(one.number)):
                series = Series.from_code(code)
                if quantity >= WAD and series.expiry > boa.env.timestamp:
                    found.append((one, series))
        return found

    def gives_units(self) -> None:
        """Units to somebody else, back into an account, or for the payoff."""
        rng = self.rng
        held = [
            (one, series)
            for one in self.people
            for series in sorted(self.traded)
            if self.hub.balanceOf(one.address, series.code)
        ]
        if not held:
            return
        (owner, series), other = rng.choice(held), rng.choice(self.people)
        amount = self.hub.balanceOf(owner.address, series.code) // rng.choice((1, 2)) or 1
        if rng.random() < 0.3:
            self.hub.transfer(other.address, series.code, amount, sender=owner.address)
        elif series.expiry > boa.env.timestamp:
            arguments = (series.code, amount, owner.number)
            if self.attempt(self.hub.unwrap, *arguments, sender=owner.address) is not None:
                self.note("unwrapped")
        elif self.attempt(self.hub.redeem, series.code, amount, sender=owner.address) is not None:
            self.note("redeemed")

    # -- backers and savers --

    def backs(self) -> None:
        rng, shares = self.rng, self.rng.choice(self.shares)
        backer = rng.choice(self.backers).address
        if rng.random() < 0.5:
            dollars = rng.choice((5, 1_000, 100_000))
            self.attempt(shares.request_deposit, dollars * UNIT, sender=backer)
        else:
            amount = shares.balanceOf(backer) // rng.choice((1, 3, 20))
            self.attempt(shares.request_exit, amount, sender=backer)

    def takes_a_request_back(self) -> None:
        shares, is_exit = self.rng.choice(self.shares), self.rng.random() < 0.5
        last = shares.requests()[is_exit] - 1
        if last >= 0:
            owner = (shares.exits if is_exit else shares.deposits)(last).owner
            self.attempt(shares.cancel, last, is_exit, sender=owner)

    def processes(self) -> None:
        for shares in self.shares:
            self.attempt(shares.process, 32, 32)

    def saves(self) -> None:
        """Into a vault and out of it: at once while it is open, else by its queue."""
        rng = self.rng
        number, saver = rng.randrange(len(self.vaults)), rng.choice(self.savers).address
        vault, queue = self.vaults[number], self.queues[number]
        amount = rng.randint(1, 10_000 * UNIT if vault.ASSET_INDEX() == 0 else 4 * WAD)
        held = vault.balanceOf(saver) // rng.choice((1, 3))
        if not vault.in_round() and rng.random() < 0.6:
            if rng.random() < 0.5:
                self.attempt(vault.deposit, amount, saver, sender=saver)
            else:
                self.attempt(vault.redeem, held, saver, saver, sender=saver)
            return
        assets, shares = (amount, 0) if rng.random() < 0.5 else (0, held)
        if assets | shares:
            self.attempt(queue.request, assets, shares, sender=saver)
            self.note("queued")

    def serves(self) -> None:
        rng = self.rng
        queue, saver = rng.choice(self.queues), rng.choice(self.savers).address
        if rng.random() < 0.15:
            self.attempt(queue.cancel, sender=saver)
        elif self.attempt(queue.serve) is not None:
            self.note("served a queue")
        for id in range(queue.current()):
            self.attempt(queue.claim, id, saver)

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
        move = self.rng.choice((-0.22, -0.12, 0.12))
        self.spot = round(min(max(self.spot * (1 + move), 1_400.0), 4_500.0), 2)
        self.volatility = min(round(self.volatility * 1.6, 4), 0.8)
        self.travel(600)
        self.look()
        for _ in range(self.rng.choice((1, 9))):
            for receipt in (*self.keeper.round(), *self.liquidator.round()):
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
        self.seen["steps"] += 1


def play(seed: int, steps: int, seen: Counter[str]) -> str:
    """One world; returns what failed, or nothing."""
    with boa.env.anchor():
        world = Venues(seed)
        try:
            for _ in range(steps):
                world.step()
        except Exception:
            place = f"world {seed}, step {world.seen['steps']}, {world.last}"
            return f"{place}:\n{traceback.format_exc(limit=-4)}"
        finally:
            seen.update(world.seen)
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.stateful.venues", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=100, help="of each world")
    options = parser.parse_args()
    boa.set_env(Engine())
    boa.env.evm.patch.timestamp = START
    seen: Counter[str] = Counter()
    began, failures = time.process_time(), 0
    for seed in range(options.seed, options.seed + options.worlds):
        if failure := play(seed, options.steps, seen):
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
