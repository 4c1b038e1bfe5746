"""Doors outside their time, strikes in any order, requests of one kind, and half a payment."""

from typing import Any

import boa
import pytest

from novate.fronts import hand_on
from tests.unit.vaults.conftest import LENT, STRATEGIES, VaultWorld
from tests.world import WAD, build

HOUR = 3_600
UNIT = 10**6


@pytest.fixture
def queue(world: VaultWorld) -> Any:
    """In front of the dollar vault, between rounds; two people may bring both."""
    made = build("vaults/VaultQueue.vy", world.vaults["secured put"].address)
    for owner in (world.depositor, world.friend):
        world.bring(world.vaults["secured put"], owner, 1_000)
        world.give(world.vaults["secured put"], owner, 1_000 * UNIT)
        for token in (world.token, world.vaults["secured put"]):
            token.approve(made.address, 2**256 - 1, sender=owner)
    return made


def test_between_rounds_all_may_come_and_nothing_ends(world: VaultWorld) -> None:
    vault = world.vaults["covered call"]
    assert vault.maxDeposit(world.depositor) == vault.maxMint(world.depositor) == 2**112
    for act in (lambda: vault.reveal(0), vault.finish, lambda: vault.exchange(1, 0)):
        with boa.reverts("vault: no round"):
            act()


def test_too_near_an_expiry(world: VaultWorld) -> None:
    vault = world.vaults["secured put"]
    world.bring(vault, world.depositor, 20_000)
    world.later(HOUR)
    near = (int(boa.env.timestamp) // HOUR + 2) * HOUR
    with boa.reverts("vault: tenor out of range"):
        vault.begin(near, world.strikes("secured put"), LENT, sender=world.lender)


def test_legs_are_traded_in_the_order_of_their_codes(world: VaultWorld) -> None:
    """However the rules name them: the batch takes legs ascending."""
    world.later(HOUR)
    legs, *rest = STRATEGIES["collar"]
    strikes = world.strikes("collar")
    found = [
        world.strategist.choose(1, (order, *rest), world.expiry, given, 10**22)[0]
        for order, given in ((list(legs), strikes), (list(legs)[::-1], strikes[::-1]))
    ]
    assert found[0] == found[1] == sorted(found[0])


@pytest.mark.parametrize("kind", ["assets", "shares"])
def test_a_batch_of_one_kind(world: VaultWorld, queue: Any, kind: str) -> None:
    me, vault = world.depositor, world.vaults["secured put"]
    shares = vault.balanceOf(me) // 2
    brought = (500 * UNIT, 0) if kind == "assets" else (0, shares)
    id = queue.request(*brought, sender=me)
    queue.serve()
    assets, made = queue.due(id, me)
    assert (assets > 0, made > 0) == (kind == "shares", kind == "assets")
    before = world.token.balanceOf(me), vault.balanceOf(me)
    queue.claim(id, me)
    assert (world.token.balanceOf(me), vault.balanceOf(me)) == (
        before[0] + assets,
        before[1] + made,
    )


def test_both_kinds_come_back_or_neither(world: VaultWorld) -> None:
    """The asset fails: the shares beside it do not leave either."""
    token = build("tests/hostile/FalseToken.vy")
    shares = boa.loads(SHARES, token.address)
    queue = build("vaults/VaultQueue.vy", shares.address)
    me = world.friend
    token.mint(me, 10)
    token.approve(queue.address, 10, sender=me)
    queue.request(5, 7, sender=me)
    token.jam(True)
    with boa.reverts("queue: transfer failed"):
        queue.cancel(sender=me)
    assert shares.moved() == 0
    token.jam(False)
    queue.cancel(sender=me)
    assert (shares.moved(), token.balanceOf(me)) == (7, 10)


def test_a_bond_that_does_not_come_seals_nothing(world: VaultWorld) -> None:
    """A stablecoin that answers false to a lender who allowed nothing."""
    token = build("tests/hostile/FalseToken.vy")
    m, name = world.market, "secured put"
    units = [x.address for x in (m.oracle, m.listing, m.operators, m.curve, token)]
    back = build("clearing/BackOffice.vy", *units)
    ledger = build("clearing/Clearinghouse.vy", *units, world.owner, back.address)
    hand_on(ledger, back)
    figures = (m.oracle.address, world.standing.address, 600, 0, 10**9, 0)
    batch = build("auction/BatchAuction.vy", ledger.address, *figures)
    places = (batch.address, world.strategist.address, 0, token.address, False, 1)
    vault = build("vaults/StrategyVault.vy", "x", "x", *places, world.owner, STRATEGIES[name])
    token.mint(world.depositor, 10**24)
    token.approve(vault.address, 10**24, sender=world.depositor)
    vault.deposit(20_000 * 10**18, world.depositor, sender=world.depositor)
    world.later(HOUR)
    round = (world.expiry, world.strikes(name), 2_000 * 10**18)
    with boa.reverts("vault: transfer failed"):
        vault.begin(*round, sender=world.lender)
    assert not vault.in_round() and vault.totalAssets() == 20_000 * 10**18
    token.mint(world.lender, 10**24)
    token.approve(vault.address, 10**24, sender=world.lender)
    vault.begin(*round, sender=world.lender)
    assert vault.in_round()


def test_a_round_that_lost_everything_ends(world: VaultWorld) -> None:
    """The account is sold whole in an auction: there is nothing to fetch, and the vault opens."""
    vault, buyer = world.vaults["covered call"], world.person("buyer", 1_000)
    world.bring(vault, world.depositor, 10)
    world.begin("covered call")
    world.use_own_house()
    with boa.env.prank(world.house):
        world.ledger.freeze(vault.ACCOUNT())
        world.ledger.liquidate(vault.ACCOUNT(), buyer.number, WAD, 0, 0)
        world.ledger.thaw(vault.ACCOUNT())
    assert world.ledger.holdings_of(buyer.number) == [1 << 248 | 10 * WAD]
    assert world.ledger.holdings_of(vault.ACCOUNT()) == []
    world.to_reveal(vault.epoch() + 1)
    vault.finish()
    place = bytes.fromhex(world.index.address[2:])
    assert all(entry[1] != place for entry in vault._computation.get_raw_log_entries())
    assert not vault.in_round() and vault.totalAssets() == 0
    shares = vault.balanceOf(world.depositor)
    assert vault.redeem(shares, world.depositor, world.depositor, sender=world.depositor) == 0


def test_collateral_of_another_kind_is_not_taken_for_its_own(world: VaultWorld) -> None:
    """No door leads there; an auction house that the owner chose could put it there."""
    vault, owner = world.vaults["protective put"], world.person("owner", units=3)
    world.bring(vault, world.depositor, 10)
    world.begin("protective put")
    world.use_own_house()
    with boa.env.prank(world.house):
        world.ledger.freeze(owner.number)
        world.ledger.liquidate(owner.number, vault.ACCOUNT(), WAD, 0, 0)
    held = world.ledger.holdings_of(vault.ACCOUNT())
    assert held == [1 << 248 | 3 * WAD, 2 << 248 | 10 * WAD]
    world.to_reveal(vault.epoch() + 1)
    vault.finish()
    assert vault.totalAssets() == 10 * WAD


SHARES = """
# pragma version 0.4.3
asset: public(address)
moved: public(uint256)

@deploy
def __init__(asset: address):
    self.asset = asset

@external
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    return True

@external
def transfer(receiver: address, amount: uint256) -> bool:
    self.moved += amount
    return True
"""
