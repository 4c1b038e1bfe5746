"""Multisig: exactly M of N, in order, once, for one chain and contract; owners change by itself."""

from dataclasses import replace
from itertools import combinations

import boa
import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.governance import call
from novate.governance.multisig import arguments, batch, execute, key_of, order
from novate.oracle.reports import CURVE_ORDER
from tests.world import build

DAY = 86_400
BAD, FEW = "multisig: bad signature", "multisig: not the threshold"


@pytest.fixture(scope="module")
def keys():
    return [key_of(f"owner {i}") for i in range(5)]


@pytest.fixture(scope="module")
def wallet():
    return build("tests/harness/SmartWallet.vy")


@pytest.fixture(scope="module")
def multisig(keys, wallet):
    """Three of six: five keys, then a contract."""
    owners = [*(key.address for key in keys), wallet.address]
    return build("governance/Multisig.vy", owners, 3)


@pytest.fixture(scope="module")
def target(multisig):
    return build("tests/hostile/Reenterer.vy")


def signed(multisig, one, keys, places, **changes):
    paper = replace(order(multisig, one), **changes)
    return arguments(paper, {place: paper.sign(keys[place]) for place in places})


def test_every_three_of_five_call(multisig, keys, target):
    for count, places in enumerate(combinations(range(5), 3), 1):
        multisig.execute(*signed(multisig, call(target.count), keys, places))
        (event,) = multisig.get_logs()
        assert event.signers == sum(1 << place for place in places)
        assert multisig.nonce() == target.calls() == count


@settings(max_examples=40, derandomize=True)
@given(places=st.sets(st.integers(0, 4)), wrong=st.integers(0, 4) | st.none())
def test_exactly_the_threshold_and_only_owners(multisig, keys, target, places, wrong):
    paper = order(multisig, call(target.count))
    signatures = {place: paper.sign(keys[place]) for place in places}
    if wrong in places:
        signatures[wrong] = paper.sign(key_of("intruder"))
    if len(places) == 3 and wrong not in places:
        multisig.execute(*arguments(paper, signatures))
        assert target.calls() == 1
    else:
        with boa.reverts(FEW if len(places) != 3 else BAD):
            multisig.execute(*arguments(paper, signatures))
        assert multisig.nonce() == 0


def test_a_signature_counts_once(multisig, keys, target):
    proof = signed(multisig, call(target.count), keys, (0, 1, 2))
    multisig.execute(*proof)
    with boa.reverts(BAD):
        multisig.execute(*proof)


@pytest.mark.parametrize("change", ["nonce", "chain", "contract", "data", "target", "deadline"])
def test_what_was_signed_and_nothing_else(multisig, keys, target, change):
    one = call(target.count)
    paper = order(multisig, one)
    signatures = {place: paper.sign(keys[place]) for place in range(3)}
    other = {
        "nonce": replace(paper, nonce=1),
        "chain": replace(paper, chain_id=2),
        "contract": replace(paper, multisig=target.address),
        "data": replace(paper, call=call(target.strike)),
        "target": replace(paper, call=replace(one, target=str(multisig.address))),
        "deadline": replace(paper, deadline=paper.deadline + 1),
    }[change]
    if change in ("nonce", "chain", "contract"):
        # Signed for elsewhere, sent here.
        signatures = {place: other.sign(keys[place]) for place in range(3)}
        other = paper
    with boa.reverts(BAD):
        multisig.execute(*arguments(other, signatures))


def test_one_owner_cannot_sign_twice(multisig, keys, target):
    target_, data, deadline, _, pairs, wallets = signed(
        multisig, call(target.count), keys, (0, 1, 2)
    )
    for places in ((0, 0, 1), (1, 0, 2), (0, 1, 16)):
        signers = sum(place << 8 * i for i, place in enumerate(places))
        proofs = [pairs[min(place, 2)] for place in places]
        with boa.reverts("multisig: signers not ascending"):
            multisig.execute(target_, data, deadline, signers, proofs, wallets)


def test_places_without_an_owner_sign_nothing(multisig, keys, target):
    target_, data, deadline, _, pairs, wallets = signed(
        multisig, call(target.count), keys, (0, 1, 2)
    )
    signers = 0 | 1 << 8 | 9 << 16
    # What cannot be recovered is the empty address, as is the place.
    hopeless = (b"\xff" * 32, b"\1".rjust(32, b"\0"))
    with boa.reverts(BAD):
        multisig.execute(target_, data, deadline, signers, [*pairs[:2], hopeless], wallets)
    with boa.reverts(BAD):
        empty = (bytes(32), bytes(32))
        multisig.execute(target_, data, deadline, signers, [*pairs[:2], empty], [b"yes"])


def test_high_s_is_the_twin_of_no_signature(multisig, keys, target):
    target_, data, deadline, signers, pairs, wallets = signed(
        multisig, call(target.count), keys, (0, 1, 2)
    )
    r, word = pairs[0]
    value = int.from_bytes(word, "big")
    parity, s = value >> 255, value % 2**255
    twin = (1 - parity) << 255 | ((CURVE_ORDER - s) % 2**255)
    with boa.reverts(BAD):
        pair = (r, twin.to_bytes(32, "big"))
        multisig.execute(target_, data, deadline, signers, [pair, *pairs[1:]], wallets)


def test_deadline(multisig, keys, target):
    proof = signed(multisig, call(target.count), keys, (0, 1, 2))
    boa.env.time_travel(seconds=DAY + 1)
    with boa.reverts("multisig: deadline passed"):
        multisig.execute(*proof)


def test_a_contract_signs(multisig, keys, target, wallet):
    paper = order(multisig, call(target.count))
    proof = arguments(paper, {i: paper.sign(keys[i]) for i in (1, 3)}, {5: b"yes"})
    with boa.reverts(BAD):
        multisig.execute(*proof)
    wallet.approve(paper.digest())
    for manner in (1, 2, 3, 4):
        wallet.behave(manner)
        with boa.reverts(BAD):
            multisig.execute(*proof)
    wallet.behave(0)
    multisig.execute(*proof)
    assert target.calls() == 1


def test_each_contract_brings_its_own_signature(keys, target, wallet):
    second = build("tests/harness/SmartWallet.vy")
    owners = [keys[0].address, wallet.address, second.address]
    multisig = build("governance/Multisig.vy", owners, 3)
    paper = order(multisig, call(target.count))
    for one in (wallet, second):
        one.approve(paper.digest())
    proof = arguments(paper, {0: paper.sign(keys[0])}, {1: b"first", 2: b"second"})
    with boa.reverts():
        multisig.execute(*proof[:-1], [b"first"])
    multisig.execute(*proof)
    assert target.calls() == 1


def test_a_failing_call_uses_up_nothing(multisig, keys, target):
    target.prepare(target.address, b"nonsense")
    with boa.reverts():
        multisig.execute(*signed(multisig, call(target.strike), keys, (0, 1, 2)))
    assert multisig.nonce() == 0


def test_an_address_without_code(multisig, keys):
    nobody = replace(call(multisig.batch, []), target=key_of("nobody").address)
    with boa.reverts("multisig: no code"):
        multisig.execute(*signed(multisig, nobody, keys, (0, 1, 2)))
    with boa.reverts("multisig: no code"):
        multisig.execute(*signed(multisig, batch(multisig, [nobody]), keys, (0, 1, 2)))


def test_no_call_within_a_call(multisig, keys, target):
    # What is signed for the next nonce cannot run inside this one.
    inner = signed(multisig, call(target.count), keys, (2, 3, 4), nonce=1)
    target.prepare(multisig.address, multisig.execute.prepare_calldata(*inner))
    with boa.reverts():
        multisig.execute(*signed(multisig, call(target.strike), keys, (0, 1, 2)))
    assert target.calls() == 0


def test_batch_is_all_or_nothing(multisig, keys, target):
    execute(
        multisig,
        batch(multisig, [call(target.count), call(target.count)]),
        {i: keys[i] for i in (0, 2, 4)},
    )
    assert target.calls() == 2
    target.prepare(target.address, b"nonsense")
    with boa.reverts():
        both = batch(multisig, [call(target.count), call(target.strike)])
        execute(multisig, both, {i: keys[i] for i in (0, 2, 4)})
    assert target.calls() == 2


def test_owners_rotate_only_by_themselves(multisig, keys, target):
    newcomer = key_of("newcomer")
    owners = [keys[0].address, keys[1].address, newcomer.address]
    for sender in (keys[0].address, boa.env.eoa):
        with boa.reverts("multisig: only by itself"):
            multisig.set_owners(owners, 2, sender=sender)
        with boa.reverts("multisig: only by itself"):
            multisig.batch([], sender=sender)
    execute(multisig, call(multisig.set_owners, owners, 2), {i: keys[i] for i in (0, 1, 2)})
    (changed,) = [e for e in multisig.get_logs() if type(e).__name__ == "OwnersSet"]
    assert (changed.old_threshold, changed.threshold) == (3, 2)
    assert list(multisig.owners()[:4]) == [*owners, "0x" + 40 * "0"]
    assert (multisig.threshold(), multisig.nonce()) == (2, 1)
    paper = order(multisig, call(target.count))
    # Who left signs no more.
    with boa.reverts(BAD):
        multisig.execute(*arguments(paper, {0: paper.sign(keys[0]), 2: paper.sign(keys[2])}))
    multisig.execute(*arguments(paper, {0: paper.sign(keys[0]), 2: paper.sign(newcomer)}))


@pytest.mark.parametrize(
    ("owners", "threshold", "reason"),
    [
        (3, 1, "multisig: threshold out of range"),
        (3, 4, "multisig: threshold out of range"),
        (0, 0, "multisig: threshold out of range"),
    ],
)
def test_thresholds(keys, owners, threshold, reason):
    with boa.reverts(reason):
        build("governance/Multisig.vy", [key.address for key in keys[:owners]], threshold)


def test_nobody_owns_twice(keys):
    nobody = "0x" + 40 * "0"
    for owners in ([keys[0].address] * 2, [keys[0].address, nobody]):
        with boa.reverts("multisig: owner twice"):
            build("governance/Multisig.vy", owners, 2)


def test_digest_is_eip_712(multisig, keys, target):
    """The signer recovered by eth_account from the typed data is who signed."""
    paper = order(multisig, call(target.count))
    message = paper._signable()
    signature = Account.sign_message(message, keys[0].key)
    assert Account.recover_message(message, signature=signature.signature) == keys[0].address
    _, name, version, chain, contract, _, _ = multisig.eip712Domain()
    assert (name, version, chain, contract) == (
        "Novate Multisig",
        "1",
        paper.chain_id,
        multisig.address,
    )
