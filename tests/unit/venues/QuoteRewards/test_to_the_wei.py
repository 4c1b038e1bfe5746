"""Rates and points in integers, the edges of every bound, and what is told."""

from dataclasses import replace
from typing import Any

import boa
import pytest

from novate.market import Account
from novate.orders import Leg, Order
from tests.unit.venues.QuoteRewards.test_rewards import BUDGET, EPOCH, HOUR, Rewarded
from tests.world import DAY, WAD, build, wad

BPS = 10_000


class Exact(Rewarded):
    """Prices with all digits, and what they must score; a series worth more than the widest."""

    def __init__(self) -> None:
        super().__init__()
        self.call = self.market.call(2_700, 9)

    @property
    def risk(self) -> Any:
        return self.pricer.assess(1, [], self.call.code, 0)

    def announce(self, bid: Order, offer: Order, maker: Account | None = None) -> int:
        maker = maker or self.makers[0]
        signed = ((one.as_tuple(), self.sign(one, maker)) for one in (bid, offer))
        return int(self.rewards.announce(*(figure for pair in signed for figure in pair)))

    def pair(
        self, below: int, above: int, sizes: tuple[int, int] = (WAD, WAD), **terms: Any
    ) -> tuple[Order, Order]:
        """So far [wad] from the mid."""
        maker, mid = self.makers[0], int(self.risk.price)
        figures = ((1, mid - below, sizes[0]), (-1, mid + above, sizes[1]))
        bid, offer = (
            replace(
                self.order(maker, side, 1),
                legs=(Leg(self.call.code, side * WAD, price),),
                size=size,
                **terms,
            )
            for side, price, size in figures
        )
        return bid, offer

    def rate(self, id: int) -> int:
        return int(self.rewards.quote_of(id).rate)

    def expected(self, distance: int, size: int, others: int = 0, carried: int = 2**200) -> int:
        """[wad] Of a quote whose farther side is so far from the mid."""
        spot = int(self.risk.spot)
        widest = int(self.rewards.rules().widest) * spot // BPS
        share = max(widest - distance, 0) * WAD // widest
        value = size * spot // WAD
        rate = value * (share * share // WAD) // WAD
        if carried < others + value:
            rate = rate * carried // (others + value)
        return rate

    def told(self, name: str) -> list[Any]:
        return [log for log in self.rewards.get_logs() if type(log).__name__ == name]

    def set_rules(self, *rules: int) -> None:
        self.rewards.set_rules(rules, sender=self.owner)


@pytest.fixture(scope="module")
def world() -> Exact:
    return Exact()


@pytest.mark.parametrize("below, above", [(3, 7), (7, 3), (0, 5), (5, 0), (0, 0)])
def test_a_rate(world: Exact, below: int, above: int) -> None:
    for sizes in ((7 * WAD + 3, 9 * WAD), (9 * WAD, 7 * WAD + 3)):
        distances = [one * WAD + (one > 0) * 123_456_789 for one in (below, above)]
        expected = world.expected(max(distances), 7 * WAD + 3)
        one = world.announce(*world.pair(*distances, sizes))
        (checked,), (told,) = world.told("Checked"), world.told("Announced")
        assert (checked.id, checked.rate, checked.points) == (one, expected, 0)
        quote = world.rewards.quote_of(one)
        assert quote.size == 7 * WAD + 3 and quote.rate == expected > 0
        assert (told.id, told.account, told.series) == (one, quote.account, world.call.code)
    assert world.rewards.quoted(world.makers[0].number) == 2 * (
        (7 * WAD + 3) * world.risk.spot // WAD
    )


def test_not_beyond_the_mid_nor_at_the_widest(world: Exact) -> None:
    spot = int(world.risk.spot)
    widest = spot * 100 // BPS
    for below, above in ((-1, 5), (5, -1), (widest, 5), (5, widest)):
        assert world.rate(world.announce(*world.pair(below, above))) == 0
    # A share of a thousandth is one of a millionth.
    near = widest - widest // 1_000
    assert world.rate(world.announce(*world.pair(near, 5))) == world.expected(near, WAD) > 0


def test_what_free_margin_carries(world: Exact) -> None:
    """Of two quotes of an account; to the wei, and nothing without any."""
    maker = world.makers[0]
    world.set_rules(100, HOUR, BPS)
    world.market.withdraw(maker, 1_000_000 - 10_000)
    initial = int(world.ledger.health(maker.number).initial)
    first = world.announce(*world.pair(WAD, 2 * WAD, (3 * WAD, 3 * WAD)))
    others = 3 * WAD * int(world.risk.spot) // WAD
    assert initial > others and world.rate(first) == world.expected(2 * WAD, 3 * WAD)
    second = world.announce(*world.pair(WAD, 2 * WAD, (5 * WAD, 5 * WAD)))
    assert world.rate(second) == world.expected(2 * WAD, 5 * WAD, others, initial)
    # The largest margin asked is all of spot, the least a ten-thousandth of it.
    world.set_rules(100, HOUR, 1)
    world.rewards.check([second])
    assert world.rate(second) == world.expected(2 * WAD, 5 * WAD)
    world.market.withdraw(maker, 10_000)
    assert world.ledger.health(maker.number).initial == 0
    world.rewards.check([first, second])
    assert world.rate(first) == world.rate(second) == 0


def test_points_of_every_second(world: Exact) -> None:
    """At the lower rate: the mid has come down a little meanwhile."""
    one = world.announce(*world.pair(WAD, 2 * WAD))
    first = world.rate(one)
    world.pass_time(777)
    world.rewards.check([one])
    (checked,) = world.told("Checked")
    points = min(first, checked.rate) * 777 // WAD
    assert checked.points == world.points(world.makers[0]) == points
    assert world.rewards.totals(world.epoch) == points


@pytest.mark.parametrize("which", [0, 1])
def test_what_is_left_of_either(world: Exact, which: int) -> None:
    maker, taker = world.makers[0], world.taker
    pair = world.pair(WAD, 2 * WAD, (4 * WAD, 4 * WAD))
    one = world.announce(*pair)
    figures = (pair[which].as_tuple(), maker.address, world.sign(pair[which], maker))
    world.orders.fill(*figures, taker.number, WAD, sender=taker.address)
    world.rewards.check([one])
    assert world.rate(one) == world.expected(2 * WAD, 3 * WAD)
    assert world.rewards.quoted(maker.number) == 3 * WAD * int(world.risk.spot) // WAD
    world.orders.fill(*figures, taker.number, 3 * WAD, sender=taker.address)
    world.rewards.check([one])
    assert world.rate(one) == world.rewards.quoted(maker.number) == 0


def test_a_quote_stands_until_the_last_second(world: Exact) -> None:
    now = int(boa.env.timestamp)
    for bid_ends, offer_ends in ((DAY, 500), (500, DAY)):
        bid, offer = world.pair(WAD, WAD)
        pair = replace(bid, deadline=now + bid_ends), replace(offer, deadline=now + offer_ends)
        with boa.env.anchor():
            one = world.announce(*pair)
            assert world.rewards.quote_of(one).deadline == now + 500
            world.pass_time(500)
            world.rewards.check([one])
            assert world.rate(one) > 0
            boa.env.time_travel(seconds=1)
            world.rewards.check([one])
            assert world.rate(one) == 0
    with boa.reverts("reward: quote too long"):
        world.announce(*world.pair(WAD, WAD, deadline=now + DAY + 1))
    # Nor beyond the expiry of its series.
    world.call = world.market.call(2_700, 1)
    world.market.travel_to(world.call.expiry - 600)
    world.market.push_price(2_750, 0.15)
    one = world.announce(*world.pair(WAD, WAD))
    assert world.rewards.quote_of(one).deadline == world.call.expiry


@pytest.mark.parametrize("seconds, counts", [(HOUR, True), (HOUR + 1, False)])
def test_the_longest_time_between_checks(world: Exact, seconds: int, counts: bool) -> None:
    one = world.announce(*world.pair(WAD, 2 * WAD))
    world.pass_time(seconds)
    world.rewards.check([one])
    assert (world.points(world.makers[0]) > 0) == counts


def test_an_epoch_ends_on_the_second(world: Exact) -> None:
    one = world.announce(*world.pair(WAD, 2 * WAD))
    world.pass_time(600)
    world.rewards.check([one])
    number = world.makers[0].number
    points = world.points(world.makers[0])
    world.market.travel_to((world.epoch + 1) * EPOCH - 1)
    world.token.mint(world.owner, 3)
    world.token.approve(world.rewards.address, 3, sender=world.owner)
    world.rewards.fund(world.epoch, 1, sender=world.owner)
    (told,) = world.told("Funded")
    assert (told.epoch, told.amount, told.budget) == (world.epoch, 1, BUDGET + 1)
    with boa.reverts("reward: epoch not over"):
        world.rewards.pay(number, world.epoch)
    world.market.travel_to((world.epoch + 1) * EPOCH)
    with boa.reverts("reward: epoch over"):
        world.rewards.fund(world.epoch, 1, sender=world.owner)
    assert world.rewards.pay(number, world.epoch) == BUDGET + 1
    (told,) = world.told("Paid")
    assert (told.account, told.epoch, told.amount) == (number, world.epoch, BUDGET + 1)
    assert (
        world.rewards.points(world.epoch, number) == 0 < points == world.rewards.totals(world.epoch)
    )


def test_rules_up_to_their_bounds(world: Exact) -> None:
    old = tuple(world.rewards.rules())
    for rules in ((1, 1, 1), (BPS, DAY, BPS)):
        world.set_rules(*rules)
        (told,) = world.told("RulesSet")
        assert (tuple(told.old), tuple(told.new)) == (old, rules)
        old = rules
        assert tuple(world.rewards.rules()) == rules
    for rules, reason in (
        ((BPS + 1, DAY, BPS), "reward: width out of range"),
        ((BPS, DAY + 1, BPS), "reward: time out of range"),
        ((BPS, DAY, BPS + 1), "reward: margin out of range"),
    ):
        with boa.reverts(reason):
            world.set_rules(*rules)


def test_numbers_up_to_the_largest(world: Exact) -> None:
    bid, offer = world.pair(WAD, WAD, sizes=(2**95 - 1, 2**95 - 1))
    assert world.rewards.quote_of(world.announce(bid, offer)).size == 2**95 - 1
    bid, offer = world.pair(WAD, WAD)
    highest = Leg(world.call.code, -WAD, 2**95 - 1)
    assert world.announce(bid, replace(offer, legs=(highest,))) == 2
    bid, offer = world.pair(WAD, WAD)
    with boa.reverts("reward: number too large"):
        world.announce(bid, replace(offer, legs=(replace(highest, price=2**95),)))
    with boa.reverts("reward: number too large"):
        world.announce(bid, replace(offer, size=2**95))


def test_neither_order_stands_twice(world: Exact) -> None:
    first, second = world.pair(WAD, WAD), world.pair(WAD, WAD)
    world.announce(*first)
    for pair in ((first[0], second[1]), (second[0], first[1])):
        with boa.reverts("reward: order stands already"):
            world.announce(*pair)
    assert world.announce(*second) == world.rewards.count() == 2


def test_an_owner_who_does_not_deploy(world: Exact) -> None:
    units = (world.ledger.address, world.pricer.address, world.orders.address, world.token.address)
    with boa.env.prank(world.intruder):
        rewards = build("venues/QuoteRewards.vy", *units, world.owner)
    assert rewards.owner() == world.owner != world.intruder
    assert (rewards.CLEARINGHOUSE(), rewards.PRICER(), rewards.ORDERS(), rewards.ASSET()) == units
    assert rewards.EPOCH() == EPOCH and wad(1) == WAD
