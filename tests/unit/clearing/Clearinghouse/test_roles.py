"""Who may change what, transfers between own accounts, and re-entering."""

from typing import Any

import boa
import pytest

from tests.world import DAY, WAD, World, build, wad


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def saver(world: World) -> Any:
    return world.person("saver", cash=1_000, units=2)


def test_only_the_owner_configures(world: World) -> None:
    ledger, listing = world.ledger, world.market.listing
    token = world.market.index_token.address
    calls = [
        lambda: ledger.list_asset(1, token, 1),
        lambda: ledger.register_engine(1, world.market.margin.address),
        lambda: ledger.set_venue(world.intruder, True),
        lambda: ledger.set_auction_house(world.intruder),
        lambda: ledger.set_curve(world.market.curve.address, 0),
        lambda: ledger.set_security_fund(world.intruder),
        lambda: ledger.set_exposure_limits(token),
        lambda: ledger.mark_limited(1, True),
        lambda: ledger.transfer_ownership(world.intruder),
        lambda: listing.list_market(2, 1, 8, 1, 1, 1, 1),
        lambda: listing.close_market(1),
        lambda: listing.set_watch(world.intruder),
        lambda: listing.set_limits(1, 0, 0, 0),
        lambda: listing.lift(0),
        lambda: listing.set_guardian(world.intruder),
        lambda: listing.set_breakers((0, WAD, 1, DAY)),
        lambda: listing.set_reporters(world.intruder, world.intruder),
        lambda: listing.transfer_ownership(world.intruder),
    ]
    for call in calls:
        with boa.env.prank(world.intruder), boa.reverts("ownable: caller is not the owner"):
            call()


def test_constructors_refuse_an_empty_owner(world: World) -> None:
    nobody = "0x" + "00" * 20
    m = world.market
    with boa.reverts("listing: no owner"):
        build("instruments/Listing.vy", nobody)
    with boa.reverts("clearinghouse: no owner"):
        build(
            "clearing/Clearinghouse.vy",
            *(x.address for x in (m.oracle, m.listing, m.operators, m.curve, m.cash_token)),
            nobody,
            m.back_office.address,
        )


def test_reverts_of_register_engine(world: World) -> None:
    with boa.reverts("engine: out of range"):
        world.ledger.register_engine(256, world.market.margin.address, sender=world.owner)
    with boa.reverts("engine: no code"):
        world.ledger.register_engine(1, world.intruder, sender=world.owner)


def test_reverts_of_listing(world: World) -> None:
    listing = world.market.listing
    for underlying in (0, 2**16):
        with boa.reverts("listing: underlying too large"):
            listing.list_market(underlying, 1, 8, 1, 1, 1, 1, sender=world.owner)
    with boa.reverts("grid: tick out of range"):
        listing.list_market(2, 0, 8, 1, 1, 1, 1, sender=world.owner)


def test_the_fund_obeys_nobody(world: World) -> None:
    world.market.endow_fund(100)
    fund = world.ledger.FUND()
    for sender in (world.owner, world.intruder, world.market.auctions.address):
        with boa.reverts("account: not yours"):
            world.ledger.withdraw(fund, 0, 1, sender, sender=sender)


# -- transfer --


def test_cash_and_collateral_move_between_own_accounts(world: World, saver: Any) -> None:
    second = world.market.account("saver", 1)
    with boa.env.prank(saver.address):
        world.ledger.transfer(saver.number, second.number, 0, wad(400))
        world.ledger.transfer(saver.number, second.number, 1, WAD // 2)
    assert (world.cash(saver), world.cash(second)) == (wad(600), wad(400))
    assert world.ledger.holdings_of(saver.number) == [1 << 248 | 3 * WAD // 2]
    assert world.ledger.holdings_of(second.number) == [1 << 248 | WAD // 2]
    assert world.ledger.deposited(1) == 2 * WAD


def test_reverts_of_transfer(world: World, saver: Any) -> None:
    other = world.person("other", cash=10)
    second = world.market.account("saver", 1)
    with boa.env.prank(saver.address):
        with boa.reverts("transfer: other owner"):
            world.ledger.transfer(saver.number, other.number, 0, 1)
        with boa.reverts("account: not yours"):
            world.ledger.transfer(other.number, saver.number, 0, 1)
        with boa.reverts("transfer: same account"):
            world.ledger.transfer(saver.number, saver.number, 0, 1)
        with boa.reverts("escrow: not enough collateral"):
            world.ledger.transfer(saver.number, second.number, 1, 2 * WAD + 1)
        with boa.reverts("margin: below initial"):
            world.ledger.transfer(second.number, saver.number, 0, 1)


@pytest.mark.parametrize("asset", [0, 1, 9, 40, 112, 255, 2**256 - 1])
def test_reverts_transfer_zero_amount(world: World, saver: Any, asset: int) -> None:
    """Asset 9 would be the auction flag of the header, and no asset needs moving nothing."""
    second = world.market.account("saver", 1)
    before = world.ledger.header_of(second.number)
    with boa.reverts("transfer: zero amount"):
        world.ledger.transfer(saver.number, second.number, asset, 0, sender=saver.address)
    assert world.ledger.header_of(second.number) == before


# -- re-entering --


def test_a_token_that_calls_back_finds_the_door_locked(world: World, saver: Any) -> None:
    """P-05, P-06: every function that writes is locked while another runs."""
    token = build("tests/hostile/ReentrantToken.vy")
    world.ledger.list_asset(7, token.address, 10**6 * WAD, sender=world.owner)
    ledger = world.ledger
    # The token acts for the saver: only the lock stands between it and the money.
    world.market.operators.set_operator(token.address, True, sender=saver.address)
    world.ledger.set_venue(token.address, True, sender=world.owner)
    second = world.market.account("saver", 1)
    token.mint(saver.address, 10 * WAD)
    token.approve(ledger.address, 10 * WAD, sender=saver.address)
    encode = {
        "deposit": (saver.number, 7, 1),
        "withdraw": (saver.number, 0, 1, token.address),
        "transfer": (saver.number, second.number, 0, 1),
        "set_engine": (saver.number, 0),
        "settle": ([saver.number],),
        "write_off": (saver.number,),
        "novate": ([],),
        "freeze": (saver.number,),
        "thaw": (saver.number,),
        "charge": (saver.number, 0, 1),
        "liquidate": (saver.number, second.number, 1, 0, 0),
        "deleverage": (saver.number, second.number, 1, 1, 0),
        "provide": (1,),
        "release": (1, token.address),
        "list_asset": (1, token.address, 1),
        "register_engine": (1, token.address),
        "set_venue": (token.address, True),
        "set_auction_house": (token.address,),
        "set_curve": (token.address, 0),
        "set_security_fund": (token.address,),
        "set_exposure_limits": (token.address,),
        "mark_limited": (saver.number, True),
        "cash_of": (saver.number,),
        "health": (saver.number,),
        "certificate": (),
    }
    writing = {
        entry["name"]
        for entry in ledger.abi
        if entry["type"] == "function" and entry["stateMutability"] == "nonpayable"
    }
    assert writing - set(encode) <= {"transfer_ownership"}, "a new function needs a row"
    for name, arguments in encode.items():
        payload = getattr(ledger, name).prepare_calldata(*arguments)
        with boa.env.anchor():
            token.arm(ledger.address, payload)
            ledger.deposit(saver.number, 7, WAD, sender=saver.address)
            assert token.calls() == 1 and not token.succeeded(), name
            assert token.response() == b"", name
            token.arm(ledger.address, payload)
            ledger.withdraw(saver.number, 7, WAD, saver.address, sender=saver.address)
            assert token.calls() == 2 and not token.succeeded(), name
    # The token does call out, and can: somebody else answers.
    token.arm(world.market.index_token.address, b"\x18\x16\x0d\xdd")
    ledger.deposit(saver.number, 7, WAD, sender=saver.address)
    assert token.succeeded() and int.from_bytes(token.response(), "big") > 0
