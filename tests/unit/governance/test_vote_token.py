"""VoteToken: ERC-20, permits, delegations, and votes at any time past against a plain model."""

import boa
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.governance.multisig import key_of
from tests.world import build

WAD = 10**18
SUPPLY = 1_000 * WAD
PEOPLE = [str(boa.env.generate_address(f"voter {i}")) for i in range(4)]
NOBODY = "0x" + 40 * "0"


@pytest.fixture(scope="module")
def token():
    return build("governance/VoteToken.vy", "Votes", "VOT", SUPPLY, PEOPLE[0])


def domain(token):
    return {
        "name": "Votes",
        "version": "1",
        "chainId": boa.env.evm.patch.chain_id,
        "verifyingContract": str(token.address),
    }


def signed(token, key, kind, fields, message):
    named = {kind: [{"name": name, "type": of} for name, of in fields.items()]}
    signature = Account.sign_message(encode_typed_data(domain(token), named, message), key.key)
    return (
        signature.v,
        signature.r.to_bytes(32, "big"),
        signature.s.to_bytes(32, "big"),
    )


DELEGATION = {"delegatee": "address", "nonce": "uint256", "expiry": "uint256"}
PERMIT = {
    "owner": "address",
    "spender": "address",
    "value": "uint256",
    "nonce": "uint256",
    "deadline": "uint256",
}


def test_supply_is_fixed_and_owned_by_nobody(token):
    assert token.totalSupply() == token.balanceOf(PEOPLE[0]) == SUPPLY
    for name in ("mint", "set_minter", "burn", "transfer_ownership", "owner"):
        assert not hasattr(token, name)


def test_constructor_refuses_a_supply_beyond_the_word():
    with boa.reverts("votes: supply too large"):
        build("governance/VoteToken.vy", "Votes", "VOT", 2**208, PEOPLE[0])


def test_clock(token):
    assert token.clock() == boa.env.evm.patch.timestamp
    assert token.CLOCK_MODE() == "mode=timestamp"


def test_balances_without_a_delegate_do_not_vote(token):
    token.transfer(PEOPLE[1], WAD, sender=PEOPLE[0])
    assert token.getVotes(PEOPLE[0]) == token.getVotes(PEOPLE[1]) == 0


def test_past_supply(token):
    boa.env.time_travel(seconds=10)
    now = boa.env.evm.patch.timestamp
    assert token.getPastTotalSupply(now - 1) == SUPPLY
    assert token.getPastTotalSupply(now - 100) == 0
    with boa.reverts("checkpoint: not over yet"):
        token.getPastTotalSupply(now)


def test_the_present_second_is_no_past(token):
    with boa.reverts("checkpoint: not over yet"):
        token.getPastVotes(PEOPLE[0], boa.env.evm.patch.timestamp)


def test_allowance_is_used_up(token):
    token.approve(PEOPLE[1], 5, sender=PEOPLE[0])
    token.transferFrom(PEOPLE[0], PEOPLE[2], 3, sender=PEOPLE[1])
    assert token.allowance(PEOPLE[0], PEOPLE[1]) == 2
    with boa.reverts("erc20: insufficient allowance"):
        token.transferFrom(PEOPLE[0], PEOPLE[2], 3, sender=PEOPLE[1])


def test_changes_of_one_second_are_one_checkpoint(token):
    token.delegate(PEOPLE[0], sender=PEOPLE[0])
    token.transfer(PEOPLE[1], 1, sender=PEOPLE[0])
    assert (token.numCheckpoints(PEOPLE[0]), token.getVotes(PEOPLE[0])) == (1, SUPPLY - 1)
    boa.env.time_travel(seconds=1)
    token.transfer(PEOPLE[1], 1, sender=PEOPLE[0])
    assert (token.numCheckpoints(PEOPLE[0]), token.getVotes(PEOPLE[0])) == (2, SUPPLY - 2)


def test_events_of_a_delegation(token):
    token.delegate(PEOPLE[1], sender=PEOPLE[0])
    changed, votes = token.get_logs()
    assert type(changed).__name__ == "DelegateChanged"
    assert (changed.delegator, changed.fromDelegate, changed.toDelegate) == (
        PEOPLE[0],
        NOBODY,
        PEOPLE[1],
    )
    assert (votes.delegate, votes.previousVotes, votes.newVotes) == (PEOPLE[1], 0, SUPPLY)


def test_delegation_by_signature(token):
    key = key_of("holder of votes")
    token.transfer(key.address, 7, sender=PEOPLE[0])
    expiry = boa.env.evm.patch.timestamp + 60
    message = {"delegatee": PEOPLE[2], "nonce": 0, "expiry": expiry}
    proof = signed(token, key, "Delegation", DELEGATION, message)
    token.delegateBySig(PEOPLE[2], 0, expiry, *proof)
    assert token.getVotes(PEOPLE[2]) == 7 and token.nonces(key.address) == 1
    # Once only, and only what was signed.
    with boa.reverts("votes: wrong nonce"):
        token.delegateBySig(PEOPLE[2], 0, expiry, *proof)
    with boa.reverts("ecdsa: invalid signature"):
        token.delegateBySig(PEOPLE[2], 0, expiry, 29, *proof[1:])
    boa.env.time_travel(seconds=61)
    with boa.reverts("votes: signature expired"):
        token.delegateBySig(PEOPLE[2], 0, expiry, *proof)


def test_permit_shares_the_nonces(token):
    key = key_of("holder of votes")
    deadline = boa.env.evm.patch.timestamp + 60
    message = {
        "owner": key.address,
        "spender": PEOPLE[1],
        "value": 5,
        "nonce": 0,
        "deadline": deadline,
    }
    proof = signed(token, key, "Permit", PERMIT, message)
    token.permit(key.address, PEOPLE[1], 5, deadline, *proof)
    assert token.allowance(key.address, PEOPLE[1]) == 5 and token.nonces(key.address) == 1


def test_domain_is_published(token):
    _, name, version, chain, contract, _, _ = token.eip712Domain()
    assert (name, version, chain) == ("Votes", "1", boa.env.evm.patch.chain_id)
    assert contract == token.address


steps = st.lists(
    st.tuples(
        st.sampled_from(["transfer", "delegate", "wait"]),
        st.integers(0, 3),
        st.integers(0, 4),
        st.integers(0, SUPPLY // 3),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=25, derandomize=True)
@given(steps=steps)
def test_votes_are_the_balances_of_those_who_delegate_at_every_second(token, steps):
    """The model: balances and delegates by second, votes summed anew."""
    balances = dict.fromkeys(PEOPLE, 0) | {PEOPLE[0]: SUPPLY}
    delegates = dict(zip(PEOPLE, PEOPLE, strict=True))
    for person in PEOPLE:
        token.delegate(person, sender=person)
    past: dict[int, dict[str, int]] = {}

    def votes():
        return {
            person: sum(balances[owner] for owner in PEOPLE if delegates[owner] == person)
            for person in PEOPLE
        }

    for kind, first, second, amount in steps:
        giver, taker = PEOPLE[first], [*PEOPLE, NOBODY][second]
        if kind == "wait":
            now = boa.env.evm.patch.timestamp
            for second in range(now, now + first + 1):
                past[second] = votes()
            boa.env.time_travel(seconds=first + 1)
        elif kind == "delegate":
            token.delegate(taker, sender=giver)
            delegates[giver] = taker
        elif taker != NOBODY:
            moved = min(amount, balances[giver])
            token.transfer(taker, moved, sender=giver)
            balances[giver] -= moved
            balances[taker] += moved
        assert {person: token.getVotes(person) for person in PEOPLE} == votes()
    for second, was in past.items():
        assert {person: token.getPastVotes(person, second) for person in PEOPLE} == was
    assert token.numCheckpoints(PEOPLE[0]) <= len(steps) + 1
