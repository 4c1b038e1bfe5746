"""ERC-5805 and ERC-6372, from their texts, over the token that claims them.

https://eips.ethereum.org/EIPS/eip-5805, https://eips.ethereum.org/EIPS/eip-6372
"""

from typing import Any

import boa
import pytest
from eth_account.messages import encode_typed_data
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.proofs.standards.conftest import KEYS, NOBODY, PEOPLE, events
from tests.world import build

few = settings(max_examples=10, derandomize=True, phases=[Phase.explicit, Phase.generate])
CLAIMANTS = ("governance/VoteToken.vy",)
SUPPLY = 1_000
people = st.integers(0, 2)
steps = st.lists(
    st.tuples(
        st.sampled_from(["move", "delegate", "wait"]), people, people, st.integers(0, SUPPLY)
    ),
    min_size=10,
    max_size=10,
)


@pytest.fixture(scope="module", params=CLAIMANTS)
def token(request: pytest.FixtureRequest) -> Any:
    return build(request.param, "Votes", "VOT", SUPPLY, PEOPLE[0])


def test_the_clock_is_that_of_its_mode(token: Any) -> None:
    # "mode=timestamp": block.timestamp, in whole seconds.
    assert token.CLOCK_MODE() == "mode=timestamp"
    for seconds in (0, 1, 86_400):
        boa.env.time_travel(seconds=seconds)
        assert token.clock() == boa.env.timestamp


@given(steps=steps)
@few
def test_votes_follow_balances_and_the_past_stays(
    token: Any, steps: list[tuple[str, int, int, int]]
) -> None:
    balance = {one: token.balanceOf(one) for one in PEOPLE}
    voter = dict.fromkeys(PEOPLE, NOBODY)
    past: list[tuple[int, dict[str, int]]] = []

    def votes() -> dict[str, int]:
        # The votes of a delegate are the balances of who delegates to it.
        return {who: sum(balance[o] for o in PEOPLE if voter[o] == who) for who in PEOPLE}

    for what, first, second, amount in steps:
        one, two = PEOPLE[first], PEOPLE[second]
        if what == "wait":
            past.append((token.clock(), votes()))
            boa.env.time_travel(seconds=1 + amount)
        elif what == "delegate":
            chosen = two if amount % 4 else NOBODY
            token.delegate(chosen, sender=one)
            assert events(token, "DelegateChanged") == [(one, voter[one], chosen)]
            voter[one] = chosen
        elif amount <= balance[one]:
            before = votes()
            token.transfer(two, amount, sender=one)
            balance[one] -= amount
            balance[two] += amount
            after = votes()
            changed = {
                (who, before[who], after[who]) for who in PEOPLE if before[who] != after[who]
            }
            assert set(events(token, "DelegateVotesChanged")) == changed
        assert {who: token.getVotes(who) for who in PEOPLE} == votes()
        assert {who: token.delegates(who) for who in PEOPLE} == voter
    for time, then in past:
        # "MUST return the votes at the end of that timepoint", and never for one that is not over.
        assert {who: token.getPastVotes(who, time) for who in PEOPLE} == then
        assert token.getPastTotalSupply(time) == SUPPLY
    for time in (token.clock(), token.clock() + 1):
        with boa.reverts():
            token.getPastVotes(PEOPLE[0], time)
        with boa.reverts():
            token.getPastTotalSupply(time)


def delegation(token: Any, key: Any, message: tuple[Any, ...], **changes: Any) -> tuple[Any, ...]:
    names = (("delegatee", "address"), ("nonce", "uint256"), ("expiry", "uint256"))
    domain = {
        "name": "Votes",
        "version": "1",
        "chainId": boa.env.evm.patch.chain_id,
        "verifyingContract": str(token.address),
    } | changes
    types = {"Delegation": [{"name": name, "type": kind} for name, kind in names]}
    fields = {name: value for (name, _), value in zip(names, message, strict=True)}
    signed = key.sign_message(encode_typed_data(domain, types, fields))
    return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


def test_a_delegation_by_signature_is_its_signers_once(token: Any) -> None:
    until = boa.env.timestamp
    good = (PEOPLE[1], 0, until)
    refused = [
        (*good, *delegation(token, KEYS[0], good, chainId=7)),
        (*good, *delegation(token, KEYS[0], good, verifyingContract=PEOPLE[2])),
        (PEOPLE[2], 0, until, *delegation(token, KEYS[0], good)),
        (PEOPLE[1], 0, until - 1, *delegation(token, KEYS[0], (PEOPLE[1], 0, until - 1))),
        (PEOPLE[1], 1, until, *delegation(token, KEYS[0], (PEOPLE[1], 1, until))),
    ]
    for arguments in refused:
        try:
            token.delegateBySig(*arguments)
        except boa.BoaError:
            pass
        # A signature of something else is somebody's whom nobody knows, never the holder's.
        assert token.delegates(PEOPLE[0]) == NOBODY and token.getVotes(PEOPLE[2]) == 0
    signature = delegation(token, KEYS[0], good)
    token.delegateBySig(*good, *signature, sender=PEOPLE[2])
    assert (token.delegates(PEOPLE[0]), token.getVotes(PEOPLE[1])) == (PEOPLE[1], SUPPLY)
    with boa.reverts():
        token.delegateBySig(*good, *signature)
