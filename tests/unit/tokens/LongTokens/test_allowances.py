"""Allowances of the ERC-20 face and of the hub: spent, unlimited, and of nobody."""

from typing import Any

import boa
import pytest

from tests.unit.tokens.LongTokens.conftest import FACE, Wrapping
from tests.world import WAD

pytestmark = pytest.mark.filterwarnings("ignore:casted bytecode")
NOBODY = "0x" + 40 * "0"
UNLIMITED = 2**256 - 1


@pytest.fixture(scope="module")
def wrapped() -> tuple[Wrapping, Any, str, str]:
    world = Wrapping()
    owner, spender = (str(boa.env.generate_address(role)) for role in ("owner", "spender"))
    world.wrap(4, receiver=owner)
    world.hub.create_token(world.put.code)
    return world, FACE.at(world.hub.token_of(world.put.code)), owner, spender


@pytest.mark.parametrize("limit", [3 * WAD, UNLIMITED])
def test_spent_unless_unlimited(wrapped: Any, limit: int) -> None:
    world, token, owner, spender = wrapped
    token.approve(spender, limit, sender=owner)
    assert token.transferFrom(owner, spender, 2 * WAD, sender=spender) is True
    left = UNLIMITED if limit == UNLIMITED else WAD
    assert token.allowance(owner, spender) == left
    assert world.hub.allowance(owner, spender, world.put.code) == left
    assert token.balanceOf(owner) == token.balanceOf(spender) == 2 * WAD


def test_nobody_has_nothing_to_send(wrapped: Any) -> None:
    """Even of nothing: a transfer from nobody would be told as a mint."""
    world, token, owner, spender = wrapped
    with boa.reverts("token: empty address"):
        token.transferFrom(NOBODY, owner, 0, sender=spender)
    with boa.reverts("token: empty address"):
        world.hub.transferFrom(NOBODY, owner, world.put.code, 0, sender=spender)
