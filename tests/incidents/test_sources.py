"""Failures of the field that one can see in the sources."""

import re
from pathlib import Path

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
FUNCTION = re.compile(r"@external\n((?:@\w+.*\n)*)def (\w+)")

# Functions that write and do not take the lock, and why that is sound.
UNLOCKED = {
    "Clearinghouse.__default__": "the back office takes the same lock",
    "PortfolioMargin.__default__": "the settings take the same lock",
    "Multisig.batch": "called by the multisig itself, inside its own lock",
    "Multisig.set_owners": "called by the multisig itself, inside its own lock",
    "governor_settings.setVotingDelay": "called by the timelock, inside the governor's execution",
    "governor_settings.setVotingPeriod": "the same",
    "governor_settings.setProposalThreshold": "the same",
    "governor_settings.updateQuorumNumerator": "the same",
    "Timelock.update_delay": "called by the timelock itself, inside its own lock",
    "LongToken.announce": "logs, for its hub alone, in the middle of the hub's work",
}
# Files that need no lock: they keep nothing, what they call keeps its own.
STATELESS = {"proxy/Proxy.vy"}
# Files that call an address without an interface, and whose address that is.
RAW_CALLS = {
    "auth/signatures.vy": "a signer, statically (EIP-1271)",
    "auction/Standing.vy": "the clearinghouse and its units, set by the owner",
    "auction/matching.vy": "the clearinghouse, immutable",
    "clearing/Clearinghouse.vy": "the back office, immutable",
    "governance/Multisig.vy": "whatever its owners signed",
    "governance/Timelock.vy": "whatever was proposed and waited for",
    "margin/PortfolioMargin.vy": "its settings, immutable",
    "margin/ScanRange.vy": "the forecaster, set by the owner",
    "margin/collateral.vy": "a vault, set by the owner",
    "oracle/BarrierWatch.vy": "the reward token, immutable",
    "oracle/sources.vy": "price sources, set by the owner",
    "proxy/Proxy.vy": "the implementation, set by the owner",
    "proxy/upgrades.vy": "the next implementation, for the owner",
    "venues/Router.vy": "venues that are immutable or set by the owner",
    "venues/SignedOrders.vy": "the tape, set by the owner",
    "venues/pool_requests.vy": "the settlement token, immutable",
}


def sources() -> dict[str, str]:
    files = CONTRACTS.rglob("*.vy")
    return {str(file.relative_to(CONTRACTS)): file.read_text() for file in files}


def unlocked(path: str, text: str) -> list[str]:
    """Functions that write and do not take the lock."""
    writing = [
        (decorators, name)
        for decorators, name in FUNCTION.findall(text)
        if not re.search(r"@view|@pure", decorators)
    ]
    if writing and "# pragma nonreentrancy on\n" not in text:
        return [f"{Path(path).stem}.{name}" for _, name in writing]
    return [
        f"{Path(path).stem}.{name}" for decorators, name in writing if "@reentrant" in decorators
    ]


def test_every_function_that_writes_takes_the_lock() -> None:
    """Vyper 0.2.15 to 0.3.0, 2023 (52 million USD): two functions under one lock had two of them.

    Vyper 0.4 has one lock a contract, which a pragma gives to all functions of a file, and only of
    that file; who calls back is tried in unit/clearing/Clearinghouse/test_roles.py.
    """
    files = {path: text for path, text in sources().items() if path not in STATELESS}
    found = {name for path, text in files.items() for name in unlocked(path, text)}
    assert found - set(UNLOCKED) == set(), "say why it needs no lock"


def test_a_function_without_a_lock_is_found() -> None:
    text = "# pragma nonreentrancy on\n@external\n@reentrant\ndef takes(): ...\n"
    assert unlocked("a/Thing.vy", text) == ["Thing.takes"]
    assert unlocked("a/Thing.vy", text.replace("@reentrant\n", "")) == []
    assert unlocked("a/Thing.vy", "@external\ndef takes(): ...\n") == ["Thing.takes"]
    assert unlocked("a/Thing.vy", "@external\n@view\ndef says(): ...\n") == []


def test_no_call_goes_where_a_caller_says() -> None:
    """Auctus and Polynomial, 2022: a router called addresses out of its calldata, with approvals
    of its users. Here every call without an interface is listed with whose address it is."""
    found = {path for path, text in sources().items() if "raw_call(" in text}
    assert found - set(RAW_CALLS) == set(), "say whose address is called"


def test_the_compiler_is_pinned_and_not_experimental() -> None:
    """Compilers had bugs that funds were lost to: one version, no experimental pipeline."""
    for path, text in sources().items():
        assert text.startswith("# pragma version 0.4.3\n"), path
        assert "venom" not in text, path
