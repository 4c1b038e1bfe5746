"""Every figure to the wei: the rules in integers, rounded where the contract says that it rounds.

Marks come from the pricing module, which has tests of its own; all else is written out once more.
"""

import random
from dataclasses import dataclass, replace
from typing import Any

import pytest
from mpmath import mp, mpf

from novate.engine.cache import load
from novate.reference.margin import Smile
from novate.series import WAD, Series, pack
from tests.margin_world import MarginWorld, pack_smile

PRICES, SMILES = load("tests/harness/MathHarness.vy"), load("tests/harness/SviHarness.vy")
POINTS, UNIT, LEFT = 10**4, 10**10, 168 * 3_600
# An option at the money is worth the forward times its deviation over this root, at most.
with mp.workdps(40):
    PEAK_Q64 = int(mp.ceil(mpf(2) ** 64 / mp.sqrt(2 * mp.pi)))
AMPLE = 10**60
Leg = tuple[int, bool, int]  # strike [1e-8 USD], put, quantity [wad]


@dataclass(frozen=True)
class Market:
    """What the oracle says [wad], and the figures in basis points."""

    spot: int
    forward: int
    volatility: int
    confidence: int
    coin: int
    rules: tuple[int, ...]
    smile: Smile | None = None
    tenor: int = 0


@dataclass(frozen=True)
class Prices:
    """The pricing module, opened."""

    black: Any
    svi: Any

    def deviation(self, market: Market, strike: int, left: int) -> int:
        """[Q64] of a strike [1e-8 USD]: of its point of the smile where there is one."""
        if not market.smile:
            return int(self.black.deviation_q64(market.volatility, left))
        arguments = (strike * UNIT, market.forward, left, market.tenor)
        return int(self.svi.deviation_of(pack_smile(market.smile), *arguments))

    def mark(self, market: Market, leg: Leg, left: int) -> int:
        """[wad] What a contract is worth to who is long, and a wei more that a short owes."""
        strike, put, quantity = leg
        low, high = sorted((strike * UNIT, market.forward))
        value = self.black.out_of_the_money_q64(low, high, self.deviation(market, strike, left))
        if (market.forward > strike * UNIT) != put:
            value += high - low
        return int(value) + (quantity < 0)


@pytest.fixture(scope="module")
def prices() -> Prices:
    return Prices(PRICES.deploy(), SMILES.deploy())


def up(amount: int, unit: int) -> int:
    return -(-amount // unit)


def drawn(rng: random.Random) -> Market:
    """No figure is round."""
    spot = rng.randrange(10**16, 10**23)
    floor = rng.randrange(101, 3_000)
    unpaired = rng.randrange(10_001, 30_000)
    rules = (
        *(floor + rng.randrange(1, 3_000), floor, rng.randrange(100, floor)),
        *(rng.choice([1, 751, 9_999]), rng.choice([10_001, 15_003, 19_999])),
        *(unpaired + rng.randrange(1, 9_999), unpaired),
        *(rng.randrange(1, 10_000), rng.randrange(1, 20_000)),
        *(rng.randrange(1, 10_000), rng.randrange(1, 50_000), rng.choice([0, 9])),
    )
    forward = spot * rng.randrange(800, 1_200) // 1_000 + rng.randrange(10**6)
    volatility = rng.randrange(10**17, 3 * WAD)
    smile = Smile(0.01, rng.uniform(0.01, 0.4), rng.uniform(-0.9, 0.9), rng.uniform(-0.3, 0.3), 0.1)
    doubts = [rng.randrange(WAD) for _ in range(2)]
    return Market(
        *(spot, forward, volatility, *doubts, rules),
        *rng.choice([(None, 0), (smile, rng.randrange(3_600, 10**7))]),
    )


def book(rng: random.Random, market: Market, most: int = 9) -> list[Leg]:
    legs = []
    for _ in range(rng.randrange(1, most)):
        strike = market.forward * rng.choice([400, 900, 980, 1_001, 1_100, 2_500]) // 1_000 // UNIT
        size = rng.choice([1, 7, rng.randrange(10**15, 10**20)])
        put, side = rng.random() < 0.5, rng.choice([-1, -1, 1])
        legs.append((strike + rng.randrange(1, 9), put, side * size))
    return legs


def charged(market: Market, shorts: int) -> int:
    """[wad] For doubt about prices and about the stablecoin."""
    notional, charge = up(shorts * market.spot, WAD), 0
    least, share, peg, peg_share, coin = market.rules[7:]
    if market.confidence < least * 10**14:
        charge += up(notional * share * (WAD - market.confidence), 10**22)
    if coin and market.coin < peg * 10**14:
        charge += up(notional * peg_share * (peg * 10**14 - market.coin), 10**22)
    return charge


def judged(prices: Prices, market: Market, legs: list[Leg], left: int = LEFT) -> tuple[int, ...]:
    """Equity, initial, maintenance [wad] of the options of one expiry without cash; and the first
    of both sums that initial margin is the milder one of."""
    initial, floor, maintenance, put_share, put_factor, unpaired, unpaired_least = market.rules[:7]
    base, least, plain = (up(market.spot * x, POINTS) for x in (initial, floor, maintenance))
    marks = [prices.mark(market, leg, left) for leg in legs]
    alone = [0, 0]
    for (strike, put, quantity), mark in zip(legs, marks, strict=True):
        if quantity > 0:
            continue
        away = market.spot - strike * UNIT if put else strike * UNIT - market.spot
        needs = [mark + max(base - max(away, 0), least), mark + plain]
        if put:
            needs[1] = mark + max(plain, up(mark * put_share, POINTS))
            needs[0] = max(needs[0], up(needs[1] * put_factor, POINTS))
        for i in (0, 1):
            alone[i] -= quantity * needs[i]
    alone = [up(one, WAD) for one in alone]

    def payoff(price: int) -> int:
        return sum(q * max(k - price if put else price - k, 0) for k, put, q in legs)

    worst = min(0, payoff(0), *(payoff(strike) for strike, _, _ in legs))
    naked = max(-sum(q for _, put, q in legs if not put), 0) * market.forward
    losses = [up(-worst, 10**8) + up(naked * x, 10**22) for x in (unpaired, unpaired_least)]
    shorts = -sum(min(q, 0) for _, _, q in legs)
    needed = [min(both) if shorts else 0 for both in zip(alone, losses, strict=True)]
    equity = sum(q * mark for (_, _, q), mark in zip(legs, marks, strict=True)) // WAD
    charge = charged(market, shorts)
    return equity, -needed[0] - charge, -needed[1], (losses[0] + charge) * bool(shorts)


def bounded(prices: Prices, market: Market, legs: list[Leg], left: int = LEFT) -> int:
    """[wad] What the shorts never need more than, with the allowances that netting.vy makes."""
    initial, _, maintenance, put_share, put_factor = market.rules[:5]
    base, plain = (up(market.spot * x, POINTS) for x in (initial, maintenance))
    strikes = [strike for strike, _, _ in legs]
    deviation = max(prices.deviation(market, one(strikes), left) for one in (min, max))
    peak = min((deviation * PEAK_Q64 >> 64) + 2**24, 2**64)
    peak = (market.forward * peak >> 64) + 2
    factor = put_factor * (POINTS + put_share) // POINTS + 1
    share = max(base, plain * put_factor // POINTS + 3)
    total, of_puts = factor, 0
    for strike, put, quantity in legs:
        size = max(-quantity, 0)
        inside = max((strike * UNIT - market.forward) * (1 if put else -1), 0)
        if put:
            of_puts += size * (peak + inside)
            total += size * share
        else:
            total += size * (peak + inside + base)
    total += of_puts // POINTS * factor
    shorts = -sum(min(q, 0) for _, _, q in legs)
    return up(total, WAD) + charged(market, shorts) if shorts else 0


def place(world: MarginWorld, market: Market, underlying: int = 1, hours: int = 168) -> int:
    *shares, coin = market.rules
    figures = (*(share * 10**14 for share in shares), coin)
    world.engine.set_market(underlying, figures, sender=world.owner)
    expiry = world.expiry(hours)
    world.oracle.set_quote(
        *(underlying, expiry, market.spot, market.forward),
        *(market.volatility, market.confidence, True),
    )
    if market.smile:
        world.oracle.set_smile(underlying, expiry, pack_smile(market.smile), market.tenor)
    world.oracle.set_spot(9, market.coin, True)
    return expiry


def words(legs: list[Leg], expiry: int, underlying: int = 1) -> list[int]:
    return [pack(Series(underlying, expiry, k * UNIT, put).code, q) for k, put, q in legs]


@pytest.mark.parametrize("seed", range(60))
def test_one_expiry(world: MarginWorld, prices: Prices, seed: int) -> None:
    rng = random.Random(seed)
    market = drawn(rng)
    legs = book(rng, market)
    held = words(legs, place(world, market))
    cash = rng.randrange(10**6)
    *expected, loss = judged(prices, market, legs)
    found = world.assess(*held, cash=cash)
    assert tuple(found) == (*(cash + one for one in expected), True)
    # The bound, where it is enough; then what can be lost; then all is worked out.
    bound = bounded(prices, market, legs)
    assert tuple(world.engine.excess(AMPLE, [], held)) == (AMPLE - bound, True)
    for have in (bound, bound - 1, loss, loss - 1):
        need = next((one for one in (bound, loss) if one <= have), -expected[1])
        assert world.engine.excess(have, [], held)[0] == have - need


# Figures so close to each other that a basis point decides; see Parameters in margin/rules.vy.
CLOSE = {
    "a put's factor of maintenance is a ten-thousandth more than its share of spot": (
        *(1_000, 1_000, 1_000, 1, 10_001, 12_000, 11_000, 1, 1, 1, 1, 0),
    ),
    "and it is the same": (1_000, 1_000, 1_000, 1, 10_000, 12_000, 11_000, 1, 1, 1, 1, 0),
    "a put's share of the mark": (1_500, 1_000, 100, 10_000, 10_500, 12_000, 11_000, 1, 1, 1, 1, 0),
    "calls are charged the forward": (1_500, 1_000, 100, 1, 10_000, 10_000, 10_000, 1, 1, 1, 1, 0),
}


@pytest.mark.parametrize("rules", CLOSE.values(), ids=CLOSE)
def test_close_figures(world: MarginWorld, prices: Prices, rules: tuple[int, ...]) -> None:
    spot = 1_500 * WAD + 7
    market = Market(spot, spot + 3, 8 * 10**17, WAD, WAD, rules)
    expiry = place(world, market)
    for strike in (1, 300, 1_200, 1_499, 1_500, 1_650, 1_651, 9_000):
        for put in (False, True):
            legs = [(strike * 10**8 + 1, put, -3 * WAD - 1)]
            *expected, _ = judged(prices, market, legs)
            assert tuple(world.assess(*words(legs, expiry))) == (*expected, True)


@pytest.mark.parametrize("smiles", [False, True])
@pytest.mark.parametrize("seconds", [11, 89, 123, 0])
def test_figures_count_up_to_the_largest(
    world: MarginWorld, prices: Prices, seconds: int, smiles: bool
) -> None:
    """Volatility, time and tenor; at these seconds the last wei of volatility moves the deviation,
    and without any the expiry is beyond 136 years."""
    world.travel(168 * 3_600 - (world.now - world.hour) - seconds if seconds else 0)
    spot, largest = 2**56 * UNIT, 2**70 - 1
    smile = Smile(0.01, 0.1, 0.2, 0.1, 0.1) if smiles else None
    for more in (0, 1, 2**100):
        volatility, tenor = largest + more, 2**32 - 1 + more
        if not seconds:
            volatility = 10**17
        rules = (1_501, 1_001, 751, 751, 10_501, 12_001, 11_001, 4_001, 4_001, 1, 1, 0)
        market = Market(spot, spot, volatility, WAD, WAD, rules, smile, tenor)
        expiry = place(world, market, hours=168 if seconds else 2_000_000)
        legs = [(2**56 - 1, put, -3 * 10**27) for put in (False, True)]
        counted = replace(market, volatility=min(volatility, largest), tenor=2**32 - 1)
        left = min(expiry - world.now, 2**32 - 1)
        expected = judged(prices, counted, legs, left)[:3]
        less = replace(counted, volatility=counted.volatility - 1, tenor=counted.tenor - 1)
        less_left = left - (not seconds and not smiles)
        assert judged(prices, less, legs, less_left)[0] != expected[0], "it does not count"
        assert tuple(world.assess(*words(legs, expiry))) == (*expected, True)


@pytest.mark.parametrize("seed", range(12))
def test_four_expiries(world: MarginWorld, prices: Prices, seed: int) -> None:
    """Of two underlyings: sums of what each needs by itself."""
    rng = random.Random(1_000 + seed)
    held: list[int] = []
    total, bound = [0, 0, 0], 0
    coin = rng.randrange(WAD)
    for underlying in (1, 2):
        first = drawn(rng)
        for hours in (48, 168):
            market = replace(drawn(rng), coin=coin, rules=first.rules, spot=first.spot)
            legs = book(rng, market, most=4)
            held += words(legs, place(world, market, underlying, hours), underlying)
            left = world.expiry(hours) - world.now
            for i, one in enumerate(judged(prices, market, legs, left)[:3]):
                total[i] += one
            bound += bounded(prices, market, legs, left)
    for _ in range(3):
        rng.shuffle(held)
        assert tuple(world.assess(*held)) == (*total, True)
        assert world.engine.excess(bound, [], held)[0] == 0
        assert world.engine.excess(bound - 1, [], held)[0] == bound - 1 + total[1]


@pytest.mark.parametrize("seed", range(8))
def test_prices_of_a_few_wei(world: MarginWorld, prices: Prices, seed: int) -> None:
    """The allowances of the bound are more than all the rest then."""
    rng = random.Random(2_000 + seed)
    spot = rng.randrange(1, 10_000)
    market = replace(drawn(rng), spot=spot, forward=spot + rng.randrange(9), smile=None)
    put = rng.random() < 0.3
    legs = [(rng.randrange(1, 9), put, -rng.randrange(1, 9)) for _ in range(2)]
    held = words(legs, place(world, market))
    *expected, _ = judged(prices, market, legs)
    assert tuple(world.assess(*held)) == (*expected, True)
    bound = bounded(prices, market, legs)
    assert world.engine.excess(AMPLE, [], held)[0] == AMPLE - bound


@pytest.mark.parametrize("rest", [0, 1, 2, 9_999])
def test_a_share_of_spot_is_rounded_up_from_any_part(
    world: MarginWorld, prices: Prices, rest: int
) -> None:
    rules = (1_501, 1_001, 751, 751, 10_501, 12_001, 11_001, 4_001, 4_001, 1, 1, 0)
    spot = 1_500 * WAD + rest * pow(751, -1, POINTS) % POINTS
    assert spot * 751 % POINTS == rest
    market = Market(spot, spot, 8 * 10**17, WAD, WAD, rules)
    legs = [(1_500 * 10**8, False, -WAD)]
    *expected, _ = judged(prices, market, legs)
    assert tuple(world.assess(*words(legs, place(world, market)))) == (*expected, True)
