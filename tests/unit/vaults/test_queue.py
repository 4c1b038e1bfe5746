"""Requests in the midst of a round: all get the price of its end, to the wei."""

from typing import Any

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.vaults.conftest import VaultWorld
from tests.world import build

UNIT = 10**6


class Waiting(VaultWorld):
    """A vault of dollars in a round, and its queue."""

    def __init__(self) -> None:
        super().__init__()
        self.dollars = self.vaults["secured put"]
        self.queue: Any = build("vaults/VaultQueue.vy", self.dollars.address)
        self.crowd = [str(boa.env.generate_address(f"waiting {i}")) for i in range(4)]
        for owner in (self.depositor, *self.crowd):
            self.bring(self.dollars, owner, 5_000)
            self.give(self.dollars, owner, 10**6 * UNIT)
            for token in (self.token, self.dollars):
                token.approve(self.queue.address, 2**256 - 1, sender=owner)
        self.play("secured put")

    def end(self, spot: float = 2_500) -> None:
        self.expire(spot)
        self.dollars.finish()


@pytest.fixture(scope="module")
def world() -> Waiting:
    return Waiting()


requests = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 10**5 * UNIT), st.integers(0, 10**15)),
    min_size=1,
    max_size=8,
)


@given(asked=requests, spot=st.sampled_from([2_300, 2_600, 2_800]))
@settings(max_examples=10, derandomize=True)
def test_everybody_gets_the_price_of_the_end(world: Waiting, asked: Any, spot: float) -> None:
    """Beside plain fractions of what the vault has and is, whatever the order of requests."""
    vault, queue = world.dollars, world.queue
    brought: dict[str, list[int]] = {owner: [0, 0] for owner in world.crowd}
    for who, assets, shares in asked:
        owner = world.crowd[who]
        if assets | shares:
            queue.request(assets, shares, sender=owner)
            brought[owner][0] += assets
            brought[owner][1] += shares
    if not any(map(any, brought.values())):
        return
    with boa.reverts("vault: round under way"):
        queue.serve()
    world.end(spot)
    total, supply = vault.totalAssets() + 1, vault.totalSupply() + 10**6
    stayer = vault.convertToAssets(vault.balanceOf(world.depositor))
    queue.serve(sender=world.intruder)
    for owner, (assets, shares) in brought.items():
        due = queue.due(0, owner)
        # Down, by a share or a unit of rounding in the vault and one here.
        assert 0 <= shares * total / supply - due[0] <= 2 + shares * total / supply * 1e-15
        exact = assets * supply // total
        assert 0 <= exact - due[1] <= 10**6 + exact // 10**9
        if assets | shares:
            before = (world.token.balanceOf(owner), vault.balanceOf(owner))
            queue.claim(0, owner, sender=world.intruder)
            after = (world.token.balanceOf(owner), vault.balanceOf(owner))
            assert (after[0] - before[0], after[1] - before[1]) == due
            with boa.reverts("queue: nothing to claim"):
                queue.claim(0, owner)
    # Who stayed lost nothing by all this.
    assert vault.convertToAssets(vault.balanceOf(world.depositor)) >= stayer
    assert world.token.balanceOf(queue.address) < 8 and vault.balanceOf(queue.address) < 8


def test_a_request_is_cancelled_while_it_waits(world: Waiting) -> None:
    queue, owner = world.queue, world.crowd[0]
    before = (world.token.balanceOf(owner), world.dollars.balanceOf(owner))
    with boa.reverts("queue: nothing brought"):
        queue.request(0, 0, sender=owner)
    with boa.reverts("queue: nothing waits"):
        queue.cancel(sender=owner)
    queue.request(UNIT, 10**9, sender=owner)
    with boa.reverts("queue: not served yet"):
        queue.claim(0, owner)
    queue.cancel(sender=owner)
    assert (world.token.balanceOf(owner), world.dollars.balanceOf(owner)) == before
    world.end()
    with boa.reverts("queue: nothing waits"):
        queue.serve()


def test_the_vault_waits_for_the_queue(world: Waiting) -> None:
    """An hour between rounds, in which anybody may serve; then the next batch begins to fill."""
    queue, owner = world.queue, world.crowd[0]
    queue.request(1_000 * UNIT, 0, sender=owner)
    world.end()
    with boa.reverts("vault: just opened"):
        world.dollars.begin(world.expiry, [1], 1, sender=world.lender)
    queue.serve()
    assert queue.current() == 1
    assert queue.request(1_000 * UNIT, 0, sender=owner) == 1
    queue.claim(0, owner)
