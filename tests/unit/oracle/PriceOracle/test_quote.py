"""What is served, and that nothing a source does can stop it."""

from typing import Any

import boa
import pytest

from novate.gas import fresh_transaction
from novate.reference import oracle as model

WAD = 10**18
SPOT, VOLATILITY, MAX_AGE, SPX = 2_700 * 10**8, 20 * 10**6, 3_600, 1
UNIT = 10**10
REVERTING, GAS_BURNING, HUGE_RETURN, SHORT_RETURN, NO_RETURN = range(1, 6)
# What is wrong with a source, and why a price is not served.
UNAVAILABLE, DECIMALS_CHANGED, FROM_THE_FUTURE, INCOMPLETE, OUT_OF_RANGE = range(1, 6)
BELOW_QUORUM = 2


def _now() -> int:
    return int(boa.env.evm.patch.timestamp)


def _flat(
    spot: int = 2_700 * WAD, *, confidence: int = WAD, fresh: bool = True, fixed: int = 0
) -> tuple[Any, ...]:
    """The quote without surface: no carry, one volatility for all strikes."""
    return (spot, fixed or spot, fixed, WAD // 5, 0, 0, WAD, confidence, fresh)


def test_fresh_figures_in_wad(desk: Any) -> None:
    expiry = _now() + 86_400
    assert desk.oracle.quote(SPX, expiry) == _flat()
    assert desk.oracle.spot(SPX) == (2_700 * WAD, True)
    assert desk.oracle.price(SPX) == (2_700 * WAD, WAD, _now())


def test_unlisted_underlying_is_all_zero(desk: Any) -> None:
    for underlying in (0, 2, 2**16 + SPX, 2**255 + SPX, 2**256 - 1):
        assert desk.oracle.quote(underlying, 2**256 - 1) == (0,) * 8 + (False,)
        assert desk.oracle.spot(underlying) == (0, False)
        assert desk.oracle.fixing(underlying, 0) == 0


def test_reverts_underlying_not_listed(desk: Any) -> None:
    for call in (
        lambda: desk.oracle.price(2),
        lambda: desk.oracle.poke(2),
        lambda: desk.fix(2, 0, 1),
        lambda: desk.oracle.settled_since(2),
        lambda: desk.round_at(2, 0),
    ):
        with boa.reverts("oracle: underlying not listed"):
            call()


@pytest.mark.parametrize("age", [0, MAX_AGE, MAX_AGE + 1, 2 * MAX_AGE, 10**7])
def test_confidence_falls_with_age_past_the_limit(desk: Any, age: int) -> None:
    boa.env.time_travel(seconds=age)
    desk.volatility.push(VOLATILITY, sender=desk.reporter)
    quote = desk.oracle.quote(SPX, _now() + 1)
    fresh = age <= MAX_AGE
    assert quote == _flat(confidence=WAD if fresh else WAD * MAX_AGE // age, fresh=fresh)
    assert desk.oracle.spot(SPX) == (2_700 * WAD, fresh)


def test_stale_volatility_alone_spoils_the_quote_but_not_the_spot(desk: Any) -> None:
    boa.env.time_travel(seconds=2 * MAX_AGE)
    desk.spot.push(SPOT, sender=desk.reporter)
    quote = desk.oracle.quote(SPX, _now() + 1)
    assert (quote.fresh, quote.confidence) == (False, WAD // 2)
    assert desk.oracle.spot(SPX) == (2_700 * WAD, True)


@pytest.mark.parametrize("limit", [61, 3_599, 604_799])
def test_stale_volatility_counts_from_the_second_after_its_age(desk: Any, limit: int) -> None:
    """Ages that a rounding to even seconds or to minutes would change."""
    desk.oracle.list_underlying(
        2, desk.spot.address, desk.volatility.address, limit, sender=desk.owner
    )
    for age, confidence in ((limit, WAD), (limit + 1, WAD * limit // (limit + 1))):
        boa.env.time_travel(seconds=age - (_now() - desk.volatility.latestRoundData()[3]))
        desk.spot.push(SPOT, sender=desk.reporter)
        assert desk.oracle.quote(2, 0).confidence == confidence


def test_reverts_stale_price(desk: Any) -> None:
    boa.env.time_travel(seconds=MAX_AGE)
    desk.oracle.price(SPX)
    boa.env.time_travel(seconds=1)
    with boa.reverts("oracle: stale price"):
        desk.oracle.price(SPX)


# answer, time of it from now (None: never), rounds behind, what is wrong
LIES = {
    "negative": (-1, 0, 0, OUT_OF_RANGE),
    "most negative": (-(2**255), 0, 0, OUT_OF_RANGE),
    "zero": (0, 0, 0, OUT_OF_RANGE),
    "too large": (10**20, 0, 0, OUT_OF_RANGE),
    "overflowing in wad": (2**196, 0, 0, OUT_OF_RANGE),
    "largest": (2**255 - 1, 0, 0, OUT_OF_RANGE),
    "never updated": (SPOT, None, 0, INCOMPLETE),
    "carried over": (SPOT, 0, -1, INCOMPLETE),
    "from the future": (SPOT, 1, 0, FROM_THE_FUTURE),
    "from far in the future": (SPOT, 2**250, 0, FROM_THE_FUTURE),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_and_the_last_observation_served(desk: Any, lie: str) -> None:
    answer, ahead, behind, fault = LIES[lie]
    source = desk.lying()
    underlying = desk.list_with(source)
    boa.env.time_travel(seconds=60)
    updated = 0 if ahead is None else _now() + ahead
    source.set_round(2, answer, updated, 2 + behind)
    source.set_latest(2)
    assert desk.oracle.spot(underlying) == (2_700 * WAD, False)
    quote = desk.oracle.quote(underlying, 0)
    assert (quote.spot, quote.confidence, quote.fresh) == (2_700 * WAD, WAD, False)
    with boa.reverts("oracle: below quorum"):
        desk.oracle.price(underlying)
    assert desk.oracle.status(underlying) == (BELOW_QUORUM, 2_700 * WAD, WAD, _now() - 60)
    assert desk.lens.sources_of(underlying)[1] == [fault]
    assert desk.oracle.poke(underlying) == BELOW_QUORUM
    (event,) = desk.oracle.get_logs()
    assert (type(event).__name__, event.fault) == ("BreakerTripped", BELOW_QUORUM)


def test_largest_price_is_accepted(desk: Any) -> None:
    source = desk.lying()
    underlying = desk.list_with(source)
    source.say(10**20 - 1, _now())
    assert desk.oracle.spot(underlying) == (10**30 - 10**10, True)


@pytest.mark.parametrize(
    "percent, counts", [(1, False), (1.01, True), (499.99, True), (500, False)]
)
def test_volatility_counts_between_1_and_500_percent(
    desk: Any, percent: float, counts: bool
) -> None:
    desk.volatility.push(round(percent * 10**6), sender=desk.reporter)
    quote = desk.oracle.quote(SPX, 0)
    assert quote.fresh is counts
    assert quote.volatility == (round(percent * 100) * 10**14 if counts else WAD // 5)


def test_changed_decimals_are_noticed(desk: Any) -> None:
    source = desk.lying()
    underlying = desk.list_with(source)
    source.set_decimals(6)
    source.say(SPOT, _now())
    assert desk.oracle.spot(underlying) == (2_700 * WAD, False)
    with boa.reverts("oracle: below quorum"):
        desk.oracle.price(underlying)
    assert desk.lens.sources_of(underlying)[1] == [DECIMALS_CHANGED]


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize("mode", [REVERTING, GAS_BURNING, HUGE_RETURN, SHORT_RETURN, NO_RETURN])
def test_no_misbehaviour_of_a_source_stops_a_quote(desk: Any, mode: int, thorough: bool) -> None:
    source = desk.hostile()
    underlying = desk.list_with(source)
    source.misbehave(mode, thorough)
    with fresh_transaction():
        quote = desk.oracle.quote(underlying, _now() + 1, gas=1_000_000)
    assert desk.oracle._computation.get_gas_used() < 450_000
    assert quote == _flat(fresh=False)
    assert desk.oracle.spot(underlying, gas=1_000_000) == (2_700 * WAD, False)
    with boa.reverts("oracle: below quorum"):
        desk.oracle.price(underlying)
    wrong = UNAVAILABLE
    if mode == HUGE_RETURN:
        # All zeros: decimals that differ, or a round that was never completed.
        wrong = DECIMALS_CHANGED if thorough else INCOMPLETE
    assert desk.lens.sources_of(underlying)[1] == [wrong]


def test_a_source_that_returns_ten_megabytes(desk: Any) -> None:
    """Its memory alone would cost 200 million gas, so it burns what it was given."""
    source = desk.lying()
    underlying = desk.list_with(source)
    # PUSH3 10,000,000, PUSH0, RETURN.
    boa.env.set_code(source.address, bytes.fromhex("629896805ff3"))
    with fresh_transaction():
        assert desk.oracle.spot(underlying, gas=1_000_000) == (2_700 * WAD, False)
    assert desk.oracle._computation.get_gas_used() < 450_000
    assert desk.lens.sources_of(underlying)[1] == [UNAVAILABLE]


@pytest.mark.parametrize("mode", [REVERTING, GAS_BURNING, HUGE_RETURN, SHORT_RETURN])
def test_no_misbehaviour_of_a_volatility_source_stops_a_quote(desk: Any, mode: int) -> None:
    source = desk.hostile(VOLATILITY)
    desk.oracle.set_volatility_source(SPX, source.address, MAX_AGE, sender=desk.owner)
    source.misbehave(mode, True)
    assert desk.oracle.quote(SPX, 0) == _flat(fresh=False)


def test_source_that_vanished_is_unavailable(desk: Any) -> None:
    source = desk.lying()
    underlying = desk.list_with(source)
    boa.env.set_code(source.address, b"")
    assert desk.oracle.spot(underlying) == (2_700 * WAD, False)
    assert desk.lens.sources_of(underlying)[1] == [UNAVAILABLE]


def test_reverts_too_little_gas(desk: Any) -> None:
    """A caller must not starve a good source to have the stored price served instead."""
    outcomes = set()
    for gas in range(4_000, 24_000, 500):
        with boa.env.anchor(), fresh_transaction():
            try:
                value, fresh = desk.oracle.spot(SPX, gas=gas)
            except boa.BoaError:
                outcomes.add("refused")
            else:
                assert (value, fresh) == (2_700 * WAD, True)
                outcomes.add("served")
    assert outcomes == {"refused", "served"}
    source = desk.hostile()
    underlying = desk.list_with(source)
    source.misbehave(REVERTING, True)
    with boa.reverts("oracle: too little gas"):
        desk.oracle.spot(underlying, gas=90_000)


def test_forward_is_the_fixing_once_there_is_one(desk: Any) -> None:
    expiry = _now() // 3_600 * 3_600 + 3_600
    desk.push()
    boa.env.time_travel(seconds=expiry - _now() - 1_800)
    desk.push(SPOT)
    boa.env.time_travel(seconds=1_800)
    desk.push(2 * SPOT)
    assert desk.oracle.quote(SPX, expiry).forward == 5_400 * WAD
    desk.fix(SPX, expiry, desk.round_at(SPX, expiry - 1_800))
    assert desk.oracle.quote(SPX, expiry) == _flat(5_400 * WAD, fixed=2_700 * WAD)
    assert desk.oracle.quote(SPX, expiry + 3_600)[:2] == (5_400 * WAD, 5_400 * WAD)


def test_equal_to_the_reference_model(desk: Any) -> None:
    source = desk.lying()
    underlying = desk.list_with(source)
    stored, start = (2_700 * WAD, _now()), _now()
    boa.env.time_travel(seconds=5_000)
    for answer in (-1, 0, 1, SPOT, 10**20, 10**20 + 1):
        # The second as old as what is stored, which then stays.
        for updated in (0, start, _now() - MAX_AGE, _now() - MAX_AGE - 1, _now(), _now() + 1):
            for answered in (1, 2, 3):
                source.set_round(2, answer, updated, answered)
                source.set_latest(2)
                expected = model.figure(
                    model.Round(answer, updated, answered),
                    2,
                    now=_now(),
                    max_age=MAX_AGE,
                    scale=UNIT,
                    bounds=model.SPOT_BOUNDS,
                    stored=stored,
                )
                desk.volatility.push(VOLATILITY, sender=desk.reporter)
                quote = desk.oracle.quote(underlying, 2**255)
                got = model.Figure(quote.spot, quote.confidence, quote.fresh)
                assert got == expected, (answer, updated, answered)
