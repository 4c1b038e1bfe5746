"""ERC-1967 and ERC-1822 over every unit that can stand behind a proxy.

https://eips.ethereum.org/EIPS/eip-1967: the implementation is in one named slot, and whenever it
changes `Upgraded` says so; https://eips.ethereum.org/EIPS/eip-1822: code says that it is made for a
proxy.
"""

from typing import Any

import boa
import pytest
from eth_utils import keccak
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from novate.deploy import compiled, deploy
from novate.parameters import Parameters
from tests.proofs.standards.conftest import NOBODY, events

few = settings(max_examples=6, derandomize=True, phases=[Phase.explicit, Phase.generate])
SLOT = int.from_bytes(keccak(text="eip1967.proxy.implementation"), "big") - 1
OTHERS = [int.from_bytes(keccak(text=f"eip1967.proxy.{x}"), "big") - 1 for x in ("admin", "beacon")]
addresses = st.integers(1, 2**160 - 1)
# Units behind proxies; the code of each is the contract `..._code`.
UNITS = ("clearinghouse", "auctions", "court")


class Proxies:
    """A market behind proxies."""

    def __init__(self) -> None:
        self.market: Any = deploy(Parameters(upgradeable=True, grace=0))
        self.owner = self.market.owner
        self.intruder = boa.env.generate_address("intruder")

    def unit(self, name: str, address: Any = None) -> Any:
        """A unit with the functions that upgrade it, at its proxy or at its code."""
        # The ledger's upgrades are in its second half, which the first hands calls on to.
        source = {
            "clearinghouse": "proxy/UpgradeableBackOffice.vy",
            "auctions": "proxy/UpgradeableAuctionHouse.vy",
            "court": "proxy/UpgradeableFixingCourt.vy",
        }[name]
        return compiled(source).at(address or self.market.contracts[name].address)

    def code(self, name: str) -> Any:
        return self.market.contracts[f"{name}_code"]

    def word(self, address: Any, slot: int = SLOT) -> int:
        return int(boa.env.evm.get_storage(address, slot))


@pytest.fixture(scope="module")
def proxies() -> Proxies:
    return Proxies()


@pytest.mark.parametrize("name", UNITS)
def test_the_slot_holds_the_code_that_runs(proxies: Proxies, name: str) -> None:
    unit, code = proxies.unit(name), proxies.code(name)
    assert proxies.word(unit.address) == int(code.address, 16)
    assert len(boa.env.get_code(code.address)) > len(boa.env.get_code(unit.address)) > 0
    # Neither administrator nor beacon: the code itself says who upgrades.
    assert [proxies.word(unit.address, slot) for slot in OTHERS] == [0, 0]
    # Outside a proxy the slot is empty, by which code knows that it is none.
    assert proxies.word(code.address) == 0


@pytest.mark.parametrize("name", UNITS)
def test_code_is_made_for_a_proxy_and_a_proxy_is_no_code(proxies: Proxies, name: str) -> None:
    code = proxies.unit(name, proxies.code(name).address)
    assert int.from_bytes(code.proxiableUUID(), "big") == SLOT
    with boa.reverts("upgrade: through a proxy"):
        proxies.unit(name).proxiableUUID()
    with boa.reverts("upgrade: through a proxy"):
        proxies.unit(name).upgradeToAndCall(proxies.unit(name).address, b"", sender=proxies.owner)


@pytest.mark.parametrize("name", UNITS)
def test_an_upgrade_moves_the_slot_and_says_so(proxies: Proxies, name: str) -> None:
    unit = proxies.unit(name)
    other = proxies.code("court")
    before = proxies.word(unit.address)
    unit.upgradeToAndCall(other.address, b"", sender=proxies.owner)
    assert events(unit, "Upgraded") == [(other.address,)]
    assert proxies.word(unit.address) == int(other.address, 16)
    assert (before != int(other.address, 16)) == (name != "court")


@pytest.mark.parametrize("name", UNITS)
@given(who=addresses, target=addresses, data=st.binary(max_size=64))
@few
def test_nobody_but_the_owner_upgrades(
    proxies: Proxies, name: str, who: int, target: int, data: bytes
) -> None:
    unit, before = proxies.unit(name), proxies.word(proxies.unit(name).address)
    with boa.reverts("ownable: caller is not the owner"):
        unit.upgradeToAndCall(f"0x{target:040x}", data, sender=f"0x{who:040x}")
    assert proxies.word(unit.address) == before


@pytest.mark.parametrize("name", UNITS)
def test_code_that_is_not_made_for_a_proxy_is_refused(proxies: Proxies, name: str) -> None:
    unit = proxies.unit(name)
    for target in (NOBODY, proxies.intruder, proxies.market.cash_token.address):
        with boa.reverts():
            unit.upgradeToAndCall(target, b"", sender=proxies.owner)


@pytest.mark.parametrize("name", UNITS)
def test_code_by_itself_belongs_to_nobody(proxies: Proxies, name: str) -> None:
    code = proxies.unit(name, proxies.code(name).address)
    for sender in (proxies.owner, proxies.intruder):
        with boa.reverts("ownable: caller is not the owner"):
            code.upgradeToAndCall(code.address, b"", sender=sender)
    # A contract of the deployment that calls nobody: the code itself, or its second half.
    assert code.owner() in (code.address, proxies.market.back_office.address)
