"""What makes it cheap stays: the bound before prices, one reading of spot, words sorted only when
there are several expiries. None of it can be seen in a figure but this one."""

import pytest

from novate.gas import transaction_gas
from novate.reference.margin import Quote
from novate.series import WAD
from tests.margin_world import MarginWorld, call, put, word

AMPLE = 10**6 * WAD
# Gas of execution, to a part in a thousand: excess with ample cash, excess without cash, all
# figures. To be written down anew when they change.
GAS = {
    (1, 1): (46_017, 80_028, 79_053),
    (1, 2): (82_354, 137_692, 116_915),
    (2, 2): (139_339, 194_390, 176_996),
}


@pytest.fixture
def ends(world: MarginWorld) -> list[int]:
    ends = [world.expiry(hours) for hours in (168, 336)]
    world.set_rules(2)
    for underlying in (1, 2):
        for expiry in ends:
            world.set_quote(underlying, expiry, Quote(1_500, 1_505, 0.8))
    return ends


@pytest.mark.parametrize("spread", GAS)
def test_of_24_shorts(world: MarginWorld, ends: list[int], spread: tuple[int, int]) -> None:
    """Over so many underlyings and expiries of each."""
    underlyings, expiries = spread
    legs = [
        word(call(ends[i % expiries], 1_500 + i, 1 + i // 2 % underlyings), -1) for i in range(24)
    ]
    engine = world.engine
    spent = [transaction_gas(engine.excess, cash, [], legs).execution for cash in (AMPLE, 0)]
    spent.append(transaction_gas(engine.assess, 0, [], legs).execution)
    assert spent == pytest.approx(GAS[spread], rel=1e-3)


def test_of_hedged_books(world: MarginWorld, ends: list[int]) -> None:
    """Settled by the bound, by what can be lost, and by prices."""
    condor = [
        word(series(ends[0], strike), quantity)
        for series, strike, quantity in (
            (put, 1_300, 1),
            (put, 1_400, -1),
            (call, 1_600, -1),
            (call, 1_700, 1),
        )
    ]
    spent = [
        transaction_gas(world.engine.excess, cash * WAD, [], condor).execution
        for cash in (1_000, 101, 10)
    ]
    assert spent == pytest.approx((35_530, 40_197, 44_592), rel=1e-3)
