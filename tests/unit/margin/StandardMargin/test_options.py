"""One option, spreads, and what nets inside an expiry."""

import random

import pytest

from novate.reference.margin import Position, Quote, Rules, Smile
from novate.series import WAD, Series, pack
from tests.margin_world import MarginWorld, call, put, wad, word

NEAR = 1e-12


def test_worked_example_of_the_peer(world: MarginWorld) -> None:
    expiry = world.expiry(141)
    world.travel(expiry - 500_400 - world.now)
    world.set_quote(1, expiry, Quote(1_500, 0, 0))
    world.oracle.set_quote(
        1, expiry, 1_500 * WAD, wad("1500.833279310994"), wad("1.0478844940849863"), WAD, True
    )
    health = world.assess(word(call(expiry, 1_500), -1))
    assert health.equity / WAD == pytest.approx(-79.37158518905994, rel=NEAR)
    assert health.maintenance / WAD == pytest.approx(-191.87158518905994, rel=NEAR)
    assert health.initial / WAD == pytest.approx(-304.37158518905994, rel=NEAR)
    assert health.fresh


@pytest.mark.parametrize("is_put", [False, True])
@pytest.mark.parametrize("strike", [1, 100, 1_000, 1_400, 1_499, 1_500, 1_501, 1_700, 6_000])
def test_short_option_follows_the_rules(
    world: MarginWorld, expiry: int, strike: float, is_put: bool
) -> None:
    position = Position((put if is_put else call)(expiry, strike), -2.5)
    expected = world.expected([position])
    health = world.assess(word(position.series, -2.5))
    assert health.equity / WAD == pytest.approx(expected.equity, rel=NEAR, abs=1e-9)
    assert health.initial / WAD == pytest.approx(expected.initial, rel=NEAR)
    assert health.maintenance / WAD == pytest.approx(expected.maintenance, rel=NEAR)


def test_no_positions_need_nothing(world: MarginWorld) -> None:
    assert tuple(world.assess(cash=-7)) == (-7, -7, -7, True)


def test_long_needs_nothing_and_adds_its_mark_to_equity(world: MarginWorld, expiry: int) -> None:
    position = Position(call(expiry, 1_500), 3)
    health = world.assess(word(position.series, 3))
    assert (health.initial, health.maintenance) == (0, 0)
    assert health.equity / WAD == pytest.approx(world.expected([position]).equity, rel=NEAR)


def test_spread_needs_its_width_at_most(world: MarginWorld, expiry: int) -> None:
    bear_calls = word(call(expiry, 1_500), -1), word(call(expiry, 1_530), 1)
    bull_puts = word(put(expiry, 1_500), -1), word(put(expiry, 1_470), 1)
    for legs in (bear_calls, bull_puts):
        health = world.assess(*legs)
        assert (health.initial, health.maintenance) == (-30 * WAD, -30 * WAD)


def test_covered_from_below_needs_nothing(world: MarginWorld, expiry: int) -> None:
    health = world.assess(word(call(expiry, 1_530), -1), word(call(expiry, 1_500), 1))
    assert (health.initial, health.maintenance) == (0, 0)


def test_wide_spread_needs_the_isolated_charge(world: MarginWorld, expiry: int) -> None:
    naked = world.assess(word(call(expiry, 1_500), -1))
    wide = world.assess(word(call(expiry, 1_500), -1), word(call(expiry, 9_000), 1))
    assert (wide.initial, wide.maintenance) == (naked.initial, naked.maintenance)


def test_low_put_needs_its_strike_at_most(world: MarginWorld, expiry: int) -> None:
    health = world.assess(word(put(expiry, 50), -2))
    assert (health.initial, health.maintenance) == (-100 * WAD, -100 * WAD)


def test_shares_of_a_put_are_rounded_up(world: MarginWorld, expiry: int) -> None:
    """So far in the money that its mark is a whole number of wei, and one for its error."""
    forward = 1_505 * WAD + 3
    world.oracle.set_quote(1, expiry, 1_500 * WAD, forward, wad(0.8), WAD, True)
    health = world.assess(word(put(expiry, 6_000), -1))
    mark = 6_000 * WAD - forward + 1
    needed = mark - -mark * 750 // 10_000
    assert mark * 750 % 10_000 and needed * 10_500 % 10_000, "nothing to round"
    assert tuple(health)[:3] == (-mark, -needed * 10_500 // 10_000, -needed)


def test_uncovered_calls_cost_the_forward_times_unpaired(world: MarginWorld) -> None:
    # At 1,000 % volatility the mark is nearly the forward, so the isolated charge is more.
    expiry = world.expiry(2_000)
    world.set_rules(1, Rules(initial=1, initial_floor=1, maintenance=1))
    world.set_quote(1, expiry, Quote(1_500, 1_400, 10))
    health = world.assess(word(call(expiry, 1_500), -1))
    assert (health.initial, health.maintenance) == (-1_680 * WAD, -1_540 * WAD)
    # Two calls: at the higher strike the lower one has lost 500 already.
    health = world.assess(word(call(expiry, 1_500), -1), word(call(expiry, 1_000), -1))
    assert (health.initial, health.maintenance) == (-3_860 * WAD, -3_580 * WAD)


def test_other_expiry_or_underlying_does_not_net(world: MarginWorld, expiry: int) -> None:
    later = world.expiry(336)
    world.set_quote(1, later, Quote(1_500, 1_505, 0.8))
    world.set_rules(2)
    world.set_quote(2, expiry, Quote(1_500, 1_505, 0.8))
    naked = world.assess(word(call(expiry, 1_500), -1))
    for hedge in (call(later, 1_530), call(expiry, 1_530, underlying=2)):
        assert world.assess(word(call(expiry, 1_500), -1), word(hedge, 1)).initial == naked.initial


def test_call_is_not_netted_against_a_put(world: MarginWorld, expiry: int) -> None:
    # The peer's portfolio rule lets a long put excuse a short call at the same strike (P-11).
    naked = world.assess(word(call(expiry, 1_500), -1))
    assert world.assess(word(call(expiry, 1_500), -1), word(put(expiry, 1_500), 1)).initial <= (
        naked.initial
    )


def test_long_with_barrier_counts_for_nothing(world: MarginWorld, expiry: int) -> None:
    short = word(call(expiry, 1_500), -1)
    knock_out = Series(1, expiry, wad(1_530), False, barrier=wad(1_600), is_up=True)
    assert world.assess(short, word(knock_out, 1)) == world.assess(short)
    assert tuple(world.assess(word(knock_out, 1))) == (0, 0, 0, True)


def test_short_with_barrier_counts_as_without(world: MarginWorld, expiry: int) -> None:
    knock_in = Series(1, expiry, wad(1_500), True, barrier=wad(1_200), knocks_in=True)
    assert world.assess(word(knock_in, -1)) == world.assess(word(put(expiry, 1_500), -1))


def test_confidence_below_the_threshold_costs_initial_margin(
    world: MarginWorld, expiry: int
) -> None:
    legs = word(call(expiry, 1_500), -1), word(call(expiry, 1_530), 2), word(put(expiry, 900), -2)
    full = world.assess(*legs)
    world.set_quote(1, expiry, Quote(1_500, 1_505, 0.8, confidence=0.4))
    assert world.assess(*legs) == full
    world.set_quote(1, expiry, Quote(1_500, 1_505, 0.8, confidence=0.3))
    low = world.assess(*legs)
    # (1 - 0.3) * 0.4 * 1,500 for each of three short options.
    assert full.initial - low.initial == 1_260 * WAD
    assert (low.equity, low.maintenance) == (full.equity, full.maintenance)


def test_stablecoin_below_its_peg_costs_initial_margin(world: MarginWorld, expiry: int) -> None:
    leg = word(call(expiry, 1_500), -2)
    full = world.assess(leg)
    world.set_rules(1, Rules(stablecoin=9))
    world.set_spot(9, 0.98)
    assert world.assess(leg) == full
    world.set_spot(9, 0.93)
    # (0.98 - 0.93) * 1.2 * 1,500 for each of two.
    assert full.initial - world.assess(leg).initial == 180 * WAD
    world.set_spot(9, 1, fresh=False)
    assert not world.assess(leg).fresh
    assert world.assess(word(call(expiry, 1_500), 2)).fresh


def test_stale_quote_is_told(world: MarginWorld, expiry: int) -> None:
    world.set_quote(1, expiry, Quote(1_500, 1_505, 0.8, fresh=False))
    for quantity in (-1, 1):
        assert not world.assess(word(call(expiry, 1_500), quantity)).fresh


def test_figures_round_to_the_safe_side(world: MarginWorld, expiry: int) -> None:
    # 68.9 USD: a wei of a contract is worth 68 wei long and owes 69 wei short.
    series = call(expiry, 1_500)
    short = world.engine.assess(0, [], [pack(series.code, -1)])
    assert world.engine.assess(0, [], [pack(series.code, 1)]).equity == 68
    assert short.equity == -69
    # With 112.5 and 225 added.
    assert (short.maintenance, short.initial) == (-182, -294)


def test_two_books_together_may_need_more_than_apart(world: MarginWorld, expiry: int) -> None:
    """The rule takes the milder of two sums, so it is not subadditive; nor is the peer's.

    The worst case: covered pairs need nothing by their payoff and much each by itself, so a naked
    call beside them loses its own charge, a tenth of spot, for the unpaired 1.2 forwards."""
    naked = [word(call(expiry, 6_000), -1)]
    covered = [word(call(expiry, 1_530), -20), word(call(expiry, 1_500), 20)]
    assert world.assess(*naked).initial / WAD == pytest.approx(-150)
    assert world.assess(*covered).initial == 0
    together = world.assess(*naked, *covered).initial
    assert together == -1_806 * WAD
    # Nothing makes it dearer than both sums of the losses.
    assert together >= world.assess(*covered).initial - wad(1.2 * 1_505)


def test_doubt_about_spot_is_charged_at_further_expiries_too(
    world: MarginWorld, expiry: int
) -> None:
    """What an expiry says without spot is asked only where spot is above the threshold."""
    later = world.expiry(336)
    legs = word(call(expiry, 1_500), -1), word(call(later, 1_500), -2)
    for when in (expiry, later):
        world.set_quote(1, when, Quote(1_500, 1_500, 0.8, confidence=1.0))
        # The volatility of each is beyond doubt.
        world.oracle.set_own_confidence(1, when, WAD)
    sure = world.assess(*legs)
    for when in (expiry, later):
        world.set_quote(1, when, Quote(1_500, 1_500, 0.8, confidence=0.3))
    doubtful = world.assess(*legs)
    assert doubtful.maintenance == sure.maintenance
    # (1 - 0.3) * 0.4 of spot for three options.
    assert sure.initial - doubtful.initial == 3 * 420 * WAD


@pytest.mark.parametrize("near", [1.0, 0.3])
@pytest.mark.parametrize("far", [1.0, 0.2])
def test_further_expiries_are_charged_for_their_own_confidence(
    world: MarginWorld, expiry: int, near: float, far: float
) -> None:
    """Whether or not the spot is read again for the second one."""
    later = world.expiry(336)
    world.set_quote(1, expiry, Quote(1_500, 1_505, 0.8, confidence=near))
    world.set_quote(1, later, Quote(1_500, 1_512, 0.9, confidence=far))
    legs = word(call(expiry, 1_500), -1), word(put(later, 1_400), -1)
    apart = [world.assess(leg).initial for leg in legs]
    assert world.assess(*legs).initial == world.assess(*legs[::-1]).initial == sum(apart)


def test_underlyings_may_stand_in_any_order(world: MarginWorld, expiry: int) -> None:
    """Four expiries of two underlyings, each netted, however the words come."""
    later = world.expiry(336)
    world.set_rules(2)
    legs = []
    for underlying in (1, 2):
        for when in (expiry, later):
            world.set_quote(underlying, when, Quote(1_500, 1_505, 0.8))
            legs += [
                word(call(when, 1_500, underlying), -1),
                word(call(when, 1_510, underlying), 1),
                word(put(when, 20, underlying), -1),
            ]
    rng = random.Random(3)
    for _ in range(12):
        rng.shuffle(legs)
        health = world.assess(*legs)
        # At zero the put loses 20; above 1,510 the spread 10.
        assert (health.initial, health.maintenance) == (-4 * 20 * WAD, -4 * 20 * WAD)


def test_excess_is_told_without_a_price_when_it_is_ample(world: MarginWorld, expiry: int) -> None:
    """A bound: at most what it is, at least what the shorts need at the money."""
    legs = [word(call(expiry, 1_900), -1), word(put(expiry, 1_100), -1)]
    cash = 10_000 * WAD
    bound, _ = world.engine.excess(cash, [], legs)
    exact = world.engine.assess(cash, [], legs).initial
    assert exact - 2 * 1_505 * WAD // 5 < bound < exact


def test_a_bound_that_just_fits_is_told(world: MarginWorld, expiry: int) -> None:
    """One wei less, and the margin is worked out."""
    legs = [word(call(expiry, 1_900), -1), word(put(expiry, 1_100), -1)]
    cash = 10_000 * WAD
    need = cash - world.engine.excess(cash, [], legs)[0]
    assert tuple(world.engine.excess(need, [], legs)) == (0, True)
    exact = world.engine.assess(need - 1, [], legs).initial
    assert tuple(world.engine.excess(need - 1, [], legs)) == (exact, True)
    assert exact > WAD


def test_smile_prices_each_strike(world: MarginWorld, expiry: int) -> None:
    smile = Smile(0.004, 0.05, -0.6, -0.05, 0.1)
    quote = Quote(1_500, 1_505, 0.8, smile=smile, tenor=200 * 3_600)
    world.set_quote(1, expiry, quote)
    for series in (call, put):
        for strike in (700, 1_400, 1_505, 1_600, 3_000):
            for quantity in (-2, 2):
                position = Position(series(expiry, strike), quantity)
                health = world.assess(word(position.series, quantity))
                expected = world.expected([position])
                assert health.equity / WAD == pytest.approx(expected.equity, rel=1e-9, abs=1e-9)
                assert health.initial / WAD == pytest.approx(expected.initial, rel=1e-9, abs=1e-9)


def test_bound_holds_where_the_factor_of_puts_is_what_counts(
    world: MarginWorld, expiry: int
) -> None:
    """Twice the maintenance margin of a far put is more than the share of spot."""
    world.set_rules(1, Rules(initial=0.1, maintenance=0.1, put_initial=2))
    leg = word(put(expiry, 300), -1)
    assert world.assess(leg, cash=10_000 * WAD).initial / WAD == pytest.approx(9_700)
    leg = word(put(expiry, 900), -1)
    assert world.assess(leg, cash=10_000 * WAD).initial / WAD == pytest.approx(9_700, abs=0.1)
