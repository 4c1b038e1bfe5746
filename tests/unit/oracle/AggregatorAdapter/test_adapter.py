"""Our aggregate, read as any Chainlink feed is."""

from typing import Any

import boa
import pytest

from tests.world import build

SPX = 1


@pytest.fixture
def adapter(bench: Any) -> Any:
    return build("oracle/AggregatorAdapter.vy", bench.oracle.address, SPX, "SPX / USD")


def test_latest_round_is_the_stored_aggregate(bench: Any, adapter: Any) -> None:
    boa.env.time_travel(seconds=100)
    bench.record(2_712.5)
    time = bench.now
    expected = (time, 271_250_000_000, time, time, time)
    assert adapter.latestRoundData() == expected == adapter.getRoundData(time)
    assert (adapter.decimals(), adapter.version()) == (8, 1)
    assert (adapter.description(), adapter.UNDERLYING()) == ("SPX / USD", SPX)


def test_rounds_grow_and_never_change(bench: Any, adapter: Any) -> None:
    told = []
    for price in (2_701, 2_702, 2_703):
        boa.env.time_travel(seconds=300)
        bench.record(price)
        told.append(adapter.latestRoundData())
    assert told == sorted(told)
    for one in told:
        assert adapter.getRoundData(one[0]) == one


def test_reverts_no_data_present(bench: Any, adapter: Any) -> None:
    boa.env.time_travel(seconds=100)
    bench.record(2_701)
    first = bench.now
    boa.env.time_travel(seconds=100)
    bench.record(2_702)
    for round_id in (0, 1, first, first + 1, bench.now + 1, 2**80 - 1):
        with boa.reverts("adapter: no data present"):
            adapter.getRoundData(round_id)
    unlisted = build("oracle/AggregatorAdapter.vy", bench.oracle.address, 2, "none")
    with boa.reverts("adapter: no data present"):
        unlisted.latestRoundData()


def test_price_that_is_not_served_leaves_an_old_round(bench: Any, adapter: Any) -> None:
    before = adapter.latestRoundData()
    boa.env.time_travel(seconds=7_200)
    assert bench.oracle.poke(SPX) != 0
    assert adapter.latestRoundData() == before


def test_is_no_source_of_fixings(bench: Any, adapter: Any) -> None:
    """Ids are times, so there is no first round: another oracle of ours says so at once."""
    other = build("oracle/PriceOracle.vy", bench["owner"])
    with boa.reverts("oracle: no round history"):
        other.list_underlying(
            *(SPX, adapter.address, bench.volatility.address, 3_600), sender=bench["owner"]
        )
