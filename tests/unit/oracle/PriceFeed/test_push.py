"""Rounds of our own push source."""

from typing import Any

import boa
import pytest

from novate.engine.cache import load

FEED = load("contracts/oracle/PriceFeed.vy")
INTERFACE = {"decimals", "description", "version", "getRoundData", "latestRoundData"}


@pytest.fixture
def reporter() -> str:
    return boa.env.generate_address("reporter")


@pytest.fixture
def feed(reporter: str) -> Any:
    return FEED.deploy("SPX / USD", 8, reporter)


def test_speaks_the_interface(feed: Any, reporter: str) -> None:
    assert {e["name"] for e in feed.abi if e["type"] == "function"} >= INTERFACE
    assert (feed.description(), feed.decimals(), feed.version()) == ("SPX / USD", 8, 1)
    assert feed.reporter() == reporter


def test_every_round_stays_readable(feed: Any, reporter: str) -> None:
    answers = [2_700 * 10**8, 1, 0, -1, -(2**127), 2**127 - 1]
    expected = []
    for number, answer in enumerate(answers, 1):
        boa.env.time_travel(seconds=number)
        feed.push(answer, sender=reporter)
        now = boa.env.evm.patch.timestamp
        expected.append((number, answer, now, now, number))
        assert feed.latestRoundData() == expected[-1]
    assert [feed.getRoundData(i) for i in range(1, 7)] == expected


def test_two_rounds_in_one_second_are_two_rounds(feed: Any, reporter: str) -> None:
    feed.push(1, sender=reporter)
    feed.push(2, sender=reporter)
    first, second = feed.getRoundData(1), feed.getRoundData(2)
    assert (first[1], second[1]) == (1, 2) and first[3] == second[3]


def test_push_is_logged(feed: Any, reporter: str) -> None:
    feed.push(-5, sender=reporter)
    (event,) = feed.get_logs()
    assert type(event).__name__ == "AnswerUpdated"
    assert (event.current, event.roundId) == (-5, 1)
    assert event.updatedAt == boa.env.evm.patch.timestamp


def test_reverts_caller_is_not_the_reporter(feed: Any) -> None:
    intruder = boa.env.generate_address("intruder")
    with boa.reverts("feed: caller is not the reporter"):
        feed.push(1, sender=intruder)
    with boa.reverts("feed: caller is not the reporter"):
        feed.set_reporter(intruder, sender=intruder)


@pytest.mark.parametrize("answer", [2**127, -(2**127) - 1, 2**255 - 1, -(2**255)])
def test_reverts_answer_too_large(feed: Any, reporter: str, answer: int) -> None:
    with boa.reverts("feed: answer too large"):
        feed.push(answer, sender=reporter)


def test_reverts_no_data_present(feed: Any, reporter: str) -> None:
    with boa.reverts("feed: no data present"):
        feed.latestRoundData()
    feed.push(1, sender=reporter)
    for number in (0, 2, 2**80 - 1):
        with boa.reverts("feed: no data present"):
            feed.getRoundData(number)


def test_reporter_hands_over(feed: Any, reporter: str) -> None:
    successor = boa.env.generate_address("successor")
    feed.set_reporter(successor, sender=reporter)
    (event,) = feed.get_logs()
    assert (event.old_reporter, event.new_reporter) == (reporter, successor)
    feed.push(7, sender=successor)
    with boa.reverts("feed: caller is not the reporter"):
        feed.push(8, sender=reporter)


def test_reverts_no_reporter(feed: Any, reporter: str) -> None:
    nobody = "0x" + "00" * 20
    with boa.reverts("feed: no reporter"):
        feed.set_reporter(nobody, sender=reporter)
    with boa.reverts("feed: no reporter"):
        FEED.deploy("SPX / USD", 8, nobody)
