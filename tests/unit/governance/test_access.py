"""Who may call what: the table is complete, strangers are refused, the guardian only tightens."""

from types import SimpleNamespace
from typing import Any

import boa
import pytest

from novate.governance import deploy_governance, hand_over
from novate.governance.access import guards, privileged, silent, table, units
from novate.governance.deployment import CANCELLER, faster
from novate.governance.multisig import key_of
from novate.liquidity import POOLS, VAULTS
from tests.world import World, liquid

# The timelock cancels, the listing halts; and a guardian names its own owners: all that it may.
GUARDIANS = {
    ("listing", "halt"),
    ("timelock", "cancel"),
    ("guardian", "batch"),
    ("guardian", "set_owners"),
}


def unit_name(source: str) -> str:
    return source.split("/")[-1].removesuffix(".vy")


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, set[str]]]:
    return {unit_name(source): privileged(source) for source in units()}


def test_every_privileged_function_has_a_row(found):
    rows = table()
    rows.pop("roles")
    expected = {unit: functions for unit, functions in found.items() if functions}
    written = {
        unit: {name: set(row["caller"]) for name, row in functions.items()}
        for unit, functions in rows.items()
    }
    # A new function, another caller, or a row of what is gone: mend novate/governance/access.toml.
    assert written == expected
    assert all(row["most"] for functions in rows.values() for row in functions.values())


def test_every_role_is_described(found):
    asked = {
        role for functions in found.values() for callers in functions.values() for role in callers
    }
    roles = table()["roles"]
    assert roles.keys() == asked
    assert all(row["what"] and row["holder"] for row in roles.values())


# What needs no old value: yes or no, what happens once, and what is no parameter.
SILENT = {
    "cancel",
    "choose",
    "halt",
    "link",
    "list_underlying",
    "mark_limited",
    "retire",
    "set_committee",  # numbers its versions, and older ones stay readable
    "set_fitter",
    "set_venue",
    "start",
    "stop",
    "transfer_ownership",  # `previous_owner`
    "redeem",
    "upgradeToAndCall",  # ERC-1967's event names the new code, the one before it the old
    "withdraw",
}


def test_changes_of_parameters_say_what_was_before():
    assert {name for source in units() for name in silent(source)} <= SILENT


SOURCE = """
from snekmate.auth import ownable
initializes: ownable
keeper: address
allowed: HashMap[address, bool]
n: uint256
@deploy
def __init__():
    ownable.__init__()
@external
def owned():
    self._set()
@external
def kept():
    assert msg.sender == self.keeper
@external
def turned():
    if self.keeper != msg.sender:
        raise "no"
@external
def listed():
    assert self.allowed[msg.sender]
@external
def unlisted():
    assert not self.allowed[msg.sender] and self.n == 0
@external
def free():
    self.allowed[msg.sender] = True
@internal
def _set():
    ownable._check_owner()
"""


def test_the_scan_finds_guards():
    # The tests above prove nothing if this one fails.
    exposed = boa.loads_partial(SOURCE).compiler_data.global_ctx.exposed_functions
    asked = {one.name: guards(one) for one in exposed if one.is_external}
    assert asked == {
        "owned": {"owner"},
        "kept": {"keeper"},
        "turned": {"keeper"},
        "listed": {"allowed"},
        "unlisted": {"allowed"},
        "free": set(),
    }


@pytest.fixture(scope="module")
def governed() -> Any:
    """A market with governance in charge, by unit name."""
    world = World(liquid(POOLS[:1], VAULTS[:1]))
    holder = str(boa.env.generate_address("holder"))
    keys = [key_of(f"owner {i}") for i in range(5)]
    governance = deploy_governance([key.address for key in keys], 3, holder, faster())
    given = hand_over(world.market, governance.timelock, governance.guardian)
    contracts = dict(world.market.contracts)
    contracts |= {
        "governor": governance.governor,
        "timelock": governance.timelock,
        "guardian": governance.guardian,
    }
    return SimpleNamespace(world=world, governance=governance, given=given, contracts=contracts)


def test_nothing_is_left_with_the_deployer(governed):
    world, timelock = governed.world, governed.governance.timelock
    for name, contract in world.market.contracts.items():
        if hasattr(contract, "transfer_ownership"):
            owner = contract.owner()
            assert owner == timelock.address or name not in governed.given, name
            assert owner != world.owner
    assert world.market.listing.guardian() == governed.governance.guardian.address
    # Only the sources of prices keep who reports them.
    for source in ("spot_feed", "volatility_feed"):
        assert world.market.contracts[source].reporter() == world.owner


def test_hand_over_is_the_owners(governed):
    with pytest.raises(ValueError, match="a market that"):
        hand_over(governed.world.market, governed.governance.timelock, governed.governance.guardian)


def of_type(kind: str, components: list[dict[str, Any]], number: int) -> Any:
    """A value of an ABI type, made from a number."""
    if kind.endswith("]"):
        inner, size = kind[:-1].rsplit("[", 1)
        return [of_type(inner, components, number) for _ in range(int(size or 0))]
    if kind == "tuple":
        return tuple(of_type(one["type"], one.get("components", []), number) for one in components)
    if kind == "address":
        return f"0x{number % 2**160:040x}"
    if kind == "bool":
        return bool(number % 2)
    if kind == "string":
        return str(number)[:4]
    if kind.startswith("bytes"):
        width = int(kind[5:] or 4)
        return (number % 256**width).to_bytes(width, "big")
    bits = int(kind.removeprefix("u").removeprefix("int") or 256)
    return number % 2 ** (bits - 1)


def entries(governed) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Unit, function and inputs of all that changes state, privileged or not."""
    return [
        (name, entry["name"], entry["inputs"])
        for name, contract in governed.contracts.items()
        for entry in contract.abi
        if entry["type"] == "function" and entry["stateMutability"] in ("nonpayable", "payable")
    ]


def attempt(governed, unit: str, name: str, values: list[Any], sender: str) -> tuple[str, bytes]:
    """What came of a call, undone: refused and why, done, or ignored when nothing is logged."""
    contract = governed.contracts[unit]
    data = getattr(contract, name).prepare_calldata(*values)
    with boa.env.anchor():
        result = boa.env.execute_code(contract.address, sender=sender, data=data)
        if result.is_error:
            return "refused", bytes(result.output)
        return ("done" if result.get_raw_log_entries() else "ignored"), b""


@pytest.mark.parametrize("number", [0, 1, 2**160 - 1, 10**18])
def test_the_guardian_may_halt_and_veto_and_nothing_else(governed, number):
    """Whatever it tries goes as for a stranger, but for its two functions."""
    guardian = str(governed.governance.guardian.address)
    intruder = str(boa.env.generate_address("intruder"))
    assert governed.governance.timelock.hasRole(CANCELLER, guardian)
    more = set()
    for unit, name, inputs in entries(governed):
        values = [of_type(one["type"], one.get("components", []), number) for one in inputs]
        # A halt of a reasonable length, and of one that is too long by the last figure.
        if (unit, name) == ("listing", "halt") and number == 1:
            values = [1, 3_600]
        as_guardian = attempt(governed, unit, name, values, guardian)
        if as_guardian != attempt(governed, unit, name, values, intruder):
            more.add((unit, name))
    assert more == GUARDIANS


@pytest.mark.parametrize("number", [0, 7, 10**18])
def test_strangers_are_refused_every_privilege(governed, number):
    intruder = str(boa.env.generate_address("intruder"))
    rows = table()
    sources = {unit: contract.contract_name for unit, contract in governed.contracts.items()}
    # Open to anyone, or to who owns something of its own; words of strangers are ignored.
    open_to_all = {"execute_batch", "redeem", "withdraw", "renounceRole", "cancel"}
    tried = 0
    for unit, name, inputs in entries(governed):
        contract = unit_name(sources[unit])
        # The clearinghouse hands on what it does not know.
        row = rows.get(contract, {}).get(name)
        if contract == "Clearinghouse":
            row = row or rows["BackOffice"].get(name)
        if row is None or (name in open_to_all and contract != "Timelock"):
            continue
        values = [of_type(one["type"], one.get("components", []), number) for one in inputs]
        outcome, _ = attempt(governed, unit, name, values, intruder)
        tried += 1
        may_ignore = name in ("report_loss", "report_auctions")
        assert outcome == "refused" or (may_ignore and outcome == "ignored"), (unit, name)
    assert tried > 60
