"""What changes the ledger is told, with what was before and what is after."""

from collections.abc import Callable
from typing import Any

import boa

from tests.world import WAD, World, build, wad

NOBODY = "0x" + "00" * 20


def told(world: World, name: str) -> list[tuple[Any, ...]]:
    """The events of that name of the last call, without their address."""
    return [
        tuple(value for key, value in log._asdict().items() if key != "address")
        for log in world.ledger.get_logs()
        if type(log).__name__ == name
    ]


def test_money_in_and_out(world: World, saver: Any) -> None:
    ledger, number = world.ledger, saver.number
    world.market.cash_token.mint(world.intruder, 10**6, sender=world.owner)
    with boa.env.prank(world.intruder):
        world.market.cash_token.approve(ledger.address, 10**6)
        ledger.deposit(number, 0, 10**6)
    assert told(world, "Deposited") == [(number, 0, WAD, world.intruder)]
    ledger.withdraw(number, 0, 2 * 10**6, world.intruder, sender=saver.address)
    assert told(world, "Withdrawn") == [(number, 0, 2 * WAD, world.intruder)]
    second = world.market.account("saver", 1)
    ledger.transfer(number, second.number, 1, WAD // 2, sender=saver.address)
    assert told(world, "Transferred") == [(number, second.number, 1, WAD // 2)]


def test_the_account_and_its_engine(world: World, saver: Any) -> None:
    ledger, number, engine = world.ledger, saver.number, world.market.margin.address
    ledger.register_engine(3, engine, sender=world.owner)
    assert told(world, "EngineRegistered") == [(3, NOBODY, engine)]
    other = build("margin/StandardMargin.vy", world.market.oracle.address, world.owner).address
    ledger.register_engine(3, other, sender=world.owner)
    assert told(world, "EngineRegistered") == [(3, engine, other)]
    empty = world.market.account("empty").number
    ledger.set_engine(empty, 3, sender=world.market.account("empty").address)
    assert told(world, "EngineChosen") == [(empty, 3)]
    ledger.freeze(number, sender=world.house)
    assert told(world, "Frozen") == [(number, True)]
    ledger.thaw(number, sender=world.house)
    assert told(world, "Frozen") == [(number, False)]


def test_the_auction_house(world: World, saver: Any) -> None:
    ledger, number = world.ledger, saver.number
    bidder = world.person("bidder", cash=500)
    world.freeze(saver)
    with boa.env.prank(world.house):
        ledger.charge(number, bidder.number, 7)
        assert told(world, "Charged") == [(number, bidder.number, 7)]
        ledger.liquidate(number, bidder.number, WAD // 4, wad(9), wad(8))
        assert told(world, "Liquidated") == [(number, bidder.number, WAD // 4, wad(9), wad(8))]
        ledger.provide(11)
        assert told(world, "Provided") == [(11, 11)]
        ledger.provide(-4)
        assert told(world, "Provided") == [(-4, 7)]


def test_a_loss_and_what_comes_back(world: World, saver: Any) -> None:
    ledger = world.ledger
    broke, bidder = world.market.account("broke"), world.person("bidder", cash=1)
    world.freeze(broke)
    ledger.liquidate(broke.number, bidder.number, WAD, 0, -wad(100), sender=world.house)
    assert told(world, "LossCovered") == [(broke.number, wad(100), 0, wad(100))]
    world.freeze(saver)
    ledger.charge(saver.number, 0, wad(30), sender=world.house)
    assert told(world, "LossRestored") == [(wad(30), wad(70))]
    ledger.charge(saver.number, 0, wad(80), sender=world.house)
    assert told(world, "LossRestored") == [(wad(70), 0)]


def test_nothing_is_covered_where_nothing_is_owed(world: World) -> None:
    """An account that an auction has left with nothing at all."""
    empty = world.market.account("empty")
    world.freeze(empty)
    world.ledger.thaw(empty.number, sender=world.house)
    assert told(world, "Frozen") == [(empty.number, False)]
    assert told(world, "LossCovered") == []


def test_the_security_fund(world: World) -> None:
    world.market.endow_fund(50)
    world.ledger.set_security_fund(world.intruder, sender=world.owner)
    world.ledger.set_security_fund(world.house, sender=world.owner)
    assert told(world, "SecurityFundSet") == [(world.intruder, world.house)]
    world.ledger.release(3 * 10**6, world.intruder, sender=world.house)
    assert told(world, "Released") == [(3 * WAD, world.intruder)]


def test_the_owner(world: World, saver: Any) -> None:
    ledger, number = world.ledger, saver.number
    token, curve = build("tests/hostile/ReentrantToken.vy").address, world.market.curve.address
    limits = [
        build("margin/ExposureLimits.vy", world.market.oracle.address, world.owner).address
        for _ in range(2)
    ]
    ledger.set_exposure_limits(limits[0], sender=world.owner)
    share = WAD // 5
    calls: list[tuple[str, Callable[[], Any], tuple[Any, ...]]] = [
        ("AssetListed", lambda: ledger.list_asset(5, token, 9), (5, token, 0, 9)),
        ("AssetListed", lambda: ledger.list_asset(5, token, 4), (5, token, 9, 4)),
        ("VenueSet", lambda: ledger.set_venue(token, True), (token, True)),
        ("VenueSet", lambda: ledger.set_venue(token, False), (token, False)),
        ("CurveSet", lambda: ledger.set_curve(curve, 1), (curve, curve, share, 1)),
        ("CurveSet", lambda: ledger.set_curve(token, 2), (curve, token, 1, 2)),
        ("ExposureLimitsSet", lambda: ledger.set_exposure_limits(limits[1]), tuple(limits)),
        ("MarkedLimited", lambda: ledger.mark_limited(number, True), (number, True)),
        ("MarkedLimited", lambda: ledger.mark_limited(number, False), (number, False)),
        ("AuctionHouseSet", lambda: ledger.set_auction_house(token), (world.house, token)),
    ]
    for name, call, expected in calls:
        with boa.env.prank(world.owner):
            call()
        assert told(world, name) == [expected]
