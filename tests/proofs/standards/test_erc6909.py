"""ERC-6909 and the ERC-165 it asks for, from its text: the hub of wrapped longs and its module.
https://eips.ethereum.org/EIPS/eip-6909
"""

from collections import defaultdict
from typing import Any

import boa
import pytest
from eth_utils import keccak
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from novate.engine.cache import load
from tests.proofs.standards.conftest import PEOPLE, UNLIMITED, Tokens, events

few = settings(max_examples=12, derandomize=True, phases=[Phase.explicit, Phase.generate])
CLAIMANTS = ("LongTokens", "erc6909")
people = st.integers(0, 2)
steps = st.lists(
    st.tuples(
        st.sampled_from(["transfer", "transferFrom", "transferFrom", "approve", "setOperator"]),
        *(people, people, people),
        st.sampled_from([0, 1, 2, 3, 4]),
    ),
    min_size=8,
    max_size=8,
)
SELECTORS = (
    "balanceOf(address,uint256)",
    "allowance(address,address,uint256)",
    "isOperator(address,address)",
    "transfer(address,uint256,uint256)",
    "transferFrom(address,address,uint256,uint256)",
    "approve(address,uint256,uint256)",
    "setOperator(address,bool)",
)


class Claims:
    """Each claimant with an id of which the first person has units."""

    def __init__(self, world: Tokens) -> None:
        module = load("tests/proofs/harness/Erc6909Harness.vy").deploy()
        module.mint(PEOPLE[0], 77, 10**18)
        self.all: dict[str, tuple[Any, int]] = {
            "LongTokens": (world.hub, world.id),
            "erc6909": (module, 77),
        }


@pytest.fixture(scope="module")
def claims(world: Tokens) -> Claims:
    return Claims(world)


@pytest.mark.parametrize("name", CLAIMANTS)
@given(steps=steps)
@few
def test_balances_allowances_and_operators_follow_the_standard(
    claims: Claims, name: str, steps: list[tuple[str, int, int, int, int]]
) -> None:
    token, number = claims.all[name]
    held = token.balanceOf(PEOPLE[0], number)
    balance = {one: token.balanceOf(one, number) for one in PEOPLE}
    allowed: dict[tuple[str, str], int] = defaultdict(int)
    operators: set[tuple[str, str]] = set()
    for what, first, second, third, part in steps:
        caller, owner, to = PEOPLE[first], PEOPLE[second], PEOPLE[third]
        if what == "transfer":
            owner = caller
        had = balance[owner]
        amount = (0, 1, had // 2, had + 1, UNLIMITED)[part]
        if what == "approve":
            assert token.approve(to, number, amount, sender=caller) is True
            assert events(token, "Approval") == [(caller, to, number, amount)]
            allowed[caller, to] = amount
            continue
        if what == "setOperator":
            assert token.setOperator(to, part % 2 == 0, sender=caller) is True
            assert events(token, "OperatorSet") == [(caller, to, part % 2 == 0)]
            (operators.add if part % 2 == 0 else operators.discard)((caller, to))
            continue
        # "MUST revert when the caller is neither the sender nor an operator ... and the
        # allowance is insufficient"; an operator's call uses up none, nor is an unlimited one.
        free = caller == owner or (owner, caller) in operators
        enough = free or amount <= allowed[owner, caller]
        arguments = (to, number, amount) if what == "transfer" else (owner, to, number, amount)
        if amount > had or not enough:
            with boa.reverts():
                getattr(token, what)(*arguments, sender=caller)
            continue
        assert getattr(token, what)(*arguments, sender=caller) is True
        assert events(token, "Transfer")[0] == (caller, owner, to, number, amount)
        balance[owner] -= amount
        balance[to] += amount
        if not free and allowed[owner, caller] != UNLIMITED:
            allowed[owner, caller] -= amount
    assert {one: token.balanceOf(one, number) for one in PEOPLE} == balance
    assert sum(balance.values()) == held
    for pair, left in allowed.items():
        assert token.allowance(*pair, number) == left
    for owner in PEOPLE:
        for other in PEOPLE:
            assert token.isOperator(owner, other) == ((owner, other) in operators)


@pytest.mark.parametrize("name", CLAIMANTS)
def test_an_allowance_is_used_up_unless_unlimited_or_an_operators(
    claims: Claims, name: str
) -> None:
    token, number = claims.all[name]
    owner, spender, to = PEOPLE
    token.approve(spender, number, 5, sender=owner)
    token.transferFrom(owner, to, number, 3, sender=spender)
    assert token.allowance(owner, spender, number) == 2
    with boa.reverts():
        token.transferFrom(owner, to, number, 3, sender=spender)
    token.setOperator(spender, True, sender=owner)
    token.transferFrom(owner, to, number, 3, sender=spender)
    assert token.allowance(owner, spender, number) == 2
    token.setOperator(spender, False, sender=owner)
    token.approve(spender, number, UNLIMITED, sender=owner)
    token.transferFrom(owner, to, number, 3, sender=spender)
    assert token.allowance(owner, spender, number) == UNLIMITED
    assert token.balanceOf(to, number) == 9


@pytest.mark.parametrize("name", CLAIMANTS)
def test_an_allowance_is_of_one_id(claims: Claims, name: str) -> None:
    token, number = claims.all[name]
    token.approve(PEOPLE[1], number + 1, UNLIMITED, sender=PEOPLE[0])
    with boa.reverts():
        token.transferFrom(PEOPLE[0], PEOPLE[1], number, 1, sender=PEOPLE[1])
    assert token.allowance(PEOPLE[0], PEOPLE[1], number) == 0


@pytest.mark.parametrize("name", CLAIMANTS)
def test_interfaces(claims: Claims, name: str) -> None:
    """ERC-165: the identifier is the exclusive or of the selectors; 0xffffffff is no claim."""
    token, _ = claims.all[name]
    identifier = 0
    for one in SELECTORS:
        identifier ^= int.from_bytes(keccak(text=one)[:4], "big")
    assert identifier == 0x0F632FB3
    assert token.supportsInterface(identifier.to_bytes(4, "big"))
    assert token.supportsInterface(bytes.fromhex("01ffc9a7"))
    assert not token.supportsInterface(bytes.fromhex("ffffffff"))
    assert not token.supportsInterface(bytes.fromhex("d9b67a26"))  # ERC-1155
