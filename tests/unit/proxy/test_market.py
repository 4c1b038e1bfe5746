"""A market behind proxies is found again by its manifest, with the functions of its code."""

from pathlib import Path

import boa

from novate.agents.desk import attach
from novate.deploy import deploy
from novate.parameters import Parameters


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
