"""Series with a barrier: never looked at as safer than what can still happen."""

from dataclasses import replace

import pytest

from novate.reference.margin import TOUCHED, UNTOUCHED, Quote
from novate.series import WAD, Series
from tests.margin_world import MarginWorld, call, put, wad, word

UNKNOWN = 0


def barrier(
    expiry: int, *, knocks_in: bool, strike: float = 1_500, is_put: bool = False, at: float = 1_600
) -> Series:
    return Series(
        1, expiry, wad(strike), is_put, barrier=wad(at), is_up=at > 1_500, knocks_in=knocks_in
    )


@pytest.mark.parametrize("is_put", [False, True])
@pytest.mark.parametrize("knocks_in", [False, True])
@pytest.mark.parametrize("state", [UNKNOWN, TOUCHED, UNTOUCHED])
@pytest.mark.parametrize("quantity", [-2, 2])
@pytest.mark.parametrize("expired", [False, True])
def test_every_state(
    world: MarginWorld,
    expiry: int,
    is_put: bool,
    knocks_in: bool,
    state: int,
    quantity: int,
    expired: bool,
) -> None:
    series = barrier(expiry, knocks_in=knocks_in, is_put=is_put, strike=1_500.00000001)
    plain = replace(series, barrier=0, is_up=False, knocks_in=False)
    if expired:
        world.travel(expiry - world.now)
        world.set_fixing(1, expiry, 1_450 if is_put else 1_550)
    world.set_knocked(series, state)
    if state == UNKNOWN:
        counts = quantity < 0
    else:
        counts = knocks_in == (state == TOUCHED)
    health = world.assess(word(series, quantity))
    if counts:
        assert health == world.assess(word(plain, quantity))
        assert health.equity != 0
    else:
        assert tuple(health) == (0, 0, 0, True)


@pytest.mark.parametrize("distance", [100, 1, 0.01, -1])
def test_knock_out_near_its_barrier_does_not_look_safe(
    world: MarginWorld, expiry: int, distance: float
) -> None:
    """Its model value falls to nothing at the barrier: a short still needs all of the call, and a
    long eases nothing, however near spot is."""
    knock_out = barrier(expiry, knocks_in=False, at=1_500 + distance + 200)
    world.set_quote(1, expiry, Quote(1_700, 1_700, 0.8))
    short = world.assess(word(knock_out, -1))
    assert short == world.assess(word(call(expiry, 1_500), -1))
    covered = world.assess(word(call(expiry, 1_500), -1), word(knock_out, 1))
    assert covered == short


def test_in_and_out_together_are_no_hedge_until_one_of_them_is_gone(
    world: MarginWorld, expiry: int
) -> None:
    """They are worth the plain call, but margin counts each by itself, on the safe side."""
    knock_in, knock_out = (barrier(expiry, knocks_in=k) for k in (True, False))
    legs = word(call(expiry, 1_500), -1), word(knock_in, 1), word(knock_out, 1)
    assert world.assess(*legs) == world.assess(legs[0])
    for series in (knock_in, knock_out):
        world.set_knocked(series, TOUCHED)
    assert world.assess(*legs).maintenance == 0


@pytest.mark.parametrize("state", [UNKNOWN, TOUCHED])
def test_what_is_gone_leaves_no_trace(world: MarginWorld, expiry: int, state: int) -> None:
    """A dead strike far above would lower the payoff of a short call there."""
    gone = barrier(expiry, knocks_in=False, strike=90_000, at=1_800)
    world.set_knocked(gone, state)
    legs = [word(call(expiry, 1_500), -1), word(put(expiry, 1_400), -2)]
    assert world.assess(*legs, word(gone, 7)) == world.assess(*legs)
    assert world.assess(word(gone, 7), *legs) == world.assess(*legs)
    # And opens no market of its own: one that was never quoted.
    elsewhere = replace(gone, underlying=5)
    world.set_knocked(elsewhere, state)
    assert world.assess(word(elsewhere, 7), *legs) == world.assess(*legs)


def test_touched_short_owes_what_the_plain_option_does(world: MarginWorld, expiry: int) -> None:
    series = barrier(expiry, knocks_in=True)
    hedge = word(call(expiry, 1_530), 1)
    world.set_knocked(series, TOUCHED)
    health = world.assess(word(series, -1), hedge)
    assert (health.initial, health.maintenance) == (-30 * WAD, -30 * WAD)
