"""What the incentives of an option pool do: the same flow through a crash, with them and without.

`python -m novate.pool_study [volmageddon] [lehman] [--out DIR]` runs it and draws it, and any time
of the data by its dates, as 2011-07-25/2011-10-14. With `--table` all of EPISODES, several seeds
each, are a table. `study` is what tests and notebooks call. Each day of the path: what has expired
is settled, prices arrive, keepers look and process, flow trades with the pool, and those who take
risk off answer. Everything is a contract call.

After every step, and at the day's high and low, the pool is looked at: what is said of its margin
and of its sensitivities holds at all of these moments, not at closes only.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import boa
import numpy as np

from .agents.liquidity import Flow, Forward, ForwardTrader, Informed, Order, PoolView, RiskTaker
from .data.path import Bar
from .data.scenarios import load_scenario
from .deploy import deploy
from .engine import Engine
from .liquidity import Liquidity, Pool
from .liquidity import PoolConduct as Conduct
from .liquidity import PoolRules as Rules
from .market import Account, Market, from_wad, to_wad
from .parameters import Parameters, Prices
from .pool import OptionPool, Standing
from .series import Series

CAPITAL = 1_000_000.0  # [USD] of the backers
PURSE = 50_000_000.0  # [USD] of each taker
# [USD] of the index at which orders of the crowd, in contracts, are what they are beside the pool.
LEVEL = 2_700.0
STRIKES = (0.92, 0.95, 0.975, 1.0, 1.025, 1.05)
HOUR, DAY = 3_600, 86_400

# What the pool shall stay within at every moment, as shares of capital: no more delta than its
# money in the index would have. Its rules stop trades well before, since markets move in between.
LIMITS = {"delta": 1.0, "gamma": 0.3, "vega": 0.001}
GREEKS, LEAST = tuple(LIMITS), ("capital", "margin")
WITH = Rules(
    level=1_000, skew=1_500, gamma=40, horizon=168, max_delta=4_000, max_gamma=1_200, max_vega=7,
)  # fmt: skip
# The same fees and the same cut-offs, but no price of risk and no limit of it.
WITHOUT = replace(
    WITH,
    **dict.fromkeys(("level", "skew", "delta", "gamma", "vega", "slope"), 0),
    **dict.fromkeys(("max_delta", "max_gamma", "max_vega"), 65_535),
    most=2_000,
)
CONDUCT = Conduct(jump=700, swing=3_000, band=2_500)
UNHEDGED = replace(CONDUCT, edge=0, band=65_535)


# Times of stress, with the weeks around them. The rules above were chosen with the last two in
# view; the others were played when the rules stood.
EPISODES = {
    "September 2001": "2001-08-27/2001-10-12",
    "summer 2002": "2002-07-01/2002-10-15",
    "May 2010": "2010-04-26/2010-06-11",
    "August 2011": "2011-07-25/2011-10-14",
    "August 2015": "2015-08-10/2015-09-18",
    "autumn 2008": "lehman",
    "February 2018": "volmageddon",
}


# Where a day's result comes from. Takers pay fees above the mid, and charges less rebates; hedges
# cost what is paid beyond the value of the forwards. Overnight the book is valued anew in steps, by
# the pool's own marks: first time passes (theta, what expires included; interest on cash), then
# spot moves (delta: as a straight line from the last close; gamma: all that bends away from it),
# then volatility (vega). The steps meet, so nothing may be left over but what trades round away.
PARTS = (
    *("fees", "charges", "hedging"),
    *("theta", "delta", "gamma", "vega", "interest", "residual"),
)


@dataclass
class Day:
    """How the pool stood at the end of a day, and what it did on it."""

    time: int  # [s]
    spot: float  # [USD]
    volatility: float
    standing: Standing
    ended: int = 0  # [s]
    cash: float = 0.0  # [USD] at the end
    book: list[tuple[Series, int]] = field(default_factory=list)  # [wad] at the end
    trades: int = 0
    refused: int = 0  # by the taker's price, a limit, a cut-off, or for margin
    hedges: int = 0
    parts: dict[str, float] = field(default_factory=dict)  # [USD] of PARTS
    # Of all moments of the day: the largest |delta|, |gamma|, |vega| as shares of capital, the
    # least capital and the least excess over maintenance margin [USD].
    most: dict[str, float] = field(default_factory=lambda: dict.fromkeys(GREEKS, 0.0))
    least: dict[str, float] = field(default_factory=lambda: dict.fromkeys(LEAST, float("inf")))

    def note(self, standing: Standing) -> None:
        """One more moment of the day."""
        for name in GREEKS:
            self.most[name] = max(self.most[name], abs(getattr(standing, name)))
        for name, figure in zip(LEAST, (standing.total, standing.maintenance), strict=True):
            self.least[name] = min(self.least[name], figure)


@dataclass
class Outcome:
    """A run of the study."""

    days: list[Day] = field(default_factory=list)

    @property
    def capital(self) -> list[float]:
        """[USD] cash and options at mid, day by day."""
        return [day.standing.total for day in self.days]

    @property
    def result(self) -> float:
        """What backers made, as a share of what they brought."""
        return self.capital[-1] / CAPITAL - 1

    @property
    def drawdown(self) -> float:
        """The largest fall from an earlier close to any later moment, as a share of it."""
        heights = np.maximum.accumulate([CAPITAL, *self.capital[:-1]])
        return float(np.max(1 - np.array([day.least["capital"] for day in self.days]) / heights))

    @property
    def parts(self) -> dict[str, float]:
        """[USD] all days together, by PARTS: they add up to what backers made."""
        return {name: sum(day.parts.get(name, 0.0) for day in self.days) for name in PARTS}

    def largest(self, name: str) -> float:
        """The largest |delta|, |gamma| or |vega| of any moment, as a share of capital."""
        return max(day.most[name] for day in self.days)

    @property
    def breaches(self) -> int:
        """Days with a moment at which a sensitivity was beyond what the pool shall stay within."""
        return sum(any(day.most[name] > LIMITS[name] for name in GREEKS) for day in self.days)

    @property
    def short(self) -> int:
        """Days with a moment below maintenance margin."""
        return sum(day.least["margin"] < 0 for day in self.days)

    @property
    def least_margin(self) -> float:
        """[USD] the least excess over maintenance margin at any moment."""
        return min(day.least["margin"] for day in self.days)


class Study:
    """One pool, one path, one crowd; in titanoboa's current environment, which must be fresh."""

    def __init__(self, rules: Rules, conduct: Conduct, bars: tuple[Bar, ...], seed: int) -> None:
        boa.env.evm.patch.timestamp = bars[0].timestamp - 3 * HOUR
        first = bars[0]
        prices = Prices(spot=first.close, volatility=first.implied_volatility)
        liquidity = Liquidity(on=True, pools=(Pool(rules=rules, conduct=conduct),), vaults=())
        self.market: Market = deploy(Parameters(prices=prices, liquidity=liquidity))
        self.pool = OptionPool(self.market)
        self.bars, self.rng = bars, np.random.default_rng(seed)
        self.crowd = (Flow("flow", size=40.0), Informed("insider"))
        # Spot, volatility and figures of the last close.
        self.before: tuple[float, float, dict[str, float]] | None = None
        takers = (RiskTaker("risk taker"), RiskTaker("second risk taker"))
        self.helpers = (*takers, ForwardTrader("forward trader"))
        for agent in (*self.crowd, *self.helpers):
            self.market.fund(self.market.account(agent.name), PURSE)
        self.pool.bring(self.market.account("backer"), CAPITAL)

    def run(self) -> Outcome:
        outcome = Outcome()
        for bar, following in zip(self.bars, self.bars[1:], strict=False):
            outcome.days.append(self.day(bar, following))
        return outcome

    def day(self, bar: Bar, following: Bar) -> Day:
        """From one close to the next."""
        market, pool = self.market, self.pool
        day = Day(bar.timestamp, bar.close, bar.implied_volatility, pool.standing())
        day.parts = dict.fromkeys(PARTS, 0.0)
        began = pool.nav()
        self.night(day, bar)
        market.travel_to(bar.timestamp)
        market.push_price(bar.close, bar.implied_volatility)
        pool.settle()
        self.see(day)
        expiries = [one for one in market.expiries(6) if one > market.now + DAY][:3]
        pool.look(expiries)
        # Averages follow within some windows; a pause of the breaker ends.
        pool.process()
        self.wait(day, self.pool.conduct.pause * 60)
        if self.before is None:
            began = CAPITAL
        pool.process()
        for agents in (self.crowd, self.helpers):
            if agents is self.helpers:
                # Taking risk off pays once the pool no longer compares with what was before.
                self.wait(day, 2 * 60 * self.pool.conduct.memory)
            for agent in agents:
                taker = market.account(agent.name)
                for wish in agent.decide(self.view(bar, following, expiries), self.rng):
                    self.wait(day, 12)
                    self.send(day, taker, wish, bar, expiries)
                    self.see(day)
        pool.process()
        day.standing = pool.standing()
        self.see(day)
        day.ended, day.cash = market.now, pool.cash
        day.book = market._positions(pool.account)
        day.parts["residual"] = day.standing.total - began - sum(day.parts.values())
        self.before = (bar.close, bar.implied_volatility, pool.figures())
        return day

    def see(self, day: Day) -> None:
        """One look at the pool."""
        # Nothing before the first money is in.
        if self.pool.nav() != 0:
            day.note(self.pool.standing())

    def wait(self, day: Day, seconds: int) -> None:
        """Time passes, and nothing else."""
        before, cash = self.pool.nav(), self.pool.cash
        self.market.travel(seconds)
        interest = self.pool.cash - cash
        day.parts["interest"] += interest
        day.parts["theta"] += self.pool.nav() - before - interest

    def night(self, day: Day, bar: Bar) -> None:
        """What the book makes from the last close to this one, step by step, in a world apart."""
        if self.before is None:
            return
        market, pool, parts = self.market, self.pool, day.parts
        spot, volatility, figures = self.before
        with market.fork():
            begun, cash = pool.nav(), pool.cash
            market.travel_to(bar.timestamp)
            parts["interest"] = pool.cash - cash
            market.push_price(spot, volatility)
            pool.settle()
            aged = pool.nav()
            parts["theta"] = aged - begun - parts["interest"]
            parts["delta"] = pool.figures()["delta"] * (bar.close / spot - 1)
            market.push_price(bar.close, volatility)
            moved = pool.nav()
            parts["gamma"] = moved - aged - parts["delta"]
            market.push_price(bar.close, bar.implied_volatility)
            parts["vega"] = pool.nav() - moved
            # The day's extremes, at the higher of the two volatilities.
            for price in (bar.low, bar.high):
                market.push_price(price, max(volatility, bar.implied_volatility))
                self.see(day)

    def send(
        self, day: Day, taker: Account, wish: Order | Forward, bar: Bar, expiries: list[int]
    ) -> None:
        try:
            if isinstance(wish, Order):
                limit = round(wish.limit, 9)
                code, quantity = wish.series.code, to_wad(wish.quantity)
                value = self.pool.contract.quote(code, quantity).value
                receipt = self.pool.trade(taker, wish.series, wish.quantity, limit)
                day.trades += 1
                for event in receipt.find("Traded"):
                    fee = event.arguments["fee"]
                    day.parts["fees"] += from_wad(fee)
                    # Nobody is paid for taking an option: that counts as a charge, too.
                    day.parts["charges"] += from_wad(event.arguments["cost"] - value - fee)
            else:
                strike = round(bar.close / 25) * 25
                pair = [self.market.series(strike, expiries[0], one) for one in (False, True)]
                call, put = (self.pool.contract.state(one.code)[0].price for one in pair)
                cash = self.pool.cash
                self.pool.hedge(taker, expiries[0], strike, wish.quantity)
                day.hedges += 1
                # The edge, less the places among its positions that the pool was paid for.
                value = wish.quantity * from_wad(call - put)
                day.parts["hedging"] += self.pool.cash - cash + value
        except boa.BoaError:
            day.refused += 1

    def view(self, bar: Bar, following: Bar, expiries: list[int]) -> PoolView:
        risk, worth = self.pool.contract.state(0)
        strikes = sorted({round(bar.close * share / 25) * 25 for share in STRIKES})
        series = tuple(
            self.market.series(strike, expiry, is_put)
            for expiry in expiries
            for strike in strikes
            for is_put in (False, True)
        )
        quote: Callable[[Series, float], float | None] = self.pool.quote
        return PoolView(
            now=self.market.now,
            spot=bar.close,
            volatility=bar.implied_volatility,
            next_spot=following.close,
            next_volatility=following.implied_volatility,
            series=series,
            delta=risk.delta / 1e18,
            vega=risk.vega / 1e18,
            band=self.pool.conduct.band / 10_000 * worth.income / 1e18,
            quote=quote,
        )


def study(
    scenario: str = "volmageddon",
    seed: int = 1,
    days: int | None = None,
    start: str | None = None,
    level: float | None = None,
) -> dict[str, Outcome]:
    """The same crowd and random numbers with incentives and without.

    start, days: from a date on, so many of the path; all of it by default.
    level: [USD] to which prices are scaled at the beginning, since the crowd trades in contracts.
    """
    bars = load_scenario(scenario).between(start).bars
    bars = bars if days is None else bars[: days + 1]
    if level is not None:
        factor = level / bars[0].close
        prices = [(round(factor * x, 2) for x in (bar.close, bar.high, bar.low)) for bar in bars]
        bars = tuple(
            replace(bar, close=close, high=high, low=low)
            for bar, (close, high, low) in zip(bars, prices, strict=True)
        )
    outcomes = {}
    for name, rules, conduct in (("with", WITH, CONDUCT), ("without", WITHOUT, UNHEDGED)):
        with boa.swap_env(Engine()):
            outcomes[name] = Study(rules, conduct, bars, seed).run()
    return outcomes


def tabulate(
    episodes: Mapping[str, str],
    seeds: Iterable[int],
    days: int | None = None,
    level: float | None = LEVEL,
) -> Iterator[str]:
    """A table in Markdown, line by line: each episode and seed with incentives and without.

    level: as in `study`.
    """
    yield (
        "| episode | days | seed | incentives | beyond a limit | delta | gamma | vega | drawdown "
        "| below margin | least margin | backers |"
    )
    yield "| --- | ---: | ---: | --- " + "| ---: " * 8 + "|"
    for episode, scenario in episodes.items():
        for seed in seeds:
            for name, one in study(scenario, seed, days, level=level).items():
                yield (
                    f"| {episode} | {len(one.days)} | {seed} | {name} | {one.breaches} days "
                    f"| {one.largest('delta'):.0%} | {one.largest('gamma'):.1%} "
                    f"| {one.largest('vega'):.3%} | {one.drawdown:.1%} | {one.short} days "
                    f"| {one.least_margin / CAPITAL:.0%} | {one.result:+.1%} |"
                )


def main() -> None:
    """The figures of both crashes as a table, and pictures of them."""
    parser = argparse.ArgumentParser(prog="novate.pool_study", description=__doc__)
    parser.add_argument("scenarios", nargs="*", help="names, or dates as FIRST/LAST")
    parser.add_argument("--days", type=int, help="of each path; all by default")
    parser.add_argument("--start", help="first date of the path, such as 2018-01-22")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="of all episodes, or those given")
    parser.add_argument("--unscaled", action="store_true", help="table at the index's own level")
    parser.add_argument("--seeds", type=int, default=3, help="of the table, from 1 on")
    parser.add_argument("--out", type=Path, help="folder for pictures")
    options = parser.parse_args()
    if options.table:
        level = None if options.unscaled else LEVEL
        chosen = {one: EPISODES.get(one, one) for one in options.scenarios or EPISODES}
        for line in tabulate(chosen, range(1, options.seeds + 1), options.days, level):
            print(line, flush=True)
        return
    for scenario in options.scenarios or ("volmageddon", "lehman"):
        outcomes = study(scenario, options.seed, options.days, options.start)
        for name, outcome in outcomes.items():
            print(
                f"{scenario:12} {name:8} result {outcome.result:+7.2%}"
                f" drawdown {outcome.drawdown:6.2%} delta {outcome.largest('delta'):6.1%}"
                f" gamma {outcome.largest('gamma'):6.1%} vega {outcome.largest('vega'):6.2%}"
                f" breaches {outcome.breaches:3} margin {outcome.least_margin:12,.0f}"
                f" trades {sum(day.trades for day in outcome.days):4}"
                f" refused {sum(day.refused for day in outcome.days):4}"
                f" hedges {sum(day.hedges for day in outcome.days):3}"
            )
            print("   ", *(f"{name} {part:+,.2f}" for name, part in outcome.parts.items()))
        if options.out:
            from .plot_liquidity import draw_attribution, draw_limits

            options.out.mkdir(parents=True, exist_ok=True)
            stem = scenario.replace("/", "_")
            draw_limits(outcomes, scenario).savefig(options.out / f"{stem}_limits.png")
            draw_attribution(outcomes["with"], scenario).savefig(options.out / f"{stem}_lp.png")


if __name__ == "__main__":
    main()
