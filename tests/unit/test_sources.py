"""What holds for every source file: size, header, no dead code, a test for each reason to revert.

This is the lint of the Vyper sources. natrix 0.1.9 was tried: it cannot read modules with `uses`,
compiles every file (46 s), flags each loop counter and found nothing that was wrong.
"""

import json
import re
from collections import Counter
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


def names(node: vy_ast.VyperNode) -> Counter[str]:
    """How often each name is mentioned, definitions with a value or type included."""
    found = Counter(name.id for name in node.get_descendants(vy_ast.Name))
    found.update(attribute.attr for attribute in node.get_descendants(vy_ast.Attribute))
    return found


# Arguments that a standard demands, whether they are of use or not: ERC-4626.
DEMANDED = {("maxDeposit", "receiver"), ("maxMint", "receiver")}


def unused(tree: vy_ast.Module, everywhere: Counter[str]) -> set[str]:
    """Imports, private definitions, arguments and variables that nothing mentions."""
    here, found = names(tree), set()
    for node in tree.body:
        if isinstance(node, vy_ast.Import | vy_ast.ImportFrom):
            found |= {alias for alias in [node.alias or node.name] if not here[alias]}
        elif isinstance(node, vy_ast.StructDef | vy_ast.EventDef | vy_ast.FlagDef):
            found |= {node.name} - everywhere.keys()
        elif isinstance(node, vy_ast.VariableDecl) and not node.is_public:
            # Its own definition is one mention.
            found |= {node.target.id} if everywhere[node.target.id] < 2 else set()
        elif isinstance(node, vy_ast.FunctionDef):
            inside = names(node)
            found |= {
                argument.arg
                for argument in node.args.args
                if not inside[argument.arg] and (node.name, argument.arg) not in DEMANDED
            }
            counters = {loop.target.target.id for loop in node.get_descendants(vy_ast.For)}
            for local in node.get_descendants(vy_ast.AnnAssign):
                found |= {local.target.id} - counters if inside[local.target.id] < 2 else set()
            if node.name.startswith("_") and not node.name.startswith("__"):
                found |= {node.name} - everywhere.keys()
    return found


def test_nothing_is_unused():
    # What a harness opens is tested, and may wait for its first user.
    trees = {path: vy_ast.parse_to_ast(path.read_text()) for path in SOURCES}
    everywhere = sum((names(tree) for tree in trees.values()), Counter())
    found = {name(path): unused(trees[path], everywhere) for path in CONTRACTS}
    dead = {path: what for path, what in found.items() if what}
    assert dead == {}


def test_unused_is_found():
    source = """
from a import b
from a import used
X: constant(uint256) = 1
y: uint256
struct S:
    z: uint256
event E:
    pass
@external
def f(g: uint256, h: uint256):
    i: uint256 = used.x
    for j: uint256 in range(3):
        self._k(h)
@internal
def _k(h: uint256):
    assert h > 0
@internal
def _l():
    pass
"""
    tree = vy_ast.parse_to_ast(source)
    assert unused(tree, names(tree)) == {"b", "X", "y", "S", "E", "g", "i", "_l"}


def test_reasons_are_found():
    # The tests below prove nothing if this one fails.
    found = reasons()
    assert len(found) > 20 and "series: strike off tick" in found


def test_reasons_name_their_module_and_fit_a_word():
    wrong = {
        reason: place
        for reason, place in reasons().items()
        if not re.fullmatch(r"[a-z0-9_ ]+: .+", reason) or len(reason.encode()) > LONGEST_REASON
    }
    assert not wrong, listing(wrong)


def test_every_reason_is_named_by_a_test():
    tests = (path for path in (ROOT / "tests").glob("**/*.py") if path != Path(__file__))
    text = "\n".join(path.read_text() for path in tests)
    missing = {reason: place for reason, place in reasons().items() if reason not in text}
    assert not missing, listing(missing)


@pytest.mark.parametrize("folder", ["", "benchmarks/forge", "tests/proofs"])
def test_a_lock_of_npm_holds_what_its_packages_name(folder: str) -> None:
    """`npm ci` refuses a lock without the builds for other machines; no host is named."""
    text = (ROOT / folder / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    kinds = ("dependencies", "devDependencies", "optionalDependencies")
    named = {name for one in packages.values() for kind in kinds for name in one.get(kind, {})}
    assert {f"node_modules/{name}" for name in named} == packages.keys() - {""}
    assert '"resolved"' not in text
