"""A sample of the worlds of `venues.py`, the same every time, and that its checks can fail."""

from collections import Counter
from copy import copy

import boa
import pytest

from novate.liquidity import POOLS
from tests.stateful import venues_checks
from tests.stateful.playing import play
from tests.stateful.venues import Venues
from tests.world import WAD

WORLDS, STEPS = (2, 3, 9, 11, 13, 15), 50
# What the sample must have reached, or it shows nothing.
REACHED = (
    *("traded with a pool", "limits kept", "routed", "filled", "hedged", "wrapped", "unwrapped"),
    *("batches as the reference has them", "filled in a batch", "vaults began", "rounds ended"),
    *("quotes as the reference has them", "queued", "served a queue", "forfeited"),
    *("AuctionStarted", "BidTaken", "fixed an expiry"),
    *(f"there and back: {what}" for what in ("trades", "units", "pool shares", "vault shares")),
)


def test_all_venues_together() -> None:
    seen: Counter[str] = Counter()
    failures = [found for seed in WORLDS if (found := play(Venues, seed, STEPS, seen))]
    assert not failures, failures
    assert seen["steps"] == len(WORLDS) * STEPS
    assert not [what for what in REACHED if not seen[what]]


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
    ],
)
def test_what_is_missing_is_noticed(world: Venues, spoil: object, found: str) -> None:
    spoil(world)  # type: ignore[operator]
    with pytest.raises(AssertionError, match=found):
        world.check({})


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
