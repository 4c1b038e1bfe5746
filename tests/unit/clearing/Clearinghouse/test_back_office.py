"""The two halves of the ledger: one storage, one lock, one contract to the outside."""

from typing import Any

import boa
import pytest

from novate.deploy import compiled
from tests.world import World, build

WAD = 10**18


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def layout(source: str) -> tuple[object, object]:
    whole = compiled(source).compiler_data.storage_layout
    return whole["storage_layout"], whole["transient_storage_layout"]


def test_both_halves_lay_out_their_state_alike() -> None:
    front, back = layout("clearing/Clearinghouse.vy"), layout("clearing/BackOffice.vy")
    assert front == back
    storage, transient = front
    assert "ledger" in storage and "$.nonreentrant_key" in transient


def test_no_function_stands_in_both_halves() -> None:
    def names(source: str) -> set[str]:
        functions = compiled(source).compiler_data.global_ctx.exposed_functions
        return {function.name for function in functions}

    both = names("clearing/Clearinghouse.vy") & names("clearing/BackOffice.vy")
    assert both <= {"__default__"}


def test_together_they_are_what_others_know_of_the_ledger(world: World) -> None:
    def signatures(abi: list[dict[str, Any]]) -> set[tuple[object, ...]]:
        return {
            (
                entry["name"],
                tuple(canonical(x) for x in entry["inputs"]),
                tuple(canonical(x) for x in entry["outputs"]),
                entry["stateMutability"],
            )
            for entry in abi
            if entry["type"] == "function"
        }

    module = compiled("clearing/Clearinghouse.vy").compiler_data.global_ctx
    known = signatures(module.interfaces["IClearinghouse"].to_toplevel_abi_dict())
    assert len(known) > 10
    assert known <= signatures(world.ledger.abi)


def canonical(argument: dict[str, Any]) -> str:
    """A type with its tuples written out, as a selector has it."""
    kind = str(argument["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(canonical(x) for x in argument["components"])
    return f"({inner}){kind[len('tuple') :]}"


def test_a_back_office_of_other_units_is_refused(world: World) -> None:
    m = world.market
    units = [x.address for x in (m.oracle, m.listing, m.operators, m.curve, m.cash_token)]
    for place in (0, 1, 2, 4):
        other = list(units)
        # Any other contract with decimals will do.
        other[place] = m.index_token.address
        back = build("clearing/BackOffice.vy", *other)
        with boa.reverts("clearinghouse: other units"):
            build("clearing/Clearinghouse.vy", *units, world.owner, back.address)


def test_the_back_office_alone_owns_nothing(world: World) -> None:
    back = world.market.back_office
    assert back.owner() == "0x" + "00" * 20
    for sender in (world.owner, world.intruder):
        with boa.reverts("ownable: caller is not the owner"):
            back.set_venue(world.intruder, True, sender=sender)
        with boa.reverts("auction: not the house"):
            back.freeze(1, sender=sender)
    saver = world.person("saver", 10)
    with boa.reverts("write off: no debt"):
        back.write_off(saver.number)
    assert world.cash(saver) == 10 * WAD


def test_calls_that_nobody_knows_are_refused(world: World) -> None:
    ledger = world.ledger.address
    certificate = world.ledger.certificate.prepare_calldata()
    answer = boa.env.execute_code(ledger, data=certificate)
    assert not answer.is_error and len(answer.output) == 7 * 32
    for payload in (b"", b"\x00", b"\xde\xad\xbe\xef", b"\xde\xad\xbe\xef" + bytes(4_096)):
        assert boa.env.execute_code(ledger, data=payload).is_error
    # And money that is no token.
    boa.env.set_balance(world.intruder, 1)
    assert boa.env.execute_code(ledger, sender=world.intruder, data=certificate, value=1).is_error


def test_answers_and_reasons_pass_through(world: World) -> None:
    saver = world.person("saver", 10)
    assert world.ledger.certificate().held >= 10 * WAD
    with boa.reverts("auction: not the house"):
        world.ledger.freeze(saver.number, sender=world.intruder)
    world.use_own_house()
    world.freeze(saver)
    frozen = [e for e in world.ledger.get_logs() if type(e).__name__ == "Frozen"]
    assert frozen[0].account == saver.number and frozen[0].address == world.ledger.address
