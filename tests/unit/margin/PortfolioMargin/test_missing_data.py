"""The engine is total: what is not known counts against the account, and nothing reverts."""

import boa
import pytest
from eth.exceptions import Revert

from novate.reference.margin import Position, Quote
from novate.series import DAY, HOUR, WAD, Series, pack
from tests.margin_world import NOBODY, holding, wad
from tests.portfolio_world import PortfolioWorld

MAX_PRICE = 2**125 - 1
HUGE = 2**95 - 1


@pytest.fixture(scope="module")
def world() -> PortfolioWorld:
    world = PortfolioWorld()
    world.set_rules(1)
    world.set_quote(1, world.expiry(170), Quote(100.0, 100.0, 0.5))
    return world


def option(world, strike=100, is_put=False, quantity=-1.0, hours=170, underlying=1, **barrier):
    series = Series(underlying, world.expiry(hours), wad(strike), is_put, **barrier)
    return Position(series, quantity)


def test_account_without_anything(world):
    health = world.assess([], 5)
    assert (health.equity, health.initial, health.maintenance) == (5 * WAD,) * 3
    assert health.fresh


def test_unseen_market(world):
    """No quote: a short call costs any price, a short put its strike, a long counts nothing."""
    held = [option(world, is_put=True, hours=171), option(world, quantity=1, hours=171)]
    health = world.assess(held)
    assert (health.equity, health.initial, health.maintenance) == (-100 * WAD - 1,) * 3
    assert not health.fresh
    assert world.assess([option(world, hours=171)]).initial <= -MAX_PRICE


def test_market_never_set(world):
    world.set_quote(3, world.expiry(170), Quote(100.0, 100.0, 0.5))
    health = world.assess([option(world, is_put=True, underlying=3)])
    assert health.initial == -100 * WAD - 1 and not health.fresh


@pytest.mark.parametrize(
    "quote", [Quote(0, 100, 0.5), Quote(100, 0, 0.5), Quote(100, 100, 0)], ids=str
)
def test_figure_missing(world, quote):
    world.set_quote(1, world.expiry(170), quote)
    health = world.assess([option(world, is_put=True)])
    assert health.initial == pytest.approx(-100 * WAD, abs=8) and not health.fresh


def test_stale_quote_is_told(world):
    world.set_quote(1, world.expiry(170), Quote(100.0, 100.0, 0.5, fresh=False))
    assert not world.assess([option(world)]).fresh


def test_expired_counts_at_the_fixing_or_losses_at_spot(world):
    with boa.env.anchor():
        boa.env.timestamp += 171 * HOUR
        world.oracle.set_spot(1, wad(130), True)
        short, long = option(world, 100), option(world, 120, quantity=1)
        assert world.assess([short]).initial == -30 * WAD
        waiting = world.assess([long])
        assert waiting.equity == 10 * WAD and waiting.initial == 0
        assert world.assess([short, long]).initial == -20 * WAD
        world.oracle.set_fixing(1, world.expiry(170), wad(125))
        assert world.assess([long]).initial == 5 * WAD
        world.oracle.set_fixing(1, world.expiry(170), 0)
        world.oracle.set_spot(1, 0, False)
        assert world.assess([long]).equity == 0
        assert world.assess([option(world, is_put=True)]).equity == -100 * WAD - 1


BARRIERS = [
    (knocks_in, state, expired)
    for knocks_in in (False, True)
    for state in (0, 1, 2)
    for expired in (False, True)
]


@pytest.mark.parametrize("knocks_in,state,expired", BARRIERS)
def test_barrier(world, knocks_in, state, expired):
    """Open, the worse of touched and not; decided, an option without barrier or nothing."""
    kind = {"barrier": wad(130), "is_up": True, "knocks_in": knocks_in}
    short, long = (option(world, 90, quantity=q, **kind) for q in (-1, 1))
    plain_short, plain_long = (option(world, 90, quantity=q) for q in (-1, 1))
    for one in (short, long):
        world.oracle.set_knocked(one.series.code, state)
    with boa.env.anchor():
        if expired:
            boa.env.timestamp += 171 * HOUR
            world.oracle.set_fixing(1, world.expiry(170), wad(100))
        decided = state == 1 or (state == 2 and expired)
        lives = knocks_in == (state == 1)
        nothing = world.assess([])
        figures = [world.assess([one])[:3] for one in (short, long)]
        plain = [world.assess([one])[:3] for one in (plain_short, plain_long)]
        if not decided:
            assert figures[0] == plain[0]
            assert max(figures[1]) <= 0
        elif lives:
            assert figures == plain
        else:
            assert (
                max(abs(x - y) for f in figures for x, y in zip(f, nothing[:3], strict=True)) <= 8
            )


def test_knock_out_near_its_barrier_is_no_hedge(world):
    """A long knock-out beside the short option that it would cover, near the barrier."""
    out = option(world, 90, quantity=1, barrier=wad(101), is_up=True)
    naked = world.assess([option(world, 90)])
    assert world.assess([option(world, 90), out]).initial <= naked.initial


@pytest.mark.parametrize("price", [1, 10**30, 2**128 - 1, 2**255])
@pytest.mark.parametrize("volatility", [1, WAD, 2**70, 2**255])
def test_absurd_quotes_do_not_revert(world, price, volatility):
    expiry = world.expiry(170)
    world.oracle.set_quote(1, expiry, price, price, volatility, 0, True)
    words = [
        pack(Series(1, expiry, k, put).code, q)
        for k in (10**10, wad(100), (2**56 - 1) * 10**10)
        for put in (False, True)
        for q in (HUGE, -HUGE)
    ]
    world.settings.set_collateral(1, 1, WAD, WAD, NOBODY, sender=world.owner)
    for chosen in (words, words[::2], words[1::2], words[:1] * 128, words[1:2] * 128):
        health = world.engine.assess(-(2**120), [holding(1, 10**15)], chosen)
        assert health.initial <= health.maintenance


def test_first_and_last_seconds(world):
    """Any time to expiry, the longest and the last second, with a smile and without."""
    for hours in (1, 24 * 365 * 100):
        expiry = world.expiry(hours)
        if expiry <= world.now:
            expiry += HOUR
        for word in (0, world.smiles.pack(10**15, 10**16, 0, 0, 10**17)):
            world.oracle.set_quote(1, expiry, wad(100), wad(100), wad("0.5"), WAD, True)
            world.oracle.set_smile(1, expiry, word, 0)
            word_held = pack(Series(1, expiry, wad(100), False).code, -WAD)
            assert world.engine.assess(0, [], [word_held]).initial < 0
    assert DAY == 24 * HOUR


def test_only_the_settings_contract_answers_else(world):
    with pytest.raises(Revert):
        boa.env.raw_call(world.engine.address, data=b"\x12\x34\x56\x78")
