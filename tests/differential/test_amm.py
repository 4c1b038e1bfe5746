"""The option pool and its pricer beside the pool in plain numbers."""

import math
import random
from typing import Any

import boa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mpmath import diff, mpf, quad
from mpmath import mp as digits

from novate.deploy import compiled
from novate.pool import Conduct, Rules
from novate.reference.amm import Figures, Market, Option, Pool, unit
from novate.reference.margin import Smile
from novate.series import WAD, pack
from tests.margin_world import ORACLE, Series, pack_smile, wad
from tests.unit.venues.OptionPool.conftest import PoolWorld, near, option

HOUR = 3_600
NAMES = ("value", "delta", "gamma", "vega", "theta")
# Of a word of the surface: skewed, as an index's.
SMILE = Smile(0.002, 0.03, -0.4, 0.01, 0.1)


class Book:
    """A pricer under an oracle that says what the test writes."""

    def __init__(self) -> None:
        self.oracle: Any = ORACLE.deploy()
        self.pricer: Any = compiled("venues/PoolPricer.vy").deploy(self.oracle.address)
        self.hour = int(boa.env.timestamp) // HOUR * HOUR
        self.markets: dict[int, Market] = {}

    def say(self, hours: int, forward: float, smiling: bool, fixed: float, discount: float) -> int:
        """What the oracle says of an expiry."""
        expiry = self.hour + hours * HOUR
        left = expiry - int(boa.env.timestamp)
        tenor = left + 900
        volatility = 0.2 + hours / 2_000
        self.oracle.set_quote(1, expiry, wad(2_750), wad(forward), wad(volatility), WAD, True)
        self.oracle.set_term(1, expiry, wad(fixed), wad(discount))
        word = pack_smile(SMILE)
        self.oracle.set_smile(1, expiry, word if smiling else 0, tenor)

        def of(strike: Any) -> Any:
            if not smiling:
                return mpf(wad(volatility)) / WAD
            variance = SMILE.variance(float(math.log(strike / forward)))
            return math.sqrt(variance / (tenor / 31_536_000))

        self.markets[expiry] = Market(2_750, forward, left, of, fixed, discount)
        return expiry


@pytest.fixture(scope="module")
def book() -> Book:
    return Book()


terms = st.tuples(
    st.integers(1, 2_000),
    st.floats(2_000, 3_500),
    st.booleans(),
    st.sampled_from([0.0, 1_000.0]),
    st.floats(0.8, 1.0),
)
legs = st.lists(
    st.tuples(st.integers(0, 2), st.integers(20, 300), st.booleans(), st.floats(-1_000, 1_000)),
    min_size=1,
    max_size=8,
)


@given(expiries=st.lists(terms, min_size=3, max_size=3, unique_by=lambda t: t[0]), legs=legs)
@example(expiries=[(1, 2750.0, False, 0.0, 1.0)] * 3, legs=[(0, 110, False, 1.0)])
@settings(max_examples=25, derandomize=True)
def test_figures_of_books(book: Book, expiries: list[Any], legs: list[Any]) -> None:
    dates = [book.say(*one) for one in expiries]
    held: dict[Series, int] = {}
    for place, strike, is_put, quantity in legs:
        held[Series(1, dates[place], strike * 25 * WAD, is_put)] = wad(quantity)
    words = [pack(series.code, q) for series, q in held.items() if q]
    asked = next(iter(held))
    horizon = 72
    risk = book.pricer.assess(1, words, asked.code, horizon * HOUR)

    units = {
        s: unit(book.markets[s.expiry], mpf(s.strike) / WAD, s.is_put, 72 * HOUR) for s in held
    }
    sizes = {s: mpf(q) / WAD for s, q in held.items()}
    # Errors are of the forward a contract; floats of the smile carry 1e-15 of volatility.
    scale = 1 + sum(abs(q) for q in sizes.values())
    for name, tolerance in zip(NAMES, (1e-9, 1e-9, 1e-6, 1e-8, 1e-6), strict=True):
        expected = sum(q * getattr(units[s], name) for s, q in sizes.items())
        size = sum(abs(q * getattr(units[s], name)) for s, q in sizes.items())
        gap = abs(mpf(getattr(risk, name)) / WAD - expected)
        assert gap <= tolerance * scale + 1e-11 * size, name
    one = units[asked]
    found = Figures(risk.price, risk.unit_delta, risk.unit_gamma, risk.unit_vega, 0)
    assert near(found.value, one.value) and near(found.delta, one.delta)
    assert near(found.gamma, one.gamma, 1e-7) and near(found.vega, one.vega)
    vegas = {s: q * units[s].vega for s, q in sizes.items()}
    assert near(risk.gross, sum(map(abs, vegas.values())), 1e-8)
    level = sum(v for s, v in vegas.items() if s.expiry == asked.expiry)
    same = [s for s in held if (s.expiry, s.strike) == (asked.expiry, asked.strike)]
    assert near(risk.level, level, 1e-8)
    assert near(risk.skew, sum(vegas[s] for s in same), 1e-8)
    short = 2_750 * sum(-q for q in sizes.values() if q < 0)
    assert near(risk.short, short) and risk.held == held[asked] and risk.fresh


def test_figures_are_derivatives() -> None:
    """The reference itself, by numerical differentiation of its value."""
    with digits.workdps(30):
        flat = mpf("0.3")

        def at(move: Any = 0, volatility: Any = flat, left: Any = 864_000) -> Market:
            return Market(2_750 * (1 + move), 2_800 * (1 + move), left, lambda _: volatility)

        for strike, is_put in ((2_600, False), (3_000, True), (2_800, False)):
            one = unit(at(), strike, is_put)

            def worth(strike: int = strike, is_put: bool = is_put, **terms: Any) -> Any:
                return unit(at(**terms), strike, is_put).value

            assert abs(diff(lambda x, worth=worth: worth(move=x), 0) - one.delta) < 1e-9 * 2_750
            assert (
                abs(diff(lambda x, worth=worth: worth(move=x), 0, 2) - one.gamma) < 1e-6 * one.gamma
            )
            assert (
                abs(diff(lambda x, worth=worth: worth(volatility=x), flat) - one.vega)
                < 1e-9 * one.vega
            )
            decay = diff(lambda x, worth=worth: worth(left=x), 864_000) * 31_536_000
            assert abs(decay + one.theta) < 1e-6 * abs(decay)


def test_the_charge_is_the_integral_of_marginal_prices() -> None:
    """Volatility shifted by what the pool holds, and a price of each unit of risk."""
    markets = {e: Market(2_750, 2_760, e, lambda _: mpf("0.2")) for e in (864_000, 2_592_000)}
    rules = Rules(free=0, slope=40)
    options = [
        Option(864_000, 2_800, False),
        Option(864_000, 2_800, True),
        Option(2_592_000, 2_600, True),
    ]
    book = {options[1]: mpf(3), options[2]: mpf(-60)}
    pool = Pool(rules, markets, mpf(10**6), mpf(10**9), book)
    capital, bought = pool.income, options[0]
    one = pool.unit(bought)

    def marginal(x: Any) -> Any:
        held = pool.after(bought, x, book)
        level = sum(q * pool.unit(o).vega for o, q in held.items() if o.expiry == bought.expiry)
        skew = sum(q * pool.unit(o).vega for o, q in held.items() if o in options[:2])
        shift = -(mpf(rules.level) * level + mpf(rules.skew) * skew) / capital / 10_000
        risk = pool.risk(held)
        lines = -rules.delta * one.delta * (1 if risk.delta > 0 else -1)
        lines -= mpf(rules.gamma) / 100 * one.gamma * (1 if risk.gamma > 0 else -1)
        lines -= rules.vega * one.vega * (1 if risk.vega > 0 else -1)
        used = rules.slope * pool.spot * pool.owed(held) / capital
        return one.vega * shift + (lines + used) / 10_000

    integral = quad(marginal, [mpf("1e-12"), 5])
    charge = pool.cost(bought, 5)[2]
    assert abs(integral - charge) < 1e-6 * abs(charge)


@pytest.mark.parametrize("seed", range(3))
def test_a_day_of_trades(seed: int) -> None:
    """Blocks with several trades, both ways, time and moves of the market between them."""
    rng = random.Random(seed)
    world = PoolWorld(Rules(slope=30, free=20, least_delta=100))
    strikes = (2_650, 2_725, 2_750, 2_800)
    traded, twin = 0, None
    for _ in range(10):
        twin = world.twin(twin)
        for _ in range(rng.randint(1, 4)):
            series = world.series(rng.choice(strikes), rng.random() < 0.5, rng.randint(0, 1))
            quantity = rng.choice([-8, -3, -1, 0.5, 2, 6, 15])
            value, fee, charge = twin.cost(option(series), mpf(quantity))
            if quantity < 0 and value + fee + charge > 0:
                with boa.reverts("pool: worth less than charge"):
                    world.deal(series, quantity)
                continue
            offered = world.pool.quote(series.code, wad(quantity))
            paid = world.deal(series, quantity)
            assert paid == offered.cost
            # What trades moved is kept to 0.001 USD, and at what it was then.
            tolerance = 3e-4 if twin.remembered else 1e-9
            assert near(paid, twin.trade(option(series), mpf(quantity)), tolerance)
            assert near(offered.value, value) and near(offered.fee, fee)
            traded += 1
        worth = world.pool.state(0)[1]
        assert near(worth.income, twin.income, 1e-8) and near(worth.reserve, twin.reserve, 1e-4)
        low, high = twin.worth(world.conduct)
        assert near(worth.low, low, 1e-8) and near(worth.high, high, 1e-8)
        # A few blocks, so that the pool remembers, or hours.
        if rng.random() < 0.6:
            world.pass_time(rng.randint(12, 400))
        else:
            world.pass_time(rng.randint(601, 4 * HOUR))
            world.market.push_price(2_750 * (1 + rng.uniform(-0.01, 0.01)), 0.15)
    assert traded >= 6


@pytest.mark.parametrize("seed", range(2))
def test_minutes_of_trades(seed: int) -> None:
    """Large trades both ways in calls and puts of two strikes, in one period after the other; what
    the pool owes has a price from the first contract on, so that what it held then matters."""
    rng = random.Random(seed)
    wide = {"most": 2_000, "least_delta": 0, "max_gamma": 60_000, "max_vega": 60_000}
    world = PoolWorld(Rules(slope=60, free=0, delta=0, gamma=0, vega=0, **wide), Conduct(edge=0))
    taker = world.person("large taker", cash=50_000_000)
    twin, binding = None, 0
    for _ in range(16):
        twin = world.twin(twin)
        series = world.series(rng.choice((2_725, 2_775)), rng.random() < 0.5, 1)
        quantity = rng.choice([-150, -60, -15, 20, 70, 200])
        size = mpf(quantity)
        cost = twin.cost(option(series), size)
        starts, dearer = twin.starts, 0
        for number in [n for n in starts if n >= twin.time // twin.memory - 1]:
            twin.starts = {n: book for n, book in starts.items() if n != number}
            dearer += sum(cost) - sum(twin.cost(option(series), size)) > mpf("0.01")
        twin.starts = starts
        if quantity > 0 or sum(cost) <= 0:
            offered = world.pool.quote(series.code, wad(quantity))
            assert near(offered.fee, cost[1]) and near(offered.charge, cost[2], 5e-4)
            assert near(
                world.deal(series, quantity, taker=taker), twin.trade(option(series), size), 5e-4
            )
            binding += dearer
        world.pass_time(rng.choice((12, 90, 200, 290)))
    assert binding >= 4
