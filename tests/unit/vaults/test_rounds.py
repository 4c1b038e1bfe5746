"""Rounds of every strategy, from the order to the end, and what they earn."""

import boa
import pytest

from tests.unit.vaults.conftest import ASSETS, HOUR, LENT, STRATEGIES, VaultWorld
from tests.world import WAD, wad


def held(world: VaultWorld, name: str, series: object) -> int:
    for word in world.ledger.positions_of(world.vaults[name].ACCOUNT()):
        if word >> 96 == series.code:  # type: ignore[attr-defined]
            quantity = word & (2**96 - 1)
            return quantity - 2**96 if quantity >> 95 else quantity
    return 0


def flatten(world: VaultWorld, name: str) -> None:
    """Somebody exchanges what the round left in cash."""
    vault = world.vaults[name]
    cash = world.ledger.cash_of(vault.ACCOUNT())
    world.give(vault, world.friend, 100 * WAD)
    world.token.mint(world.friend, 10**6 * 10**6)
    world.token.approve(vault.address, 2**256 - 1, sender=world.friend)
    amount = -(cash // 10**12) if cash < 0 else cash // 10**12
    vault.exchange(amount, 0 if cash < 0 else 2**200, sender=world.friend)


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("spot", [2_750, 2_400, 3_000])
def test_a_round(world: VaultWorld, name: str, spot: float) -> None:
    """Assets at the end are those at the beginning, plus premium and payoff in plain numbers."""
    vault = world.vaults[name]
    whole = 20_000 if ASSETS[name] == 0 else 10
    world.bring(vault, world.depositor, whole)
    before = vault.totalAssets() / world.unit(vault)
    series = world.play(name)
    legs = STRATEGIES[name][0]
    quantity = 0.9 * whole / (series[0].strike / WAD) if ASSETS[name] == 0 else 0.9 * whole
    earned = 0.0
    for one, (sells, is_put, _) in zip(series, legs, strict=True):
        side = -1 if sells else 1
        assert held(world, name, one) / WAD == pytest.approx(side * quantity, rel=1e-9)
        price = world.price(vault.epoch(), one)
        strike = one.strike / WAD
        payoff = max(strike - spot, 0) if is_put else max(spot - strike, 0)
        earned += side * quantity * (payoff - price)
    assert vault.totalAssets() > 0 and vault.in_round()
    with boa.reverts("vault: options are open"):
        vault.finish()
    world.expire(spot)
    if ASSETS[name] != 0:
        world.ledger.settle([vault.ACCOUNT()])
        cash = world.ledger.cash_of(vault.ACCOUNT()) / WAD
        # A bought put is paid on credit: five days of interest.
        assert cash == pytest.approx(earned, abs=0.05)
        with boa.reverts("vault: cash to exchange"):
            vault.finish()
        flatten(world, name)
    vault.finish(sender=world.keeper)
    after = vault.totalAssets() / world.unit(vault)
    gain = earned if ASSETS[name] == 0 else earned / spot
    # Who exchanges keeps half a percent of what it moves.
    tolerance = 1e-5 if ASSETS[name] == 0 else 0.0051 * abs(earned) / spot + 3e-5
    assert after - before == pytest.approx(gain, abs=tolerance)
    assert world.ledger.positions_of(vault.ACCOUNT()) == []
    # The lender has its bond back.
    tokens = world.token.balanceOf(world.lender)
    vault.pay_back(world.lender)
    assert world.token.balanceOf(world.lender) == tokens + LENT
    shares = vault.balanceOf(world.depositor)
    assert vault.redeem(shares, world.depositor, world.depositor, sender=world.depositor) > 0


@pytest.mark.parametrize("name", STRATEGIES)
def test_an_order_has_its_name_from_the_seal_on(world: VaultWorld, name: str) -> None:
    vault = world.vaults[name]
    world.bring(vault, world.depositor, 20_000 if ASSETS[name] == 0 else 10)
    world.later(HOUR)
    vault.begin(world.expiry, world.strikes(name), LENT, sender=world.lender)
    (begun,) = [log for log in vault.get_logs() if type(log).__name__ == "RoundBegun"]
    world.to_reveal(vault.epoch())
    vault.reveal(0)
    assert vault.order_id() == begun.id
    assert world.batch.orders(begun.id).account == vault.ACCOUNT()


def test_protection_pays_while_the_asset_yields(world: VaultWorld) -> None:
    vault = world.vaults["protective put"]
    world.bring(vault, world.depositor, 10)
    world.play("protective put")
    # Yield arrives in the midst of the round.
    before = world.yielding.convertToAssets(WAD)
    world.index.mint(world.yielding.address, WAD // 10)
    assert world.yielding.convertToAssets(WAD) > before
    world.expire(2_000)
    world.ledger.settle([vault.ACCOUNT()])
    assert world.ledger.cash_of(vault.ACCOUNT()) > wad(4_000)
    flatten(world, "protective put")
    vault.finish()
    worth = vault.totalAssets() * world.yielding.convertToAssets(WAD) / WAD**2 * 2_000
    assert worth > 10 * 2_000 + 4_000


def test_an_order_that_nobody_meets_ends_the_round_at_once(world: VaultWorld) -> None:
    vault = world.vaults["secured put"]
    world.bring(vault, world.depositor, 20_000)
    epoch = world.begin("secured put")
    with boa.reverts("vault: order is open"):
        vault.finish()
    world.to_reveal(epoch)
    vault.reveal(0)
    with boa.reverts("vault: nothing to reveal"):
        vault.reveal(0)
    with boa.reverts("vault: order is open"):
        vault.finish()
    world.to_clear(epoch)
    world.settle(epoch, *world.series_of("secured put"))
    vault.finish()
    assert vault.totalAssets() == 20_000 * 10**6 and not vault.in_round()
    vault.pay_back(world.lender)
    with boa.reverts("vault: just opened"):
        vault.begin(world.expiry, world.strikes("secured put"), LENT, sender=world.lender)


def test_an_order_that_nobody_reveals_costs_the_lender_only(world: VaultWorld) -> None:
    vault = world.vaults["secured put"]
    world.bring(vault, world.depositor, 20_000)
    epoch = world.begin("secured put")
    sealed = world.batch.seal(vault.address, vault.order(), (1).to_bytes(32, "big"))
    world.to_reveal(epoch + 1)
    with boa.reverts("batch: no such commitment"):
        vault.reveal(0)
    world.batch.forfeit(vault.address, sealed)
    vault.finish()
    assert vault.totalAssets() == 20_000 * 10**6 and vault.owed(world.lender) == 0


def test_only_strikes_that_the_surface_gives(world: VaultWorld) -> None:
    vault = world.vaults["covered call"]
    world.bring(vault, world.depositor, 10)
    world.later(HOUR)
    (strike,) = world.strikes("covered call")

    def refused(reason: str, strikes: list[int], expiry: int = 0, lent: int = LENT) -> None:
        with boa.reverts(reason):
            vault.begin(expiry or world.expiry, strikes, lent, sender=world.lender)

    refused("vault: delta too small", [strike + wad(25)])
    refused("vault: delta too large", [strike - wad(25)])
    refused("vault: strike off step", [strike + wad(1)])
    refused("vault: strike off step", [wad(25)])
    refused("vault: one strike a leg", [strike, strike])
    refused("vault: tenor out of range", [strike], world.expiry + 60 * 86_400)
    refused("vault: bond too small", [strike], lent=10**6)
    boa.env.evm.patch.timestamp = boa.env.timestamp + 2_000
    refused("oracle: stale price", [strike])
    vault = world.vaults["secured put"]
    world.bring(vault, world.depositor, 20_000)
    refused("vault: stale price", [strike])


def test_an_empty_vault_begins_nothing(world: VaultWorld) -> None:
    world.later(HOUR)
    with boa.reverts("vault: empty"):
        vault = world.vaults["covered call"]
        vault.begin(world.expiry, world.strikes("covered call"), LENT, sender=world.lender)


def test_a_stopped_vault_ends_its_round_and_pays(world: VaultWorld) -> None:
    vault = world.vaults["secured put"]
    world.bring(vault, world.depositor, 20_000)
    world.play("secured put")
    with boa.reverts("ownable: caller is not the owner"):
        vault.stop(sender=world.intruder)
    vault.stop(sender=world.owner)
    world.expire(2_750)
    vault.finish()
    shares = vault.balanceOf(world.depositor)
    assert (
        vault.redeem(shares, world.friend, world.depositor, sender=world.depositor) > 20_000 * 10**6
    )
    boa.env.evm.patch.timestamp = boa.env.timestamp + HOUR
    with boa.reverts("vault: stopped"):
        vault.begin(world.expiry, [wad(2_700)], LENT, sender=world.lender)


@pytest.mark.parametrize("stopped", [True, False])
def test_leaving_in_an_emergency_takes_only_what_is_free(world: VaultWorld, stopped: bool) -> None:
    vault = world.vaults["covered call"]
    world.bring(vault, world.depositor, 5)
    world.bring(vault, world.friend, 5)
    with boa.reverts("vault: open, redeem"):
        vault.leave(1, world.friend, sender=world.friend)
    world.play("covered call")
    shares = vault.balanceOf(world.friend)
    with boa.reverts("vault: no emergency"):
        vault.leave(shares, world.friend, sender=world.friend)
    if stopped:
        vault.stop(sender=world.owner)
    else:
        # Nobody settled or finished it.
        world.expire(2_750)
        world._to(world.expiry + 3 * 86_400)
    worth = vault.convertToAssets(vault.balanceOf(world.depositor))
    free = world.ledger.health(vault.ACCOUNT()).initial * shares // (vault.totalSupply() + 10**6)
    paid = vault.leave(shares, world.friend, sender=world.friend)
    assert paid == free * WAD // wad(2_750)
    assert WAD < paid < 5 * WAD and world.index.balanceOf(world.friend) == paid
    # Who stays has more than before, and the account still passes.
    assert vault.convertToAssets(vault.balanceOf(world.depositor)) > worth
    assert world.ledger.health(vault.ACCOUNT()).initial >= 0


@pytest.mark.parametrize("spot", [2_500, 2_750, 2_950])
@pytest.mark.parametrize("name", STRATEGIES)
def test_leaving_in_an_emergency_harms_nobody_who_stays(
    world: VaultWorld, name: str, spot: float
) -> None:
    """Whatever the strategy and wherever the price has gone: no more than a fair share is paid, the
    others' shares are worth no less, and the account still passes."""
    vault = world.vaults[name]
    for owner in (world.depositor, world.friend):
        world.bring(vault, owner, 10_000 if ASSETS[name] == 0 else 5)
    world.play(name)
    vault.stop(sender=world.owner)
    world.market.push_price(spot, 0.15)
    shares, token = vault.balanceOf(world.friend), world.tokens[ASSETS[name]]
    fair, others = (
        vault.convertToAssets(vault.balanceOf(one)) for one in (world.friend, world.depositor)
    )
    before = token.balanceOf(world.friend)
    paid = vault.leave(shares, world.friend, sender=world.friend)
    assert token.balanceOf(world.friend) - before == paid and 0 < paid <= fair
    assert vault.convertToAssets(vault.balanceOf(world.depositor)) >= others
    assert world.ledger.health(vault.ACCOUNT()).initial >= 0
    # Again and again, nobody empties what the options need.
    assert vault.balanceOf(world.friend) == 0


def test_fees_are_bounded_and_charged_on_new_gains_only(world: VaultWorld) -> None:
    vault = world.vaults["secured put"]
    with boa.reverts("vault: fee too high"):
        vault.set_fee(2_001, sender=world.owner)
    with boa.reverts("ownable: caller is not the owner"):
        vault.set_fee(0, sender=world.intruder)
    vault.set_fee(2_000, sender=world.owner)
    world.bring(vault, world.depositor, 20_000)
    world.play("secured put")
    world.expire(2_750)
    vault.finish()
    gain = vault.totalAssets() - 20_000 * 10**6
    assert gain > 0
    charged = vault.convertToAssets(vault.balanceOf(world.owner))
    assert charged == pytest.approx(gain / 5, abs=2)
    # A round without gain is free: the mark stands.
    mark = vault.mark()
    world.expiry = world.market.expiries(4)[3]
    try:
        epoch = world.begin("secured put")
        world.to_reveal(epoch + 1)
        vault.finish()
    finally:
        world.expiry = world.market.expiries(4)[2]
    assert vault.mark() == mark
    assert vault.convertToAssets(vault.balanceOf(world.owner)) == charged


def test_cash_is_exchanged_within_its_bounds(world: VaultWorld) -> None:
    vault = world.vaults["covered call"]
    world.bring(vault, world.depositor, 10)
    with boa.reverts("vault: no round"):
        vault.exchange(1, 0, sender=world.friend)
    world.play("covered call")
    world.expire(3_000)
    world.ledger.settle([vault.ACCOUNT()])
    debt = -(world.ledger.cash_of(vault.ACCOUNT()) // 10**12)
    world.token.mint(world.friend, 10**6 * 10**6)
    world.token.approve(vault.address, 2**256 - 1, sender=world.friend)
    with boa.reverts("vault: more than is owed"):
        vault.exchange(debt + 2, 0, sender=world.friend)
    with boa.reverts("vault: beyond limit"):
        vault.exchange(debt, 10 * WAD, sender=world.friend)
    vault.exchange(debt, 0, sender=world.friend)
    assert 0 <= world.ledger.cash_of(vault.ACCOUNT()) <= 10**12
    with boa.reverts("vault: more than there is"):
        vault.exchange(100, 0, sender=world.friend)
    world.token.approve(world.ledger.address, 2**256 - 1, sender=world.friend)
    world.ledger.deposit(vault.ACCOUNT(), 0, 10**7, sender=world.friend)
    with boa.reverts("vault: beyond limit"):
        vault.exchange(10**7, 0, sender=world.friend)
    # Gifts of cents do not hold a vault up, and larger ones can be exchanged by anyone.
    world.give(vault, world.friend, WAD)
    assert vault.exchange(10**7, WAD, sender=world.friend) < wad(0.01)
    vault.finish()
    with boa.reverts("vault: asset is cash"):
        world.vaults["secured put"].exchange(1, 0)


def test_strategies_out_of_bounds_are_refused(world: VaultWorld) -> None:
    good = STRATEGIES["collar"]

    def refused(reason: str, **changes: object) -> None:
        names = ("legs", "by_strike", "share", "step", "shortest", "longest", "slack")
        rules = tuple(changes.get(n, v) for n, v in zip(names, good, strict=True))
        with boa.reverts(reason):
            world.strategist.is_sound(rules)

    refused("vault: no legs", legs=[])
    refused("vault: delta out of range", legs=[(True, False, 99)])
    refused("vault: delta out of range", legs=[(True, False, 9_001)])
    refused("vault: legs alike", legs=[(True, False, 2_000), (False, False, 3_000)])
    refused("vault: share out of range", share=0)
    refused("vault: share out of range", share=10_001)
    refused("vault: step out of range", step=0)
    refused("vault: tenor out of range", shortest=3_600)
    refused("vault: tenor out of range", longest=101 * 86_400)
    refused("vault: slack out of range", slack=2_001)
