"""What the incentives of an option pool do: the same flow through a crash, with them and without.

`python -m novate.pool_study` runs it; `study` is what tests and notebooks call. Each day of the
path: prices arrive, keepers look and process, flow trades with the pool, those who take risk off
answer, and what has expired is settled. Everything is a contract call.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import boa
import numpy as np

from .agents.liquidity import Flow, Forward, ForwardTrader, Informed, Order, PoolView, RiskTaker
from .data.path import Bar
from .data.scenarios import load_scenario
from .deploy import deploy
from .engine import Engine
from .market import Account, Market
from .parameters import Parameters, Prices
from .pool import Conduct, OptionPool, Rules, Standing
from .series import Series

CAPITAL = 1_000_000.0  # [USD] of the backers
PURSE = 50_000_000.0  # [USD] of each taker
STRIKES = (0.92, 0.95, 0.975, 1.0, 1.025, 1.05)
HOUR, DAY = 3_600, 86_400

# What the pool shall stay within, as shares of capital. Its rules stop trades well before, since
# markets move between trades.
DELTA, GAMMA, VEGA = 0.75, 1.0, 0.001
WITH = Rules(max_delta=5_000, max_gamma=2_500, max_vega=8, gamma=40, level=1_000, skew=1_500)
# The same fees and the same cut-offs, but no price of risk and no limit of it.
WITHOUT = replace(
    WITH,
    **dict.fromkeys(("level", "skew", "delta", "gamma", "vega", "slope"), 0),
    **dict.fromkeys(("max_delta", "max_gamma", "max_vega"), 65_535),
    most=2_000,
)
CONDUCT = Conduct(jump=700, swing=3_000, band=2_500)
UNHEDGED = replace(CONDUCT, edge=0, band=65_535)


# Where a day's result comes from: what takers paid above the mid as fees, and as charges less
# rebates; what hedging paid beyond it; and what the book made from one close to the next: by time,
# by the moves of spot (first and second order) and of volatility, and all that is left.
PARTS = ("fees", "charges", "hedging", "theta", "delta", "gamma", "vega", "rest")


@dataclass
class Day:
    """How the pool stood at the end of a day, and what it did on it."""

    time: int  # [s]
    spot: float  # [USD]
    volatility: float
    standing: Standing
    trades: int = 0
    refused: int = 0  # by the taker's price, a limit, a cut-off, or for margin
    hedges: int = 0
    parts: dict[str, float] = field(default_factory=dict)  # [USD] of PARTS


@dataclass
class Outcome:
    """A run of the study."""

    days: list[Day] = field(default_factory=list)

    @property
    def capital(self) -> list[float]:
        """[USD] cash and options at mid, day by day."""
        return [day.standing.capital + day.standing.reserve for day in self.days]

    @property
    def result(self) -> float:
        """What backers made, as a share of what they brought."""
        return self.capital[-1] / CAPITAL - 1

    @property
    def drawdown(self) -> float:
        """The largest fall from an earlier height, as a share of it."""
        heights = np.maximum.accumulate([CAPITAL, *self.capital])
        return float(np.max(1 - np.array([CAPITAL, *self.capital]) / heights))

    @property
    def parts(self) -> dict[str, float]:
        """[USD] all days together, by PARTS: they add up to what backers made."""
        return {name: sum(day.parts.get(name, 0.0) for day in self.days) for name in PARTS}

    def largest(self, name: str) -> float:
        """The largest |delta|, |gamma| or |vega| of any day, as a share of capital."""
        return max(abs(getattr(day.standing, name)) for day in self.days)

    @property
    def breaches(self) -> int:
        """Days on which a sensitivity was beyond what the pool shall stay within."""
        return sum(
            abs(day.standing.delta) > DELTA
            or abs(day.standing.gamma) > GAMMA
            or abs(day.standing.vega) > VEGA
            for day in self.days
        )

    @property
    def least_margin(self) -> float:
        """[USD] the least excess over maintenance margin."""
        return min(day.standing.maintenance for day in self.days)


class Study:
    """One pool, one path, one crowd; in titanoboa's current environment, which must be fresh."""

    def __init__(self, rules: Rules, conduct: Conduct, bars: tuple[Bar, ...], seed: int) -> None:
        boa.env.evm.patch.timestamp = bars[0].timestamp - 3 * HOUR
        first = bars[0]
        prices = Prices(spot=first.close, volatility=first.implied_volatility)
        self.market: Market = deploy(Parameters(prices=prices))
        self.pool = OptionPool(self.market, rules, conduct)
        self.bars, self.rng = bars, np.random.default_rng(seed)
        self.crowd = (Flow("flow", size=40.0), Informed("insider"))
        # The last close: what the pool was worth, its figures, spot, volatility, time.
        self.before: tuple[float, dict[str, float], float, float, int] | None = None
        self.helpers = (RiskTaker("risk taker"), ForwardTrader("forward trader"))
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
        market.travel_to(bar.timestamp)
        market.push_price(bar.close, bar.implied_volatility)
        pool.settle()
        expiries = [one for one in market.expiries(6) if one > market.now + DAY][:3]
        pool.look(expiries)
        # Averages follow within some windows; a pause of the breaker ends.
        pool.process()
        market.travel(self.pool.conduct.pause * 60)
        pool.process()
        day = Day(bar.timestamp, bar.close, bar.implied_volatility, pool.standing())
        total = day.standing.capital + day.standing.reserve
        day.parts = self.explain(total, bar)
        for agents in (self.crowd, self.helpers):
            for agent in agents:
                taker = market.account(agent.name)
                for wish in agent.decide(self.view(bar, following, expiries), self.rng):
                    market.travel(12)
                    self.send(day, taker, wish, bar, expiries)
        pool.process()
        day.standing = pool.standing()
        now = day.standing.capital + day.standing.reserve
        known = sum(day.parts[name] for name in ("fees", "charges", "hedging"))
        # The afternoon's hour, during which nothing but time moved.
        day.parts["rest"] += now - total - known
        self.before = (now, pool.figures(), bar.close, bar.implied_volatility, market.now)
        return day

    def explain(self, total: float, bar: Bar) -> dict[str, float]:
        """[USD] what the book made since the last close."""
        parts = dict.fromkeys(PARTS, 0.0)
        if self.before is None:
            return parts
        was, figures, spot, volatility, time = self.before
        move = bar.close / spot - 1
        parts["theta"] = figures["theta"] * (self.market.now - time) / (365 * DAY)
        parts["delta"] = figures["delta"] * move
        parts["gamma"] = figures["gamma"] * move * move / 2
        parts["vega"] = figures["vega"] * (bar.implied_volatility - volatility)
        parts["rest"] = total - was - sum(parts.values())
        return parts

    def send(
        self, day: Day, taker: Account, wish: Order | Forward, bar: Bar, expiries: list[int]
    ) -> None:
        try:
            if isinstance(wish, Order):
                limit = round(wish.limit, 9)
                receipt = self.pool.trade(taker, wish.series, wish.quantity, limit)
                day.trades += 1
                for event in receipt.find("Traded"):
                    day.parts["fees"] += event.arguments["fee"] / 1e18
                    day.parts["charges"] += event.arguments["charge"] / 1e18
            else:
                strike = round(bar.close / 25) * 25
                receipt = self.pool.hedge(taker, expiries[0], strike, wish.quantity)
                day.hedges += 1
                for event in receipt.find("Hedged"):
                    day.parts["hedging"] -= event.arguments["edge"] / 1e18
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
    scenario: str = "volmageddon", seed: int = 1, days: int | None = None
) -> dict[str, Outcome]:
    """The same crowd and random numbers with incentives and without.

    days: how many of the path; all of it by default.
    """
    bars = load_scenario(scenario).bars
    bars = bars if days is None else bars[: days + 1]
    outcomes = {}
    for name, rules, conduct in (("with", WITH, CONDUCT), ("without", WITHOUT, UNHEDGED)):
        with boa.swap_env(Engine()):
            outcomes[name] = Study(rules, conduct, bars, seed).run()
    return outcomes


def main() -> None:
    """The figures of both crashes as a table."""
    for scenario in sys.argv[1:] or ("volmageddon", "lehman"):
        for name, outcome in study(scenario).items():
            print(
                f"{scenario:12} {name:8} result {outcome.result:+7.2%}"
                f" drawdown {outcome.drawdown:6.2%} delta {outcome.largest('delta'):6.1%}"
                f" gamma {outcome.largest('gamma'):6.1%} vega {outcome.largest('vega'):6.2%}"
                f" breaches {outcome.breaches:3} margin {outcome.least_margin:12,.0f}"
                f" trades {sum(day.trades for day in outcome.days):4}"
                f" refused {sum(day.refused for day in outcome.days):4}"
                f" hedges {sum(day.hedges for day in outcome.days):3}"
            )
            print("   ", *(f"{name} {part:+,.0f}" for name, part in outcome.parts.items()))


if __name__ == "__main__":
    main()
