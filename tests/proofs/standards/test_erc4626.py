"""ERC-4626, from its text and by the property list of https://github.com/a16z/erc4626-tests, over
every vault here: conversions, limits, previews beside what happens, round trips, allowances, gifts.

https://eips.ethereum.org/EIPS/eip-4626
"""

from typing import Any

import boa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.proofs.standards.conftest import ERC4626, PEOPLE, UNLIMITED, Tokens, Vault, events

few = settings(max_examples=4, derandomize=True, phases=[Phase.explicit, Phase.generate])
# Smallest units: 1 is a wei of an asset, 10**12 a million dollars.
amounts = st.integers(0, 10**12)
gains = st.sampled_from([0, 1, 999_999_937, 10**11 + 7])
ME, YOU = PEOPLE[1:]


def standing(world: Tokens, name: str, gain: int) -> Vault:
    """A vault at some odd ratio, with assets in two people's hands."""
    one = world.vaults[name]
    for owner in (ME, YOU):
        one.give(owner, 10**13)
    if gain:
        one.gain(gain)
    return one


def holding(world: Tokens, name: str, gain: int, amount: int) -> tuple[Vault, int]:
    """The same, with shares for so many assets that ME may redeem."""
    one = standing(world, name, gain)
    shares = int(one.vault.deposit(amount + 10**6, ME, sender=ME))
    one.ready(ME, shares)
    return one, shares


def part_of(vault: Any, what: str, part: int) -> tuple[int, int]:
    """So many millionths of half of what ME may take out at once, and the preview of that; zeros
    where that is nothing."""
    limit = vault.maxRedeem(ME) if what == "redeem" else vault.maxWithdraw(ME)
    figure = limit // 2 * part // 10**6
    preview = vault.previewRedeem if what == "redeem" else vault.previewWithdraw
    return figure, preview(figure) if figure else 0


@pytest.mark.parametrize("name", ERC4626)
@given(amount=amounts, gain=gains)
@few
def test_conversions_are_the_same_for_all_and_round_down(
    world: Tokens, name: str, amount: int, gain: int
) -> None:
    vault = standing(world, name, gain).vault
    assert vault.asset() == world.vaults[name].asset.address
    shares = vault.convertToShares(amount)
    # "MUST NOT show any variations depending on the caller."
    assert shares == vault.convertToShares(amount, sender=YOU)
    assert vault.convertToAssets(amount) == vault.convertToAssets(amount, sender=YOU)
    assert vault.convertToAssets(shares) <= amount
    assert vault.convertToShares(vault.convertToAssets(amount)) <= amount
    # "MUST NOT be inclusive of any fees": total assets are what all shares are worth, at least.
    assert vault.convertToAssets(vault.totalSupply()) <= vault.totalAssets()


@pytest.mark.parametrize("name", ERC4626)
@given(amount=amounts, gain=gains)
@few
def test_deposit_and_mint_do_what_they_preview(
    world: Tokens, name: str, amount: int, gain: int
) -> None:
    one = standing(world, name, gain)
    vault, asset = one.vault, one.asset
    for what in ("deposit", "mint"):
        figure = amount + 1 if what == "deposit" else vault.convertToShares(amount + 10**3)
        preview = (vault.previewDeposit if what == "deposit" else vault.previewMint)(figure)
        assets, shares = asset.balanceOf(ME), vault.balanceOf(YOU)
        total, supply = vault.totalAssets(), vault.totalSupply()
        if not figure or (what == "deposit" and not preview):
            continue
        answer = getattr(vault, what)(figure, YOU, sender=ME)
        logged = events(vault, "Deposit")
        made, brought = (answer, figure) if what == "deposit" else (figure, answer)
        # "deposit should return the same or more shares as previewDeposit", mint the same or fewer.
        assert made >= preview if what == "deposit" else brought <= preview
        assert vault.balanceOf(YOU) == shares + made
        assert asset.balanceOf(ME) == assets - brought
        assert vault.totalSupply() == supply + made
        assert vault.totalAssets() == total + brought
        assert logged == [(ME, YOU, brought, made)]


@pytest.mark.parametrize("name", ERC4626)
@given(amount=amounts, gain=gains, part=st.integers(1, 10**6))
@few
def test_withdraw_and_redeem_do_what_they_preview(
    world: Tokens, name: str, amount: int, gain: int, part: int
) -> None:
    one, shares = holding(world, name, gain, amount)
    vault, asset = one.vault, one.asset
    for what in ("redeem", "withdraw"):
        figure, preview = part_of(vault, what, part)
        if not preview:
            continue
        supply, had = vault.totalSupply(), asset.balanceOf(YOU)
        answer = getattr(vault, what)(figure, YOU, ME, sender=ME)
        logged = events(vault, "Withdraw")
        paid, burned = (answer, figure) if what == "redeem" else (figure, answer)
        assert paid >= preview if what == "redeem" else burned <= preview
        assert asset.balanceOf(YOU) == had + paid
        assert vault.totalSupply() == supply - burned
        assert logged == [(ME, YOU, ME, paid, burned)]
        shares -= burned
    # Shares that wait for their time are counted by the limit, not by the balance.
    assert vault.maxRedeem(ME) == shares


@pytest.mark.parametrize("name", ERC4626)
@given(amount=amounts, gain=gains)
@few
def test_round_trips_pay_nobody(world: Tokens, name: str, amount: int, gain: int) -> None:
    one = standing(world, name, gain)
    vault, asset = one.vault, one.asset
    had = asset.balanceOf(ME)
    with boa.env.anchor():
        # redeem(deposit(a)) <= a
        shares = vault.deposit(amount + 10**6, ME, sender=ME)
        one.ready(ME, shares)
        assert vault.redeem(shares, ME, ME, sender=ME) <= amount + 10**6
        assert asset.balanceOf(ME) <= had
    with boa.env.anchor():
        # s = mint(s), s' = withdraw(assets of it): s' >= s
        shares = vault.convertToShares(amount + 10**6)
        assets = vault.mint(shares, ME, sender=ME)
        one.ready(ME, shares)
        worth = vault.maxWithdraw(ME)
        assert worth <= assets
        assert vault.withdraw(worth, ME, ME, sender=ME) <= shares
        assert asset.balanceOf(ME) <= had
    # withdraw then mint, redeem then deposit: the way back costs at least as much.
    shares = vault.deposit(amount + 10**6, ME, sender=ME)
    one.ready(ME, shares)
    before = asset.balanceOf(ME)
    assets = vault.redeem(shares, ME, ME, sender=ME)
    if assets:
        assert vault.previewMint(shares) >= assets
        assert vault.deposit(assets, ME, sender=ME) <= shares
        assert asset.balanceOf(ME) == before


@pytest.mark.parametrize("name", ERC4626)
@given(amount=amounts, gain=gains)
@few
def test_limits_never_revert_and_hold(world: Tokens, name: str, amount: int, gain: int) -> None:
    one, _ = holding(world, name, gain, amount)
    vault = one.vault
    for who in (ME, YOU, "0x" + 40 * "0", vault.address):
        for limit in ("maxDeposit", "maxMint", "maxWithdraw", "maxRedeem"):
            assert getattr(vault, limit)(who) >= 0
    # What is within the limit goes, what is beyond does not.
    most = vault.maxRedeem(ME)
    with boa.reverts():
        vault.redeem(most + 1, ME, ME, sender=ME)
    worth = vault.maxWithdraw(ME)
    with boa.reverts():
        vault.withdraw(worth + 10**3, ME, ME, sender=ME)
    vault.withdraw(worth, ME, ME, sender=ME)


@pytest.mark.parametrize("name", ERC4626)
@given(amount=amounts)
@few
def test_nobody_takes_without_an_allowance(world: Tokens, name: str, amount: int) -> None:
    one, shares = holding(world, name, 7, amount)
    vault = one.vault
    for what in ("redeem", "withdraw"):
        with boa.reverts():
            getattr(vault, what)(10**6 if what == "withdraw" else shares, YOU, ME, sender=YOU)
    # One share too few, and an allowance the other way round.
    vault.approve(YOU, shares - 1, sender=ME)
    vault.approve(ME, UNLIMITED, sender=YOU)
    with boa.reverts():
        vault.redeem(shares, YOU, ME, sender=YOU)
    assert vault.allowance(ME, YOU) == shares - 1


@pytest.mark.parametrize("name", ERC4626)
@given(amount=amounts, gain=gains, part=st.integers(1, 10**6), unlimited=st.booleans())
@few
def test_an_allowance_of_shares_takes_out_as_their_owner_does(
    world: Tokens, name: str, amount: int, gain: int, part: int, unlimited: bool
) -> None:
    """Shares "are burned from owner directly where owner is msg.sender or msg.sender has ERC-20
    approval over the shares of owner", by redeem and withdraw."""
    one, shares = holding(world, name, gain, amount)
    vault, asset = one.vault, one.asset
    for what in ("redeem", "withdraw"):
        figure, preview = part_of(vault, what, part)
        if not preview:
            continue
        with boa.env.anchor():
            alone = getattr(vault, what)(figure, YOU, ME, sender=ME)
        burned, paid = (figure, alone) if what == "redeem" else (alone, figure)
        allowed = UNLIMITED if unlimited else burned
        vault.approve(YOU, allowed, sender=ME)
        had, supply = asset.balanceOf(YOU), vault.totalSupply()
        assert getattr(vault, what)(figure, YOU, ME, sender=YOU) == alone
        assert events(vault, "Withdraw") == [(YOU, YOU, ME, paid, burned)]
        assert vault.allowance(ME, YOU) == (UNLIMITED if unlimited else 0)
        assert (asset.balanceOf(YOU), vault.totalSupply()) == (had + paid, supply - burned)
        assert vault.maxRedeem(ME) == shares - burned
        shares -= burned


@pytest.mark.parametrize("name", ERC4626)
@given(first=st.integers(1, 10**4), gift=st.integers(0, 10**13), amount=st.integers(10**6, 10**12))
@few
def test_a_gift_before_a_deposit_earns_its_giver_nothing(
    world: Tokens, name: str, first: int, gift: int, amount: int
) -> None:
    """The first-depositor attack: the giver loses more than the victim does."""
    one = standing(world, name, 0)
    vault = one.vault
    # What others hold makes the attack dearer still: as few shares as there are.
    shares = vault.deposit(first, ME, sender=ME) if vault.previewDeposit(first) else 0
    if gift:
        one.gain(gift)
    bought = vault.previewDeposit(amount)
    got = vault.deposit(amount, YOU, sender=YOU) if bought else 0
    lost = amount - vault.convertToAssets(got)
    # Less than a ten-thousandth of what was given, and never a gain for the giver.
    assert lost <= (first + gift) // 10**3 + 2
    assert vault.convertToAssets(shares) <= first + gift
