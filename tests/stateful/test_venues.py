"""A sample of the worlds of `venues.py`, the same every time, and that its checks can fail."""

from collections import Counter
from copy import copy

import boa
import pytest

from novate.liquidity import POOLS
from tests.stateful import venues_checks
from tests.stateful.playing import play
from tests.stateful.venues import Venues
from tests.world import DAY, WAD

# Those that reach much come first; more are played only while something is not reached.
WORLDS, STEPS = (2, 15, 9, 14, 1, 6, *range(16, 28)), 50
LEAST = 5
# What the sample must have reached, or it shows nothing.
REACHED = (
    *("traded with a pool", "limits kept", "routed", "filled", "hedged", "wrapped", "unwrapped"),
    *("batches as the reference has them", "filled in a batch", "vaults began", "rounds ended"),
    *("quotes as the reference has them", "queued", "served a queue", "forfeited"),
    *("AuctionStarted", "BidTaken", "fixed an expiry", "quotes checked"),
    *("taken by the unwinder", "offered by the unwinder", "unwound"),
    *(f"there and back: {what}" for what in ("trades", "units", "pool shares", "vault shares")),
)


def test_all_venues_together() -> None:
    seen: Counter[str] = Counter()
    missing = list(REACHED)
    for number, seed in enumerate(WORLDS):
        if number >= LEAST and not missing:
            break
        failure = play(Venues, seed, STEPS, seen)
        assert not failure, failure
        missing = [what for what in REACHED if not seen[what]]
    assert not missing and seen["steps"] >= LEAST * STEPS


@pytest.fixture(scope="module")
def played() -> Venues:
    """A world in which a batch was played and a long is wrapped."""
    world = Venues(1)
    owner, series = world.people[0], sorted(world.traded)[0]
    world.hub.wrap(owner.number, series.code, WAD, owner.address, sender=owner.address)
    world.step(world.plays_a_batch)
    world.backs()
    return world


@pytest.fixture
def world(played: Venues) -> Venues:
    """What Python remembers of it is a copy; the contracts are rolled back anyway."""
    world = copy(played)
    world.people, world.ids, world.traded = list(world.people), list(world.ids), set(world.traded)
    world.check({})
    return world


def spoil_tokens(world: Venues) -> None:
    world.token.mint(world.intruder, 1)


def spoil_accounts(world: Venues) -> None:
    world.people.pop(1)


def spoil_cash(world: Venues) -> None:
    stranger = world.person("stranger")
    world.ledger.deposit(stranger.number, 0, 1, sender=world.people[0].address)


def spoil_positions(world: Venues) -> None:
    stranger, series = world.person("stranger"), sorted(world.traded)[0]
    world.novate(world.trade(world.people[0], stranger, series, 1))


def spoil_bonds(world: Venues) -> None:
    world.ids.remove(next(one for one in world.ids if world.batch.orders(one)[0]))


def spoil_units(world: Venues) -> None:
    owner = world.people[0].address
    code = next(one.code for one in world.traded if world.hub.balanceOf(owner, one.code))
    world.hub.transfer(world.intruder, code, 1, sender=owner)


def spoil_shares(world: Venues) -> None:
    backer = world.backers[0].address
    world.shares[0].transfer(world.intruder, 1, sender=backer)


def spoil_vaults(world: Venues) -> None:
    saver = world.savers[0].address
    world.vaults[0].transfer(world.intruder, 1, sender=saver)


def spoil_unwinder(world: Venues) -> None:
    backer = world.backers[0].address
    world.unwinder.transfer(world.intruder, 1, sender=backer)


def spoil_rewards(world: Venues) -> None:
    world.funded = {0: 2}


def spoil_unwinding(world: Venues) -> None:
    """Money that is the unwinder's, elsewhere."""
    number = world.unwinder.ACCOUNT()
    world.ledger.deposit(number, 0, 10**6, sender=world.people[0].address)


def spoil_round(world: Venues) -> None:
    vault = next(one for one in world.vaults if not one.in_round())
    world.ledger.deposit(vault.ACCOUNT(), 0, 2 * 10**6, sender=world.people[0].address)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (spoil_tokens, "every token lies somewhere"),
        (spoil_accounts, "every token lies somewhere"),
        (spoil_cash, "cash of all accounts"),
        (spoil_positions, "long and short of a series"),
        (spoil_bonds, "bonds are conserved"),
        (spoil_units, "units of a series are with people"),
        (spoil_shares, "shares of a pool are with backers"),
        (spoil_vaults, "shares of a vault are with savers"),
        (spoil_unwinder, "shares of the unwinder are with backers"),
        (spoil_unwinding, "the unwinder's money is back before shares"),
        (spoil_rewards, "rewards that are owed are there"),
        (spoil_round, "between rounds all of a vault is here"),
    ],
)
def test_what_is_missing_is_noticed(world: Venues, spoil: object, found: str) -> None:
    spoil(world)  # type: ignore[operator]
    with pytest.raises(AssertionError, match=found):
        world.check({})


def test_rewards_are_paid(world: Venues) -> None:
    """Two quotes that stood for some minutes share a week's money by their points."""
    world.quotes, world.funded, world.points = [], {}, {}
    for _ in range(12):
        world.step(world.stands_by)
    assert world.quotes and world.points
    world.travel(7 * DAY)
    funded, world.funded = world.funded, {one: 2 * all for one, all in world.funded.items()}
    with pytest.raises(AssertionError, match="rewards that are owed are there"):
        world.check({})
    world.funded = funded
    world.step(world.looks_at_quotes)
    assert world.seen["rewards paid"]


def test_a_quote_beside_the_reference_is_noticed(
    world: Venues, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference believes in the rules of the other pool."""
    monkeypatch.setattr(venues_checks, "POOLS", POOLS[1::-1])
    found = []
    for _ in range(20):
        boa.env.time_travel(seconds=12)
        series = world.series()
        deal = world.attempt(world.pools[0].quote, series.code, 5 * WAD)
        if deal is not None:
            with pytest.raises(AssertionError, match="as the reference"):
                world.agrees_with_the_reference(world.pools[0], series, 5 * WAD, deal)
            found.append(deal)
    assert found
