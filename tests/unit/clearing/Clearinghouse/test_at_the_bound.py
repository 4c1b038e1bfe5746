"""The last figure that is accepted and, beside it, the first that is not."""

from typing import Any

import boa

from tests.world import WAD, World, build, wad

UNIT = 10**12  # [wad] the smallest amount of the cash token


def test_assets_and_their_caps(world: World, saver: Any) -> None:
    ledger = world.ledger
    token = build("tokens/TestToken.vy", "T", "T", 18)
    for asset in (2, 8):
        ledger.list_asset(asset, token.address, 2**112 - 1, sender=world.owner)
    ledger.list_asset(8, token.address, 5, sender=world.owner)
    token.mint(saver.address, 6, sender=saver.address)
    with boa.env.prank(saver.address):
        token.approve(ledger.address, 6)
        with boa.reverts("escrow: cap reached"):
            ledger.deposit(saver.number, 8, 6)
        ledger.deposit(saver.number, 8, 5)
        with boa.reverts("escrow: not enough collateral"):
            ledger.withdraw(saver.number, 8, 6, saver.address)
        ledger.withdraw(saver.number, 8, 5, saver.address)
    assert token.balanceOf(saver.address) == 6
    assert ledger.holdings_of(saver.number) == [1 << 248 | 2 * WAD]


def test_half_of_the_interest_for_the_fund(world: World) -> None:
    curve = world.market.curve.address
    world.ledger.set_curve(curve, WAD // 2, sender=world.owner)
    with boa.reverts("cash: fund share too large"):
        world.ledger.set_curve(curve, WAD // 2 + 1, sender=world.owner)


def test_the_last_engine(world: World, saver: Any) -> None:
    ledger, engine = world.ledger, world.market.margin.address
    before = ledger.header_of(saver.number)
    for number in (1, 254, 255):
        ledger.register_engine(number, engine, sender=world.owner)
        ledger.set_engine(saver.number, number, sender=saver.address)
    # Eight bits beside each other are the engine's, and no other bit has changed.
    changed = ledger.header_of(saver.number) ^ before
    assert bin(changed).count("1") == 8 and changed % 255 == 0
    ledger.set_engine(saver.number, 0, sender=saver.address)
    assert ledger.header_of(saver.number) == before


def test_all_of_the_fund_may_be_released(world: World) -> None:
    world.market.endow_fund(50)
    world.ledger.set_security_fund(world.house, sender=world.owner)
    with boa.env.prank(world.house):
        with boa.reverts("fund: not enough"):
            world.ledger.release(50 * 10**6 + 1, world.intruder)
        world.ledger.release(50 * 10**6, world.intruder)
    assert world.ledger.cash_of(world.ledger.FUND()) == 0
    assert world.market.cash_token.balanceOf(world.intruder) == 50 * 10**6


def test_a_debt_of_one_wei_is_written_off(world: World) -> None:
    debtor, receiver = world.person("debtor", cash=1), world.person("receiver", cash=1)
    world.freeze(debtor)
    world.ledger.charge(debtor.number, receiver.number, WAD, sender=world.house)
    assert world.cash(debtor) == 0
    with boa.reverts("write off: no debt"):
        world.ledger.write_off(debtor.number)
    world.ledger.charge(debtor.number, receiver.number, 1, sender=world.house)
    assert world.cash(debtor) == -1
    world.ledger.write_off(debtor.number)
    assert world.cash(debtor) == 0


def test_initial_margin_to_the_last_unit(world: World) -> None:
    writer, buyer = world.person("writer", cash=5_000), world.person("buyer", cash=5_000)
    world.novate(world.trade(writer, buyer, world.market.put(2_700, 7), 1, 30))
    spare = world.ledger.health(writer.number).initial
    assert spare > WAD
    with boa.env.prank(writer.address):
        with boa.reverts("margin: below initial"):
            world.ledger.withdraw(writer.number, 0, spare // UNIT + 1, writer.address)
        world.ledger.withdraw(writer.number, 0, spare // UNIT, writer.address)
    assert 0 <= world.ledger.health(writer.number).initial < UNIT
    # And with nothing to spare at all.
    rest = world.ledger.health(writer.number).initial
    world.freeze(writer)
    world.ledger.charge(writer.number, buyer.number, rest, sender=world.house)
    world.ledger.thaw(writer.number, sender=world.house)
    assert world.ledger.health(writer.number).initial == 0
    world.ledger.set_engine(writer.number, 0, sender=writer.address)


def test_the_last_second_of_a_series(world: World) -> None:
    writer, buyer = world.person("writer", cash=9_000), world.person("buyer", cash=9_000)
    put = world.market.put(2_700, 1)
    world.novate(world.trade(writer, buyer, put, 2, 30))
    boa.env.time_travel(seconds=put.expiry - 1 - boa.env.timestamp)
    # Both sides close: no fresh price is needed.
    world.novate(world.trade(buyer, writer, put, 1, 30))
    boa.env.time_travel(seconds=1)
    with boa.reverts("series: expired"):
        world.novate(world.trade(buyer, writer, put, 1, 30))
    assert world.position(writer, put) == wad(-1)
