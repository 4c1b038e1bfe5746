"""A token that calls back finds every door of batch, vault and queue locked."""

from typing import Any

import boa
import pytest

from tests.unit.vaults.conftest import STRATEGIES, VaultWorld
from tests.world import build

NOBODY = "0x" + 40 * "0"
WHOLE = 10**18
ORDER = (0, [], 0, 0)
HASH = bytes(32)

DOORS: dict[str, list[tuple[str, tuple[Any, ...]]]] = {
    "batch": [
        ("bring", (WHOLE,)),
        ("take", (0,)),
        ("commit", (HASH, 10**10)),
        ("reveal", (ORDER, HASH, 0)),
        ("place", (ORDER, HASH, 0)),
        ("forfeit", (NOBODY, HASH)),
        ("challenge", (0,)),
        ("judge", (0, 0)),
        ("settle_linked", (0, 0)),
        ("settle", (0, 0, 0)),
        ("release", ([],)),
        ("sweep", ()),
    ],
    "vault": [
        ("deposit", (0, NOBODY)),
        ("mint", (0, NOBODY)),
        ("withdraw", (0, NOBODY, NOBODY)),
        ("redeem", (0, NOBODY, NOBODY)),
        ("leave", (0, NOBODY)),
        ("begin", (0, [], 0)),
        ("reveal", (0,)),
        ("exchange", (0, 0)),
        ("finish", ()),
        ("pay_back", (NOBODY,)),
        ("set_fee", (0,)),
        ("stop", ()),
    ],
    "queue": [
        ("request", (0, 0)),
        ("cancel", ()),
        ("serve", ()),
        ("claim", (0, NOBODY)),
    ],
}


class Traps:
    """Batch, vault and queue over a stablecoin that calls back."""

    def __init__(self) -> None:
        world = VaultWorld()
        self.token: Any = build("tests/hostile/ReentrantToken.vy")
        m, self.me = world.market, world.friend
        units = [x.address for x in (m.oracle, m.listing, m.operators, m.curve, self.token)]
        back = build("clearing/BackOffice.vy", *units)
        ledger = build("clearing/Clearinghouse.vy", *units, world.owner, back.address)
        figures = (m.oracle.address, world.standing.address, 600, 0, 10**9, 0)
        batch = build("auction/BatchAuction.vy", ledger.address, *figures)
        places = (batch.address, world.strategist.address, 0, self.token.address, False, 1)
        # The token itself owns the vault, so that only the lock keeps it out.
        rules = STRATEGIES["secured put"]
        vault = build("vaults/StrategyVault.vy", "x", "x", *places, self.token.address, rules)
        queue = build("vaults/VaultQueue.vy", vault.address)
        self.units = {"batch": batch, "vault": vault, "queue": queue}
        self.token.mint(self.me, 10**30)
        for one in self.units.values():
            self.token.approve(one.address, 2**256 - 1, sender=self.me)
        self.enter = {
            "batch": lambda: batch.bring(WHOLE, sender=self.me),
            "vault": lambda: vault.deposit(WHOLE, self.me, sender=self.me),
            "queue": lambda: queue.request(WHOLE, 0, sender=self.me),
        }


@pytest.fixture(scope="module")
def traps() -> Traps:
    return Traps()


@pytest.mark.parametrize("name", DOORS)
def test_every_door_is_locked_in_a_callback(traps: Traps, name: str) -> None:
    unit = traps.units[name]
    changing = {
        one["name"]
        for one in unit.abi
        if one["type"] == "function" and one["stateMutability"] not in ("view", "pure")
    }
    # Shares may move in a callback: nothing is priced by who holds them.
    shares = {"transfer", "transferFrom", "approve", "permit", "transfer_ownership"}
    assert changing - shares == {door for door, _ in DOORS[name]}
    for door, arguments in DOORS[name]:
        with boa.env.anchor():
            call = getattr(unit, door).prepare_calldata(*arguments)
            traps.token.arm(unit.address, call)
            traps.enter[name]()
            assert traps.token.calls() == 1
            assert not traps.token.succeeded(), door
            # The lock says nothing, so it was the lock.
            assert traps.token.response() == b"", door
