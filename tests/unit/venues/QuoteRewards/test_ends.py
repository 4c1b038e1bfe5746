"""Rewards that are not paid, quotes nobody signed, prices nobody vouches for."""

from typing import Any

import boa
import pytest

from tests.unit.venues.QuoteRewards.test_rewards import BUDGET, Rewarded
from tests.world import DAY, build


@pytest.fixture(scope="module")
def world() -> Rewarded:
    return Rewarded()


def test_a_signature_that_recovers_nobody(world: Rewarded) -> None:
    """ecrecover answers zero: that is nobody, whatever the empty address might be allowed."""
    maker = world.makers[0]
    bid, offer = world.order(maker, 5, world.mid - 2), world.order(maker, -5, world.mid + 2)
    with boa.reverts("reward: bad signature"):
        world.rewards.announce(
            bid.as_tuple(), world.sign(bid, maker), offer.as_tuple(), bytes(64) + b"\x1b"
        )


def test_a_quote_at_a_stale_price_earns_nothing_until_it_is_fresh(world: Rewarded) -> None:
    maker = world.makers[0]
    boa.env.time_travel(seconds=5 * DAY)
    assert not world.pricer.assess(1, [], world.call.code, 0).fresh
    one, _ = world.stand(maker, 10, 2, 2)
    assert world.rewards.quote_of(one).rate == 0


def test_points_are_kept_when_the_token_fails(world: Rewarded) -> None:
    token: Any = build("tests/hostile/FalseToken.vy")
    units = (world.ledger.address, world.pricer.address, world.orders.address, token.address)
    world.rewards = build("venues/QuoteRewards.vy", *units, world.owner)
    world.rewards.set_rules((100, 3_600, 2_000), sender=world.owner)
    token.mint(world.owner, BUDGET)
    token.approve(world.rewards.address, BUDGET, sender=world.owner)
    world.rewards.fund(world.epoch, BUDGET, sender=world.owner)
    maker = world.makers[0]
    one, _ = world.stand(maker, 10, 2, 2)
    world.pass_time(600)
    world.rewards.check([one])
    world.end()
    token.jam(True)
    with boa.reverts("reward: transfer failed"):
        world.rewards.pay(maker.number, world.epoch)
    token.jam(False)
    assert world.rewards.pay(maker.number, world.epoch) == BUDGET
    assert token.balanceOf(maker.address) == BUDGET
