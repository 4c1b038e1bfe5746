"""A market behind proxies is found again by its manifest, with the functions of its code."""

from pathlib import Path

import boa
import pytest

from novate.agents.desk import attach
from novate.deploy import CONTRACTS, compiled, deploy, owners
from novate.errors import ParameterError
from novate.governance.upgrade import propose_upgrade
from novate.manifest import Manifest
from novate.parameters import Parameters
from novate.series import DAY


def test_attached_by_its_manifest(tmp_path: Path) -> None:
    file = tmp_path / "deployment.json"
    market = deploy(Parameters(upgradeable=True, grace=0), manifest=file)
    maker, taker = market.account("maker"), market.account("taker")
    market.fund(maker, 50_000)
    market.fund(taker, 5_000)
    market.trade(maker, taker, market.put(2_700, 7), 1, 25)
    again = attach(file)
    assert again.clearinghouse.address == market.clearinghouse.address
    number = maker.number
    assert again.clearinghouse.positions_of(number) == market.clearinghouse.positions_of(number)
    assert again.clearinghouse.certificate().surplus >= 0
    assert again.auctions.rules_version() == market.auctions.rules_version()
    assert again.court.BOND() == market.court.BOND()
    # Only its owner upgrades, whatever stands in the file.
    with boa.reverts("ownable: caller is not the owner"):
        again.court.upgradeToAndCall(market.court_code.address, b"", sender=taker.address)


def test_handed_over_as_it_is_deployed() -> None:
    """Every unit goes to the timelock; code behind a proxy is its own, and nobody's to give."""
    timelock = compiled("governance/Timelock.vy").deploy(9 * DAY, boa.env.eoa).address
    market = deploy(Parameters(upgradeable=True, grace=0), handover=timelock)
    held = owners(market)
    assert set(held.values()) == {timelock}
    assert {"clearinghouse", "auctions", "court", "oracle", "listing"} <= held.keys()
    assert not {"back_office", "auctions_code", "court_code", "clearinghouse_code"} & held.keys()
    for name in ("back_office", "auctions_code", "court_code"):
        assert market.contracts[name].owner() == market.contracts[name].address


def test_what_no_upgrade_is_proposed_of(tmp_path: Path) -> None:
    """Said before anything is made, whatever the chain."""
    file = tmp_path / "deployment.json"
    proxies = "one behind a proxy: clearinghouse, court, auctions"
    parts = "back_office or clearinghouse_code, = and a file"
    court = CONTRACTS / "proxy/UpgradeableFixingCourt.vy"
    for upgradeable, unit, sources, data, message in (
        (False, "court", (), "0x", "one behind a proxy: none"),
        (True, "oracle", (), "0x", proxies),
        (True, "court_code", (), "0x", proxies),
        (True, "clearinghouse", (f"court_code={court}",), "0x", parts),
        (True, "clearinghouse", ("back_office=nothing.vy",), "0x", parts),
        (True, "auctions", (f"auctions_code={court}",), "0x", "accepted is the slots of the form"),
        (True, "auctions", (), "0xg", "accepted is hex"),
        (True, "auctions", (), 1_025 * "00", "at most 1024"),
    ):
        market = deploy(Parameters(upgradeable=upgradeable, grace=0), manifest=file)
        with pytest.raises(ParameterError, match=message):
            propose_upgrade(market, Manifest.read(file), unit, *sources, data=data)
