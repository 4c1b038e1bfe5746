"""What the auction house may do: freeze, charge, sell a fraction; and losses that nobody bears."""

from typing import Any

import boa
import pytest

from tests.world import WAD, World, build, wad


@pytest.fixture(scope="module")
def buyer(world: World) -> Any:
    return world.person("buyer", cash=100_000)


@pytest.fixture(scope="module")
def bidder(world: World) -> Any:
    return world.person("bidder", cash=50_000)


@pytest.fixture(scope="module")
def series(world: World) -> list[Any]:
    return [world.market.put(2_700, 7), world.market.put(2_600, 7), world.market.call(2_800, 7)]


@pytest.fixture(scope="module")
def debtor(world: World, buyer: Any, series: list[Any]) -> Any:
    """Short three puts, long one, short a call, with two units; in auction."""
    account = world.person("debtor", cash=2_000, units=2)
    put, hedge, call = series
    world.novate(
        world.trade(account, buyer, put, 3, 90),
        world.trade(buyer, account, hedge, 1, 10),
        world.trade(account, buyer, call, 1, 20),
    )
    world.freeze(account)
    return account


def sell(world: World, account: Any, bidder: Any, fraction: int, cash: int, payment: int) -> None:
    world.ledger.liquidate(
        account.number, bidder.number, fraction, cash, payment, sender=world.house
    )


def test_a_fraction_of_everything_moves(
    world: World, debtor: Any, bidder: Any, series: list[Any]
) -> None:
    cash = world.cash(debtor), world.cash(bidder)
    sell(world, debtor, bidder, WAD // 4, wad(100), wad(7))
    assert [world.position(bidder, one) for one in series] == [wad(-0.75), wad(0.25), wad(-0.25)]
    assert [world.position(debtor, one) for one in series] == [wad(-2.25), wad(0.75), wad(-0.75)]
    assert world.ledger.holdings_of(bidder.number) == [1 << 248 | WAD // 2]
    assert world.ledger.holdings_of(debtor.number) == [1 << 248 | 3 * WAD // 2]
    assert world.cash(debtor) - cash[0] == wad(-93)
    assert world.cash(bidder) - cash[1] == wad(93)
    assert world.ledger.open_interest(series[0].code) == 3 * WAD


def test_the_whole_leaves_nothing(
    world: World, debtor: Any, bidder: Any, series: list[Any]
) -> None:
    cash = world.cash(debtor)
    sell(world, debtor, bidder, WAD, cash, 0)
    assert world.ledger.positions_of(debtor.number) == []
    assert world.ledger.holdings_of(debtor.number) == []
    assert world.cash(debtor) == 0
    assert [world.position(bidder, one) for one in series] == [-3 * WAD, WAD, -WAD]


def test_what_the_bidder_holds_already_is_netted(
    world: World, debtor: Any, bidder: Any, buyer: Any, series: list[Any]
) -> None:
    put, hedge, call = series
    world.novate(
        world.trade(buyer, bidder, put, 1, 30),
        world.trade(bidder, buyer, hedge, 1, 10),
        world.trade(bidder, buyer, call, 1, 20),
    )
    assert world.ledger.open_interest(put.code) == 3 * WAD
    sell(world, debtor, bidder, WAD, 0, 0)
    assert [world.position(bidder, one) for one in series] == [-2 * WAD, 0, -2 * WAD]
    assert len(world.ledger.positions_of(bidder.number)) == 2
    assert world.ledger.open_interest(put.code) == 2 * WAD
    assert world.ledger.open_interest(hedge.code) == 0
    assert world.ledger.open_interest(call.code) == 2 * WAD


def test_dust_rounds_towards_the_account(
    world: World, debtor: Any, bidder: Any, series: list[Any]
) -> None:
    sell(world, debtor, bidder, 1, 0, 0)
    assert [world.position(bidder, one) for one in series] == [-3, 1, -1]
    sell(world, debtor, bidder, WAD // 3, 0, 0)
    for one in series:
        total = world.position(bidder, one) + world.position(debtor, one)
        assert total == {0: -3, 1: 1, 2: -1}[series.index(one)] * WAD


def test_the_bidder_must_pass_initial_margin(world: World, debtor: Any) -> None:
    poor = world.person("poor", cash=100)
    with boa.reverts("margin: below initial"):
        sell(world, debtor, poor, WAD, wad(-10_000), 0)
    broke = world.person("broke")
    with boa.reverts("margin: below initial"):
        sell(world, debtor, broke, WAD // 10, 0, wad(1_000))


def test_a_bidder_needs_a_fresh_price(world: World, debtor: Any, bidder: Any) -> None:
    world.market.travel(days=5)
    with boa.reverts("margin: stale price"):
        sell(world, debtor, bidder, WAD // 10, 0, 0)


def test_charge_moves_cash(world: World, debtor: Any, bidder: Any) -> None:
    before = world.cash(debtor), world.cash(bidder)
    world.ledger.charge(debtor.number, bidder.number, wad(5), sender=world.house)
    world.ledger.charge(debtor.number, 0, wad(3), sender=world.house)
    assert world.cash(debtor) - before[0] == wad(-8)
    assert world.cash(bidder) - before[1] == wad(5)
    assert world.ledger.cash_of(world.ledger.FUND()) == wad(3)


# -- who and when --


def test_reverts_auction_not_the_house(world: World, debtor: Any, bidder: Any) -> None:
    for sender in (world.intruder, world.owner, debtor.address, world.market.auctions.address):
        with boa.env.prank(sender):
            for call in (
                lambda: world.ledger.freeze(bidder.number),
                lambda: world.ledger.thaw(debtor.number),
                lambda: world.ledger.charge(debtor.number, 0, 1),
                lambda: world.ledger.liquidate(debtor.number, bidder.number, 1, 0, 0),
            ):
                with boa.reverts("auction: not the house"):
                    call()


def test_reverts_account_not_in_auction(world: World, bidder: Any, buyer: Any) -> None:
    with boa.env.prank(world.house):
        for call in (
            lambda: world.ledger.thaw(bidder.number),
            lambda: world.ledger.charge(bidder.number, 0, 1),
            lambda: world.ledger.liquidate(bidder.number, buyer.number, 1, 0, 0),
        ):
            with boa.reverts("account: not in auction"):
                call()


def test_reverts_account_in_auction(
    world: World, debtor: Any, bidder: Any, buyer: Any, series: list[Any]
) -> None:
    """P-27: only deposits, bids and settlement touch an account in auction."""
    second = world.market.account("debtor", 1)
    with boa.env.prank(debtor.address):
        for call in (
            lambda: world.ledger.withdraw(debtor.number, 0, 1, debtor.address),
            lambda: world.ledger.withdraw(debtor.number, 1, 1, debtor.address),
            lambda: world.ledger.transfer(debtor.number, second.number, 0, 1),
            lambda: world.ledger.set_engine(debtor.number, 0),
        ):
            with boa.reverts("account: in auction"):
                call()
    with boa.reverts("account: in auction"):
        world.novate(world.trade(buyer, debtor, series[0], 1, 30))
    with boa.reverts("account: in auction"):
        world.freeze(debtor)
    world.freeze(bidder)
    with boa.reverts("account: in auction"):
        sell(world, debtor, bidder, WAD, 0, 0)
    # Curing stays open, and after it everything else.
    world.market.fund(debtor, 10)
    world.market.fund(debtor, 1, 1)
    world.ledger.thaw(debtor.number, sender=world.house)
    world.market.withdraw(debtor, 1)


def test_reverts_of_arguments(world: World, debtor: Any, bidder: Any) -> None:
    for fraction in (0, WAD + 1):
        with boa.reverts("auction: fraction out of range"):
            sell(world, debtor, bidder, fraction, 0, 0)
    with boa.reverts("auction: bidder is the account"):
        sell(world, debtor, debtor, WAD, 0, 0)
    with boa.reverts("auction: charge to itself"):
        world.ledger.charge(debtor.number, debtor.number, 1, sender=world.house)
    with boa.reverts("auction: the fund"):
        world.ledger.freeze(world.ledger.FUND(), sender=world.house)


# -- losses --


def test_the_fund_pays_an_insolvent_bid_first(world: World, debtor: Any, bidder: Any) -> None:
    world.market.endow_fund(1_000)
    before = world.cash(bidder)
    sell(world, debtor, bidder, WAD // 10, 0, wad(-600))
    assert world.cash(bidder) - before == wad(600)
    assert world.ledger.cash_of(world.ledger.FUND()) == wad(400)


def test_past_the_fund_all_positive_cash_pays_alike(
    world: World, debtor: Any, bidder: Any, buyer: Any
) -> None:
    """P-35: and the bidder gets what was quoted, after the cut."""
    world.market.endow_fund(1_000)
    people = [debtor, bidder, buyer]
    before = [world.cash(one) for one in people]
    sell(world, debtor, bidder, WAD // 10, 0, wad(-1_600))
    (covered,) = [e for e in world.ledger.get_logs() if type(e).__name__ == "LossCovered"]
    assert covered.loss == covered.from_fund + covered.socialised == wad(1_600)
    assert covered.from_fund == wad(1_000)
    assert world.ledger.cash_of(world.ledger.FUND()) == 0
    share = 600 * WAD / sum(before)
    after = [world.cash(one) for one in people]
    assert after[0] / before[0] == pytest.approx(1 - share, rel=1e-12)
    assert after[2] / before[2] == pytest.approx(1 - share, rel=1e-12)
    assert (after[1] - wad(1_600)) / before[1] == pytest.approx(1 - share, rel=1e-12)
    certificate = world.ledger.certificate()
    assert 0 <= certificate.surplus < 10


def test_reverts_cash_loss_exceeds_all_cash(world: World, debtor: Any, bidder: Any) -> None:
    everything = world.ledger.certificate().credit
    with boa.reverts("cash: loss exceeds all cash"):
        sell(world, debtor, bidder, WAD // 10, 0, -everything)


def test_write_off(world: World, debtor: Any, bidder: Any, buyer: Any) -> None:
    cash = world.cash(debtor)
    with boa.reverts("write off: assets left"):
        world.ledger.charge(debtor.number, bidder.number, cash + wad(10), sender=world.house)
        world.ledger.write_off(debtor.number)
    sell(world, debtor, bidder, WAD, 0, 0)
    assert world.cash(debtor) == wad(-10)
    world.market.endow_fund(4)
    total = world.ledger.certificate().credit
    world.ledger.write_off(debtor.number, sender=world.intruder)
    assert world.cash(debtor) == 0
    certificate = world.ledger.certificate()
    assert certificate.debt == 0 and 0 <= certificate.surplus < 10
    assert certificate.fund == 0
    assert total - certificate.credit == pytest.approx(10 * WAD, rel=1e-15)
    with boa.reverts("write off: no debt"):
        world.ledger.write_off(debtor.number)


def test_nobody_outruns_a_loss_once_it_is_known(
    world: World, debtor: Any, bidder: Any, buyer: Any
) -> None:
    """Whoever withdraws first or last after the cut gets the same rate."""
    second = world.person("second", cash=1_000)
    first = world.person("first", cash=1_000)
    sell(world, debtor, bidder, WAD // 10, 0, wad(-500))
    assert world.cash(first) == world.cash(second) < wad(1_000)
    world.market.withdraw(first, world.cash(first) // 10**12 / 10**6)
    assert world.cash(second) // 10**12 == world.market.wallet(first) // 10**12


def test_a_fraction_of_each_of_eight_assets_moves(world: World, bidder: Any) -> None:
    """The first and the last bit of what is held, and those between."""
    ledger, account = world.ledger, world.market.account("collector")
    for asset in range(2, 9):
        token = build("tokens/TestToken.vy", "T", "T", 18)
        ledger.list_asset(asset, token.address, 100 * WAD, sender=world.owner)
        token.mint(account.address, asset * WAD, sender=account.address)
        with boa.env.prank(account.address):
            token.approve(ledger.address, asset * WAD)
            ledger.deposit(account.number, asset, asset * WAD)
    world.market.fund(account, 1, 1)
    world.freeze(account)
    sell(world, account, bidder, WAD // 4, 0, 0)
    for number, part in ((bidder.number, WAD // 4), (account.number, 3 * WAD // 4)):
        held = {word >> 248: word & (2**248 - 1) for word in ledger.holdings_of(number)}
        assert held == {asset: asset * part for asset in range(1, 9)}
    sell(world, account, bidder, WAD, 0, 0)
    assert ledger.holdings_of(account.number) == []
    assert len(ledger.holdings_of(bidder.number)) == 8
