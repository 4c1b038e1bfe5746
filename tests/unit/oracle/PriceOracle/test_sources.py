"""Listing, replacing and tuning of sources: the owner, within bounds."""

from typing import Any

import boa
import pytest

from novate.engine.cache import load
from novate.reference import oracle as model

WAD = 10**18
SPOT, VOLATILITY, MAX_AGE, SPX = 2_700 * 10**8, 20 * 10**6, 3_600, 1
DAY = 86_400
NOBODY = "0x" + "00" * 20
ANY = (0, 10**30)


def _now() -> int:
    return int(boa.env.evm.patch.timestamp)


def _list(desk: Any, underlying: int, spot: Any, volatility: Any, max_age: int = MAX_AGE) -> None:
    desk.oracle.list_underlying(
        underlying, spot.address, volatility.address, max_age, sender=desk.owner
    )


def _set_volatility(desk: Any, source: Any, max_age: int = MAX_AGE) -> None:
    desk.oracle.set_volatility_source(SPX, source.address, max_age, sender=desk.owner)


def test_listing_is_logged_and_stores_an_observation(desk: Any) -> None:
    _list(desk, 2, desk.spot, desk.volatility)
    observed, listed = desk.oracle.get_logs()
    assert type(observed).__name__ == "Observed"
    assert (observed.underlying, observed.spot, observed.volatility) == (2, 2_700 * WAD, WAD // 5)
    assert (observed.spot_time, observed.volatility_time) == (_now(), _now())
    assert type(listed).__name__ == "UnderlyingListed"
    assert listed.spot_source == desk.spot.address
    assert listed.volatility_source == desk.volatility.address
    assert desk.lens.sources_of(2) == ([(desk.spot.address, MAX_AGE, *ANY)], [0])
    rules = desk.lens.rules_of(2)
    assert (rules.quorum, rules.hold, rules.spread, rules.jump) == (1, 0, 500, 5_000)
    assert (rules.volatility_source, rules.volatility_age) == (desk.volatility.address, MAX_AGE)
    assert (rules.surface, rules.calendar, rules.served) == (NOBODY, NOBODY, False)


def test_a_mistake_of_one_decimal_does_not_pass_at_once_after_a_simple_listing(desk: Any) -> None:
    _list(desk, 2, desk.spot, desk.volatility)
    for answer, status in ((SPOT // 10, model.JUMP), (SPOT * 10, model.JUMP), (SPOT // 2, 0)):
        with boa.env.anchor():
            desk.push(answer)
            assert desk.oracle.status(2)[0] == status
    # One that lasts does: half as much again for each minute.
    desk.push(SPOT // 10)
    assert desk.oracle.poke(2) == model.JUMP
    boa.env.time_travel(seconds=900)
    desk.push(SPOT // 10)
    assert desk.oracle.poke(2) == model.SERVED


@pytest.mark.parametrize("decimals", [0, 2, 6, 8, 18])
def test_decimals_of_a_source_are_its_own(desk: Any, decimals: int) -> None:
    source = desk.lying(2_700 * 10**decimals, decimals)
    assert desk.oracle.spot(desk.list_with(source)) == (2_700 * WAD, True)


@pytest.mark.parametrize("decimals", [19, 32 + 8, 255])
def test_reverts_too_many_decimals(desk: Any, decimals: int) -> None:
    with boa.reverts("oracle: too many decimals"):
        _list(desk, 2, desk.lying(2_700 * 10**19, decimals), desk.volatility)


@pytest.mark.parametrize("underlying", [0, 2**16, 2**255 + 1])
def test_reverts_no_such_underlying(desk: Any, underlying: int) -> None:
    with boa.reverts("oracle: no such underlying"):
        _list(desk, underlying, desk.spot, desk.volatility)
    _list(desk, 2**16 - 1, desk.spot, desk.volatility)


def test_reverts_already_listed(desk: Any) -> None:
    with boa.reverts("oracle: already listed"):
        _list(desk, SPX, desk.spot, desk.volatility)


@pytest.mark.parametrize("max_age", [0, 59, 604_801, 2**20 + 60, 2**255])
def test_reverts_max_age_out_of_range(desk: Any, max_age: int) -> None:
    with boa.reverts("oracle: max age out of range"):
        _list(desk, 2, desk.spot, desk.volatility, max_age)
    with boa.reverts("oracle: max age out of range"):
        _set_volatility(desk, desk.volatility, max_age)


def test_each_source_has_its_own_age(desk: Any) -> None:
    feed = (desk.spot.address, 60, *ANY)
    desk.oracle.set_sources(SPX, [feed], 1, sender=desk.owner)
    _set_volatility(desk, desk.volatility, 604_800)
    boa.env.time_travel(seconds=61)
    assert desk.oracle.spot(SPX) == (2_700 * WAD, False)
    assert desk.oracle.quote(SPX, 0).confidence == WAD * 60 // 61
    assert desk.oracle.term(SPX, 0, WAD).fresh


def test_the_aggregate_is_as_old_as_its_oldest_source_may_be(desk: Any) -> None:
    """Whatever the order in which the sources are named."""
    sources = [desk.lying() for _ in range(3)]
    for ages in ([3_600, 600, 60], [60, 600, 3_600]):
        feeds = [(one.address, age, *ANY) for one, age in zip(sources, ages, strict=True)]
        for one in sources:
            one.say(SPOT, _now())
        desk.oracle.set_sources(SPX, feeds, 2, sender=desk.owner)
        desk.oracle.poke(SPX)
        boa.env.time_travel(seconds=3_590)
        assert desk.oracle.settled_since(SPX) != 2**256 - 1
        boa.env.time_travel(seconds=-3_590)


# -- bounds of a feed: P-12, the feed that stood at its minimum while the market fell --


@pytest.mark.parametrize(
    "answer, counts", [(10**7, False), (10**7 + 1, True), (10**12, False), (10**12 - 1, True)]
)
def test_answer_at_the_bound_of_a_feed_does_not_count(desk: Any, answer: int, counts: bool) -> None:
    source = desk.lying(10**9)
    desk.oracle.list_underlying(
        2, source.address, desk.volatility.address, MAX_AGE, sender=desk.owner
    )
    feed = (source.address, MAX_AGE, WAD // 10, 10_000 * WAD)
    desk.oracle.set_sources(2, [feed], 1, sender=desk.owner)
    desk.oracle.set_limits(2, 0, 500, 0, sender=desk.owner)
    source.say(answer, _now())
    assert desk.oracle.spot(2)[1] is counts
    assert desk.lens.sources_of(2) == ([feed], [0 if counts else 5])


def test_reverts_bounds_out_of_range(desk: Any) -> None:
    for low, high in ((WAD, WAD), (2, 1), (0, 10**30 + 1), (0, 2**256 - 1)):
        with boa.reverts("oracle: bounds out of range"):
            desk.lens.fault_of((desk.spot.address, 60, low, high))


def test_reverts_bound_too_fine(desk: Any) -> None:
    for low, high in ((2**28 + 1, 10**30), (10**17 + 1, 10**30), (0, 10**30 - 1)):
        with boa.reverts("oracle: bound too fine"):
            desk.lens.fault_of((desk.spot.address, 60, low, high))
    for low in (2**28 - 1, (2**28 - 1) * 10**8, 123_456_789 * 10**12, 1):
        assert desk.lens.fault_of((desk.spot.address, 60, low, 10**30)) in (0, 5)


# -- what is refused --


def test_reverts_no_fresh_answer_at_listing(desk: Any) -> None:
    boa.env.time_travel(seconds=MAX_AGE + 1)
    with boa.reverts("oracle: no fresh answer"):
        _list(desk, 2, desk.spot, desk.volatility)
    assert desk.lens.fault_of((desk.spot.address, MAX_AGE, *ANY)) == 6


def test_reverts_source_unavailable_at_listing(desk: Any) -> None:
    for source in (desk.oracle.address, desk.intruder, NOBODY):
        for pair in ((source, desk.volatility.address), (desk.spot.address, source)):
            with boa.reverts("oracle: source unavailable"):
                desk.oracle.list_underlying(2, *pair, MAX_AGE, sender=desk.owner)


def test_reverts_no_round_history(desk: Any) -> None:
    source = desk.lying()
    source.set_round(5, SPOT, _now(), 5)
    source.set_latest(5)
    source.set_round(1, SPOT, 0, 1)
    with boa.reverts("oracle: no round history"):
        _list(desk, 2, source, desk.volatility)


def test_reverts_no_owner() -> None:
    with boa.reverts("oracle: no owner"):
        load("contracts/oracle/PriceOracle.vy").deploy(NOBODY)


def test_reverts_caller_is_not_the_owner(desk: Any) -> None:
    here, there = desk.spot.address, desk.volatility.address
    for call, arguments in (
        (desk.oracle.list_underlying, (2, here, there, MAX_AGE)),
        (desk.oracle.set_sources, (SPX, [(here, MAX_AGE, *ANY)], 1)),
        (desk.oracle.set_volatility_source, (SPX, there, MAX_AGE)),
        (desk.oracle.set_limits, (SPX, 0, 500, 0)),
        (desk.oracle.set_surface, (SPX, there)),
        (desk.oracle.set_calendar, (SPX, there, 0, False)),
        (desk.oracle.link, (here, there)),
        (desk.oracle.transfer_ownership, (desk.intruder,)),
    ):
        with boa.reverts("ownable: caller is not the owner"):
            call(*arguments, sender=desk.intruder)


def test_ownership_moves(desk: Any) -> None:
    successor = boa.env.generate_address("successor")
    desk.oracle.transfer_ownership(successor, sender=desk.owner)
    assert desk.oracle.owner() == successor
    desk.oracle.set_limits(SPX, 0, 500, 0, sender=successor)


def test_limits_within_bounds(desk: Any) -> None:
    desk.oracle.set_limits(SPX, 60, 2_000, 5_000, sender=desk.owner)
    (event,) = desk.oracle.get_logs()
    assert (event.hold, event.spread, event.jump) == (60, 2_000, 5_000)
    rules = desk.lens.rules_of(SPX)
    assert (rules.hold, rules.spread, rules.jump, rules.quorum) == (60, 2_000, 5_000, 1)
    for limits in ((61, 1, 0), (0, 0, 0), (0, 2_001, 0), (0, 1, 5_001)):
        with boa.reverts("oracle: limit out of bounds"):
            desk.oracle.set_limits(SPX, *limits, sender=desk.owner)
    with boa.reverts("oracle: limit out of bounds"):
        desk.oracle.set_calendar(SPX, desk.spot.address, 10_001, False, sender=desk.owner)


# -- replacing --


def test_spot_source_of_other_decimals_takes_over(desk: Any) -> None:
    source = desk.lying(2_750 * 10**18, 18)
    desk.set_sources(SPX, [source], 1)
    event = desk.oracle.get_logs()[-1]
    assert (event.underlying, event.quorum) == (SPX, 1)
    assert event.sources == [(source.address, MAX_AGE, *ANY)]
    assert desk.oracle.price(SPX)[0] == 2_750 * WAD


def test_volatility_source_takes_over(desk: Any) -> None:
    source = desk.lying(30 * 10**4, 6)
    _set_volatility(desk, source, 7_200)
    event = desk.oracle.get_logs()[-1]
    assert (event.source, event.max_age) == (source.address, 7_200)
    assert desk.oracle.quote(SPX, 0).volatility == 3 * WAD // 10


@pytest.mark.parametrize(
    "age, low, high",
    [(0, 2_565, 2_835), (DAY, 2_565, 2_835), (DAY + 1, 1_350, 4_050), (30 * DAY, 1_350, 4_050)],
)
def test_reverts_leap_from_last_price(desk: Any, age: int, low: int, high: int) -> None:
    boa.env.time_travel(seconds=age)
    for answer in (low * 10**8 - 1, high * 10**8 + 1):
        with boa.reverts("oracle: leap from last price"):
            desk.set_sources(SPX, [desk.lying(answer)], 1)
    for answer in (low * 10**8, high * 10**8):
        with boa.env.anchor():
            desk.set_sources(SPX, [desk.lying(answer)], 1)


def test_leap_is_measured_from_what_the_old_sources_say_now(desk: Any) -> None:
    boa.env.time_travel(seconds=1)
    desk.spot.push(2 * SPOT, sender=desk.reporter)
    with boa.reverts("oracle: leap from last price"):
        desk.set_sources(SPX, [desk.lying(SPOT)], 1)
    desk.set_sources(SPX, [desk.lying(2 * SPOT)], 1)


@pytest.mark.parametrize("answer", [10 * 10**6 - 1, 30 * 10**6 + 1])
def test_reverts_leap_of_the_volatility(desk: Any, answer: int) -> None:
    with boa.reverts("oracle: leap from last price"):
        _set_volatility(desk, desk.lying(answer))


def test_a_mistake_of_decimals_never_passes(desk: Any) -> None:
    """P-14: 10 decimals announced as 8, or the reverse."""
    boa.env.time_travel(seconds=300 * DAY)
    for source in (desk.lying(2_700 * 10**10, 8), desk.lying(2_700 * 10**8, 10)):
        with boa.reverts("oracle: leap from last price"):
            desk.set_sources(SPX, [source], 1)


def test_reverts_replaced_too_recently(desk: Any) -> None:
    boa.env.time_travel(seconds=10)
    desk.set_sources(SPX, [desk.lying()], 1)
    # Again in the same hour: no expiry lies between.
    boa.env.time_travel(seconds=3_589)
    desk.set_sources(SPX, [desk.lying()], 1)
    for wait in (1, 3 * DAY - 3_591):
        boa.env.time_travel(seconds=wait)
        with boa.reverts("oracle: replaced too recently"):
            desk.set_sources(SPX, [desk.lying()], 1)
    boa.env.time_travel(seconds=1)
    desk.set_sources(SPX, [desk.lying()], 1)


def test_reverts_no_majority(desk: Any) -> None:
    for count, quorum in ((0, 0), (1, 0), (1, 2), (2, 1), (3, 1), (9, 4), (9, 10)):
        with boa.reverts("oracle: no majority"):
            desk.set_sources(SPX, [desk.lying() for _ in range(count)], quorum)


def test_reverts_source_twice(desk: Any) -> None:
    source, other = desk.lying(), desk.lying()
    with boa.reverts("oracle: source twice"):
        desk.set_sources(SPX, [source, other, source], 2)


def test_reverts_sources_disagree(desk: Any) -> None:
    with boa.reverts("oracle: sources disagree"):
        desk.set_sources(SPX, [desk.lying(SPOT), desk.lying(2 * SPOT)], 2)


def test_dead_source_can_be_replaced(desk: Any) -> None:
    source = desk.hostile()
    underlying = desk.list_with(source)
    source.misbehave(1, True)
    desk.set_sources(underlying, [desk.spot], 1)
    # Asking the dead one tripped the breaker.
    with boa.reverts("oracle: breaker tripped"):
        desk.oracle.price(underlying)
    desk.oracle.poke(underlying)
    assert desk.oracle.price(underlying)[0] == 2_700 * WAD


# -- poke --


def test_poke_stores_what_the_sources_say(desk: Any) -> None:
    boa.env.time_travel(seconds=10)
    desk.spot.push(SPOT + 10**8, sender=desk.reporter)
    assert desk.oracle.poke(SPX, sender=desk.intruder) == 0
    (event,) = desk.oracle.get_logs()
    assert (event.spot, event.spot_time, event.confidence) == (2_701 * WAD, _now(), WAD)
    assert (event.volatility, event.volatility_time) == (WAD // 5, _now() - 10)
    boa.env.set_code(desk.spot.address, b"")
    boa.env.set_code(desk.volatility.address, b"")
    quote = desk.oracle.quote(SPX, 0)
    assert (quote.spot, quote.volatility, quote.fresh) == (2_701 * WAD, WAD // 5, False)
    boa.env.time_travel(seconds=2 * MAX_AGE - 10)
    assert desk.oracle.quote(SPX, 0).confidence == WAD // 2
    assert desk.oracle.last(SPX) == (2_701 * WAD, _now() - 2 * MAX_AGE + 10)
