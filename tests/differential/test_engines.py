"""The same long random sequences on titanoboa's own environment, on our two engines and on anvil:
results, reasons, events, storage and gas agree to the unit, whatever was forked in between.

Titanoboa's own environment is the truth for results (it is py-evm as it comes), anvil for gas.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import boa
import pytest

from novate.devnet import devnet
from novate.engine import Engine
from novate.engine.cache import load
from novate.gas import BASE, NONZERO_BYTE, ZERO_BYTE, fresh_transaction, gas_of
from tests.chain import Node

# Py-evm shows proxies to titanoboa as the contract they stand for.
pytestmark = pytest.mark.filterwarnings("ignore:casted bytecode")

START = 1_767_225_600
STEPS = 120
BLOCK_GAS = 30_000_000
ENGINES = ("revm", "py-evm")
# [gas] little: enough for some of the calls and not for others.
LITTLE = (3_000, 9_000, 26_000, 60_000)


@cache
def harness(name: str) -> Any:
    return load(f"tests/harness/{name}.vy")


@dataclass(frozen=True)
class Step:
    """A call (function, arguments, value in wei, gas), or a move in time or between forks."""

    kind: str
    function: str = ""
    arguments: tuple[Any, ...] = ()
    value: int = 0
    gas: int = BLOCK_GAS - 1_000_000
    target: int = 0


def sequence(seed: int, receiver: str, forks: bool) -> list[Step]:
    """Steps that reach each function and each way to fail, slots used again and again."""
    dice = random.Random(seed)
    amounts = (0, 0, 1, 2, 3, 2**255, 2**256 - 1)
    steps, depth = [], 0
    for _ in range(STEPS):
        key, amount, other = dice.randrange(4), dice.choice(amounts), dice.choice(amounts)
        small = dice.randrange(5)
        text = "".join(dice.choice("abc") for _ in range(small))
        calls: list[tuple[str, tuple[Any, ...]]] = [
            ("put", (key, amount)),
            ("touch_twice", (key, amount, other)),
            ("fill", ([dice.choice(amounts) for _ in range(dice.randrange(17))],)),
            ("name", (text, text.encode() * small, receiver, small - 2)),
            ("remember", (dice.choice((0, 5)),)),
            ("fail_after", (key, amount)),
            ("call_pair", (key, amount, dice.choice((0, 2_000, 30_000, 10**6)))),
            ("must_call_pair", (key, amount)),
            ("pay_on", (receiver, small)),
            ("spend", (dice.choice((0, 10, 3_000)),)),
            ("clone", ()),
            ("hashes", (text.encode() * 8,)),
            ("divide", (amount, key)),
            ("words", (key,)),
            ("nested", (receiver, b"\1" * 32)),
        ]
        function, arguments = dice.choice(calls)
        value = 7 if function in ("put", "pay_on") and dice.random() < 0.5 else 0
        gas = dice.choice(LITTLE) if dice.random() < 0.15 else Step.gas
        steps.append(Step("call", function, arguments, value, gas, dice.randrange(2)))
        if forks and dice.random() < 0.12:
            steps.append(Step("enter"))
            depth += 1
        if depth and dice.random() < 0.12:
            steps.append(Step("leave"))
            depth -= 1
        if forks and dice.random() < 0.1:
            steps.append(Step("travel", value=dice.randrange(1, 10**6)))
    return steps + [Step("leave")] * depth


class Local:
    """A sequence in one of titanoboa's environments."""

    def __init__(self, env: Any, sender: str) -> None:
        self.env = env
        # Not the fallback: that would agree with itself.
        assert not isinstance(env, Engine) or env.engine == env.nickname
        with boa.swap_env(env):
            env.evm.patch.timestamp, env.evm.patch.chain_id = START, 31_337
            env.eoa = sender
            env.set_balance(sender, 10**22)
            first = harness("EngineHarness").deploy("0x" + "00" * 20)
            self.contracts = (first, harness("EngineHarness").deploy(first))
        self.forks: list[Any] = []

    def run(self, step: Step) -> Any:
        """(answer or reason, gas, events) of a call."""
        with boa.swap_env(self.env):
            if step.kind == "enter":
                self.forks.append(self.env.anchor())
                self.forks[-1].__enter__()
            elif step.kind == "leave":
                self.forks.pop().__exit__(None, None, None)
            elif step.kind == "travel":
                self.env.time_travel(seconds=step.value)
            else:
                return self.call(step)
        return None

    def call(self, step: Step) -> Any:
        contract = self.contracts[step.target]
        function = getattr(contract, step.function)
        answer: Any
        with fresh_transaction(self.env.eoa, contract.address):
            try:
                answer = function(*step.arguments, value=step.value, gas=step.gas)
            except boa.BoaError as error:
                answer = (type(error).__mro__[-4:], error.stack_trace.last_frame.pretty_vm_reason)
        computation = contract._computation
        gas = gas_of(computation)
        return answer, gas.total, [entry[1:] for entry in computation.get_raw_log_entries()]

    def slots(self, touched: dict[bytes, set[int]]) -> dict[tuple[bytes, int], int]:
        return {
            (address, slot): self.env.get_storage("0x" + address.hex(), slot)
            for address, slots in touched.items()
            for slot in slots
        }


def touched(world: Engine) -> dict[bytes, set[int]]:
    return {address: set(slots) for address, slots in world.state.storage.items()}


@pytest.mark.parametrize("seed", (1, 2))
def test_sequences_with_forks_agree(seed: int) -> None:
    sender = boa.env.generate_address()
    locals_ = [Local(boa.Env(), sender), *(Local(Engine(name), sender) for name in ENGINES)]
    for number, step in enumerate(sequence(seed, str(boa.env.eoa), forks=True)):
        expected, *found = [local.run(step) for local in locals_]
        for name, outcome in zip(ENGINES, found, strict=True):
            assert outcome == expected, (name, number, step)
    slots = touched(locals_[1].env)
    expected, *found_slots = [local.slots(slots) for local in locals_]
    assert any(expected.values())
    for name, storage in zip(ENGINES, found_slots, strict=True):
        assert storage == expected, name
    balances = [local.env.get_balance(boa.env.eoa) for local in locals_]
    assert len(set(balances)) == 1


@pytest.fixture(scope="module")
def chain() -> Iterator[Node]:
    with devnet() as net:
        yield Node(net.url)


def test_sequences_agree_with_a_chain(chain: Node) -> None:
    """Status, gas, events and storage of the receipts, to the unit."""
    world = Engine("revm")
    local = Local(world, chain.payer)
    for contract in local.contracts:
        creation = contract.compiler_data.bytecode + contract.ctor_calldata
        receipt = chain.send(creation, 5_000_000)
        assert receipt["contractAddress"].lower() == str(contract.address).lower()
    for number, step in enumerate(sequence(11, str(boa.env.eoa), forks=False)):
        _, gas, events = local.run(step)
        contract = local.contracts[step.target]
        data = getattr(contract, step.function).prepare_calldata(*step.arguments)
        zeros = data.count(0)
        intrinsic = BASE + ZERO_BYTE * zeros + NONZERO_BYTE * (len(data) - zeros)
        receipt = chain.send(data, step.gas + intrinsic, step.value, str(contract.address))
        assert int(receipt["gasUsed"], 16) == gas, (number, step)
        assert (receipt["status"] == "0x1") != contract._computation.is_error, (number, step)
        logged = [
            (log["address"], tuple(int(topic, 16) for topic in log["topics"]), log["data"])
            for log in receipt["logs"]
        ]
        assert logged == [("0x" + a.hex(), t, "0x" + d.hex()) for a, t, d in events], number
    for address, slots in touched(world).items():
        for slot in slots:
            word = chain.rpc("eth_getStorageAt", "0x" + address.hex(), hex(slot), "latest")
            assert int(word, 16) == world.state.slot(address, slot)


@pytest.mark.parametrize("name", ENGINES)
def test_what_revm_cannot_answer_is_asked_of_py_evm(name: str) -> None:
    """Base fee, hashes and limits of the block, and the precompiles of Prague; also when only a
    contract further down asks."""
    truth, world = boa.Env(), Engine(name)
    with boa.swap_env(truth):
        expected_contract = harness("BlockHarness").deploy()
        expected = (
            expected_contract.base_fee(),
            expected_contract.limits(),
            expected_contract.previous(),
            expected_contract.add_on_bls12(),
        )
        assert truth.evm.vm.state.base_fee == expected[0] > 0
    with boa.swap_env(world):
        assert world.engine == name
        contract, other = harness("BlockHarness").deploy(), harness("BlockHarness").deploy()
        found = (
            contract.base_fee(),
            contract.limits(),
            contract.previous(),
            contract.add_on_bls12(),
        )
        assert found == expected
        assert contract.ask(other) == expected[0]


def test_coders_equal_titanoboa() -> None:
    """Arguments of every kind go in and come out as with titanoboa's own coders."""
    values = (
        255, -(2**127), True, boa.env.generate_address(), b"\1\2\3\4", "höhe",
        [b"", b"\xff" * 40, b"x"], [0, 1, 2**256 - 1],
    )  # fmt: skip
    outcomes = []
    for env in (boa.Env(), Engine("revm")):
        with boa.swap_env(env):
            contract = harness("EngineHarness").deploy("0x" + "00" * 20)
            outcomes.append((contract.echo.prepare_calldata(*values), contract.echo(*values)))
            for bad in (256, -1, "1", 1.0):
                with pytest.raises(Exception) as refused:
                    contract.echo(bad, *values[1:])
                outcomes[-1] += ((bad, type(refused.value), str(refused.value)),)
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][1] == values


def test_the_block_is_the_same() -> None:
    found = []
    for env in (boa.Env(), *(Engine(name) for name in ENGINES)):
        with boa.swap_env(env):
            patch = env.evm.patch
            patch.timestamp, patch.block_number, patch.chain_id = START + 5, 77, 31_338
            patch.coinbase, patch.prevrandao = b"\7" * 20, b"\3" * 32
            contract = harness("EngineHarness").deploy("0x" + "00" * 20)
            found.append(contract.around())
            patch.chain_id += 1
            found[-1] += (contract.around().chain, contract.number())
    assert found[0] == found[1] == found[2]
    assert found[0][:3] == (START + 5, 77, 31_338)
