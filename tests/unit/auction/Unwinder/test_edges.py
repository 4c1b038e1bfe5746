"""The smallest sums, long options, a second bid, an order that was dropped, a finer token."""

from dataclasses import replace
from typing import Any

import boa
import pytest

from tests.unit.auction.BatchAuction.conftest import UNIT
from tests.unit.auction.Unwinder.test_unwinder import SOLVENT, Unwinding
from tests.world import WAD, World, build, liquid, wad

CRUMBS = 10**15


@pytest.fixture(scope="module")
def world() -> Unwinding:
    return Unwinding()


def second(world: Unwinding, money: int) -> Any:
    """Another one, for accounts of any size, with so many units of the token."""
    names = ("clearinghouse", "oracle", "auctions", "batch", "pool_pricer")
    addresses = [getattr(world.market, name).address for name in names]
    made = build("auction/Unwinder.vy", *addresses, 1)
    world.token.approve(made.address, money, sender=world.backer)
    made.deposit(money, world.backer, sender=world.backer)
    return made


def transfers(world: Unwinding, made: Any) -> int:
    """How often the token moved in the last call."""
    place = bytes.fromhex(world.token.address[2:])
    return sum(entry[1] == place for entry in made._computation.get_raw_log_entries())


def test_a_second_bid_adds_to_the_first(world: Unwinding) -> None:
    world.fall()
    world.pass_time(4 * 3_600)
    units = world.auctions.preview(world.account, WAD).largest_units
    held = []
    for _ in range(2):
        world.unit.take(world.account, units // 2, SOLVENT, sender=world.keeper)
        held.append(world.held())
        began = world.unit.since()
    assert began == boa.env.timestamp and world.token.balanceOf(world.unit.address) == 0
    for code, quantity in held[0].items():
        assert held[1][code] == pytest.approx(2 * quantity, rel=1e-9)


def test_what_was_bought_is_sold(world: Unwinding) -> None:
    """A book that is long a call too: its order pays at least a unit, and asks less and less."""
    long = world.market.series(2_900, world.book[0].expiry, False)
    world.novate(world.trade(world.maker, world.seller, long, 50))
    world.fall()
    world.take()
    held = world.held()
    assert held[long.code] > 0 > held[world.book[0].code]
    world.pass_time(8 * 3_600)
    units = held[long.code] // UNIT * UNIT
    world.unit.offer([long.code], [1], units)
    (word,) = world.batch.list_of(world.epoch, long.code, True)
    # 8 of the 48 hours on the way to half its value, or a thousandth of spot, below it.
    hours = (boa.env.timestamp - world.unit.since()) / 3_600
    slack = max(world.fair(long), world.quote[0] / 500) / 2 * hours / 48
    assert word & (2**80 - 1) == units // UNIT
    assert (word >> 80) / UNIT == pytest.approx(max(world.fair(long) - slack, 1e-9), abs=2e-9)


def test_quantities_that_no_account_has(world: Unwinding) -> None:
    world.fall()
    world.take()
    for ratio, units in ((1, 2**96 + 1), (2, 2**255)):
        with boa.reverts("unwind: more than is held"):
            world.unit.offer([world.book[0].code], [ratio], units)


@pytest.mark.parametrize(("money", "left"), [(34, 33 * 10**12), (1_030, CRUMBS)])
def test_crumbs_stay_behind(world: Unwinding, money: int, left: int) -> None:
    """Cash that is not above what crumbs need, or by less than a unit of the token."""
    made = second(world, money)
    world.fall()
    world.pass_time(4 * 3_600)
    made.take(world.account, 10**6, SOLVENT)
    cash = world.ledger.cash_of(made.ACCOUNT())
    assert left < cash < left + 10**12
    made.finish()
    # The bonds only.
    assert transfers(world, made) == 1
    assert made.totalAssets() == money * 3 // 100 and world.ledger.cash_of(made.ACCOUNT()) == cash


def test_an_order_that_was_dropped_costs_the_bond(world: Unwinding) -> None:
    """All of the bonds, as the money was just enough for one; the rest comes back."""
    made = second(world, 33_333_334)
    world.fall()
    world.pass_time(4 * 3_600)
    made.take(world.account, wad(1e-4), SOLVENT)
    assert world.batch.free(made.address) == UNIT
    put = world.book[0]
    (quantity,) = [
        -held for series, held in world.market._positions(made.ACCOUNT()) if series.code == put.code
    ]
    id = made.offer([put.code], [1], quantity // UNIT * UNIT)
    assert world.batch.free(made.address) == 0
    world.use_own_house()
    world.ledger.freeze(made.ACCOUNT(), sender=world.house)
    world.batch.challenge(id, sender=world.keeper)
    world.ledger.thaw(made.ACCOUNT(), sender=world.house)
    made.collect([put.code])
    assert made.standing() == 0 and world.batch.free(made.address) == 0
    world._to(put.expiry - 3_600)
    boa.env.evm.patch.timestamp = put.expiry
    world.market.fix(put.expiry)
    world.ledger.settle([made.ACCOUNT()])
    cash = world.ledger.cash_of(made.ACCOUNT())
    made.finish()
    # From the ledger, and not a bond of nothing.
    assert transfers(world, made) == 1
    assert made.since() == 0 and made.totalAssets() == (cash - CRUMBS) // 10**12 > 0


class Fine(World):
    """A stablecoin of eighteen decimals."""

    def __init__(self) -> None:
        super().__init__(replace(liquid(large=1), cash_decimals=18))


def test_bonds_are_whole_in_the_batch(world: Unwinding) -> None:
    """A token of eighteen decimals; the batch counts in 1e-9 USD."""
    fine = Fine()
    market, unit, token = fine.market, fine.market.unwinder, fine.market.cash_token
    backer, money = str(boa.env.generate_address("backer")), wad(50_000) + 123_456_789
    token.mint(backer, money)
    token.approve(unit.address, money, sender=backer)
    unit.deposit(money, backer, sender=backer)
    seller, maker = fine.person("seller", 20_000), fine.person("maker", 10**6)
    put = market.series(2_650, market.expiries(4)[2], True)
    fine.novate(fine.trade(seller, maker, put, 30, 20))
    market.withdraw(seller, int(fine.ledger.health(seller.number).initial / WAD))
    for spot in range(2_740, 2_300, -10):
        market.push_price(float(spot), round(0.15 + (2_750 - spot) / 1_500, 6))
        if fine.ledger.health(seller.number).maintenance < 0:
            break
    market.auctions.start(seller.number, 0)
    boa.env.evm.patch.timestamp += 4 * 3_600
    market.push_price(float(spot), round(0.15 + (2_750 - spot) / 1_500, 6))
    units = market.auctions.preview(seller.number, WAD).largest_units
    unit.take(seller.number, units, SOLVENT)
    bonds = money * 300 // 10_000
    assert bonds % UNIT != 0
    assert market.batch.free(unit.address) == bonds // UNIT
    assert token.balanceOf(market.batch.address) == bonds // UNIT * UNIT
    assert token.balanceOf(unit.address) == 0
