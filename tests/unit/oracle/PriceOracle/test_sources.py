"""Listing, replacing and tuning of sources: the owner, within bounds."""

from typing import Any

import boa
import pytest

WAD = 10**18
SPOT, VOLATILITY, MAX_AGE, SPX = 2_700 * 10**8, 20 * 10**6, 3_600, 1
DAY = 86_400
NOBODY = "0x" + "00" * 20


def _now() -> int:
    return int(boa.env.evm.patch.timestamp)


def _list(desk: Any, underlying: int, spot: Any, volatility: Any, max_age: int = MAX_AGE) -> None:
    desk.oracle.list_underlying(
        underlying, spot.address, volatility.address, max_age, sender=desk.owner
    )


def test_listing_is_logged_and_stores_an_observation(desk: Any) -> None:
    _list(desk, 2, desk.spot, desk.volatility)
    observed, listed = desk.oracle.get_logs()
    assert type(observed).__name__ == "Observed"
    assert (observed.underlying, observed.spot, observed.volatility) == (2, 2_700 * WAD, WAD // 5)
    assert type(listed).__name__ == "UnderlyingListed"
    assert (listed.spot_source, listed.volatility_source) == (
        desk.spot.address,
        desk.volatility.address,
    )
    assert desk.oracle.source_of(2) == (
        desk.spot.address,
        MAX_AGE,
        desk.volatility.address,
        MAX_AGE,
    )


@pytest.mark.parametrize("decimals", [0, 2, 6, 8, 18])
def test_decimals_of_a_source_are_its_own(desk: Any, decimals: int) -> None:
    source = desk.lying(2_700 * 10**decimals, decimals)
    assert desk.oracle.spot(desk.list_with(source)) == (2_700 * WAD, True)


def test_reverts_too_many_decimals(desk: Any) -> None:
    with boa.reverts("oracle: too many decimals"):
        _list(desk, 2, desk.lying(2_700 * 10**19, 19), desk.volatility)


@pytest.mark.parametrize("underlying", [0, 2**16, 2**255 + 1])
def test_reverts_no_such_underlying(desk: Any, underlying: int) -> None:
    with boa.reverts("oracle: no such underlying"):
        _list(desk, underlying, desk.spot, desk.volatility)
    _list(desk, 2**16 - 1, desk.spot, desk.volatility)


def test_reverts_already_listed(desk: Any) -> None:
    with boa.reverts("oracle: already listed"):
        _list(desk, SPX, desk.spot, desk.volatility)


@pytest.mark.parametrize("max_age", [0, 59, 604_801, 2**24, 2**255])
def test_reverts_max_age_out_of_range(desk: Any, max_age: int) -> None:
    with boa.reverts("oracle: max age out of range"):
        _list(desk, 2, desk.spot, desk.volatility, max_age)
    for ages in ((max_age, 60), (60, max_age)):
        with boa.reverts("oracle: max age out of range"):
            desk.oracle.set_max_ages(SPX, *ages, sender=desk.owner)


def test_max_ages_are_told_apart(desk: Any) -> None:
    desk.oracle.set_max_ages(SPX, 60, 604_800, sender=desk.owner)
    (event,) = desk.oracle.get_logs()
    assert (event.old_spot_age, event.old_volatility_age) == (MAX_AGE, MAX_AGE)
    assert (event.new_spot_age, event.new_volatility_age) == (60, 604_800)
    assert desk.oracle.source_of(SPX) == (
        desk.spot.address,
        60,
        desk.volatility.address,
        604_800,
    )
    boa.env.time_travel(seconds=61)
    assert desk.oracle.spot(SPX) == (2_700 * WAD, False)
    assert desk.oracle.quote(SPX, 0).confidence == WAD * 60 // 61


def test_reverts_stale_price_at_listing(desk: Any) -> None:
    boa.env.time_travel(seconds=MAX_AGE + 1)
    with boa.reverts("oracle: stale price"):
        _list(desk, 2, desk.spot, desk.volatility)


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
        boa.load("contracts/oracle/PriceOracle.vy", NOBODY)


def test_reverts_caller_is_not_the_owner(desk: Any) -> None:
    here, there = desk.spot.address, desk.volatility.address
    for call, arguments in (
        (desk.oracle.list_underlying, (2, here, there, MAX_AGE)),
        (desk.oracle.replace_spot_source, (SPX, here)),
        (desk.oracle.replace_volatility_source, (SPX, there)),
        (desk.oracle.set_max_ages, (SPX, 60, 60)),
        (desk.oracle.transfer_ownership, (desk.intruder,)),
    ):
        with boa.reverts("ownable: caller is not the owner"):
            call(*arguments, sender=desk.intruder)


def test_ownership_moves(desk: Any) -> None:
    successor = boa.env.generate_address("successor")
    desk.oracle.transfer_ownership(successor, sender=desk.owner)
    assert desk.oracle.owner() == successor
    desk.oracle.set_max_ages(SPX, 60, 60, sender=successor)


# -- replacing --


def test_spot_source_of_other_decimals_takes_over(desk: Any) -> None:
    source = desk.lying(2_750 * 10**18, 18)
    desk.oracle.replace_spot_source(SPX, source.address, sender=desk.owner)
    event = desk.oracle.get_logs()[-1]
    assert (event.old_source, event.new_source) == (desk.spot.address, source.address)
    assert desk.oracle.price(SPX)[0] == 2_750 * WAD
    assert desk.oracle.source_of(SPX)[1] == MAX_AGE


def test_volatility_source_takes_over(desk: Any) -> None:
    source = desk.lying(30 * 10**4, 6)
    desk.oracle.replace_volatility_source(SPX, source.address, sender=desk.owner)
    event = desk.oracle.get_logs()[-1]
    assert (event.old_source, event.new_source) == (desk.volatility.address, source.address)
    assert desk.oracle.quote(SPX, 0).volatility == 3 * WAD // 10


@pytest.mark.parametrize(
    "age, low, high",
    [(0, 2_565, 2_835), (DAY, 2_565, 2_835), (DAY + 1, 1_350, 4_050), (30 * DAY, 1_350, 4_050)],
)
def test_reverts_price_jump(desk: Any, age: int, low: int, high: int) -> None:
    boa.env.time_travel(seconds=age)
    for answer in (low * 10**8 - 1, high * 10**8 + 1):
        with boa.reverts("oracle: price jump"):
            desk.oracle.replace_spot_source(SPX, desk.lying(answer).address, sender=desk.owner)
    for answer in (low * 10**8, high * 10**8):
        with boa.env.anchor():
            desk.oracle.replace_spot_source(SPX, desk.lying(answer).address, sender=desk.owner)


def test_jump_is_measured_from_what_the_old_source_says_now(desk: Any) -> None:
    desk.spot.push(2 * SPOT, sender=desk.reporter)
    boa.env.time_travel(seconds=1)
    desk.spot.push(2 * SPOT, sender=desk.reporter)
    with boa.reverts("oracle: price jump"):
        desk.oracle.replace_spot_source(SPX, desk.lying(SPOT).address, sender=desk.owner)
    desk.oracle.replace_spot_source(SPX, desk.lying(2 * SPOT).address, sender=desk.owner)


@pytest.mark.parametrize("answer", [10 * 10**6 - 1, 30 * 10**6 + 1])
def test_reverts_price_jump_of_the_volatility(desk: Any, answer: int) -> None:
    with boa.reverts("oracle: price jump"):
        desk.oracle.replace_volatility_source(SPX, desk.lying(answer).address, sender=desk.owner)


def test_a_mistake_of_decimals_never_passes(desk: Any) -> None:
    """P-14: 10 decimals announced as 8, or the reverse."""
    boa.env.time_travel(seconds=300 * DAY)
    for source in (desk.lying(2_700 * 10**10, 8), desk.lying(2_700 * 10**8, 10)):
        with boa.reverts("oracle: price jump"):
            desk.oracle.replace_spot_source(SPX, source.address, sender=desk.owner)


def test_reverts_replaced_too_recently(desk: Any) -> None:
    desk.oracle.replace_spot_source(SPX, desk.lying().address, sender=desk.owner)
    boa.env.time_travel(seconds=3 * DAY - 1)
    with boa.reverts("oracle: replaced too recently"):
        desk.oracle.replace_spot_source(SPX, desk.lying().address, sender=desk.owner)
    boa.env.time_travel(seconds=1)
    desk.oracle.replace_spot_source(SPX, desk.lying().address, sender=desk.owner)


def test_dead_source_can_be_replaced(desk: Any) -> None:
    source = desk.hostile()
    underlying = desk.list_with(source)
    source.misbehave(1, True)
    with boa.reverts("oracle: source unavailable"):
        desk.oracle.replace_spot_source(underlying, source.address, sender=desk.owner)
    desk.oracle.replace_spot_source(underlying, desk.spot.address, sender=desk.owner)
    assert desk.oracle.price(underlying)[0] == 2_700 * WAD


# -- poke --


def test_poke_stores_what_is_newer(desk: Any) -> None:
    desk.oracle.poke(SPX, sender=desk.intruder)
    assert desk.oracle.get_logs() == []
    boa.env.time_travel(seconds=10)
    desk.spot.push(SPOT + 10**8, sender=desk.reporter)
    desk.oracle.poke(SPX, sender=desk.intruder)
    (event,) = desk.oracle.get_logs()
    assert (event.spot, event.spot_time) == (2_701 * WAD, _now())
    assert (event.volatility, event.volatility_time) == (WAD // 5, _now() - 10)
    boa.env.set_code(desk.spot.address, b"")
    boa.env.set_code(desk.volatility.address, b"")
    quote = desk.oracle.quote(SPX, 0)
    assert (quote.spot, quote.volatility, quote.fresh) == (2_701 * WAD, WAD // 5, False)
    boa.env.time_travel(seconds=2 * MAX_AGE - 10)
    assert desk.oracle.quote(SPX, 0).confidence == WAD // 2


def test_poke_does_not_go_back_in_time(desk: Any) -> None:
    source = desk.lying()
    underlying = desk.list_with(source)
    boa.env.time_travel(seconds=100)
    source.say(SPOT + 1, _now())
    desk.oracle.poke(underlying)
    source.say(SPOT + 2, _now() - 50)
    desk.oracle.poke(underlying)
    assert desk.oracle.get_logs() == []
    source.say(-1, _now())
    assert desk.oracle.spot(underlying) == ((SPOT + 1) * 10**10, False)
