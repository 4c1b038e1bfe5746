"""Gas measured in-process equals the receipts of a chain, so the recipe of novate.gas cannot rot.

The same transactions are sent in the same order to both, inside one anchored test: the
measurement must neither need nor break titanoboa's isolation.
"""

from collections.abc import Iterator
from typing import Any

import boa
import pytest

from novate.devnet import devnet
from novate.engine.cache import load
from novate.gas import NONZERO_BYTE, ZERO_BYTE, Gas, transaction_gas
from tests.chain import Node

# Anvil's gas limit of a block.
GAS_LIMIT = 30_000_000


@pytest.fixture(scope="module")
def chain() -> Iterator[Node]:
    with devnet() as net:
        yield Node(net.url)


class Twins:
    """One contract in-process and on the chain."""

    def __init__(self, chain: Node, path: str, *args: Any) -> None:
        self.chain, self.local = chain, load(path).deploy(*args)
        bytecode = self.local.compiler_data.bytecode + self.local.ctor_calldata
        self.remote = chain.send(bytecode, GAS_LIMIT)["contractAddress"]

    def call(self, name: str, *args: Any, remote_args: tuple[Any, ...] | None = None) -> Gas:
        function = getattr(self.local, name)
        gas = transaction_gas(function, *args, sender=self.chain.payer)
        data = function.prepare_calldata(*(args if remote_args is None else remote_args))
        receipt = self.chain.send(data, GAS_LIMIT, to=self.remote)
        assert receipt["status"] == "0x1"
        # The twins' addresses differ, so may the zero bytes of arguments that name them.
        zeros = data.count(0)
        calldata = ZERO_BYTE * zeros + NONZERO_BYTE * (len(data) - zeros)
        assert gas.total - gas.calldata + calldata == int(receipt["gasUsed"], 16), name
        return gas


@pytest.fixture
def harness(chain: Node) -> Twins:
    # New for each test: in-process state is rolled back after it, the chain's is not.
    return Twins(chain, "tests/harness/GasHarness.vy")


def test_slot_set_changed_unchanged_and_cleared(harness: Twins):
    fresh = harness.call("set", 1)
    change = harness.call("set", 2)
    again = harness.call("set", 2)
    clear = harness.call("set", 0)
    # Cold read and set, cold change, cold read, cold change with refund.
    assert fresh.execution - change.execution == 17_100
    assert change.execution - again.execution == 2_800
    assert clear.refund == 4_800
    assert clear.total == 21_000 + clear.calldata + clear.execution - 4_800


def test_slot_restored_in_the_same_transaction_is_refunded(harness: Twins):
    harness.call("set", 5)
    assert harness.call("restore").refund == 2_800


def test_mapping(harness: Twins):
    receiver = harness.chain.receiver
    harness.call("set_for", receiver, 7)
    harness.call("set_for", receiver, 8)


def test_refund_is_capped_at_a_fifth(harness: Twins):
    harness.call("fill", list(range(1, 33)))
    gas = harness.call("set_words_to_zero", 32)
    assert gas.refund == (21_000 + gas.calldata + gas.execution) // 5


def test_calldata_floor(harness: Twins):
    # Much input and hardly any work (EIP-7623): 40 gas for a nonzero byte instead of 16.
    gas = harness.call("ignore", b"\xff" * 4_096)
    assert gas.total > 21_000 + 40 * 4_096 > 21_000 + gas.calldata + gas.execution


def test_lock_internal_call_and_self_call(harness: Twins):
    first = harness.call("locked", 9)
    second = harness.call("locked", 10)
    assert first.execution - second.execution == 17_100
    harness.call("call_itself", 11)


def test_precompiles_are_warm(harness: Twins):
    harness.call("hash_and_recover", b"\x01" * 32, 3, 4)


def test_write_that_is_rolled_back(harness: Twins):
    harness.call("set", 3)
    harness.call("try_and_fail", 4)


def test_erc20_transfers(chain: Node, harness: Twins):
    token = Twins(chain, "contracts/tokens/TestToken.vy", "Dollar", "USD", 18)
    token.call("mint", chain.payer, 10**24)
    token.call("transfer", chain.receiver, 10**18)
    token.call("transfer", chain.receiver, 10**18)
    token.call("approve", harness.local, 10**18, remote_args=(harness.remote, 10**18))
    # Through another contract: cold accounts, allowance spent to zero.
    for _ in range(2):
        harness.call(
            "pay",
            token.local,
            chain.receiver,
            5 * 10**17,
            remote_args=(token.remote, chain.receiver, 5 * 10**17),
        )


def test_measuring_leaves_anchors_intact(harness: Twins):
    harness.local.set(77)
    for _ in range(2):
        with boa.env.anchor():
            before = transaction_gas(harness.local.set, 78)
            assert harness.local.number() == 78
        assert harness.local.number() == 77
    assert before.execution == transaction_gas(harness.local.set, 78).execution
