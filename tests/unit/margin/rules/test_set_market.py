"""The figures of an underlying and their bounds."""

from dataclasses import replace

import boa
import pytest

from novate.reference.margin import Rules
from tests.margin_world import MarginWorld, figures

PEER = Rules()


def set_rules(world: MarginWorld, underlying: int = 1, **changes: float) -> None:
    rules = replace(PEER, **changes)  # type: ignore[arg-type]
    world.engine.set_market(underlying, figures(rules), sender=world.owner)


def test_figures_are_kept_and_told(world: MarginWorld) -> None:
    new = replace(
        PEER, initial=1, put_initial=2, unpaired_initial=5, peg_charge=5, stablecoin=65_535
    )
    world.engine.set_market(1, figures(new), sender=world.owner)
    (event,) = [e for e in world.engine.get_logs() if type(e).__name__ == "MarketSet"]
    assert tuple(world.engine.parameters_of(1)) == figures(new)
    assert (event.underlying, tuple(event.old), tuple(event.new)) == (
        1,
        figures(PEER),
        figures(new),
    )


def test_each_figure_has_a_place_of_its_own(world: MarginWorld) -> None:
    """All odd in basis points and different: a bit that strays shows."""
    rules = Rules(
        initial=0.1501,
        initial_floor=0.1001,
        maintenance=0.0751,
        put_maintenance=0.6667,
        put_initial=1.2345,
        unpaired_initial=1.3333,
        unpaired_maintenance=1.1111,
        confidence_threshold=0.9753,
        confidence_charge=0.1357,
        peg_threshold=0.9877,
        peg_charge=1.2347,
        stablecoin=54_321,
    )
    world.engine.set_market(1, figures(rules), sender=world.owner)
    assert tuple(world.engine.parameters_of(1)) == figures(rules)
    # Of one market alone, and all of it replaced.
    world.engine.set_market(2, figures(PEER), sender=world.owner)
    assert tuple(world.engine.parameters_of(1)) == figures(rules)
    world.engine.set_market(1, figures(PEER), sender=world.owner)
    assert tuple(world.engine.parameters_of(1)) == figures(PEER)


@pytest.mark.parametrize(
    "changes",
    [
        {"initial": 1, "initial_floor": 1, "maintenance": 1},
        {"initial": 0.01, "initial_floor": 0.01, "maintenance": 0.01},
        {"put_maintenance": 1, "put_initial": 1},
        {"put_initial": 2},
        {"unpaired_maintenance": 1, "unpaired_initial": 1},
        {"unpaired_maintenance": 5, "unpaired_initial": 5},
        {"confidence_threshold": 1, "confidence_charge": 2},
        {"peg_threshold": 1, "peg_charge": 5, "stablecoin": 2**16 - 1},
        {"confidence_threshold": 0, "confidence_charge": 0, "peg_threshold": 0, "peg_charge": 0},
    ],
)
def test_bounds_themselves_are_allowed(world: MarginWorld, changes: dict[str, float]) -> None:
    set_rules(world, 2**16 - 1, **changes)
    expected = figures(replace(PEER, **changes))  # type: ignore[arg-type]
    assert tuple(world.engine.parameters_of(2**16 - 1)) == expected


def test_reverts_caller_is_not_the_owner(world: MarginWorld) -> None:
    with boa.reverts("ownable: caller is not the owner"):
        world.engine.set_market(1, figures(PEER), sender=world.intruder)


@pytest.mark.parametrize("underlying", [0, 2**16])
def test_reverts_no_such_underlying(world: MarginWorld, underlying: int) -> None:
    with boa.reverts("margin: no such underlying"):
        set_rules(world, underlying)
    with boa.reverts("margin: no such underlying"):
        set_rules(world, stablecoin=2**16)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("margin: initial too large", {"initial": 1.0001}),
        ("margin: floor above initial", {"initial": 0.0999}),
        ("margin: maintenance above floor", {"maintenance": 0.1001}),
        ("margin: maintenance too small", {"maintenance": 0.0099}),
        ("margin: put share too large", {"put_maintenance": 1.0001}),
        ("margin: put factor out of range", {"put_initial": 0.9999}),
        ("margin: put factor out of range", {"put_initial": 2.0001}),
        ("margin: unpaired below one", {"unpaired_maintenance": 0.9999}),
        ("margin: unpaired out of order", {"unpaired_initial": 1.0999}),
        ("margin: unpaired too large", {"unpaired_initial": 5.0001}),
        ("margin: confidence above one", {"confidence_threshold": 1.0001}),
        ("margin: confidence charge large", {"confidence_charge": 2.0001}),
        ("margin: peg above one", {"peg_threshold": 1.0001}),
        ("margin: peg charge too large", {"peg_charge": 5.0001}),
        ("margin: finer than a point", {"initial": 0.15001}),
    ],
)
def test_reverts_out_of_bounds(world: MarginWorld, reason: str, changes: dict[str, float]) -> None:
    with boa.reverts(reason):
        set_rules(world, **changes)
