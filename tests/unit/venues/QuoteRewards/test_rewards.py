"""Rewards of makers: for standing near the mid on both sides, and for nothing else."""

from dataclasses import replace
from typing import Any

import boa
import pytest
from mpmath import mpf

from novate import orders as signed_orders
from novate.liquidity import Quotes
from novate.market import Account
from novate.orders import ANYONE, Leg, Order
from novate.series import Series
from tests.world import DAY, WAD, World, build, liquid, wad

HOUR, EPOCH = 3_600, 7 * 86_400
WIDEST, LONGEST, MARGIN = 100, HOUR, 2_000
BUDGET = 7_000 * 10**6


class Rewarded(World):
    """A market whose makers are paid for quotes."""

    def __init__(self) -> None:
        super().__init__(liquid(quotes=Quotes(WIDEST, LONGEST, MARGIN)))
        self.token: Any = self.market.cash_token
        self.pricer: Any = self.market.pool_pricer
        self.orders: Any = self.market.orders
        self.rewards: Any = self.market.quote_rewards
        # The first day of an epoch.
        self.market.travel_to((self.market.now // EPOCH + 1) * EPOCH)
        self.market.push_price(2_750, 0.15)
        self.epoch = self.market.now // EPOCH
        self.makers = [self.person(role, cash=1_000_000) for role in ("maker", "rival")]
        self.taker = self.person("taker", cash=1_000_000)
        self.call = self.market.call(2_775, 9)
        self.nonce = 0
        self.token.mint(self.owner, BUDGET)
        self.token.approve(self.rewards.address, BUDGET, sender=self.owner)
        self.rewards.fund(self.epoch, BUDGET, sender=self.owner)

    @property
    def mid(self) -> float:
        return int(self.pricer.assess(1, [], self.call.code, 0).price) / WAD

    def order(self, maker: Account, quantity: float, price: float, **terms: Any) -> Order:
        self.nonce += 1
        leg = Leg(self.call.code, WAD if quantity > 0 else -WAD, wad(round(price, 6)))
        order: Order = signed_orders.quote(
            maker.number,
            [leg],
            nonce=self.nonce,
            size=wad(abs(quantity)),
            taker=ANYONE,
            epoch=0,
            deadline=int(boa.env.timestamp) + DAY,
        )
        return replace(order, **terms)

    def sign(self, order: Order, maker: Account) -> bytes:
        return signed_orders.sign(order, maker.signer, self.market.domain)

    def stand(self, maker: Account, size: float, below: float, above: float) -> tuple[int, Any]:
        """A quote so far [USD] below and above the mid; its id and the offer."""
        bid = self.order(maker, size, self.mid - below)
        offer = self.order(maker, -size, self.mid + above)
        figures = (bid.as_tuple(), self.sign(bid, maker), offer.as_tuple(), self.sign(offer, maker))
        return int(self.rewards.announce(*figures)), offer

    def pass_time(self, seconds: int) -> None:
        boa.env.time_travel(seconds=seconds)
        self.market.push_price(2_750, 0.15)

    def points(self, maker: Account) -> int:
        return int(self.rewards.points(self.epoch, maker.number))

    def end(self) -> None:
        self.market.travel_to((self.epoch + 1) * EPOCH)


@pytest.fixture(scope="module")
def world() -> Rewarded:
    return Rewarded()


def test_points_are_size_nearness_and_time(world: Rewarded) -> None:
    maker = world.makers[0]
    one, _ = world.stand(maker, 10, 2, 5)
    quote = world.rewards.quote_of(one)
    widest = mpf(2_750) * WIDEST / 10_000
    expected = 10 * mpf(2_750) * (1 - 5 / widest) ** 2
    assert abs(mpf(quote.rate) / WAD - expected) < 1e-3
    world.pass_time(1_000)
    world.rewards.check([one], sender=world.intruder)
    later = world.rewards.quote_of(one)
    # The lower of both rates: the mid has come down a little.
    assert world.points(maker) == min(quote.rate, later.rate) * 1_000 // WAD


def test_an_epoch_is_shared_by_points(world: Rewarded) -> None:
    near, far = world.makers
    ids = [world.stand(near, 10, 2, 2)[0], world.stand(far, 10, 9, 9)[0]]
    for _ in range(3):
        world.pass_time(HOUR)
        world.rewards.check(ids)
    with boa.reverts("reward: epoch not over"):
        world.rewards.pay(near.number, world.epoch)
    points = [world.points(one) for one in world.makers]
    assert points[0] > 1.5 * points[1] > 0
    world.end()
    for maker, mine in zip(world.makers, points, strict=True):
        before = world.token.balanceOf(maker.address)
        paid = world.rewards.pay(maker.number, world.epoch, sender=world.intruder)
        assert paid == BUDGET * mine // sum(points)
        assert world.token.balanceOf(maker.address) - before == paid
        with boa.reverts("reward: no points"):
            world.rewards.pay(maker.number, world.epoch)


def test_what_was_not_looked_at_for_too_long_earns_nothing(world: Rewarded) -> None:
    one, _ = world.stand(world.makers[0], 10, 2, 2)
    world.pass_time(LONGEST + 1)
    world.rewards.check([one])
    assert world.points(world.makers[0]) == 0
    world.pass_time(LONGEST)
    world.rewards.check([one])
    assert world.points(world.makers[0]) > 0


def test_wide_one_sided_or_stale_quotes_earn_nothing(world: Rewarded) -> None:
    maker = world.makers[0]
    for below, above in ((10, 28), (-1, 3), (3, -1)):
        one, _ = world.stand(maker, 10, below, above)
        assert world.rewards.quote_of(one).rate == 0
    # The farther side counts, whichever it is.
    rates = [
        world.rewards.quote_of(world.stand(maker, 10, *two)[0]).rate for two in ((2, 8), (8, 2))
    ]
    assert abs(rates[0] - rates[1]) < WAD // 100 and rates[0] > 0
    before = world.rewards.quoted(maker.number)
    good, _ = world.stand(maker, 10, 2, 2)
    assert world.rewards.quoted(maker.number) == before + wad(27_500)
    world.market.push_price(2_900, 0.15)
    boa.env.time_travel(seconds=600)
    world.rewards.check([good])
    assert world.points(maker) == 0 and world.rewards.quoted(maker.number) == before
    # Nor do prices that nobody vouches for.
    stale, _ = world.stand(maker, 10, 2, 2)
    boa.env.time_travel(seconds=5 * DAY)
    world.rewards.check([stale])
    assert world.rewards.quote_of(stale).rate == 0


def test_wash_trades_and_matching_oneself_earn_nothing(world: Rewarded) -> None:
    """Two accounts of one owner, and two friends: what they trade among them scores for nobody."""
    maker, friend = world.makers
    one, offer = world.stand(maker, 10, 2, 2)
    honest, _ = world.stand(friend, 10, 2, 2)
    world.pass_time(600)
    cash = [world.cash(who) for who in (maker, friend)]
    figures = (offer.as_tuple(), maker.address, world.sign(offer, maker))
    world.orders.fill(*figures, friend.number, wad(10), sender=friend.address)
    world.rewards.check([one, honest])
    # Filled: nothing stands, and the time before counts for nothing either.
    assert world.points(maker) == 0 and world.rewards.quote_of(one).rate == 0
    assert world.points(friend) > 0
    # Between them they paid fees.
    assert sum(world.cash(who) for who in (maker, friend)) < sum(cash)


def test_the_same_margin_does_not_stand_twice(world: Rewarded) -> None:
    maker = world.makers[0]
    world.market.withdraw(maker, 990_000)
    # 10,000 USD carry 10,000 / (20 % of 2,750) = 18 contracts.
    one, _ = world.stand(maker, 10, 2, 2)
    full = world.rewards.quote_of(one).rate
    two, _ = world.stand(maker, 30, 2, 2)
    world.rewards.check([one])
    rates = [world.rewards.quote_of(i).rate for i in (one, two)]
    assert rates[0] < full
    carried = mpf(10_000) / (mpf(2_750) * MARGIN / 10_000)
    assert abs(mpf(sum(rates)) / full - carried / 10) < 1e-3
    # Money that is taken away between checks counts for neither side of the check.
    world.market.withdraw(maker, 10_000)
    world.pass_time(60)
    world.rewards.check([one, two], sender=world.intruder)
    world.market.fund(maker, 10_000)
    world.rewards.check([one, two])
    assert world.points(maker) == 0


def test_cancelled_and_expired_quotes_end(world: Rewarded) -> None:
    maker = world.makers[0]
    one, offer = world.stand(maker, 10, 2, 2)
    world.orders.cancel(offer.as_tuple(), sender=maker.address)
    world.pass_time(60)
    world.rewards.check([one])
    assert world.points(maker) == 0 and world.rewards.quoted(maker.number) == 0
    two, _ = world.stand(maker, 10, 2, 2)
    world.orders.cancel_all(maker.number, sender=maker.address)
    world.pass_time(60)
    world.rewards.check([two])
    three = world.stand(world.makers[1], 10, 2, 2)[0]
    world.pass_time(DAY + 1)
    world.rewards.check([three])
    assert world.points(maker) == world.points(world.makers[1]) == 0


def test_points_stay_within_their_epoch(world: Rewarded) -> None:
    maker = world.makers[0]
    world.market.travel_to((world.epoch + 1) * EPOCH - 600)
    world.market.push_price(2_750, 0.15)
    one, _ = world.stand(maker, 10, 2, 2)
    world.pass_time(900)
    world.rewards.check([one])
    rate = world.rewards.quote_of(one).rate
    assert world.points(maker) == 0
    assert (
        abs(world.rewards.points(world.epoch + 1, maker.number) - rate * 300 // WAD) < rate // WAD
    )


def test_what_is_refused(world: Rewarded) -> None:
    maker, rival = world.makers
    bid, offer = world.order(maker, 5, world.mid - 2), world.order(maker, -5, world.mid + 2)

    def announce(b: Order, o: Order, signer: Account = maker, cut: int = 65) -> None:
        signature = world.sign(o, signer)[:cut]
        world.rewards.announce(b.as_tuple(), world.sign(b, signer), o.as_tuple(), signature)

    legs = (*bid.legs, Leg(world.market.call(2_800, 9).code, WAD, WAD))
    other = (Leg(world.market.call(2_800, 9).code, -WAD, WAD),)
    half = (Leg(world.call.code, WAD // 2, WAD),)
    knock = Series(1, world.call.expiry, world.call.strike, False, 3_000 * WAD, True)
    barrier = [(Leg(knock.code, side * WAD, WAD),) for side in (1, -1)]
    for b, o, reason in (
        (replace(bid, legs=legs), offer, "reward: one leg only"),
        (replace(bid, legs=half), offer, "reward: not a side"),
        (offer, bid, "reward: not a side"),
        (replace(bid, taker=rival.address), offer, "reward: not for anybody"),
        (replace(bid, size=2**95), offer, "reward: number too large"),
        (bid, replace(offer, account=rival.number), "reward: not one maker"),
        (bid, replace(offer, epoch=1), "reward: not one maker"),
        (bid, replace(offer, legs=other), "reward: not one series"),
        (replace(bid, legs=barrier[0]), replace(offer, legs=barrier[1]), "reward: not one series"),
    ):
        with boa.reverts(reason):
            announce(b, o)
    late = int(boa.env.timestamp) + 2 * DAY
    with boa.reverts("reward: quote too long"):
        announce(replace(bid, deadline=late), replace(offer, deadline=late))
    with boa.reverts("reward: bad signature"):
        announce(bid, offer, rival)
    with boa.reverts("reward: bad signature"):
        announce(bid, offer, cut=64)
    announce(bid, offer)
    with boa.reverts("reward: order stands already"):
        announce(bid, world.order(maker, -5, world.mid + 2))
    with boa.reverts("reward: no such quote"):
        world.rewards.check([99])
    with boa.reverts("reward: epoch over"):
        world.rewards.fund(world.epoch - 1, 1)
    for rules, reason in (
        ((0, HOUR, 1), "reward: width out of range"),
        ((10_001, HOUR, 1), "reward: width out of range"),
        ((1, 0, 1), "reward: time out of range"),
        ((1, DAY + 1, 1), "reward: time out of range"),
        ((1, HOUR, 0), "reward: margin out of range"),
    ):
        with boa.reverts(reason), boa.env.prank(world.owner):
            world.rewards.set_rules(rules)
    with boa.reverts("ownable: caller is not the owner"), boa.env.prank(world.intruder):
        world.rewards.set_rules((1, 1, 1))


def test_deployment_and_tokens_that_fail(world: Rewarded) -> None:
    token = build("tests/hostile/FalseToken.vy")
    units = (world.ledger.address, world.pricer.address, world.orders.address, token.address)
    with boa.reverts("reward: no owner"):
        build("venues/QuoteRewards.vy", *units, "0x" + 40 * "0")
    rewards = build("venues/QuoteRewards.vy", *units, world.owner)
    with boa.reverts("reward: transfer failed"):
        rewards.fund(world.epoch, 10)
