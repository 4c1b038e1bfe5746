"""The split to the wei, beside its description in integers; venues that say what they like."""

import random
from typing import Any

import boa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.venues.OptionPool.conftest import UNLIMITED, wad
from tests.unit.venues.Router.test_route import Routes
from tests.world import WAD, build

STEPS, SAME, UNIT = 96, 10**6, 10**9
Offer = tuple[int, int, int]  # first and bend [wad USD], most [wad]


def cut(above: int, below: int) -> int:
    """Towards zero, as the machine divides."""
    return abs(above) // abs(below) * (1 if (above < 0) == (below < 0) else -1)


def below(offer: Offer, price: int) -> int:
    """[wad] What is offered for less at the margin."""
    first, bend, most = offer
    if price <= first:
        return 0
    return min((price - first) * WAD // (2 * bend), most) if bend else most


def split(offers: list[Offer], size: int) -> list[int]:
    low = min(first for first, _, _ in offers)
    high = max(first + 2 * bend * min(most, size) // WAD + 1 for first, bend, most in offers)
    for _ in range(STEPS):
        if high - low < SAME:
            break
        middle = cut(low + high, 2)
        if sum(below(one, middle) for one in offers) > size:
            high = middle
        else:
            low = middle
    parts, left = [], size
    for one in offers:
        parts.append(min(below(one, low), left))
        left -= parts[-1]
    for i, one in enumerate(offers):
        room = below(one, high) if one[1] else one[2] * (one[0] <= high)
        more = min(max(room - parts[i], 0), left)
        parts[i] += more
        left -= more
    return parts


offers = st.lists(
    st.tuples(
        st.integers(-(10**20), 10**20),
        st.sampled_from([0, 0, 7, 10**12 + 1, 10**16 - 1, 3 * 10**18]),
        st.one_of(st.integers(0, 10**21), st.integers(0, 9)),
    ),
    min_size=1,
    max_size=9,
)


@pytest.fixture(scope="module")
def harness() -> Any:
    return build("tests/harness/RoutingHarness.vy")


@given(offers=offers, size=st.one_of(st.integers(1, 10**21), st.integers(1, 30)))
@example(offers=[(5, 0, 3), (5, 0, 3)], size=4)
@example(offers=[(5, 0, 3), (5, 0, 3)], size=6)
@example(offers=[(0, WAD, 10**19), (WAD, 0, 10**19)], size=10**18)
@example(offers=[(-(10**18), 0, 10), (10**18, 1, 10)], size=15)
@example(offers=[(0, 10**40, 10**21), (5, 3 * 10**39, 10**21)], size=10**20)
@example(offers=[(5, 3 * WAD, 10**21), (10**16, 3 * WAD, 10**21)], size=WAD + 1)
@example(offers=[(7, 2 * WAD + 3, 10**21), (-(10**16), WAD, 10**21)], size=WAD // 3)
@settings(max_examples=150, derandomize=True)
def test_split_is_its_twin(harness: Any, offers: list[Offer], size: int) -> None:
    parts = harness.split(offers, size)
    assert parts == split(offers, size)
    # What is left after it, nobody offers.
    assert sum(parts) == min(size, sum(most for _, _, most in offers))


class Fickle(Routes):
    """Four more venues, which say what they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.fickle = [build("tests/hostile/FickleVenue.vy") for _ in range(4)]
        for venue in self.fickle:
            self.ledger.set_venue(venue.address, True, sender=self.owner)
        self.call = self.series(2_775, expiry=1)
        self.epoch_of_batch = boa.env.timestamp // self.batch.LENGTH()

    def say(self, *answers: dict[str, int]) -> list[str]:
        """What each says; their addresses."""
        usual = {"most": 2**95, "least": 2**95, "price": WAD, "bend": 0, "mode": 0}
        for venue, answer in zip(self.fickle, answers, strict=False):
            venue.say(*(usual | answer).values())
        return [venue.address for venue in self.fickle[: len(answers)]]

    def asked(self, venue: int) -> list[int]:
        """[wad] what it was made to trade, at any price."""
        quantities, limits = self.fickle[venue].asked()
        assert set(limits) <= {UNLIMITED}
        return list(quantities)

    def route_to(self, size: int, pools: list[str], partial: bool = False) -> int:
        legs = [(self.call.code, size)]
        arguments = (self.taker.number, legs, pools, [], UNLIMITED, partial)
        return int(self.router.route(*arguments, sender=self.taker.address))

    def quoted(
        self, size: int, pools: list[str], orders: Any = (), wait: int = 0
    ) -> tuple[dict[int, int], int]:
        waits = (self.batch.address, [wait]) if wait else ()
        legs = [(self.call.code, size)]
        parts, cost = self.router.quote(legs, pools, list(orders), *waits)
        assert {part.leg for part in parts} <= {0}
        return {part.venue: part.quantity for part in parts}, cost


@pytest.fixture(scope="module")
def world() -> Fickle:
    return Fickle()


@pytest.mark.parametrize("seed", range(16))
def test_quotes_are_their_twin(world: Fickle, seed: int) -> None:
    """First and bend of what pools say, a wait in the batch, and crumbs of it, to the wei."""
    rng = random.Random(seed)
    size = rng.choice([-1, 1]) * rng.choice([wad(40) + 7, wad(3) + 13 * UNIT + 5, 999])
    sign = 1 if size > 0 else -1
    answers, expected = [], []
    for _ in range(4):
        price, bend = rng.randrange(10 * WAD, 20 * WAD), rng.choice([-5, 0, rng.randrange(10**17)])
        most = rng.choice([2**95, abs(size) // 4, abs(size) // 2, abs(size) // 5])
        answers.append({"most": most, "price": price, "bend": bend})
        asked = next((abs(size) // n for n in (1, 2, 4) if abs(size) // n <= most), 0)
        if asked == 0:
            expected.append((0, 0, 0))
            continue
        cost = cut(price * sign * asked, WAD)
        bend = max(bend, 0)
        expected.append((cut(cost * WAD, asked) - bend * asked // WAD, bend, asked))
    pools = world.say(*answers)
    wait = rng.choice([0, rng.randrange(10**10, 2 * 10**10) * UNIT])
    expected.append((sign * wait, 0, abs(size)) if wait else (0, 0, 0))
    parts = split(expected, abs(size))
    crumbs = parts[4] % UNIT
    parts[4] -= crumbs
    for i in range(4):
        more = min(expected[i][2] - parts[i], crumbs)
        parts[i] += more
        crumbs -= more
    cost = sum(
        cut((first + cut(bend * part, WAD)) * part, WAD)
        for (first, bend, _), part in zip(expected, parts, strict=True)
    )
    found = {i: part for i, part in enumerate(parts) if part}
    assert world.quoted(size, pools, wait=wait) == (found, cost)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    "size, most, taken",
    [(7, 1, 1), (7, 3, 3), (7, 6, 3), (8, 1, 0), (8, 2, 2), (2, 1, 1), (2, 0, 0), (1, 0, 0)],
)
def test_a_pool_is_asked_for_all_a_half_and_a_quarter(
    world: Fickle, sign: int, size: int, most: int, taken: int
) -> None:
    pools = world.say({"most": most})
    parts, _ = world.quoted(sign * size, pools)
    assert parts == ({0: taken} if taken else {})


def test_answers_of_another_shape_are_none(world: Fickle) -> None:
    pools = world.say({"mode": 1}, {"mode": 2}, {"price": 9 * WAD})
    assert world.quoted(WAD, pools) == ({2: WAD}, 9 * WAD)


def test_a_part_of_a_flat_offer_costs_its_part(world: Fickle) -> None:
    for bend in (-5, 0):
        pools = world.say({"price": 2 * WAD, "most": wad(10)}, {"price": 3 * WAD, "bend": bend})
        assert world.quoted(wad(40), pools) == ({0: wad(10), 1: wad(30)}, wad(2 * 10 + 3 * 30))


def test_a_wei_goes_to_whom_it_is_cheapest(world: Fickle) -> None:
    pools = world.say({"price": 9 * WAD}, {"price": 3 * WAD})
    assert world.quoted(1, pools, wait=5 * WAD)[0] == {1: 1}


def test_what_is_made_to_trade(world: Fickle) -> None:
    pools = world.say({"price": 2 * WAD, "most": wad(4)}, {"price": 3 * WAD})
    for size in (wad(16), -wad(16)):
        with boa.env.anchor():
            assert world.route_to(size, pools) == 0
            told = [log for log in world.router.get_logs() if type(log).__name__ == "Routed"]
            assert [(one.account, one.cost, one.filled) for one in told] == [
                (world.taker.number, 0, wad(16))
            ]
            sides = [world.asked(0), world.asked(1)]
            # Who sells gets more from the second one.
            assert sides == ([[wad(4)], [wad(12)]] if size > 0 else [[], [-wad(16)]])


def test_who_refuses_is_not_asked_again(world: Fickle) -> None:
    """Not even for what it might take: the others take over, in order, what they can."""
    pools = world.say(
        {"price": 1 * WAD, "least": wad(9)},
        {"price": 2 * WAD, "most": wad(3)},
        {"price": 3 * WAD, "most": wad(5)},
    )
    with boa.reverts("router: not filled"):
        world.route_to(wad(12), pools)
    world.route_to(wad(12), pools, partial=True)
    assert [world.asked(i) for i in range(3)] == [[], [wad(3)], [wad(3)]]
    told = next(log for log in world.router.get_logs() if type(log).__name__ == "Routed")
    assert told.filled == wad(6)


@pytest.mark.parametrize("size", [1, 2])
def test_the_last_wei_is_taken_over_too(world: Fickle, size: int) -> None:
    pools = world.say({"price": 1 * WAD, "least": 0}, {"price": 2 * WAD})
    world.route_to(size, pools)
    assert [world.asked(i) for i in range(2)] == [[], [size]]


def test_at_most_four_of_each(world: Fickle) -> None:
    pools = world.say({}, {}, {}, {})
    leg = (world.call.code, WAD)
    order = world.order(world.call, -1, 1)
    world.router.quote([leg] * 4, pools, [order] * 4, world.batch.address, [WAD] * 4)
    # Of the others there is room enough.
    five: list[Any] = [[leg], [], [], world.batch.address, [WAD]]
    for i, more in ((0, [leg] * 5), (1, [*pools, pools[0]]), (2, [order] * 5), (4, [WAD] * 5)):
        arguments = [more if j == i else one for j, one in enumerate(five)]
        with pytest.raises(boa.BoaError):
            world.router.quote(*arguments)


def test_waits_up_to_the_largest(world: Fickle) -> None:
    assert world.quoted(WAD, [], wait=2**96 - 1) == ({0: WAD}, 2**96 - 1)
    with boa.reverts("router: wait out of range"):
        world.quoted(WAD, [], wait=2**96)


def test_quantities_up_to_the_largest(world: Fickle) -> None:
    pools = world.say({"price": 0})
    for sign in (1, -1):
        assert world.quoted(sign * (2**95 - 1), pools)[0] == {0: 2**95 - 1}
        with boa.reverts("router: quantity out of range"):
            world.quoted(sign * 2**95, pools)
