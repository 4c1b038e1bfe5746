"""What holds for every source file: size, header, and a test for each reason to revert."""

import re
from pathlib import Path

import boa
import pytest
import vyper.ast as vy_ast

from benchmarks.size import LIMIT, deployed_units, size

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = sorted((ROOT / "contracts").glob("**/*.vy"))
SOURCES = CONTRACTS + sorted((ROOT / "tests").glob("**/*.vy"))
PRAGMA = "# pragma version 0.4.3"
# A longer reason costs another word of code at each use.
LONGEST_REASON = 32


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def reasons() -> dict[str, str]:
    """Every reason to revert in the contracts, with the place of its first use."""
    found: dict[str, str] = {}
    for path in CONTRACTS:
        tree = vy_ast.parse_to_ast(path.read_text())
        nodes = [*tree.get_descendants(vy_ast.Assert), *tree.get_descendants(vy_ast.Raise)]
        for node in nodes:
            text = node.msg if isinstance(node, vy_ast.Assert) else node.exc
            if isinstance(text, vy_ast.Str):
                found.setdefault(text.value, f"{name(path)}:{node.lineno}")
    return found


@pytest.mark.parametrize("source", deployed_units(), ids=name)
def test_deployed_unit_fits_on_chain(source):
    assert 0 < size(source) <= LIMIT


def test_size_is_that_of_deployed_code():
    # A unit with immutables, which the compiler's runtime code does not contain.
    contract = boa.loads("X: immutable(uint256)\n@deploy\ndef __init__():\n    X = 1")
    compiled = contract.compiler_data
    expected = len(compiled.bytecode_runtime) + compiled.global_ctx.immutable_section_bytes
    assert len(boa.env.get_code(contract.address)) == expected


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_header(source):
    text = source.read_text()
    assert text.startswith(PRAGMA + "\n")
    header = vy_ast.parse_to_ast(text).doc_string
    assert header is not None, "no docstring"
    # A harness or an attacker may say everything in its title.
    fields = ["@title ", "@license AGPL-3.0-only\n"] + ["@notice "] * (source in CONTRACTS)
    for field in fields:
        assert field in header.value


def listing(found: dict[str, str]) -> str:
    return "\n".join(f"{place}: {reason}" for reason, place in found.items())


def test_reasons_are_found():
    # The tests below prove nothing if this one fails.
    found = reasons()
    assert len(found) > 20 and "series: strike off tick" in found


def test_reasons_name_their_module_and_fit_a_word():
    wrong = {
        reason: place
        for reason, place in reasons().items()
        if not re.fullmatch(r"[a-z0-9 ]+: .+", reason) or len(reason.encode()) > LONGEST_REASON
    }
    assert not wrong, listing(wrong)


def test_every_reason_is_named_by_a_test():
    tests = (path for path in (ROOT / "tests").glob("**/*.py") if path != Path(__file__))
    text = "\n".join(path.read_text() for path in tests)
    missing = {reason: place for reason, place in reasons().items() if reason not in text}
    assert not missing, listing(missing)
