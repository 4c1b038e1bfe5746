"""Wrapped longs as ERC-6909 and, through their faces, as ERC-20: beside a model of both at once."""

from collections import defaultdict
from typing import Any

import boa
import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.standards.test_erc6909 import SELECTORS
from tests.unit.tokens.LongTokens.conftest import FACE, Wrapping
from tests.world import WAD, wad

# A proxy has not the code that titanoboa compiled.
pytestmark = pytest.mark.filterwarnings("ignore:casted bytecode")
NOBODY = "0x" + 40 * "0"
UNLIMITED = 2**256 - 1
PEOPLE = [boa.env.generate_address(f"person {i}") for i in range(3)]


class Model:
    """Balances and allowances of one id, and whether a call is refused."""

    def __init__(self) -> None:
        self.balance: dict[str, int] = defaultdict(int)
        self.allowed: dict[tuple[str, str], int] = defaultdict(int)
        self.operator: set[tuple[str, str]] = set()

    def transfer(self, caller: str, sender: str, receiver: str, amount: int, own: bool) -> str:
        """The reason why it is refused, if it is; else it is done. own: without an allowance."""
        free = own or (sender, caller) in self.operator
        if not free and amount > self.allowed[sender, caller]:
            return "token: allowance too small"
        if receiver == NOBODY:
            return "token: empty address"
        if amount > self.balance[sender]:
            return "token: balance too small"
        if not free and self.allowed[sender, caller] != UNLIMITED:
            self.allowed[sender, caller] -= amount
        self.balance[sender] -= amount
        self.balance[receiver] += amount
        return ""


@pytest.fixture(scope="module")
def wrapped() -> Wrapping:
    world = Wrapping()
    world.wrap(4, receiver=PEOPLE[0])
    world.hub.create_token(world.put.code)
    return world


def face(world: Wrapping) -> Any:
    return FACE.at(world.hub.token_of(world.put.code))


def movements(contract: Any) -> list[tuple[str, str, int]]:
    """What the ERC-20 contract logged in the last call of a contract."""
    topic = int.from_bytes(keccak(text="Transfer(address,address,uint256)"), "big")
    logs = contract._get_logs(contract._computation, True)
    found = []
    for _, _, topics, data in logs:
        if topics[0] == topic:
            ends = ["0x" + one.to_bytes(32, "big")[12:].hex() for one in topics[1:]]
            found.append((ends[0], ends[1], int.from_bytes(data, "big")))
    return found


amounts = st.sampled_from([0, 1, WAD, 2 * WAD, 4 * WAD, 4 * WAD + 1, UNLIMITED])
people = st.sampled_from(PEOPLE)
steps = st.lists(
    st.tuples(
        st.sampled_from(["transfer", "transferFrom", "approve", "setOperator"]),
        st.booleans(),  # through the ERC-20 contract
        people,
        people,
        st.sampled_from([*PEOPLE, NOBODY]),
        amounts,
        st.booleans(),
    ),
    max_size=12,
)


@given(steps=steps)
@settings(max_examples=25, derandomize=True)
def test_both_doors_lead_to_one_room(wrapped: Wrapping, steps: list[Any]) -> None:
    hub, id, token = wrapped.hub, wrapped.put.code, face(wrapped)
    model = Model()
    model.balance[PEOPLE[0]] = 4 * WAD
    for kind, by_token, caller, owner, receiver, amount, flag in steps:
        unit = token if by_token else hub
        if kind == "setOperator":
            hub.setOperator(receiver, flag, sender=caller)
            (model.operator.add if flag else model.operator.discard)((caller, receiver))
        elif kind == "approve":
            unit.approve(*(receiver, amount) if by_token else (receiver, id, amount), sender=caller)
            model.allowed[caller, receiver] = amount
        else:
            sender = caller if kind == "transfer" else owner
            ends = (receiver,) if kind == "transfer" else (owner, receiver)
            arguments = (*ends, amount) if by_token else (*ends, id, amount)
            # ERC-20 asks for an allowance also of oneself, ERC-6909 does not.
            own = caller == sender and not (by_token and kind == "transferFrom")
            refusal = model.transfer(caller, sender, receiver, amount, own)
            if refusal:
                with boa.reverts(refusal):
                    getattr(unit, kind)(*arguments, sender=caller)
                continue
            assert getattr(unit, kind)(*arguments, sender=caller) is True
            assert movements(unit) == [(sender.lower(), receiver.lower(), amount)]
        for one in PEOPLE:
            assert hub.balanceOf(one, id) == token.balanceOf(one) == model.balance[one]
            for other in PEOPLE:
                allowed = model.allowed[one, other]
                assert hub.allowance(one, other, id) == token.allowance(one, other) == allowed
                assert hub.isOperator(one, other) == ((one, other) in model.operator)
    assert hub.totalSupply(id) == token.totalSupply() == sum(model.balance.values()) == 4 * WAD


def test_interfaces(world: Wrapping) -> None:
    """ERC-165 ids, made anew from the standard's signatures."""
    number = 0
    for signature in SELECTORS:
        number ^= int.from_bytes(keccak(text=signature)[:4], "big")
    assert world.hub.supportsInterface(number.to_bytes(4, "big"))
    assert world.hub.supportsInterface(bytes.fromhex("01ffc9a7"))
    assert not world.hub.supportsInterface(bytes.fromhex("ffffffff"))


def test_a_token_is_made_once_and_logs_from_then_on(world: Wrapping) -> None:
    world.wrap(1)
    assert movements(world.hub) == []
    token = world.hub.create_token(world.put.code, sender=world.intruder)
    assert world.hub.create_token(world.put.code) == token
    erc20 = FACE.at(token)
    assert (erc20.id(), erc20.hub(), erc20.decimals()) == (world.put.code, world.hub.address, 18)
    assert erc20.name() == erc20.symbol() == world.hub.name(world.put.code)
    assert erc20.balanceOf(world.holder.address) == WAD == erc20.totalSupply()
    # Minting and burning are movements too.
    world.wrap(2)
    assert movements(world.hub) == [(NOBODY, world.holder.address.lower(), wad(2))]
    world.hub.unwrap(world.put.code, WAD, world.holder.number, sender=world.holder.address)
    assert movements(world.hub) == [(world.holder.address.lower(), NOBODY, WAD)]


def test_nobody_else_plays_hub_or_token(world: Wrapping) -> None:
    erc20 = FACE.at(world.hub.create_token(world.put.code))
    for one in (erc20, world.template):
        with boa.reverts("token: already initialised"):
            one.initialize(1, sender=world.intruder)
        with boa.reverts("token: not the hub"):
            one.announce(NOBODY, world.intruder, 1, sender=world.intruder)
    holder = world.holder.address
    world.wrap(1)
    other = world.market.call(2_800, 7).code
    with boa.reverts("token: not its contract"), boa.env.prank(world.intruder):
        world.hub.relay_transfer(holder, world.intruder, world.put.code, WAD)
    with boa.reverts("token: not its contract"), boa.env.prank(world.intruder):
        world.hub.relay_transfer_from(holder, holder, world.intruder, world.put.code, WAD)
    with boa.reverts("token: not its contract"), boa.env.prank(world.intruder):
        world.hub.relay_approve(holder, world.intruder, world.put.code, WAD)
    with boa.reverts("token: not its contract"), boa.env.prank(erc20.address):
        world.hub.relay_approve(holder, world.intruder, other, WAD)
