"""ERC-4626 by properties, as a16z's suite lists them, and gifts that do not pay.

https://github.com/a16z/erc4626-tests: conversions, limits, previews beside what happens, round
trips.
"""

from typing import Any

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.vaults.conftest import STRATEGIES, VaultWorld
from tests.world import build

UNIT = 10**6
amounts = st.integers(0, 10**6 * UNIT)
# A vault with deposits and shares at some odd ratio: what it was given on top.
states = st.tuples(st.integers(1, 10**5 * UNIT), st.integers(0, 10**5 * UNIT))
few = settings(max_examples=12, derandomize=True)


def filled(world: VaultWorld, state: tuple[int, int]) -> Any:
    """A vault of dollars whose first depositor has brought something, and a gift."""
    vault = world.vaults["secured put"]
    brought, gift = state
    for owner in (world.depositor, world.friend):
        world.give(vault, owner, 10**7 * UNIT)
    vault.deposit(brought, world.depositor, sender=world.depositor)
    world.token.mint(vault.address, gift)
    return vault


@given(state=states, amount=amounts)
@few
def test_conversions_are_the_same_for_all_and_round_down(
    world: VaultWorld, state: tuple[int, int], amount: int
) -> None:
    vault = filled(world, state)
    assert vault.asset() == world.token.address
    assert vault.totalAssets() == sum(state)
    assert vault.decimals() == 12
    shares = vault.convertToShares(amount)
    assert shares == vault.convertToShares(amount, sender=world.intruder)
    assert vault.convertToAssets(shares) <= amount
    assert vault.convertToShares(vault.convertToAssets(shares)) <= shares
    expected = amount * (vault.totalSupply() + 10**6) // (vault.totalAssets() + 1)
    assert shares == expected


@given(state=states, amount=amounts)
@few
def test_what_is_previewed_happens(world: VaultWorld, state: tuple[int, int], amount: int) -> None:
    vault = filled(world, state)
    me, other = world.friend, world.keeper
    token = world.token
    shares = vault.previewDeposit(amount)
    before = token.balanceOf(me)
    assert vault.deposit(amount, other, sender=me) >= shares
    assert before - token.balanceOf(me) == amount and vault.balanceOf(other) >= shares

    wanted = amount * 10**6 // 3
    cost, before, had = vault.previewMint(wanted), token.balanceOf(me), vault.balanceOf(me)
    assert vault.mint(wanted, me, sender=me) <= cost
    assert before - token.balanceOf(me) <= cost and vault.balanceOf(me) == had + wanted

    taken = vault.maxWithdraw(me) // 2
    shares, had = vault.previewWithdraw(taken), vault.balanceOf(me)
    assert vault.withdraw(taken, other, me, sender=me) <= shares
    assert had - vault.balanceOf(me) <= shares and token.balanceOf(other) == taken

    rest = vault.maxRedeem(me)
    paid, before = vault.previewRedeem(rest), token.balanceOf(me)
    assert vault.redeem(rest, me, me, sender=me) >= paid
    assert token.balanceOf(me) - before >= paid


@given(state=states, amount=amounts)
@few
def test_round_trips_gain_nothing(world: VaultWorld, state: tuple[int, int], amount: int) -> None:
    """All eight of the suite."""
    vault = filled(world, state)
    me = world.friend
    vault.deposit(10**6 * UNIT, me, sender=me)
    shares = amount * 10**6 // 2

    def trips() -> None:
        made = vault.deposit(amount, me, sender=me)
        with boa.env.anchor():
            assert vault.redeem(made, me, me, sender=me) <= amount
        with boa.env.anchor():
            spent = (
                vault.withdraw(amount, me, me, sender=me)
                if amount <= vault.maxWithdraw(me)
                else made
            )
            assert spent >= made

    with boa.env.anchor():
        trips()
    with boa.env.anchor():
        cost = vault.mint(shares, me, sender=me)
        with boa.env.anchor():
            assert vault.redeem(shares, me, me, sender=me) <= cost
        with boa.env.anchor():
            assert vault.withdraw(cost, me, me, sender=me) >= shares if cost else True
    has = vault.balanceOf(me)
    part = min(shares, has)
    with boa.env.anchor():
        paid = vault.redeem(part, me, me, sender=me)
        with boa.env.anchor():
            assert vault.deposit(paid, me, sender=me) <= part
        assert vault.mint(part, me, sender=me) >= paid
    assets = min(amount, vault.maxWithdraw(me))
    ended = vault.withdraw(assets, me, me, sender=me)
    with boa.env.anchor():
        assert vault.deposit(assets, me, sender=me) <= ended
    assert vault.mint(ended, me, sender=me) >= assets


def test_allowances_are_spent(world: VaultWorld) -> None:
    vault = filled(world, (1_000 * UNIT, 0))
    arguments = (world.friend, world.depositor)
    for act, amount in ((vault.withdraw, UNIT), (vault.redeem, 10**12)):
        with boa.reverts("erc20: insufficient allowance"):
            act(amount, *arguments, sender=world.friend)
    vault.approve(world.friend, 10**12, sender=world.depositor)
    vault.redeem(10**12, *arguments, sender=world.friend)
    assert vault.allowance(world.depositor, world.friend) == 0


@given(gift=st.integers(1, 10**6 * UNIT), victim=st.integers(1, 10**6 * UNIT))
@settings(max_examples=25, derandomize=True)
def test_a_gift_before_the_first_depositor_never_pays(
    world: VaultWorld, gift: int, victim: int
) -> None:
    """One wei of shares and a gift: the attacker loses at least what the victim loses."""
    vault = world.vaults["secured put"]
    for owner in (world.depositor, world.friend):
        world.give(vault, owner, 10**7 * UNIT)
    attacker, me = world.friend, world.depositor
    shares = vault.deposit(1, attacker, sender=attacker)
    world.token.transfer(vault.address, gift, sender=attacker)
    mine = vault.deposit(victim, me, sender=me)
    got = vault.redeem(shares, attacker, attacker, sender=attacker)
    back = vault.redeem(mine, me, me, sender=me) if mine else 0
    assert got <= 1 + gift
    # A victim loses a millionth of the gift at most.
    assert victim - back <= 2 + 2 * gift // 10**6


@pytest.mark.parametrize("name", STRATEGIES)
def test_in_a_round_nothing_moves_and_views_answer(world: VaultWorld, name: str) -> None:
    vault = world.vaults[name]
    whole = 20_000 if vault.ASSET_INDEX() == 0 else 10
    world.bring(vault, world.depositor, whole)
    me = world.depositor
    world.give(vault, me, world.unit(vault))
    assert vault.maxRedeem(me) == vault.balanceOf(me)
    assert vault.maxWithdraw(me) == whole * world.unit(vault)
    world.play(name)
    limits = (vault.maxDeposit, vault.maxMint, vault.maxWithdraw, vault.maxRedeem)
    assert [limit(me) for limit in limits] == [0, 0, 0, 0]
    for act in (vault.deposit, vault.mint):
        with boa.reverts("vault: round under way"):
            act(1, me, sender=me)
    for act in (vault.withdraw, vault.redeem):
        with boa.reverts("vault: round under way"):
            act(1, me, me, sender=me)
    assert vault.totalAssets() == pytest.approx(whole * world.unit(vault), rel=0.05)
    views = (vault.previewDeposit, vault.previewMint, vault.previewWithdraw, vault.previewRedeem)
    # Prices that are no longer served stop no view.
    boa.env.evm.patch.timestamp = boa.env.timestamp + 86_400
    for view in views:
        assert view(10**12) > 0
    with boa.reverts("vault: round under way"):
        vault.begin(world.expiry, world.strikes(name), 10**9, sender=world.lender)


def test_a_token_that_fails_brings_nothing(world: VaultWorld) -> None:
    """Bonds, vault and queue over a stablecoin that answers false."""
    token = build("tests/hostile/FalseToken.vy")
    m, me = world.market, world.friend
    units = [x.address for x in (m.oracle, m.listing, m.operators, m.curve, token)]
    back = build("clearing/BackOffice.vy", *units)
    ledger = build("clearing/Clearinghouse.vy", *units, world.owner, back.address)
    figures = (m.oracle.address, world.standing.address, 600, 0, 10**9, 0)
    batch = build("auction/BatchAuction.vy", ledger.address, *figures)
    places = (batch.address, world.strategist.address, 0, token.address, False, 1)
    rules = STRATEGIES["secured put"]
    vault = build("vaults/StrategyVault.vy", "x", "x", *places, world.owner, rules)
    queue = build("vaults/VaultQueue.vy", vault.address)
    token.mint(me, 10**20)
    with boa.reverts("batch: transfer failed"):
        batch.bring(10**18, sender=me)
    with boa.reverts("vault: transfer failed"):
        vault.deposit(10**18, me, sender=me)
    with boa.reverts("queue: transfer failed"):
        queue.request(10**18, 0, sender=me)
    for spender in (batch, vault, queue):
        token.approve(spender.address, 10**20, sender=me)
    batch.bring(10**18, sender=me)
    vault.deposit(10**18, me, sender=me)
    queue.request(10**18, 0, sender=me)
    token.jam(True)
    with boa.reverts("batch: transfer failed"):
        batch.take(10**18, sender=me)
    with boa.reverts("vault: transfer failed"):
        vault.withdraw(10**18, me, me, sender=me)
    with boa.reverts("queue: transfer failed"):
        queue.cancel(sender=me)


def test_a_vault_has_an_owner(world: VaultWorld) -> None:
    token = world.token.address
    places = (world.batch.address, world.strategist.address, 0, token, False, 1)
    with boa.reverts("vault: no owner"):
        nobody = "0x" + 40 * "0"
        build("vaults/StrategyVault.vy", "x", "x", *places, nobody, STRATEGIES["secured put"])
