"""The bound that settles most trades without a price: its formula, written out once more."""

import math

import pytest

from novate.reference.margin import Quote, Rules, Smile
from novate.series import WAD
from tests.margin_world import MarginWorld, call, put, word

SPOT, FORWARD, VOLATILITY, WEEK = 1_500.0, 1_505.0, 0.8, 168 * 3_600
YEAR = 31_536_000
AMPLE = 1_000_000 * WAD
SMILES = [
    None,
    # The lowest strike has the higher point, and the highest.
    Smile(0.004, 0.05, -0.6, -0.05, 0.1),
    Smile(0.004, 0.05, 0.6, 0.05, 0.1),
]


def bound(shorts: list[tuple[float, bool, float]], rules: Rules, smile: Smile | None) -> float:
    """Initial margin [USD] at most of (strike, put, size)."""
    strikes = [strike for strike, _, _ in shorts]
    deviation = VOLATILITY * math.sqrt(WEEK / YEAR)
    if smile is not None:
        ends = [math.log(k / FORWARD) for k in (min(strikes), max(strikes))]
        deviation = max(math.sqrt(smile.variance(k) * WEEK / (200 * 3_600)) for k in ends)
    peak = FORWARD * deviation / math.sqrt(2 * math.pi)
    base, maintenance = SPOT * rules.initial, SPOT * rules.maintenance
    total = 0.0
    for strike, is_put, size in shorts:
        inside = max(strike - FORWARD if is_put else FORWARD - strike, 0)
        if is_put:
            # In whole basis points, up.
            points = round(rules.put_initial * 10**4) * round((1 + rules.put_maintenance) * 10**4)
            factor = (points // 10**4 + 1) / 10**4
            total += size * ((peak + inside) * factor + max(base, maintenance * rules.put_initial))
        else:
            total += size * (peak + inside + base)
    return total


@pytest.mark.parametrize("smile", SMILES)
@pytest.mark.parametrize(
    "shorts",
    [
        [(1_900, False, 1.0)],
        [(1_100, False, 2.0)],
        [(1_100, True, 0.5)],
        [(1_900, True, 3.0)],
        [(1_400, False, 1.0), (1_900, False, 2.5), (1_200, True, 0.25), (1_700, True, 4.0)],
    ],
)
def test_bound_is_its_formula(
    world: MarginWorld,
    expiry: int,
    smile: Smile | None,
    shorts: list[tuple[float, bool, float]],
) -> None:
    quote = Quote(SPOT, FORWARD, VOLATILITY, smile=smile, tenor=200 * 3_600)
    world.set_quote(1, expiry, quote)
    legs = [word((put if is_put else call)(expiry, k), -size) for k, is_put, size in shorts]
    for rules in (Rules(), Rules(initial=0.1, maintenance=0.1, put_initial=1.75)):
        world.set_rules(1, rules)
        needed = AMPLE - world.engine.excess(AMPLE, [], legs)[0]
        assert needed / WAD == pytest.approx(bound(shorts, rules, smile), rel=2e-8)


def test_the_bound_takes_no_mark_above_the_forward(world: MarginWorld) -> None:
    expiry = world.expiry(20_000)
    world.set_quote(1, expiry, Quote(SPOT, 1_400, 10))
    leg = word(call(expiry, SPOT), -1)
    needed = AMPLE - world.engine.excess(AMPLE, [], [leg])[0]
    assert needed / WAD == pytest.approx(1_400 + SPOT * Rules().initial, rel=1e-9)


def test_a_bound_of_longs_is_nothing(world: MarginWorld, expiry: int) -> None:
    legs = [word(call(expiry, 1_900), 2), word(put(expiry, 1_100), 3)]
    assert tuple(world.engine.excess(AMPLE, [], legs)) == (AMPLE, True)
