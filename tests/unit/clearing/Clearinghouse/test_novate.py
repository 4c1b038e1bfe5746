"""Trades: positions, cash, fees, open interest and the margin gate."""

from typing import Any

import boa
import pytest

from novate.series import Series as Code
from tests.world import AT_ONCE, DAY, WAD, World, build, wad


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def writer(world: World) -> Any:
    return world.person("writer", cash=100_000)


@pytest.fixture(scope="module")
def buyer(world: World) -> Any:
    return world.person("buyer", cash=100_000)


@pytest.fixture(scope="module")
def put(world: World) -> Any:
    return world.market.put(2_700, 7)


def test_positions_cash_fees_and_interest_move(
    world: World, writer: Any, buyer: Any, put: Any
) -> None:
    world.novate(world.trade(writer, buyer, put, 2, 60, 1, 3))
    (event,) = [e for e in world.ledger.get_logs() if type(e).__name__ == "Novated"]
    assert (event.seller, event.buyer, event.series) == (writer.number, buyer.number, put.code)
    assert (event.quantity, event.premium) == (2 * WAD, 60 * WAD)
    assert (event.seller_fee, event.buyer_fee) == (WAD, 3 * WAD)
    assert world.position(writer, put) == -2 * WAD
    assert world.position(buyer, put) == 2 * WAD
    assert world.cash(writer) == wad(100_059)
    assert world.cash(buyer) == wad(99_937)
    assert world.ledger.cash_of(world.ledger.FUND()) == 4 * WAD
    assert world.ledger.open_interest(put.code) == 2 * WAD


def test_open_interest_follows_the_longs(world: World, writer: Any, buyer: Any, put: Any) -> None:
    third = world.person("third", cash=100_000)
    world.novate(world.trade(writer, buyer, put, 2, 60))
    # The buyer passes one on: nothing new is outstanding.
    world.novate(world.trade(buyer, third, put, 1, 30))
    assert world.ledger.open_interest(put.code) == 2 * WAD
    # The writer buys it back: one ends.
    world.novate(world.trade(third, writer, put, 1, 30))
    assert world.ledger.open_interest(put.code) == WAD
    # The buyer sells three: turns short by two, and two are outstanding again.
    world.novate(world.trade(buyer, writer, put, 3, 90))
    assert world.ledger.open_interest(put.code) == 2 * WAD
    assert world.position(buyer, put) == -2 * WAD
    assert world.position(writer, put) == 2 * WAD
    assert world.position(third, put) == 0


def test_a_closed_position_frees_its_slot(world: World, writer: Any, buyer: Any) -> None:
    puts = [world.market.put(strike, 7) for strike in (2_600, 2_650, 2_700)]
    for one in puts:
        world.novate(world.trade(writer, buyer, one, 1, 20))
    world.novate(world.trade(buyer, writer, puts[0], 1, 20))
    assert [w >> 96 for w in world.ledger.positions_of(writer.number)] == [
        puts[2].code,
        puts[1].code,
    ]
    assert world.ledger.header_of(writer.number) >> 128 & 255 == 2
    assert world.ledger.open_interest(puts[0].code) == 0


def test_version_counts_changes_of_positions_only(
    world: World, writer: Any, buyer: Any, put: Any
) -> None:
    before = world.ledger.header_of(writer.number) >> 192
    world.market.fund(writer, 10)
    assert world.ledger.header_of(writer.number) >> 192 == before
    world.novate(world.trade(writer, buyer, put, 1, 30))
    assert world.ledger.header_of(writer.number) >> 192 == before + 1


def test_legs_net_before_margin_is_checked(world: World, buyer: Any) -> None:
    """The short leg alone would fail; with its hedge the account needs the width only."""
    spreader = world.person("spreader", cash=120)
    low, high = world.market.put(2_700, 7), world.market.put(2_800, 7)
    with boa.reverts("margin: below initial"):
        world.novate(world.trade(spreader, buyer, high, 1, 70))
    world.novate(
        world.trade(spreader, buyer, high, 1, 70), world.trade(buyer, spreader, low, 1, 30)
    )
    assert world.position(spreader, high) == -WAD
    assert world.position(spreader, low) == WAD


def test_many_legs_settle_each_account_once(world: World, writer: Any, buyer: Any) -> None:
    puts = [world.market.put(2_500 + 25 * i, 7) for i in range(16)]
    world.novate(*[world.trade(writer, buyer, one, 1, 10, 0, 1) for one in puts])
    assert world.cash(writer) == wad(100_160)
    assert world.cash(buyer) == wad(100_000 - 160 - 16)
    assert len(world.ledger.positions_of(buyer.number)) == 16


def test_at_most_128_positions(world: World) -> None:
    rich, house = (world.person(r, cash=10_000_000) for r in ("rich", "market maker"))
    expiry = world.market.expiry_in(7)
    codes = [Code(1, expiry, (1_000 + 25 * i) * WAD, True).code for i in range(129)]
    for start in range(0, 128, 16):
        world.novate(*[world.trade(rich, house, c, 0.1, 1) for c in codes[start : start + 16]])
    assert len(world.ledger.positions_of(rich.number)) == 128
    other = world.person("other", cash=10_000_000)
    with boa.reverts("book: too many positions"):
        world.novate(world.trade(rich, other, codes[128], 0.1, 1))
    # What is there can still change and close.
    world.novate(world.trade(house, rich, codes[127], 0.1, 1))
    world.novate(world.trade(rich, other, codes[128], 0.1, 1))


# -- refusals --


def test_reverts_novate_not_a_venue(world: World, writer: Any, buyer: Any, put: Any) -> None:
    trade = world.trade(writer, buyer, put, 1, 30)
    for sender in (world.intruder, writer.address, world.owner):
        with boa.reverts("novate: not a venue"):
            world.ledger.novate([trade], sender=sender)
    world.ledger.set_venue(world.venue, False, sender=world.owner)
    with boa.reverts("novate: not a venue"):
        world.novate(trade)


def test_reverts_novate_same_account(world: World, writer: Any, put: Any) -> None:
    with boa.reverts("novate: same account"):
        world.novate(world.trade(writer, writer, put, 1, 30))


def test_reverts_novate_zero_quantity(world: World, writer: Any, buyer: Any, put: Any) -> None:
    with boa.reverts("novate: zero quantity"):
        world.novate(world.trade(writer, buyer, put, 0, 30))


@pytest.mark.parametrize("field", [3, 4, 5, 6])
def test_reverts_amount_too_large(
    world: World, writer: Any, buyer: Any, put: Any, field: int
) -> None:
    for amount in (2**112, 2**256 - 1):
        trade = list(world.trade(writer, buyer, put, 1, 30))
        trade[field] = amount
        with boa.reverts("amount: too large"):
            world.novate(tuple(trade))  # type: ignore[arg-type]


def test_reverts_series_quantity_too_large(world: World, writer: Any, buyer: Any, put: Any) -> None:
    trade = list(world.trade(writer, buyer, put, 1, 0))
    trade[3] = 2**95
    with boa.reverts("series: quantity too large"):
        world.novate(tuple(trade))  # type: ignore[arg-type]


def test_reverts_of_series(world: World, writer: Any, buyer: Any, put: Any) -> None:
    expiry = put.expiry
    cases = {
        "series: not a code": 2**160 | put.code,
        "series: no underlying": put.code & (2**144 - 1),
        "series: zero strike": put.code & ~(2**56 - 1 << 64),
        "series: unknown kind": put.code | 1 << 63,
        "series: barrier without kind": put.code | 7,
        "series: underlying not listed": put.code + (1 << 144),
        "series: strike off tick": put.code + (1 << 64),
        "series: expiry off grid": put.code + (1 << 120),
        "series: expired": put.code - ((expiry - world.market.now) // 3_600 + 1 << 120),
        "series: barrier not watched": put.code | 2 << 56 | 7,
    }
    for reason, code in cases.items():
        with boa.reverts(reason):
            world.novate(world.trade(writer, buyer, code, 1, 30))


def test_nothing_trades_at_or_after_expiry(world: World, writer: Any, buyer: Any, put: Any) -> None:
    world.novate(world.trade(writer, buyer, put, 1, 30))
    world.market.travel_to(put.expiry)
    with boa.reverts("series: expired"):
        world.novate(world.trade(writer, buyer, put, 1, 30))
    # Closing as well: the fixing decides now.
    with boa.reverts("series: expired"):
        world.novate(world.trade(buyer, writer, put, 1, 30))


def test_a_closed_market_lets_positions_be_closed(
    world: World, writer: Any, buyer: Any, put: Any
) -> None:
    world.novate(world.trade(writer, buyer, put, 2, 60))
    world.market.listing.close_market(1, sender=world.owner)
    with boa.reverts("series: underlying not listed"):
        world.novate(world.trade(writer, buyer, put, 1, 30))
    world.novate(world.trade(buyer, writer, put, 1, 30))
    assert world.ledger.open_interest(put.code) == WAD


# -- the margin gate --


def test_reverts_margin_below_initial(world: World, buyer: Any, put: Any) -> None:
    poor = world.person("poor", cash=100)
    with boa.reverts("margin: below initial"):
        world.novate(world.trade(poor, buyer, put, 1, 30))


def test_a_buyer_pays_in_cash(world: World, writer: Any, put: Any) -> None:
    """A long needs no margin, but its premium must be there."""
    thrifty = world.person("thrifty", cash=30)
    with boa.reverts("margin: below initial"):
        world.novate(world.trade(writer, thrifty, put, 1, 31))
    world.novate(world.trade(writer, thrifty, put, 1, 30))


def test_reverts_margin_stale_price(world: World, writer: Any, buyer: Any) -> None:
    put = world.market.put(2_700, 20)
    world.novate(world.trade(writer, buyer, put, 2, 120))
    world.market.travel(days=5)
    with boa.reverts("margin: stale price"):
        world.novate(world.trade(writer, buyer, put, 1, 60))
    # Reducing needs no fresh price, only that nobody stands worse.
    world.novate(world.trade(buyer, writer, put, 1, 60))
    assert world.position(writer, put) == -WAD


@pytest.fixture
def distressed(world: World, buyer: Any) -> tuple[Any, Any]:
    """An account short four puts and long one, below initial margin after a crash."""
    account = world.person("distressed", cash=1_500)
    put, hedge = world.market.put(2_700, 7), world.market.put(2_500, 7)
    world.novate(world.trade(account, buyer, put, 4, 130), world.trade(buyer, account, hedge, 1, 5))
    world.market.push_price(2_550, 0.4)
    assert world.ledger.health(account.number)[1] < 0
    return account, (put, hedge)


def test_below_initial_margin_risk_may_be_reduced(
    world: World, buyer: Any, distressed: Any
) -> None:
    account, (put, _) = distressed
    before = world.ledger.health(account.number)
    world.novate(world.trade(buyer, account, put, 1, 160))
    after = world.ledger.health(account.number)
    assert before[1] < after[1] < 0
    assert world.position(account, put) == -3 * WAD
    # Closing all at once as well.
    world.novate(world.trade(buyer, account, put, 3, 480))
    assert world.position(account, put) == 0


def test_below_initial_margin_risk_may_not_grow(world: World, buyer: Any, distressed: Any) -> None:
    account, (put, hedge) = distressed
    with boa.reverts("margin: below initial"):
        world.novate(world.trade(account, buyer, put, 0.01, 100))
    with boa.reverts("margin: below initial"):
        world.novate(world.trade(account, buyer, hedge, 1.01, 100))


def test_reverts_margin_worse_than_before(world: World, buyer: Any, distressed: Any) -> None:
    account, (put, _) = distressed
    # Buying back far too dear.
    with boa.reverts("margin: worse than before"):
        world.novate(world.trade(buyer, account, put, 1, 1_000))


def test_neither_margin_may_get_worse(world: World, buyer: Any, distressed: Any) -> None:
    """Bought back too dear for the maintenance margin it frees, cheap for the initial margin."""
    account, (put, _) = distressed
    before = world.ledger.health(account.number)
    with boa.env.anchor():
        world.novate(world.trade(buyer, account, put, 1, 160))
        after = world.ledger.health(account.number)
    relief = after.initial - before.initial, after.maintenance - before.maintenance
    assert relief[0] > relief[1] + 2 * WAD > 0
    dear = (160 * WAD + sum(relief) // 2) / WAD
    with boa.reverts("margin: worse than before"):
        world.novate(world.trade(buyer, account, put, 1, dear))


def test_reverts_margin_value_given_away(world: World, buyer: Any, distressed: Any) -> None:
    """P-33: longs count nothing in standard margin, so they must not leave for nothing."""
    account, (_, hedge) = distressed
    with boa.reverts("margin: value given away"):
        world.novate(world.trade(account, buyer, hedge, 1, 0))
    world.market.push_price(2_750, 0.15)
    insider = world.person("insider", cash=1_760)
    put, call = world.market.put(2_700, 7), world.market.call(2_500, 14)
    world.novate(
        world.trade(insider, buyer, put, 4, 130), world.trade(buyer, insider, call, 1, 250)
    )
    world.market.push_price(2_550, 0.4)
    friend = world.person("friend", cash=100)
    assert world.ledger.health(insider.number)[1] < 0
    with boa.reverts("margin: value given away"):
        world.novate(world.trade(insider, friend, call, 1, 1))
    # At a price near its mark it may be sold.
    world.market.fund(friend, 1_000)
    world.novate(world.trade(insider, friend, call, 1, 100))


def test_fresh_prices_gate_the_account_that_grows_only(world: World, buyer: Any) -> None:
    """One side closes, the other opens: the one that opens must pass."""
    put = world.market.put(2_700, 7)
    first = world.person("first", cash=2_000)
    world.novate(world.trade(first, buyer, put, 1, 30))
    poor = world.person("poor", cash=10)
    with boa.reverts("margin: below initial"):
        world.novate(world.trade(poor, first, put, 1, 30))
    assert world.position(first, put) == -WAD


def test_the_same_series_twice_in_one_call_adds_up(
    world: World, writer: Any, buyer: Any, put: Any
) -> None:
    """P-42: duplicate legs are worth what one leg of their sum is worth."""
    world.novate(world.trade(writer, buyer, put, 1, 30), world.trade(writer, buyer, put, 2, 60))
    assert world.position(writer, put) == -3 * WAD
    assert world.ledger.open_interest(put.code) == 3 * WAD


def test_there_and_back_in_one_call_changes_nothing(
    world: World, writer: Any, buyer: Any, put: Any
) -> None:
    before = world.ledger.certificate()
    world.novate(world.trade(writer, buyer, put, 1, 30), world.trade(buyer, writer, put, 1, 30))
    assert world.ledger.positions_of(writer.number) == []
    assert world.ledger.open_interest(put.code) == 0
    assert world.ledger.certificate() == before
    assert world.cash(writer) == 100_000 * WAD


def test_another_engine_judges_the_account_that_chose_it(
    world: World, writer: Any, buyer: Any
) -> None:
    put = world.market.put(2_700, 7)
    with boa.reverts("engine: unknown"):
        world.ledger.set_engine(writer.number, 2, sender=writer.address)
    strict = build("margin/StandardMargin.vy", world.market.oracle.address, world.owner)
    world.ledger.register_engine(2, strict.address, sender=world.owner)
    world.novate(world.trade(writer, buyer, put, 1, 30))
    with boa.reverts("account: not yours"):
        world.ledger.set_engine(writer.number, 2, sender=buyer.address)
    # The new engine does not know the market: what it cannot judge it refuses.
    with boa.reverts():
        world.ledger.set_engine(writer.number, 2, sender=writer.address)
    idle = world.person("idle", cash=10)
    world.ledger.set_engine(idle.number, 2, sender=idle.address)
    assert world.ledger.header_of(idle.number) >> 136 & 255 == 2


def test_default_parameters_are_what_is_deployed(world: World) -> None:
    assert world.market.parameters == AT_ONCE
    assert world.market.now < world.market.expiry_in(7) < world.market.now + 15 * DAY
