"""A sample of the campaign: the same worlds every time, and that its checks can fail."""

from collections import Counter

import boa
import pytest

from tests.stateful.crashes import Crashes
from tests.stateful.playing import play

WORLDS, STEPS = range(18, 30), 60


def test_random_crashes_agree_with_the_reference() -> None:
    seen: Counter[str] = Counter()
    failures = [found for seed in WORLDS if (found := play(Crashes, seed, STEPS, seen))]
    assert not failures, failures
    assert seen["steps"] == len(WORLDS) * STEPS
    assert seen["started insolvent"] and seen["bid insolvent"] and seen["fund exhausted"]


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        ("tokens", "invariant 2"),
        ("cash", "invariant 2"),
        ("outstanding", "invariant 6"),
        ("provisions", "invariant 6"),
        ("positions", None),
    ],
)
def test_a_wrong_ledger_is_noticed(spoil: str, found: str | None) -> None:
    """The model is falsified by a wei: the next step must not pass."""
    with boa.env.anchor():
        world = Crashes(1)
        world.act(world.opens)
        if spoil == "tokens":
            world.model.tokens += 1
        elif spoil == "cash":
            world.model.pay(world.numbers[0], -1)
        elif spoil == "outstanding":
            world.model.outstanding += 1
        elif spoil == "provisions":
            world.model.provisions[world.numbers[0]] = 1
        else:
            world.model.positions[world.numbers[0]][1] = 1
        with pytest.raises(AssertionError, match=found):
            world.act(world.watches)
