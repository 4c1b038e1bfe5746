"""Storage layouts: files in git, kept by the compiler, compared with each other."""

import json
from pathlib import Path
from typing import Any

import pytest

from novate.deploy import CONTRACTS, compiled
from novate.engine.cache import load
from novate.errors import DataError, ParameterError
from novate.governance.layouts import (
    IMPLEMENTATION,
    complete,
    differences,
    flat,
    layout_file,
    require_compatible,
    upgradeable,
)

ROOT = Path(__file__).resolve().parents[3]
WORD = {"type": "uint256", "n_slots": 1}
# The most that a proxy hands back.
MAX_ANSWER = 4_160


def read(source: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(layout_file(source).read_text())
    return found


@pytest.mark.parametrize("source", upgradeable(), ids=lambda path: path.stem)
def test_the_file_is_what_the_sources_need(source: Path) -> None:
    """Fails when a variable is gone or of another type; a new one does not even compile."""
    data = compiled(source.relative_to(CONTRACTS).as_posix()).compiler_data
    assert dict(flat(data.storage_layout["storage_layout"])) == dict(flat(read(source)))


@pytest.mark.parametrize("source", upgradeable(), ids=lambda path: path.stem)
def test_the_implementation_is_where_erc_1967_wants_it(source: Path) -> None:
    file = dict(flat(read(source)))
    (slot,) = [one["slot"] for name, one in file.items() if name.endswith("implementation")]
    assert slot == IMPLEMENTATION


def test_new_variables_are_appended(tmp_path: Path) -> None:
    file = tmp_path / "Unit.vy"
    last = WORD | {"slot": IMPLEMENTATION, "type": "address"}
    layout = {"a": WORD | {"slot": 3}, "implementation": last}
    layout_file(file).write_text(json.dumps(layout))
    variables = ("b: HashMap[uint256, uint256]", "a: uint256", "c: uint256[2]", "d: uint256")
    text = ("# pragma version 0.4.3", *variables, "implementation: address", "")
    file.write_text("\n".join(text))
    after = complete(file)
    assert {name: one["slot"] for name, one in flat(after)} == {
        "a": 3,
        "implementation": IMPLEMENTATION,
        "b": 4,
        "c": 5,
        "d": 7,
    }
    assert differences(layout, after) == []


def test_both_halves_of_the_clearinghouse_agree() -> None:
    """Code behind the proxy and its back office write the same slots, and take the same lock."""
    front = compiled("clearing/Clearinghouse.vy").compiler_data.storage_layout
    back = compiled("proxy/UpgradeableBackOffice.vy").compiler_data.storage_layout
    shared = {name: one["slot"] for name, one in flat(front["storage_layout"])}
    behind = {
        name.removeprefix("BackOffice."): one["slot"]
        for name, one in flat(back["storage_layout"])
        if name.startswith("BackOffice.")
    }
    assert shared == behind
    key = "transient_storage_layout"
    assert front[key] == back[key]


def test_a_next_version_keeps_every_slot() -> None:
    old = read(CONTRACTS / "proxy/UpgradeableBackOffice.vy")
    data = load(ROOT / "tests/hostile/LeakyBackOffice.vy").compiler_data
    new = data.storage_layout["storage_layout"]
    require_compatible(old, new)
    assert dict(flat(new)).keys() - dict(flat(old)).keys() == {"generation"}


OLD = {"a": WORD | {"slot": 0}, "m": {"b": WORD | {"slot": 1}}}


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ({**OLD, "c": WORD | {"slot": 2}}, []),
        ({"a": OLD["a"]}, ["m.b is gone: keep it, or its slots"]),
        ({**OLD, "a": WORD | {"slot": 5}}, ["a: slot 0 became 5"]),
        ({**OLD, "a": WORD | {"slot": 0, "type": "int256"}}, ["a: type uint256 became int256"]),
        (
            {**OLD, "a": WORD | {"slot": 0, "n_slots": 2}},
            ["a: n_slots 1 became 2", "m.b is on a slot of a"],
        ),
        ({**OLD, "c": WORD | {"slot": 1}}, ["c is on a slot of m.b", "c is on a slot of m.b"]),
        (
            {"m": OLD["m"], "c": WORD | {"slot": 0}},
            ["a is gone: keep it, or its slots", "c is on a slot of a"],
        ),
    ],
)
def test_differences(new: dict[str, Any], found: list[str]) -> None:
    assert differences(OLD, new) == found
    if found:
        with pytest.raises(ParameterError, match="the slots of the former version"):
            require_compatible(OLD, new)


def test_a_variable_without_a_slot_does_not_compile(tmp_path: Path) -> None:
    file = tmp_path / "Unit.vy"
    file.write_text("# pragma version 0.4.3\na: public(uint256)\nb: public(uint256)\n")
    layout = {"a": WORD | {"slot": 3}}
    layout_file(file).write_text(json.dumps(layout))
    with pytest.raises(DataError, match="no slot for b"):
        load(file)
    layout_file(file).write_text(json.dumps(layout | {"b": WORD | {"slot": 0}}))
    slots = dict(flat(load(file).compiler_data.storage_layout["storage_layout"]))
    assert (slots["a"]["slot"], slots["b"]["slot"]) == (3, 0)


@pytest.mark.parametrize(
    "source", ["clearing/Clearinghouse.vy", *[f"proxy/{p.name}" for p in upgradeable()]]
)
def test_no_answer_is_longer_than_a_proxy_hands_back(source: str) -> None:
    exposed = compiled(source).compiler_data.global_ctx.exposed_functions
    answers = {
        one.name: one.return_type.abi_type.size_bound() + one.return_type.abi_type.is_dynamic() * 32
        for one in exposed
        if one.return_type is not None and one.name != "__default__"
    }
    assert {name for name, size in answers.items() if size > MAX_ANSWER} == set()


# Arithmetic of curves, for which there is no room: it needs no storage, and curves.vy has it.
LEFT_OUT = {
    "two_phase",
    "exponential",
    "stepped",
    "buffered_margin",
    "largest_fraction",
    "solvent_price",
    "insolvent_price",
    "price_factor",
}


@pytest.mark.parametrize(
    ("plain", "behind", "left_out"),
    [
        ("clearing/BackOffice.vy", "proxy/UpgradeableBackOffice.vy", set()),
        ("oracle/FixingCourt.vy", "proxy/UpgradeableFixingCourt.vy", set()),
        ("auction/AuctionHouse.vy", "proxy/UpgradeableAuctionHouse.vy", LEFT_OUT),
    ],
)
def test_behind_a_proxy_nothing_is_missing(plain: str, behind: str, left_out: set[str]) -> None:
    offered = [
        {
            str(one)
            for one in compiled(source).compiler_data.global_ctx.exposed_functions
            if not one.is_constructor
        }
        for source in (plain, behind)
    ]
    missing = {line.split("(")[0].removeprefix("def ") for line in offered[0] - offered[1]}
    assert missing == left_out
