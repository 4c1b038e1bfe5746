"""What people love titanoboa for works unchanged, in both engines."""

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import boa
import pytest
from boa.contracts.vyper.vyper_contract import VyperContract
from eth.exceptions import InsufficientFunds

from novate.engine import Engine, environment, probe, revm
from novate.errors import ParameterError
from tests.unit.engine.conftest import START, source

pytestmark = pytest.mark.filterwarnings("ignore:casted bytecode")

HARNESS = "tests/harness/EngineHarness.vy"
TOKEN = "contracts/tokens/TestToken.vy"
NOBODY = "0x" + "00" * 20
FACTORY = """
# pragma version 0.4.3
@external
def make(blueprint: address) -> address:
    return create_from_blueprint(blueprint)
"""
SECRET = """
# pragma version 0.4.3
total: uint256
@internal
def _add(amount: uint256) -> uint256:
    self.total += amount
    return self.total
@external
def add(amount: uint256) -> uint256:
    return self._add(amount)
"""


def harness() -> Any:
    return source(HARNESS).deploy(NOBODY)


def test_events_of_all_frames_in_order(world: Engine) -> None:
    first = harness()
    second = source(HARNESS).deploy(first)
    second.call_pair(1, 5, 0)
    (event,) = second.get_logs()
    assert (event.address, event.key, event.amount, event.note) == (first.address, 1, 5, "put")
    assert second.get_logs(include_child_logs=False) == []


def test_reverts_are_mapped_to_the_source(world: Engine) -> None:
    contract = harness()
    with boa.reverts("harness: odd"):
        contract.fail_after(1, 3)
    with pytest.raises(boa.BoaError) as refused:
        contract.fail_after(1, 4)
    assert 'raise "harness: even"' in str(refused.value)
    assert "amount = 4" in str(refused.value)
    with pytest.raises(ValueError), boa.reverts("harness: odd"):
        contract.fail_after(1, 4)
    with boa.reverts(compiler="clamp gt 0"):
        contract.divide(1, 0)
    assert contract.words(1) == 0


def test_a_revert_is_explained_where_lists_are_empty(revm: Engine) -> None:
    """Vyper hands on the room of a list, not its length, and titanoboa's decoder stumbles there."""
    judge = """
# pragma version 0.4.3
interface Judge:
    def rate(cash: int256, positions: DynArray[uint256, 128]) -> int256: view
@external
@view
def rate(cash: int256, positions: DynArray[uint256, 128]) -> int256:
    return cash
@external
@view
def ask(cash: int256) -> int256:
    rated: int256 = staticcall Judge(self).rate(cash, [])
    assert rated > 0, "judge: too poor"
    return rated
"""
    with pytest.raises(boa.BoaError) as refused:
        boa.loads(judge).ask(0)
    assert "judge: too poor" in str(refused.value)


def test_a_revert_is_explained_after_its_fork_is_gone(world: Engine) -> None:
    """Its contract went with the fork."""
    with pytest.raises(boa.BoaError) as refused, world.anchor():
        contract = harness()
        contract.touch_twice(1, 1, 2)
        with world.anchor():
            contract.touch_twice(1, 1, 2)
            contract.fail_after(contract.number(), 3)
    assert world.get_code(contract.address) == b""
    assert "EngineHarness.fail_after" in str(refused.value)
    assert "key = 2" in str(refused.value) and "number=2" in str(refused.value)


def test_a_call_is_traced_after_the_state_moved_on(world: Engine) -> None:
    contract = harness()
    contract.touch_twice(0, 1, 2)
    computation = contract._computation
    contract.touch_twice(0, 3, 4)
    assert "touch_twice" in str(computation.call_trace)
    assert computation.output == (1).to_bytes(32, "big")
    assert contract.number() == 2


def test_a_rolled_back_call_cannot_be_traced(revm: Engine) -> None:
    contract = harness()
    with revm.anchor():
        contract.touch_twice(0, 1, 2)
        contract.touch_twice(0, 1, 2)
        computation = contract._computation
    with pytest.raises(Exception, match="rolled back"):
        _ = computation.call_trace


def test_storage_views(world: Engine) -> None:
    contract = harness()
    who = world.generate_address("somebody")
    contract.put(3, 9)
    contract.name("ab", b"xy", who, -4)
    contract.fill([1, 2, 3])
    assert contract._storage.words.get() == {3: 9}
    assert list(contract._storage.nested.get()["somebody"].values()) == [-4]
    assert contract._storage.list.get() == [1, 2, 3]
    with world.anchor():
        contract.put(4, 1)
        assert contract._storage.words.get() == {3: 9, 4: 1}
    assert contract._storage.words.get() == {3: 9}


def test_prank_balances_and_value(world: Engine) -> None:
    contract, other = harness(), world.generate_address()
    world.set_balance(world.eoa, 100)
    contract.pay_on(other, 40, value=60)
    assert (world.get_balance(other), world.get_balance(contract.address)) == (40, 20)
    token = source(TOKEN).deploy("Dollar", "USD", 18)
    token.mint(other, 5)
    someone = world.eoa
    with world.prank(other):
        token.transfer(someone, 5)
    assert token.balanceOf(other) == 0
    # A contract as sender, which no chain would allow and titanoboa does.
    token.mint(contract, 7)
    token.transfer(other, 7, sender=contract.address)
    assert token.balanceOf(other) == 7


def test_nobody_pays_more_than_he_has(world: Engine) -> None:
    with pytest.raises(InsufficientFunds):
        harness().put(1, 1, value=10**30)


def test_at_proxies_and_blueprints(world: Engine) -> None:
    contract = harness()
    assert source(HARNESS).at(contract.address).number() == 0
    pair = source(HARNESS).deploy(contract)
    child = world.lookup_contract(pair.clone())
    assert isinstance(child, VyperContract)
    child.put(1, 5)
    assert (child.words(1), contract.words(1)) == (5, 0)
    blueprint = boa.loads_partial(SECRET).deploy_as_blueprint()
    made = boa.loads(FACTORY).make(blueprint)
    assert world.lookup_contract(made).add(4) == 4


def test_eval_internal_functions_and_injection(world: Engine) -> None:
    contract = boa.loads(SECRET)
    assert contract.internal._add(3) == 3
    assert contract.eval("self.total") == 3
    contract.inject_function(
        "@external\ndef double() -> uint256:\n    return self._add(self.total)"
    )
    assert contract.inject.double() == 6
    assert contract.add(1) == 7


def test_a_raw_call_and_a_simulation_leave_what_they_should(world: Engine) -> None:
    contract = harness()
    data = contract.put.prepare_calldata(1, 2)
    world.raw_call(contract.address, data=data)
    assert contract.words(1) == 2
    assert contract.touch_twice(1, 8, 9, simulate=True) == 1
    assert (contract.words(1), contract.number()) == (2, 0)
    with pytest.raises(Exception, match="odd"):
        world.raw_call(contract.address, data=contract.fail_after.prepare_calldata(1, 1))


def test_time_and_anchors(world: Engine) -> None:
    contract = harness()
    with world.anchor():
        world.time_travel(seconds=600)
        assert contract.around().timestamp == START + 600
        with world.anchor():
            world.time_travel(blocks=10)
            assert contract.around().timestamp == START + 720
        fresh = harness()
    assert contract.around().timestamp == START
    assert world.lookup_contract(fresh.address) is None
    assert not world.get_code(fresh.address)


def test_forks_of_any_depth(world: Engine) -> None:
    """Deeper than the 1,024 frames of the EVM, which must stay free for contracts."""
    contract = harness()
    open_forks = []
    for depth in range(1_200):
        open_forks.append(world.fork())
        open_forks[-1].__enter__()
        if depth % 100 == 0:
            contract.put(1, depth)
    assert contract.words(1) == 1_100
    for depth in reversed(range(1_200)):
        open_forks.pop().__exit__(None, None, None)
        if depth % 100 == 0:
            assert contract.words(1) == max(depth - 100, 0)


def test_state_set_by_hand_is_seen(world: Engine) -> None:
    contract = harness()
    slot = contract.compiler_data.storage_layout["storage_layout"]["number"]["slot"]
    world.set_storage(contract.address, slot, 41)
    assert contract.touch_twice(0, 0, 0) == 42
    assert world.get_storage(contract.address, slot) == 42
    code, other = world.get_code(contract.address), world.generate_address()
    world.set_code(other, code)
    assert source(HARNESS).at(other).number() == 0


def test_a_creation_above_the_limit_of_code_fails(world: Engine) -> None:
    big = b"\x61\x60\x01\x5f\xf3"  # returns 24,577 bytes
    _, computation = world.deploy(bytecode=big)
    assert computation.is_error
    world.evm.patch.code_size_limit = 30_000
    try:
        _, computation = world.deploy(bytecode=big)
        assert not computation.is_error
    finally:
        world.evm.patch.code_size_limit = 24_576


def test_the_chain_id_changes(world: Engine) -> None:
    contract = harness()
    contract.put(1, 5)
    world.evm.patch.chain_id = 99
    assert contract.around().chain == 99
    assert contract.words(1) == 5


def test_tokens_are_dealt(world: Engine) -> None:
    token, who = source(TOKEN).deploy("Dollar", "USD", 18), world.generate_address()
    boa.deal(token, who, 123)
    assert token.balanceOf(who) == 123


@pytest.mark.parametrize("broken", ("missing", "wrong"))
def test_without_a_pyrevm_that_works_py_evm_runs(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one warning, however many worlds are opened."""
    if broken == "missing":
        monkeypatch.setattr(revm, "pyrevm", None)
        monkeypatch.setattr(revm, "MISSING", "No module named 'pyrevm'")
    else:
        monkeypatch.setattr(probe, "_PROBE_GAS", 1)
    monkeypatch.setattr(environment, "_warned", False)
    with pytest.warns(UserWarning, match="pyrevm does not work here"):
        world = Engine("revm")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Engine("revm")
    assert world.engine == "py-evm"
    with boa.swap_env(world):
        contract = harness()
        contract.put(1, 2)
        assert contract.words(1) == 2


def test_an_unknown_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match="engine = 'geth': accepted is revm or py-evm"):
        Engine("geth")
    monkeypatch.setenv("NOVATE_ENGINE", "py-evm")
    assert Engine().engine == "py-evm"


def test_gas_profile_option_of_pytest(tmp_path: Path) -> None:
    """`pytest --gas-profile` prints its tables, and the figures are those of the engine."""
    test = tmp_path / "test_profiled.py"
    test.write_text(
        "import boa\n"
        "from novate.engine import Engine\n"
        "boa.set_env(Engine('revm'))\n"
        "def test_it():\n"
        "    contract = boa.loads('''" + SECRET + "''')\n"
        "    contract.add(5)\n"
        "    assert contract._computation.get_gas_used() > 22_000\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--gas-profile", "-p", "no:cacheprovider"]
        + ["--rootdir", str(tmp_path), str(test)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env={
            "PYTHONPATH": ".",
            "PATH": "/usr/bin:/bin",
            "HOME": str(Path.home()),
            "COLUMNS": "240",
        },
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "add" in done.stdout and "Median" in done.stdout
