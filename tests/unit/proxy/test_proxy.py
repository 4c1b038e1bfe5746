"""Proxy and upgrades: ERC-1967's slot, answers and refusals as they are, one initialisation."""

from pathlib import Path
from typing import Any

import boa
import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.deploy import compiled
from novate.engine.cache import load
from tests.world import build

ROOT = Path(__file__).resolve().parents[3]
SLOT = int.from_bytes(keccak(b"eip1967.proxy.implementation"), "big") - 1
HARNESS = "tests/harness/ProxyHarness.vy"
LOCKED = "upgrade: already initialised"


@pytest.fixture(scope="module")
def owner() -> str:
    return str(boa.env.generate_address("owner"))


@pytest.fixture(scope="module")
def code() -> Any:
    return build(HARNESS)


def place(code: Any, owner: str) -> Any:
    """A proxy that runs the code, with its functions."""
    data = code.initialize.prepare_calldata(owner)
    proxy = compiled("proxy/Proxy.vy").deploy(code.address, data)
    return load(ROOT / HARNESS).at(proxy.address)


@pytest.fixture(scope="module")
def unit(code: Any, owner: str) -> Any:
    return place(code, owner)


def stored(address: Any) -> str:
    word = boa.env.evm.get_storage(address, SLOT)
    return f"0x{int(word):040x}"


def test_the_slot_is_that_of_erc_1967(unit: Any, code: Any) -> None:
    assert stored(unit.address) == str(code.address).lower()
    assert int.from_bytes(code.proxiableUUID(), "big") == SLOT


def test_creation_is_logged_and_initialises(code: Any, owner: str) -> None:
    proxy = compiled("proxy/Proxy.vy").deploy(code.address, code.initialize.prepare_calldata(owner))
    (_, _, topics, _), *_ = proxy._computation.get_raw_log_entries()
    assert topics == (
        int.from_bytes(keccak(b"Upgraded(address)"), "big"),
        int(str(code.address), 16),
    )
    assert load(ROOT / HARNESS).at(proxy.address).owner() == owner


def test_a_proxy_needs_code_and_a_first_call(code: Any, owner: str) -> None:
    with boa.reverts("proxy: no code"):
        compiled("proxy/Proxy.vy").deploy(owner, b"data")
    with boa.reverts("proxy: not initialised"):
        compiled("proxy/Proxy.vy").deploy(code.address, b"")


def test_initialised_once_and_never_in_the_code_itself(unit: Any, code: Any, owner: str) -> None:
    intruder = boa.env.generate_address("intruder")
    for contract in (unit, code):
        for sender in (owner, intruder):
            with boa.reverts(LOCKED):
                contract.initialize(intruder, sender=sender)
    with boa.reverts("upgrade: no owner"):
        place(code, "0x" + 40 * "0")


@settings(max_examples=20, derandomize=True)
@given(count=st.integers(0, 128))
def test_answers_come_back_as_they_are(unit: Any, count: int) -> None:
    assert unit.words(count) == list(range(count))


@settings(max_examples=20, derandomize=True)
@given(reason=st.text(st.characters(codec="ascii", categories=["L", "P"]), max_size=100))
def test_refusals_come_back_as_they_are(unit: Any, code: Any, reason: str) -> None:
    data = code.fail.prepare_calldata(reason)
    through = boa.env.execute_code(unit.address, data=data)
    direct = boa.env.execute_code(code.address, data=data)
    assert through.is_error and bytes(through.output) == bytes(direct.output)


def test_money_and_storage_stay_at_the_proxy(unit: Any, code: Any) -> None:
    boa.env.set_balance(boa.env.eoa, 10**18)
    unit.pay(value=5)
    assert (unit.number(), code.number()) == (5, 0)
    assert boa.env.get_balance(unit.address) == 5
    with boa.reverts():
        unit.store(1, value=1)


def test_upgrade(unit: Any, code: Any, owner: str) -> None:
    unit.store(7)
    following = build(HARNESS)
    unit.upgradeToAndCall(following.address, b"", sender=owner)
    assert stored(unit.address) == str(following.address).lower()
    assert (unit.number(), unit.owner()) == (7, owner)
    with boa.reverts(LOCKED):
        unit.initialize(owner)
    unit.upgradeToAndCall(code.address, code.migrate.prepare_calldata(9), sender=owner)
    assert unit.number() == 9
    # What migrates asks for the owner, and a function under the lock does not migrate.
    with boa.reverts("ownable: caller is not the owner"):
        unit.migrate(1)
    with boa.reverts():
        unit.upgradeToAndCall(code.address, code.store.prepare_calldata(9), sender=owner)


def test_only_the_owner_upgrades(unit: Any, code: Any) -> None:
    with boa.reverts("ownable: caller is not the owner"):
        unit.upgradeToAndCall(code.address, b"")


def test_code_cannot_be_upgraded_at_its_own_address(code: Any) -> None:
    with boa.reverts("upgrade: not a proxy"):
        code.upgradeToAndCall(code.address, b"", sender=code.address)


def test_what_is_made_for_no_proxy_is_refused(unit: Any, owner: str) -> None:
    other = build("tests/harness/SmartWallet.vy")
    for address in (other.address, owner):
        with boa.reverts():
            unit.upgradeToAndCall(address, b"", sender=owner)
    # A proxy would run itself for ever.
    with boa.reverts("upgrade: through a proxy"):
        unit.upgradeToAndCall(unit.address, b"", sender=owner)
    with boa.reverts("upgrade: through a proxy"):
        unit.proxiableUUID()


def test_another_slot_is_refused(unit: Any, owner: str) -> None:
    source = (
        "# pragma version 0.4.3\n@external\n@view\ndef proxiableUUID() -> bytes32:\n"
        "    return empty(bytes32)\n"
    )
    with boa.reverts("upgrade: not upgradeable"):
        unit.upgradeToAndCall(boa.loads(source).address, b"", sender=owner)
