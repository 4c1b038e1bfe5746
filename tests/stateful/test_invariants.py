"""A sample of the campaign, what it once found, and that its checks can fail."""

import boa
import pytest

from tests.stateful.checks import CHECKS
from tests.stateful.checks_base import BrokenError
from tests.stateful.village import Step
from tests.stateful.worlds import Campaign, Failure, recorded, smallest

pytestmark = pytest.mark.filterwarnings("ignore:casted bytecode")

SEEDS, LENGTH = range(1, 10), 400


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    return Campaign(replays=80)


def test_random_worlds_hold(campaign: Campaign) -> None:
    failures = [found for seed in SEEDS if (found := campaign.play(seed, LENGTH))]
    assert not failures, failures[0].as_row()
    seen = campaign.seen
    assert seen.steps > len(SEEDS) * LENGTH * 0.9 and seen.replays == 80
    # Every check has been asked; those of rare events need longer campaigns.
    assert len(CHECKS) >= 40 and set(seen.checks) <= set(CHECKS)
    assert len(seen.checks) >= len(CHECKS) - 4, set(CHECKS) - set(seen.checks)
    reached = {name.rsplit(" ", 1)[0] for name in seen.calls if name.endswith(" ok")}
    for name in ("auctions.bid", "auctions.start", "orders.fill", "governor.propose"):
        assert name in reached | set(seen.inner), name


@pytest.mark.parametrize("failure", recorded(), ids=lambda one: f"{one.check} {one.seed}")
def test_what_campaigns_found_stays_mended(campaign: Campaign, failure: Failure) -> None:
    error = campaign.replay(failure.governed, failure.steps, failure.check)
    assert error is None, error


def test_a_failure_is_cut_down() -> None:
    steps = [Step("maker", f"unit.{i}") for i in range(40)]
    needed = {steps[3], steps[17], steps[18]}
    asked = []

    def breaks(some: list[Step]) -> bool:
        asked.append(len(some))
        return needed <= set(some)

    assert smallest(steps, breaks, 200) == [steps[3], steps[17], steps[18]]
    assert len(asked) < 100
    assert len(smallest(steps, breaks, 3)) < 40


SPOILED = {
    "book": "1 events tell every position",
    "paid": "5 unsettled is what was paid",
    "shared": "6 outstanding is what was shared",
    "gifts": "2 claims are covered",
    "surplus": "2 rounding stays small",
    "owner": "u owners stay",
    "account": "2 cash adds up",
    "indices": "u indices",
    "shares": "u fund shares",
    "fixings": "5 fixings are final",
}


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_wrong_state_is_noticed(campaign: Campaign, spoil: str) -> None:
    """What the checks keep is falsified, money by a wei: the next look must not pass."""
    village = campaign.village
    with boa.env.anchor():
        checks = campaign.open(False)
        maker = village.numbers["#maker"]
        if spoil == "book":
            checks.book[maker] = {1: 1}
        elif spoil == "account":
            checks.numbers.remove(maker)
        elif spoil == "indices":
            checks.view.indices = (10**28, 10**28)
        elif spoil == "shares":
            checks.shares = (10**12, 10**18)
        elif spoil == "fixings":
            checks.fixings[3_600] = 1
        elif spoil == "surplus":
            checks.surplus -= 10**8
        elif spoil == "owner":
            checks.owner = village.addresses["maker"]
        else:
            setattr(checks, spoil, getattr(checks, spoil) + 1)
        with pytest.raises(BrokenError, match=SPOILED[spoil]):
            checks.look()
            checks.end()


def test_a_robbery_is_noticed(campaign: Campaign) -> None:
    """The stranger becomes somebody's operator by a door that the campaign does not know."""
    village = campaign.village
    with boa.env.anchor():
        checks = campaign.open(False)
        maker, stranger = village.addresses["maker"], village.addresses["stranger"]
        village.units["operators"].set_operator(stranger, True, sender=maker)
        step = Step("stranger", "clearinghouse.withdraw", ("#maker", 0, 10**6, "@stranger"))
        with pytest.raises(BrokenError, match="8 strangers gain nothing"):
            checks.prepare(step)
            checks.after(village.do(step))
