"""The view is total: it answers for expired options and for markets that say nothing."""

from dataclasses import replace

import pytest

from novate.reference.margin import Quote, Smile
from novate.series import MAX_QUANTITY, WAD, Series, pack
from tests.margin_world import MarginWorld, call, put, wad, word

FAR_BELOW = -(10**30) * WAD


def test_expired_counts_what_it_pays_at_the_fixing(world: MarginWorld, expiry: int) -> None:
    world.travel(expiry - world.now)
    world.set_fixing(1, expiry, 1_600)
    world.set_spot(1, 5_000, fresh=False)
    legs = word(call(expiry, 1_500), 3), word(put(expiry, 1_650), -1)
    assert tuple(world.assess(*legs)) == (250 * WAD, 250 * WAD, 250 * WAD, True)


def test_expired_without_fixing_counts_at_spot_but_backs_nothing(
    world: MarginWorld, expiry: int
) -> None:
    world.travel(expiry - world.now)
    world.set_spot(1, 1_600)
    long, short = word(call(expiry, 1_500), 3), word(put(expiry, 1_700), -1)
    assert tuple(world.assess(long, short)) == (200 * WAD, 0, 0, True)
    assert tuple(world.assess(short)) == (-100 * WAD, -100 * WAD, -100 * WAD, True)
    world.set_spot(1, 1_600, fresh=False)
    assert not world.assess(short).fresh


def test_expired_counts_at_the_measured_average_before_the_fixing(
    world: MarginWorld, expiry: int
) -> None:
    """All of the settlement average is known; it may still be disputed, so it backs nothing."""
    world.travel(expiry - world.now)
    world.set_quote(1, expiry, Quote(1_700, 1_600, 0.8, fixed=1_600, fresh=False))
    long, short = word(call(expiry, 1_500), 3), word(put(expiry, 1_700), -1)
    assert tuple(world.assess(long, short)) == (200 * WAD, 0, 0, True)
    # An average in part is none.
    world.set_quote(1, expiry, Quote(1_700, 1_600, 0.8, fixed=800))
    assert tuple(world.assess(long)) == (600 * WAD, 0, 0, True)


def test_expired_without_any_price_is_at_its_worst(world: MarginWorld, expiry: int) -> None:
    world.travel(expiry - world.now)
    world.set_spot(1, 0)
    assert tuple(world.assess(word(put(expiry, 1_500), -2))) == (*[-3_000 * WAD] * 3, False)
    # A call is taken at the largest price that counts.
    lost = 1_500 * WAD - (2**128 - 1)
    assert tuple(world.assess(word(call(expiry, 1_500), -1))) == (lost, lost, lost, False)
    assert tuple(world.assess(word(put(expiry, 1_500), 2))) == (0, 0, 0, False)


def test_expired_long_with_barrier_counts_for_nothing(world: MarginWorld, expiry: int) -> None:
    world.travel(expiry - world.now)
    world.set_fixing(1, expiry, 1_600)
    knock_out = Series(1, expiry, wad(1_500), False, barrier=wad(1_700), is_up=True)
    assert tuple(world.assess(word(knock_out, 1))) == (0, 0, 0, True)
    assert world.assess(word(knock_out, -1)).initial == -100 * WAD


def test_one_second_before_expiry_is_still_an_option(world: MarginWorld, expiry: int) -> None:
    world.travel(expiry - world.now - 1)
    health = world.assess(word(call(expiry, 1_505), -1))
    assert 0 < -health.equity < WAD
    assert health.maintenance < -112 * WAD


@pytest.mark.parametrize("quote", [Quote(0, 1_500, 0.8), Quote(1_500, 0, 0.8), Quote(0, 0, 0)])
def test_price_never_seen_leaves_the_worst_payoff(
    world: MarginWorld, expiry: int, quote: Quote
) -> None:
    world.set_quote(1, expiry, quote)
    assert world.assess(word(call(expiry, 1_500), -1)).maintenance < -(10**20) * WAD
    put_alone = world.assess(word(put(expiry, 1_500), -1))
    assert (put_alone.equity, put_alone.maintenance) == (-1_500 * WAD, -1_500 * WAD)
    # A spread loses its width whatever the price.
    spread = world.assess(word(call(expiry, 1_500), -1), word(call(expiry, 1_530), 1))
    assert (spread.equity, spread.maintenance, spread.fresh) == (-30 * WAD, -30 * WAD, False)
    assert world.assess(word(call(expiry, 1_500), 1)).equity == 0


def test_volatility_never_seen_prices_shorts_at_their_bound(
    world: MarginWorld, expiry: int
) -> None:
    world.set_quote(1, expiry, Quote(1_500, 1_505, 0))
    health = world.assess(word(call(expiry, 1_500), -1))
    assert (health.maintenance, health.initial, health.fresh) == (
        -(1_505 * WAD + 1 + wad(112.5)),
        -(1_505 * WAD + 1 + wad(225)),
        False,
    )


def test_market_never_set_is_charged_the_strictest_figures(world: MarginWorld, expiry: int) -> None:
    world.set_quote(7, expiry, Quote(1_500, 1_505, 0.8))
    health = world.assess(word(put(expiry, 1_500, underlying=7), -1))
    assert health.maintenance == -1_500 * WAD
    assert not health.fresh


def test_a_call_of_a_market_never_set_costs_a_multiple_of_the_largest_price(
    world: MarginWorld, expiry: int
) -> None:
    """Worth the price and a wei; as much again for maintenance, twice that for no confidence."""
    largest = 2**128 - 1
    world.set_quote(7, expiry, Quote(1_500, 1_505, 0.8))
    health = world.engine.assess(0, [], [word(call(expiry, 1_500, underlying=7), -1)])
    assert health.maintenance == -(2 * largest + 1)
    assert health.initial == -(4 * largest + 1)


def test_each_figure_of_a_market_never_set_is_the_strictest(
    world: MarginWorld, expiry: int
) -> None:
    largest, strike = 2**128 - 1, 1_500 * WAD
    world.set_quote(7, expiry, Quote(1_500, 1_505, 0.8))
    short_call, short_put = (word(one(expiry, 1_500, 7), -1) for one in (call, put))
    health = world.engine.assess(0, [], [short_call, short_put])
    # The put needs twice its mark, its strike and a wei, with all of the price; each short twice
    # the price for want of confidence.
    assert health.initial == -(2 * largest + 1 + 2 * (strike + 1 + largest) + 4 * largest)
    assert health.maintenance == -(2 * largest + 1 + strike + 1 + largest)
    # Of three and of nine calls all but one are covered; that one costs five times the price.
    for size in (3, 9):
        legs = [word(call(expiry, 1_500, 7), quantity) for quantity in (-size, size - 1)]
        health = world.engine.assess(0, [], legs)
        assert health.initial == -(5 + 2 * size) * largest
        assert health.maintenance == -5 * largest


def test_there_is_no_underlying_without_a_number(world: MarginWorld, expiry: int) -> None:
    world.oracle.set_quote(0, expiry, 1_500 * WAD, 1_505 * WAD, wad(0.8), WAD, True)
    nameless = word(call(expiry, 1_500), -1) - (1 << 240)
    never_set = word(call(expiry, 1_500, 7), -1)
    assert world.assess(nameless) == world.assess(never_set)


@pytest.mark.parametrize("beyond", [0, 1, 2, 2**130])
def test_a_price_counts_up_to_the_largest(world: MarginWorld, expiry: int, beyond: int) -> None:
    """Without a volatility a call is worth the forward, and a wei."""
    largest = 2**128 - 1
    price = largest + beyond
    world.oracle.set_quote(1, expiry, price, price, 0, WAD, True)
    health = world.engine.assess(0, [], [word(call(expiry, 1_500), -1)])
    # 7.5 % of spot for maintenance, 15 % for initial margin, rounded up.
    shares = [-(-largest * points // 10_000) for points in (750, 1_500)]
    assert health.maintenance == -(largest + 1 + shares[0])
    assert health.initial == -(largest + 1 + shares[1])


def test_largest_figures_do_not_overflow(world: MarginWorld, expiry: int) -> None:
    biggest = 2**256 - 1
    world.oracle.set_quote(1, expiry, biggest, biggest, biggest, 0, True)
    strikes = [Series(1, expiry, (2**56 - 1 - i) * 10**10, i % 2 == 1) for i in range(128)]
    for sign in (-1, 1):
        words = [pack(s.code, sign * MAX_QUANTITY) for s in strikes]
        health = world.assess(*words)
        assert (health.initial < FAR_BELOW) == (sign < 0)
        assert health.initial <= health.maintenance
    mixed = [pack(s.code, MAX_QUANTITY * (1 if i % 4 < 2 else -1)) for i, s in enumerate(strikes)]
    assert world.assess(*mixed).initial < 0


def test_smallest_figures_do_not_underflow(world: MarginWorld, expiry: int) -> None:
    world.oracle.set_quote(1, expiry, 1, 1, 1, 1, True)
    health = world.assess(word(call(expiry, 1e-8), -1), word(put(expiry, 1e-8), -1))
    assert -WAD < health.initial <= health.maintenance < 0


def test_extreme_smiles_do_not_overflow(world: MarginWorld, expiry: int) -> None:
    """Any word in the smile, any tenor, and strikes from 1e-8 to 720 million."""
    quote = world.view.quotes[1, expiry]
    legs = [
        word(series(expiry, strike), quantity)
        for series in (call, put)
        for strike in (1e-8, 1, 1_505, 10**6, 720_575_940)
        for quantity in (-3, 1)
    ]
    for smile in (Smile(0.01, 1, -0.9, 14, 29), Smile(254, 2, 0, -14, 1e-6)):
        for tenor in (0, 1, 2**33):
            world.set_quote(1, expiry, replace(quote, smile=smile, tenor=tenor))
            health = world.assess(*legs)
            assert FAR_BELOW < health.initial <= health.maintenance < 0
    world.oracle.set_smile(1, expiry, 2**256 - 1, 2**256 - 1)
    assert world.assess(*legs).initial < 0
