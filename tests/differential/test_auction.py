"""The curves of the auction against their twin in novate/reference/auction.py."""

from dataclasses import astuple
from typing import Any

import boa
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from novate.engine.cache import load
from novate.reference import auction as reference
from novate.series import WAD

MOST = 2**112
amounts = st.integers(-MOST, MOST)
shares = st.integers(0, WAD)
lengths = st.integers(1, 2**24 - 1)


@pytest.fixture(scope="module")
def house() -> Any:
    ledger = load("tests/harness/LinearLedger.vy").deploy()
    return load("contracts/auction/AuctionHouse.vy").deploy(ledger, boa.env.eoa)


@pytest.fixture(scope="module")
def math() -> Any:
    return load("tests/harness/MathHarness.vy").deploy()


@given(elapsed=st.integers(0, 2**40), start=shares, cutoff=shares, fast=lengths, slow=lengths)
@example(elapsed=900, start=WAD, cutoff=WAD // 2, fast=900, slow=43_200)
@example(elapsed=44_100, start=WAD, cutoff=WAD // 2, fast=900, slow=43_200)
def test_two_phase(house: Any, elapsed: int, start: int, cutoff: int, fast: int, slow: int) -> None:
    cutoff, start = sorted((start, cutoff))
    arguments = (elapsed, start, cutoff, fast, slow)
    assert house.two_phase(*arguments) == reference.two_phase(*arguments)


def test_two_phase_of_the_peer(house: Any) -> None:
    # Its test parameters: 0.98 to 0.8 in 100 s, to zero in 14,400 s.
    peer = (98 * WAD // 100, 8 * WAD // 10, 100, 14_400)
    factors = [house.two_phase(t, *peer) for t in (0, 50, 100, 7_300, 14_499, 14_500, 10**9)]
    last = -(-8 * WAD // 10 // 14_400)
    assert factors == [98 * WAD // 100, 89 * WAD // 100, 8 * WAD // 10, 4 * WAD // 10, last, 0, 0]


ARGUMENTS = {"exponential": 4, "stepped": 5}
decays = {
    "start": st.integers(WAD // 2, WAD),
    "cutoff": st.integers(WAD // 10, WAD // 2),
    "fast": st.integers(60, 86_400),
    "slow": st.integers(600, 7 * 86_400),
}


@pytest.mark.parametrize("family", ["exponential", "stepped"])
@given(elapsed=st.integers(0, 2**24), **decays)
def test_decay(
    house: Any, family: str, elapsed: int, start: int, cutoff: int, fast: int, slow: int
) -> None:
    arguments = (elapsed, start, cutoff, fast, slow)
    factor = getattr(house, family)(*arguments[: ARGUMENTS[family]])
    exact = getattr(reference, family)(*arguments)
    # Never below the curve; above it by a few wei and twenty in each time constant.
    assert exact <= factor <= exact + 25 + exact * elapsed / fast * 20 / WAD
    assert factor <= start


@pytest.mark.parametrize("fast", [10**16, 7 * 10**16, 10**17])
def test_decay_is_at_most_four_wei_high_near_the_start(house: Any, fast: int) -> None:
    """Two for the exponential, one each for what the exponent and the product lose."""
    arguments = (1, WAD, WAD // 2, fast)
    exact = reference.exponential(*arguments)
    assert exact < WAD - 2
    assert exact <= house.exponential(*arguments) <= exact + 4


def test_decay_to_ten_wei(house: Any) -> None:
    """The ratio of the ends is not rounded when it is a whole number of wei."""
    arguments = (450, WAD, 10, 900)
    assert reference.exponential(*arguments) // 1 == 3_162_277_660
    assert house.exponential(*arguments) - 3_162_277_660 in (1, 2, 3, 4)


@given(elapsed=st.integers(0, 2**24), **decays)
@example(elapsed=0, start=WAD, cutoff=WAD, fast=60, slow=600)
@example(elapsed=77, start=7 * 10**17 + 1, cutoff=7 * 10**17, fast=86_400, slow=600)
def test_decay_with_its_allowances(
    house: Any, math: Any, elapsed: int, start: int, cutoff: int, fast: int, slow: int
) -> None:
    """To the wei, from the logarithm and the exponential of the contracts."""
    pace = math.ln(-(-cutoff * WAD // start)) + 2
    # Towards zero, which is up.
    power = min(-(-pace * elapsed // fast), 0)
    factor = min(start, start * (math.exp(power) + 2) // WAD + 1)
    assert house.exponential(elapsed, start, cutoff, fast) == factor


def test_a_decay_stops_after_136_years(house: Any) -> None:
    rest = (WAD, WAD // 2, 2**32)
    last = house.exponential(2**32, *rest)
    assert last == pytest.approx(WAD // 2, abs=4)
    assert house.exponential(2**32 - 1, *rest) > last == house.exponential(2**40, *rest)


def test_the_ratio_of_the_ends_is_rounded_up(house: Any) -> None:
    """From 0.7 to ten wei: 14.3 wei, and a fourteenth less would be below the curve."""
    arguments = (450, 7 * 10**17, 10, 900)
    exact = reference.exponential(*arguments)
    assert exact <= house.exponential(*arguments) <= exact * 103 / 100


@pytest.mark.parametrize("family", ["exponential", "stepped"])
@given(elapsed=st.integers(0, 2**24), step=st.integers(0, 10_000), **decays)
def test_decay_never_rises(
    house: Any, family: str, elapsed: int, step: int, start: int, cutoff: int, fast: int, slow: int
) -> None:
    curve = getattr(house, family)
    rest = (start, cutoff, fast, slow)[: ARGUMENTS[family] - 1]
    assert curve(elapsed + step, *rest) <= curve(elapsed, *rest)


def test_decays_of_maker(house: Any) -> None:
    # 0.99 each second, 0.9 each hour (the cut is the cutoff of one step).
    exact = [WAD * 99**t // 100**t for t in (0, 1, 100)]
    assert [house.exponential(t, WAD, 99 * WAD // 100, 1) for t in (0, 1, 100)] == [
        pytest.approx(x, abs=500) for x in exact
    ]
    hour = 3_600
    steps = [house.stepped(t, WAD, 9 * WAD // 10, hour, hour) for t in (0, hour - 1, hour, 7_300)]
    assert steps == [pytest.approx(x * WAD // 100, abs=50) for x in (100, 100, 90, 81)]


@given(elapsed=st.integers(0, 50_000))
def test_price_factor_under_the_current_rules(house: Any, elapsed: int) -> None:
    rules = reference.Rules()
    curve = astuple(rules)[:4]
    assert house.price_factor(elapsed) == reference.two_phase(elapsed, *curve)


@given(elapsed=st.integers(0, 50_000), step=st.integers(0, 1_000))
def test_price_factor_never_rises(house: Any, elapsed: int, step: int) -> None:
    assert house.price_factor(elapsed + step) <= house.price_factor(elapsed)


@given(maintenance=amounts, equity=amounts, buffer=shares)
def test_buffered_margin(house: Any, maintenance: int, equity: int, buffer: int) -> None:
    arguments = (maintenance, equity, buffer)
    assert house.buffered_margin(*arguments) == reference.buffered_margin(*arguments)


@given(maintenance=amounts, equity=amounts, reserved=amounts, factor=shares, buffer=shares)
@example(maintenance=-1, equity=0, reserved=0, factor=WAD, buffer=0)
@example(maintenance=-1, equity=-1, reserved=0, factor=WAD, buffer=0)
@example(maintenance=0, equity=0, reserved=0, factor=0, buffer=0)
def test_largest_fraction(
    house: Any, maintenance: int, equity: int, reserved: int, factor: int, buffer: int
) -> None:
    arguments = (maintenance, equity, reserved, factor, buffer)
    assert house.largest_fraction(*arguments) == reference.largest_fraction(*arguments)


@pytest.mark.parametrize("product", [0, 1, 2, WAD - 1, WAD, WAD + 1, WAD + 2, 2 * WAD, 2 * WAD + 1])
def test_a_part_of_a_wei_is_one(house: Any, product: int) -> None:
    """Products of a whole number of wei, and a part more or less: a price goes up, for who pays as
    for who is paid; a margin down."""
    parts = -(-product // WAD)
    assert house.solvent_price(product, 0, 1) == parts
    assert house.solvent_price(-product, 0, 1) == -(product // WAD)
    assert house.buffered_margin(-product, 0, 1) == -product - parts
    assert house.buffered_margin(product, 0, 1) == product + product // WAD


def test_the_largest_fraction_is_rounded_up_from_any_part(house: Any) -> None:
    """1e36 is one more than a multiple of 1e18 + 1."""
    assert house.largest_fraction(-1, 1, 0, 1, 0) == WAD
    assert house.largest_fraction(-1, 1, 0, WAD, 0) == WAD // 2


@given(equity=amounts, reserved=amounts, factor=shares)
def test_solvent_price(house: Any, equity: int, reserved: int, factor: int) -> None:
    arguments = (equity, reserved, factor)
    assert house.solvent_price(*arguments) == reference.solvent_price(*arguments)


@given(
    maintenance=amounts,
    equity=amounts,
    reserved=amounts,
    elapsed=st.integers(0, 2**25),
    length=lengths,
)
def test_insolvent_price(
    house: Any, maintenance: int, equity: int, reserved: int, elapsed: int, length: int
) -> None:
    arguments = (maintenance, equity, reserved, elapsed, length)
    assert house.insolvent_price(*arguments) == reference.insolvent_price(*arguments)


def test_largest_fraction_by_hand(house: Any) -> None:
    # Equity 100 USD, 300 USD short of maintenance, buffer 20 %, sold at 0.98:
    # B = -300 - 0.2 * 400 = -380, f = 380 / (380 + 98).
    fraction = house.largest_fraction(-300 * WAD, 100 * WAD, 0, 98 * WAD // 100, WAD // 5)
    assert fraction == -(-380 * WAD // 478)
    # 50 USD of the equity reserved: f = 380 / (380 + 98 + 1).
    reserved = (-300 * WAD, 100 * WAD, 50 * WAD, 98 * WAD // 100, WAD // 5)
    assert house.largest_fraction(*reserved) == -(-380 * WAD // 479)


@given(
    requirement=st.integers(1, 10**27),
    shortfall=st.floats(0.001, 0.999),
    share=st.floats(0, 0.9),
    factor=st.integers(WAD // 20, WAD),
    buffer=st.integers(0, WAD // 2),
)
def test_the_largest_fraction_restores(
    house: Any, requirement: int, shortfall: float, share: float, factor: int, buffer: int
) -> None:
    """After selling it the buffered margin is zero, up to rounding in the account's favour."""
    equity = int(requirement * (1 - shortfall))
    reserved = int(equity * share)
    assume(equity > reserved)
    fraction = house.largest_fraction(equity - requirement, equity, reserved, factor, buffer)
    price = house.solvent_price(equity, reserved, factor)
    kept = WAD - fraction
    value = (equity - reserved) * kept // WAD + reserved + reference.times_up(price, fraction)
    needed = -(-requirement * kept // WAD)
    margin = reference.buffered_margin(value - needed, value, buffer)
    # One part in 1e18 of the lot, and what was rounded above.
    assert -5 <= margin <= 2 * requirement // WAD + 5


def test_gas(house: Any) -> None:
    house.largest_fraction(-300 * WAD, 100 * WAD, 50 * WAD, 98 * WAD // 100, WAD // 5)
    assert house._computation.get_gas_used() < 5_000
