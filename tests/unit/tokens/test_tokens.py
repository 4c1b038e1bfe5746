"""Tokens of trials: only what we added to the modules, and that the rest is reachable."""

from typing import Any

import boa
import pytest
from eth_account import Account

from novate.engine.cache import load

TOKEN = load("contracts/tokens/TestToken.vy")
VAULT = load("contracts/tokens/YieldVault.vy")


@pytest.mark.parametrize("decimals", [6, 8, 18])
def test_anyone_mints_a_token_of_any_decimals(decimals: int) -> None:
    token = TOKEN.deploy("US Dollar", "USD", decimals)
    holder, receiver = boa.env.generate_address("holder"), boa.env.generate_address("receiver")
    token.mint(holder, 5 * 10**decimals, sender=receiver)
    token.transfer(receiver, 10**decimals, sender=holder)
    assert (token.name(), token.symbol(), token.decimals()) == ("US Dollar", "USD", decimals)
    assert token.balanceOf(holder) == 4 * 10**decimals
    assert token.totalSupply() == 5 * 10**decimals


def test_owner_functions_of_the_module_are_not_exported() -> None:
    names = {e.get("name") for e in TOKEN.deploy("US Dollar", "USD", 6).abi}
    assert not names & {"set_minter", "burn", "transfer_ownership", "renounce_ownership", "owner"}


def test_permit_by_signature() -> None:
    token = TOKEN.deploy("US Dollar", "USD", 6)
    signer = Account.create()
    spender = boa.env.generate_address("spender")
    deadline = boa.env.evm.patch.timestamp + 60
    fields = [("owner", "address"), ("spender", "address"), ("value", "uint256")]
    fields += [("nonce", "uint256"), ("deadline", "uint256")]
    signed = signer.sign_typed_data(
        {
            "name": "US Dollar",
            "version": "1",
            "chainId": boa.env.evm.patch.chain_id,
            "verifyingContract": token.address,
        },
        {"Permit": [{"name": name, "type": kind} for name, kind in fields]},
        {
            "owner": signer.address,
            "spender": spender,
            "value": 9,
            "nonce": 0,
            "deadline": deadline,
        },
    )
    r, s = signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")
    token.permit(signer.address, spender, 9, deadline, signed.v, r, s)
    assert token.allowance(signer.address, spender) == 9


@pytest.fixture
def vault() -> Any:
    token = TOKEN.deploy("Index", "IDX", 8)
    vault = VAULT.deploy("Index with yield", "yIDX", token.address)
    return token, vault


def test_a_transfer_to_the_vault_is_its_yield(vault: Any) -> None:
    token, shares = vault
    depositor, donor = boa.env.generate_address("depositor"), boa.env.generate_address("donor")
    token.mint(depositor, 10**8)
    token.mint(donor, 10**7)
    token.approve(shares.address, 10**8, sender=depositor)
    assert shares.deposit(10**8, depositor, sender=depositor) == 10**8
    assert (shares.asset(), shares.decimals()) == (token.address, 8)
    token.transfer(shares.address, 10**7, sender=donor)
    # One virtual share and one virtual unit: a unit less than a tenth more.
    assert shares.convertToAssets(10**8) == 11 * 10**7 - 1
    shares.redeem(10**8, depositor, depositor, sender=depositor)
    assert token.balanceOf(depositor) == 11 * 10**7 - 1
    assert token.balanceOf(shares.address) == 1


def test_first_depositor_cannot_inflate_for_a_profit(vault: Any) -> None:
    token, shares = vault
    attacker, victim = boa.env.generate_address("attacker"), boa.env.generate_address("victim")
    for who, amount in ((attacker, 10**9), (victim, 10**8)):
        token.mint(who, amount)
        token.approve(shares.address, amount, sender=who)
    shares.deposit(1, attacker, sender=attacker)
    token.transfer(shares.address, 10**8, sender=attacker)
    shares.deposit(10**8, victim, sender=victim)
    shares.redeem(shares.balanceOf(attacker), attacker, attacker, sender=attacker)
    assert token.balanceOf(attacker) < 10**9
