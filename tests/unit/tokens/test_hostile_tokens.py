"""The hostile tokens do what their names say, or the tests that use them would prove nothing."""

import boa
from boa.util.abi import abi_encode
from eth_utils import function_signature_to_4byte_selector

from novate.engine.cache import load

HOSTILE = {
    name: load(f"tests/hostile/{name}.vy")
    for name in ("NoReturnToken", "FalseToken", "FeeToken", "ReentrantToken", "BlacklistToken")
}


def _people() -> tuple[str, str]:
    return boa.env.generate_address("holder"), boa.env.generate_address("receiver")


def test_no_return_token_moves_and_returns_nothing() -> None:
    holder, receiver = _people()
    token = HOSTILE["NoReturnToken"].deploy()
    token.mint(holder, 10)
    token.approve(receiver, 4, sender=holder)
    assert token.transferFrom(holder, receiver, 4, sender=receiver) is None
    assert token._computation.output == b""
    assert token.transfer(receiver, 1, sender=holder) is None
    assert (token.balanceOf(holder), token.balanceOf(receiver)) == (5, 5)


def test_false_token_returns_false_instead_of_reverting() -> None:
    holder, receiver = _people()
    token = HOSTILE["FalseToken"].deploy()
    token.mint(holder, 10)
    token.approve(receiver, 20, sender=holder)
    assert not token.transfer(receiver, 11, sender=holder)
    assert not token.transferFrom(holder, receiver, 11, sender=receiver)
    assert token.transferFrom(holder, receiver, 4, sender=receiver)
    token.jam(True)
    assert not token.transfer(receiver, 1, sender=holder)
    assert (token.balanceOf(holder), token.balanceOf(receiver)) == (6, 4)


def test_fee_token_delivers_less() -> None:
    holder, receiver = _people()
    token = HOSTILE["FeeToken"].deploy()
    token.mint(holder, 1_000)
    token.transfer(receiver, 1_000, sender=holder)
    assert (token.balanceOf(holder), token.balanceOf(receiver)) == (0, 990)


def test_reentrant_token_calls_back_once_and_keeps_the_outcome() -> None:
    holder, receiver = _people()
    token = HOSTILE["ReentrantToken"].deploy()
    victim = HOSTILE["BlacklistToken"].deploy()
    token.mint(holder, 10)
    victim.mint(token.address, 10)
    victim.block_address(receiver, True)
    selector = function_signature_to_4byte_selector("transfer(address,uint256)")
    for number, recipient, succeeds in ((1, receiver, False), (2, holder, True)):
        payload = selector + abi_encode("(address,uint256)", (recipient, 3))
        token.arm(victim.address, payload)
        token.transfer(receiver, 1, sender=holder)
        token.transfer(receiver, 1, sender=holder)
        assert (token.calls(), token.succeeded()) == (number, succeeds)
        assert (b"token: address is blocked" in token.response()) is not succeeds
    assert victim.balanceOf(holder) == 3


def test_blacklist_token_refuses_the_blocked() -> None:
    holder, receiver = _people()
    token = HOSTILE["BlacklistToken"].deploy()
    token.mint(holder, 10)
    token.approve(receiver, 10, sender=holder)
    token.block_address(receiver, True)
    with boa.reverts("token: address is blocked"):
        token.transfer(receiver, 1, sender=holder)
    token.block_address(receiver, False)
    token.block_address(holder, True)
    with boa.reverts("token: address is blocked"):
        token.transferFrom(holder, receiver, 1, sender=receiver)
