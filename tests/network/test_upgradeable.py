"""A market behind proxies on a chain: deployed, handed over, upgraded by vote, tampered with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boa
import pytest

from novate.__main__ import main
from novate.agents.desk import attach
from novate.deploy import compiled
from novate.governance.layouts import IMPLEMENTATION
from novate.governance.multisig import key_of
from novate.series import DAY
from novate.verify import implementation
from tests.chain import NEEDS_CHAIN, connected
from tests.network.test_governance import HOUR, later

pytestmark = NEEDS_CHAIN

NEXT = Path(__file__).resolve().parents[1] / "hostile/LeakyBackOffice.vy"
MARKET = ("--manifest", "market.json")
UNITS = 29


def word(address: Any) -> str:
    return "0x" + str(address)[2:].lower().rjust(64, "0")


def test_from_deployment_to_upgrade_and_tampering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("parameters.json").write_text('{"upgradeable": true}')
    with connected() as network:

        def novate(*words: str, code: int = 0) -> str:
            assert main([*words, "--rpc", network.url]) == code, capsys.readouterr().err
            return capsys.readouterr().out

        def verified(wrong: int = 0) -> dict[str, str]:
            said = novate("verify", *MARKET, code=1 if wrong else 0)
            lines = [line.split(None, 2) for line in said.splitlines() if " 0x" in line]
            assert f"{len(lines) - wrong} of {len(lines)} units are what" in said
            return {name: found for name, _, found in lines}

        # What was deployed is what runs.
        novate("deploy", *MARKET, "--parameters", "parameters.json")
        with boa.swap_env(network):
            market = attach(Path("market.json"))
            alice = market.account("alice")
            market.fund(alice, 5_000)
        address = {name: str(unit.address) for name, unit in market.contracts.items()}
        found = verified()
        assert len(found) == UNITS
        assert found.pop("clearinghouse") == (
            f"as compiled, runs clearinghouse_code {address['clearinghouse_code']}"
        )
        assert found.pop("court") == f"as compiled, runs court_code {address['court_code']}"
        assert (
            found.pop("auctions") == f"as compiled, runs auctions_code {address['auctions_code']}"
        )
        assert set(found.values()) == {"as compiled"}

        # Handed over: the proxies too, their code belongs to nobody.
        owners = ",".join(key_of(f"owner {i}").address for i in range(3))
        said = novate("govern", "deploy", *MARKET, "--owners", owners, "--short")
        given = said.rpartition("timelock: ")[2].strip().split(", ")
        assert {"clearinghouse", "auctions", "court"} <= set(given)
        assert not {"back_office", "court_code", "auctions_code"} & set(given)

        # The next version of the ledger's second half, proposed, voted on and run by the timelock.
        data = compiled(str(NEXT)).at(address["clearinghouse"]).migrate.prepare_calldata(2)
        upgrade = ("clearinghouse", f"back_office={NEXT}")
        said = novate(
            "propose", *MARKET, "--upgrade", *upgrade, "--data", "0x" + data.hex(), "--send"
        )
        assert "1 accounts: 0 judged otherwise" in said
        # The same code with other data is another proposal, not another version.
        again = novate("propose", *MARKET, "--upgrade", *upgrade, "--proposal", "again.json")
        assert "not sent" in again and "Upgrade clearinghouse to version 2" in again
        assert main(["propose", *MARKET, "--upgrade", "court", "--rpc", network.url]) == 2
        assert "code other than what runs already" in capsys.readouterr().err
        # It is there, and does nothing yet.
        found = verified()
        assert len(found) == UNITS + 2 and found["back_office_2"] == "as compiled"
        assert found["clearinghouse"].endswith(address["clearinghouse_code"])
        with pytest.raises(boa.BoaError):
            main(["govern", "queue", "--rpc", network.url])
        later(network, HOUR + 1)
        novate("govern", "vote")
        later(network, DAY + 1)
        novate("govern", "queue")
        later(network, 2 * DAY)
        assert novate("govern", "execute").startswith("executed: Upgrade clearinghouse")
        found = verified()
        running = found.pop("clearinghouse").split()
        assert running[:-1] == ["as", "compiled,", "runs", "clearinghouse_code_2"]
        assert implementation(network, address["clearinghouse"]) == word(running[-1])
        with boa.swap_env(network):
            network.refresh()
            assert compiled(str(NEXT)).at(address["clearinghouse"]).generation() == 2
            assert attach(Path("market.json")).clearinghouse.cash_of(alice.number) == 5_000 * 10**18

        # Tampered with: what was touched is named, and what runs it.
        code, old = running[-1], address["clearinghouse_code"]
        for tampering, expected in (
            (
                (
                    ("anvil_setCode", [address["auctions_code"], "0x6001"]),
                    put(address["clearinghouse"], word(old)),
                    put(address["court"], word(address["oracle"])),
                ),
                {
                    "auctions_code": "other code",
                    "auctions": f"runs auctions_code {address['auctions_code']}: other code",
                    "clearinghouse": f"runs clearinghouse_code {old}, which no upgrade put there",
                    "court": f"runs unknown code {address['oracle']}, which no upgrade put there",
                },
            ),
            (
                (
                    ("anvil_setCode", [address["auctions"], "0x6001"]),
                    ("anvil_setCode", [code, "0x"]),
                    # Beside the address.
                    put(address["court"], "0x01" + word(address["court_code"])[4:]),
                ),
                {
                    "auctions": "other code",
                    "clearinghouse_code_2": "nothing is there",
                    "clearinghouse": f"runs clearinghouse_code_2 {code}: nothing is there",
                    "court": f"runs court_code {address['court_code']}, which no upgrade put there",
                },
            ),
        ):
            with network.anchor():
                for request in tampering:
                    network._rpc.fetch(*request)
                found = verified(wrong=4)
            assert {n: one for n, one in found.items() if not one.startswith("as comp")} == expected
        # By the timelock itself, but what nobody described.
        with network.anchor(), boa.swap_env(network):
            stranger = (
                compiled("proxy/UpgradeableFixingCourt.vy")
                .deploy(address["oracle"], address["cash_token"], 10**9, 2 * HOUR, network.eoa)
                .address
            )
            timelock = json.loads(Path("governance.json").read_text())["timelock"]
            payload = market.court.upgradeToAndCall.prepare_calldata(stranger, b"")
            sent = {"from": timelock, "to": address["court"], "data": "0x" + payload.hex()}
            for method, given in (
                ("anvil_impersonateAccount", [timelock]),
                ("anvil_setBalance", [timelock, hex(10**18)]),
                ("eth_sendTransaction", [sent]),
            ):
                network._rpc.fetch(method, given)
            found = verified(wrong=1)
            assert found["court"] == f"runs {stranger}, which the manifest does not describe"
        # The manifest tampered with.
        content = json.loads(Path("market.json").read_text())
        content["upgrades"][0]["contracts"]["back_office"]["arguments"] += "00"
        Path("market.json").write_text(json.dumps(content))
        found = verified(wrong=1)
        assert found["back_office_2"].startswith("other constructor arguments in the manifest")


def put(proxy: str, value: str) -> tuple[str, list[str]]:
    """The request that changes what runs behind a proxy, past its owner."""
    return "anvil_setStorageAt", [proxy, hex(IMPLEMENTATION), value]
