"""ERC-1271: whoever takes a contract's signature here takes one answer for yes, and no other.

https://eips.ethereum.org/EIPS/eip-1271: "MUST return the bytes4 magic value 0x1626ba7e when
function passes". An answer is one word; nothing longer, shorter, dirty or refused is a yes.
"""

from collections.abc import Callable
from dataclasses import astuple
from typing import Any

import boa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from novate import orders
from novate.engine.cache import load
from tests.world import DAY, WAD, World, build, wad

MAGIC = bytes.fromhex("1626ba7e")
YES = MAGIC.ljust(32, b"\0")
few = settings(max_examples=6, derandomize=True, phases=[Phase.explicit, Phase.generate])
WALLET = load("tests/proofs/harness/AnyAnswer.vy")
# Verifiers here; each asks a contract by the same module, or by snekmate's.
VERIFIERS = ("Operators", "Multisig", "SignedOrders", "Governor")


class Signers(World):
    """Contracts that ask for a signature, and a way to make each of them ask the wallet."""

    def __init__(self) -> None:
        super().__init__()
        self.wallet = WALLET.deploy()
        self.twin = WALLET.deploy()
        me, operator = self.wallet.address, boa.env.generate_address("operator")
        operators: Any = self.market.operators
        target = build("tests/hostile/Reenterer.vy")
        multisig = build("governance/Multisig.vy", [me, self.twin.address], 2)
        taker = self.person("taker", cash=100_000)
        self.market.fund(taker, 1)
        number = int(me, 16) << 96
        self.market.cash_token.mint(self.owner, 10**12)
        self.market.cash_token.approve(self.ledger.address, 10**12, sender=self.owner)
        self.ledger.deposit(number, 0, 10**11, sender=self.owner)
        series = self.market.put(2_700, 7)
        leg = orders.Leg(series.code, WAD, wad(20))
        order = orders.quote(number, [leg], nonce=1)
        venue: Any = self.market.orders
        self.wallet.tell(YES, False)
        votes = build("governance/VoteToken.vy", "Votes", "VOT", 10**24, me)
        governor = self._governor(votes)

        def sent_multisig(signature: bytes) -> None:
            empty = [(bytes(32), bytes(32))] * 2
            data = target.count.prepare_calldata()
            until = boa.env.timestamp
            multisig.execute(target.address, data, until, 0x0100, empty, [signature] * 2)

        def permit(signature: bytes) -> None:
            operators.permit(me, operator, True, boa.env.timestamp, signature[:65])

        def fill(signature: bytes) -> None:
            venue.fill(astuple(order), me, signature, taker.number, WAD // 4, sender=taker.address)

        def vote(signature: bytes) -> None:
            governor.castVoteBySig(self.proposal, 1, me, signature)

        self.ask: dict[str, Callable[[bytes], None]] = {
            "Operators": permit,
            "Multisig": sent_multisig,
            "SignedOrders": fill,
            "Governor": vote,
        }

    def _governor(self, votes: Any) -> Any:
        """A vote that is going on, in which the wallet has all the votes."""
        votes.delegate(self.wallet.address, sender=self.wallet.address)
        owner = self.owner
        governor = build("governance/Governor.vy", votes.address, owner, 3_600, DAY, WAD, 4)
        boa.env.time_travel(seconds=60)
        arguments = ([owner], [0], [b""], "A proposal")
        self.proposal = governor.propose(*arguments, sender=self.wallet.address)
        boa.env.time_travel(seconds=3_601)
        self.market.push_price(2_750, 0.15)
        return governor

    def tell(self, answer: bytes, refuses: bool = False) -> None:
        for wallet in (self.wallet, self.twin):
            wallet.tell(answer, refuses)


@pytest.fixture(scope="module")
def signers() -> Signers:
    return Signers()


@pytest.mark.parametrize("name", VERIFIERS)
def test_the_magic_value_in_a_word_is_a_yes(signers: Signers, name: str) -> None:
    signers.tell(YES)
    signers.ask[name](b"whatever the wallet makes of it")


@pytest.mark.parametrize("name", VERIFIERS)
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        MAGIC,  # four bytes are no word
        YES[:31],
        MAGIC.rjust(32, b"\0"),
        (1).to_bytes(32, "big"),  # `true`
        b"\xff" * 32,  # "invalid", as some wallets say it
        MAGIC + b"\0" * 27 + b"\1",  # dirt below the four bytes
    ],
    ids=["nothing", "unpadded", "short", "right", "true", "ones", "dirty"],
)
def test_no_other_answer_is_a_yes(signers: Signers, name: str, answer: bytes) -> None:
    signers.tell(answer)
    with boa.reverts():
        signers.ask[name](b"x")


@pytest.mark.parametrize("name", VERIFIERS)
@given(answer=st.binary(min_size=32, max_size=32), length=st.integers(0, 65))
@few
def test_no_word_but_one_is_a_yes(signers: Signers, name: str, answer: bytes, length: int) -> None:
    signers.tell(answer)
    with boa.reverts():
        signers.ask[name](b"\1" * length)


@pytest.mark.parametrize("name", VERIFIERS)
def test_a_revert_with_the_word_for_yes_is_a_no(signers: Signers, name: str) -> None:
    signers.tell(YES, True)
    with boa.reverts():
        signers.ask[name](b"x")
