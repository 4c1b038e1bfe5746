"""Cash and collateral at the escrow's edge."""

from typing import Any

import boa
import pytest

from tests.world import DAY, WAD, World, build

TOKEN = "tokens/TestToken.vy"


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def depositor(world: World) -> Any:
    return world.person("depositor", cash=1_000, units=3)


def listed(world: World, source: str, asset: int, *arguments: Any) -> Any:
    token = build(source, *arguments)
    world.ledger.list_asset(asset, token.address, 10**6 * WAD, sender=world.owner)
    return token


def test_cash_is_credited_in_wad(world: World, depositor: Any) -> None:
    assert world.cash(depositor) == 1_000 * WAD
    assert world.market.cash_token.balanceOf(world.ledger.address) == 1_000 * 10**6


def test_anyone_may_deposit_cash_for_another(world: World, depositor: Any) -> None:
    payer = world.market.account("payer")
    world.market.give(payer, 7)
    world.ledger.deposit(depositor.number, 0, 7 * 10**6, sender=payer.address)
    assert world.cash(depositor) == 1_007 * WAD


@pytest.mark.parametrize("decimals", [6, 8, 18])
def test_collateral_of_any_decimals_round_trips(
    world: World, depositor: Any, decimals: int
) -> None:
    token = listed(world, TOKEN, 2, "T", "T", decimals)
    token.mint(depositor.address, 5 * 10**decimals + 1)
    with boa.env.prank(depositor.address):
        token.approve(world.ledger.address, 2**256 - 1)
        world.ledger.deposit(depositor.number, 2, 5 * 10**decimals + 1)
        held = 5 * WAD + 10 ** (18 - decimals)
        assert world.ledger.holdings_of(depositor.number)[1] == (2 << 248) | held
        assert world.ledger.deposited(2) == held
        world.ledger.withdraw(depositor.number, 2, 5 * 10**decimals + 1, depositor.address)
    assert token.balanceOf(depositor.address) == 5 * 10**decimals + 1
    assert len(world.ledger.holdings_of(depositor.number)) == 1
    assert world.ledger.deposited(2) == 0


def test_vault_shares_are_collateral(world: World, depositor: Any) -> None:
    asset = build(TOKEN, "A", "A", 6)
    shares = listed(world, "tokens/YieldVault.vy", 3, "Y", "Y", asset.address)
    asset.mint(depositor.address, 100 * 10**6)
    with boa.env.prank(depositor.address):
        asset.approve(shares.address, 2**256 - 1)
        minted = shares.deposit(100 * 10**6, depositor.address)
        shares.approve(world.ledger.address, 2**256 - 1)
        world.ledger.deposit(depositor.number, 3, minted)
    scale = 10 ** (18 - shares.decimals())
    assert world.ledger.holdings_of(depositor.number)[-1] == (3 << 248) | minted * scale


def test_reverts_account_not_yours(world: World, depositor: Any) -> None:
    stranger = world.person("stranger", units=0)
    world.market.give(stranger, 1, 1)
    with boa.reverts("account: not yours"):
        world.ledger.deposit(depositor.number, 1, WAD, sender=stranger.address)
    for asset in (0, 1):
        with boa.reverts("account: not yours"):
            world.ledger.withdraw(depositor.number, asset, 1, world.intruder, sender=world.intruder)


def test_reverts_escrow_zero_amount(world: World, depositor: Any) -> None:
    with boa.reverts("escrow: zero amount"):
        world.ledger.deposit(depositor.number, 0, 0, sender=depositor.address)


def test_reverts_escrow_asset_not_listed(world: World, depositor: Any) -> None:
    for asset in (8, 9, 2**256 - 1):
        with boa.reverts("escrow: asset not listed"):
            world.ledger.deposit(depositor.number, asset, 1, sender=depositor.address)
        with boa.reverts("escrow: asset not listed"):
            world.ledger.withdraw(
                depositor.number, asset, 1, depositor.address, sender=depositor.address
            )


def test_reverts_escrow_cap_reached(world: World, depositor: Any) -> None:
    token = world.market.index_token.address
    world.ledger.list_asset(1, token, 4 * WAD, sender=world.owner)
    world.market.give(depositor, 2, 1)
    world.ledger.deposit(depositor.number, 1, WAD, sender=depositor.address)
    with boa.reverts("escrow: cap reached"):
        world.ledger.deposit(depositor.number, 1, 1, sender=depositor.address)


def test_reverts_escrow_not_enough(world: World, depositor: Any) -> None:
    with boa.reverts("escrow: not enough collateral"):
        world.ledger.withdraw(
            depositor.number, 1, 3 * WAD + 1, depositor.address, sender=depositor.address
        )
    # Three units of collateral would carry more debt than there are tokens.
    with boa.reverts("escrow: not enough liquidity"):
        world.ledger.withdraw(
            depositor.number, 0, 1_001 * 10**6, depositor.address, sender=depositor.address
        )


def test_reverts_escrow_bad_receiver(world: World, depositor: Any) -> None:
    for receiver in ("0x" + "00" * 20, world.ledger.address):
        with boa.reverts("escrow: bad receiver"):
            world.ledger.withdraw(depositor.number, 0, 1, receiver, sender=depositor.address)


def test_reverts_amount_too_large(world: World, depositor: Any) -> None:
    with boa.reverts("amount: too large"):
        world.ledger.withdraw(
            depositor.number, 0, 2**112 // 10**12 + 1, depositor.address, sender=depositor.address
        )


# -- margin --


def test_cash_may_be_borrowed_against_collateral_up_to_initial_margin(world: World) -> None:
    lender = world.person("lender", cash=100_000)
    assert world.cash(lender) == 100_000 * WAD
    borrower = world.person("borrower", units=10)
    excess = world.ledger.health(borrower.number)[1]
    with boa.reverts("margin: below initial"):
        world.market.withdraw(borrower, excess // 10**12 / 10**6 + 0.000001)
    world.market.withdraw(borrower, excess // 10**12 / 10**6)
    assert world.cash(borrower) == -(excess // 10**12 * 10**12)
    with boa.reverts("margin: below initial"):
        world.ledger.withdraw(borrower.number, 1, 10**15, borrower.address, sender=borrower.address)


def test_reverts_margin_stale_price(world: World) -> None:
    world.person("lender", cash=100_000)
    borrower = world.person("borrower", units=10)
    world.market.withdraw(borrower, 10)
    world.market.travel(days=30)
    with boa.reverts("margin: stale price"):
        world.market.withdraw(borrower, 1)


def test_an_account_without_risk_needs_no_price(world: World, depositor: Any) -> None:
    world.market.travel(days=30)
    world.market.withdraw(depositor, 1_000)
    world.market.withdraw(depositor, 3, 1)
    assert world.market.wallet(depositor) == 1_000 * WAD
    assert world.cash(depositor) == 0


# -- hostile tokens --


def test_a_token_that_returns_nothing_works(world: World, depositor: Any) -> None:
    token = listed(world, "tests/hostile/NoReturnToken.vy", 4)
    token.mint(depositor.address, 10**7)
    with boa.env.prank(depositor.address):
        token.approve(world.ledger.address, 10**7)
        world.ledger.deposit(depositor.number, 4, 10**7)
        world.ledger.withdraw(depositor.number, 4, 10**7, depositor.address)
    assert token.balanceOf(depositor.address) == 10**7


def test_reverts_escrow_transfer_failed(world: World, depositor: Any) -> None:
    token = listed(world, "tests/hostile/FalseToken.vy", 4)
    with boa.reverts("escrow: transfer failed"):
        world.ledger.deposit(depositor.number, 4, WAD, sender=depositor.address)
    token.mint(depositor.address, WAD)
    token.approve(world.ledger.address, WAD, sender=depositor.address)
    world.ledger.deposit(depositor.number, 4, WAD, sender=depositor.address)
    token.jam(True)
    with boa.reverts("escrow: transfer failed"):
        world.ledger.withdraw(depositor.number, 4, WAD, depositor.address, sender=depositor.address)
    assert world.ledger.deposited(4) == WAD


def test_reverts_escrow_fee_on_transfer(world: World, depositor: Any) -> None:
    token = listed(world, "tests/hostile/FeeToken.vy", 4)
    token.mint(depositor.address, 10 * WAD)
    token.approve(world.ledger.address, 10 * WAD, sender=depositor.address)
    with boa.reverts("escrow: fee on transfer"):
        world.ledger.deposit(depositor.number, 4, WAD, sender=depositor.address)


# -- listing assets --


def test_reverts_of_list_asset(world: World) -> None:
    token = build(TOKEN, "T", "T", 18)
    fine = build("tests/hostile/LyingFeed.vy", 19)
    for asset in (0, 9):
        with boa.reverts("escrow: asset out of range"):
            world.ledger.list_asset(asset, token.address, 1, sender=world.owner)
    with boa.reverts("escrow: cash is no collateral"):
        world.ledger.list_asset(5, world.market.cash_token.address, 1, sender=world.owner)
    with boa.reverts("escrow: cap too large"):
        world.ledger.list_asset(5, token.address, 2**112, sender=world.owner)
    with boa.reverts("escrow: asset taken"):
        world.ledger.list_asset(1, token.address, 1, sender=world.owner)
    with boa.reverts("escrow: too many decimals"):
        world.ledger.list_asset(5, fine.address, 1, sender=world.owner)


def test_lowering_a_cap_takes_nothing_away(world: World, depositor: Any) -> None:
    world.ledger.list_asset(1, world.market.index_token.address, 0, sender=world.owner)
    world.market.withdraw(depositor, 3, 1)
    assert world.market.wallet(depositor, 1) == 3 * WAD


def test_interest_runs_while_nobody_acts(world: World, depositor: Any) -> None:
    borrower = world.person("borrower", units=10)
    world.market.withdraw(borrower, 900)
    world.market.travel(DAY)
    assert world.cash(borrower) < -900 * WAD
    assert world.cash(depositor) > 1_000 * WAD
