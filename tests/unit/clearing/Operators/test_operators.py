"""Approvals by the owner and by signature, and what an operator may do."""

from typing import Any

import boa
import pytest
from eth_account import Account as Keys
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from tests.world import WAD, World, build

TYPES = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "operator", "type": "address"},
        {"name": "approved", "type": "bool"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}


@pytest.fixture(scope="module")
def owner(world: World) -> Any:
    return world.person("owner", cash=1_000)


@pytest.fixture(scope="module")
def operator(world: World) -> Any:
    return world.market.account("operator")


def message(world: World, owner: str, operator: str, nonce: int = 0, **changes: Any) -> Any:
    domain = {
        "name": "Novate Operators",
        "version": "1",
        "chainId": changes.pop("chain", boa.env.evm.patch.chain_id),
        "verifyingContract": changes.pop("contract", world.market.operators.address),
    }
    fields = {
        "owner": owner,
        "operator": operator,
        "approved": True,
        "nonce": nonce,
        "deadline": world.market.now + 100,
    }
    return encode_typed_data(domain, TYPES, fields | changes)


def permit(world: World, signer: Any, operator: str, nonce: int = 0, **changes: Any) -> bytes:
    owner = changes.pop("owner", signer.address)
    signable = message(world, owner, operator, nonce, **changes)
    return bytes(Keys.sign_message(signable, signer.signer.key).signature)


def test_an_operator_acts_for_every_account_of_the_owner(
    world: World, owner: Any, operator: Any
) -> None:
    second = world.market.account("owner", 1)
    operators = world.market.operators
    assert not world.ledger.may_act(operator.address, owner.number)
    operators.set_operator(operator.address, True, sender=owner.address)
    assert world.ledger.may_act(operator.address, owner.number)
    assert world.ledger.may_act(operator.address, second.number)
    world.ledger.transfer(owner.number, second.number, 0, WAD, sender=operator.address)
    assert world.cash(second) == WAD
    operators.set_operator(operator.address, False, sender=owner.address)
    with boa.reverts("account: not yours"):
        world.ledger.transfer(owner.number, second.number, 0, WAD, sender=operator.address)


def test_nobody_becomes_operator_of_another(world: World, owner: Any) -> None:
    world.market.operators.set_operator(world.intruder, True, sender=world.intruder)
    assert not world.ledger.may_act(world.intruder, owner.number)


def test_a_permit_works_once(world: World, owner: Any, operator: Any) -> None:
    operators = world.market.operators
    deadline = world.market.now + 100
    signature = permit(world, owner, operator.address)
    operators.permit(owner.address, operator.address, True, deadline, signature)
    assert operators.is_operator(owner.address, operator.address)
    assert operators.nonces(owner.address) == 1
    operators.set_operator(operator.address, False, sender=owner.address)
    with boa.reverts("permit: wrong signer"):
        operators.permit(owner.address, operator.address, True, deadline, signature)


@pytest.mark.parametrize(
    "changes",
    [
        {"chain": 2},
        {"contract": "0x" + "11" * 20},
        {"nonce": 1},
        {"approved": False},
        {"deadline": 1},
        {"owner": "0x" + "22" * 20},
    ],
)
def test_reverts_permit_wrong_signer(
    world: World, owner: Any, operator: Any, changes: dict[str, Any]
) -> None:
    signature = permit(world, owner, operator.address, **changes)
    with boa.reverts("permit: wrong signer"):
        world.market.operators.permit(
            owner.address, operator.address, True, world.market.now + 100, signature
        )


def test_nonsense_does_not_recover_the_empty_address(world: World, operator: Any) -> None:
    for signature in (b"", b"\x01" * 65):
        with boa.reverts():
            world.market.operators.permit(
                "0x" + "00" * 20, operator.address, True, world.market.now, signature
            )


def test_reverts_permit_expired(world: World, owner: Any, operator: Any) -> None:
    deadline = world.market.now
    signature = permit(world, owner, operator.address, deadline=deadline)
    with boa.env.anchor():
        world.market.travel(1)
        with boa.reverts("permit: expired"):
            world.market.operators.permit(
                owner.address, operator.address, True, deadline, signature
            )
    world.market.operators.permit(owner.address, operator.address, True, deadline, signature)


def test_a_contract_owner_signs_by_erc_1271(world: World, operator: Any) -> None:
    wallet = build("tests/harness/SmartWallet.vy")
    operators = world.market.operators
    arguments = (wallet.address, operator.address, True, world.market.now + 100, b"")
    with boa.reverts("permit: wrong signer"):
        operators.permit(*arguments)
    signable = message(world, wallet.address, operator.address)
    wallet.approve(keccak(b"\x19" + signable.version + signable.header + signable.body))
    operators.permit(*arguments)
    assert operators.is_operator(wallet.address, operator.address)
