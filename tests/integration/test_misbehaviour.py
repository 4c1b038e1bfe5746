"""Ways to gain by misbehaving around liquidations, and the rule by which each loses.

The table in ARCHITECTURE.md names these tests.
"""

from collections.abc import Iterable
from typing import Any

import boa
import pytest

from novate.gas import transaction_gas
from novate.market import Account
from tests.world import WAD, World, wad

SOLVENT, INSOLVENT = 1, 2
NO_LIMIT = 2**200
LATER = 2**40
DAYS = 14


class Street(World):
    """A market with a crook of several accounts and one honest bidder."""

    def __init__(self) -> None:
        super().__init__()
        self.auctions: Any = self.market.auctions
        self.put = self.market.put(2_500, DAYS)
        self.crook = self.person("crook", cash=12_400)
        self.second = self.market.account("crook", 1)
        self.buyer = self.person("buyer", cash=200_000)
        self.bidder = self.person("bidder", cash=100_000)
        self.market.endow_fund(50_000)

    def push(self, spot: float, volatility: float = 0.6) -> None:
        self.market.push_price(spot, volatility)

    def move(self, account: Account, receiver: Account, dollars: float) -> None:
        """Between accounts of one owner."""
        self.ledger.transfer(
            account.number, receiver.number, 0, wad(dollars), sender=account.address
        )

    def start(self, account: Account, keeper: Account | None = None) -> Any:
        return self.auctions.start(account.number, keeper.number if keeper else 0)

    def bid(
        self, account: Account, bidder: Account, units: int = WAD, kind: int = SOLVENT
    ) -> tuple[int, int]:
        return self.auctions.bid(  # type: ignore[no-any-return]
            *(account.number, bidder.number, units, NO_LIMIT, kind, LATER), sender=bidder.address
        )

    def lot_price(self, account: Account) -> int:
        return int(self.auctions.preview(account.number, WAD).lot_price)

    def worth(self, accounts: Iterable[Account]) -> int:
        """[wad] equity at mark of several accounts together."""
        return sum(int(self.ledger.health(one.number).equity) for one in accounts)


@pytest.fixture(scope="module")
def street() -> Street:
    street = Street()
    street.novate(street.trade(street.crook, street.buyer, street.put, 20, 400))
    return street


def test_selling_oneself_gains_nothing(street: Street) -> None:
    """A second account buys the first one's portfolio below its mark: the owner's left pocket pays
    the right one, less the liquidation fee."""
    street.market.fund(street.second, 60_000)
    street.push(1_930)
    own = (street.crook, street.second)
    before = street.worth(own)
    street.start(street.crook, street.second)
    street.market.travel(600)
    street.push(1_930)
    street.bid(street.crook, street.second)
    after = street.worth(own)
    # The fee, a tenth of what was sold; the tip is paid from pocket to pocket.
    assert after < before - wad(30)


def test_bankrupting_oneself_costs_what_the_fund_pays(street: Street) -> None:
    """PROPERTIES P-33: the owner of both sides cannot collect from the fund. What the fund pays for
    the insolvent account was lost in it first, and the writer's loss is the holder's gain only
    as far as the market moved; a price of one's own making is refused between one's accounts."""
    own = (street.crook, street.second)
    before = street.worth(own) + street.worth([street.buyer])
    street.market.fund(street.second, 60_000)
    before += wad(60_000)
    # A premium cannot strip the account.
    with boa.reverts("margin: worse than before"):
        street.novate(street.trade(street.second, street.crook, street.put, 1, 11_000))
    street.push(1_700)
    street.start(street.crook)
    fund = street.ledger.cash_of(street.ledger.FUND())
    street.market.travel(1_800)
    street.push(1_700)
    street.bid(street.crook, street.second, kind=INSOLVENT)
    paid = fund - street.ledger.cash_of(street.ledger.FUND())
    assert paid > 0
    # Writer, holder and bidder together: no more than they had and what the fund paid for the
    # risk; the part beyond the account's deficit is what any bidder could have had.
    total = street.worth(own) + street.worth([street.buyer])
    assert total <= before + paid
    assert street.ledger.certificate().surplus >= 0


def test_dust_auctions_pay_no_living(street: Street) -> None:
    """The tip is at most a hundredth of the equity: starting auctions of dust costs more in gas."""
    poor = street.person("poor writer", cash=45)
    street.novate(street.trade(poor, street.buyer, street.put, 0.1, 0))
    keeper = street.person("keeper")
    street.push(2_210, 0.3)
    health = street.ledger.health(poor.number)
    assert health.maintenance < 0 < health.equity
    street.start(poor, keeper)
    assert street.cash(keeper) <= health.equity // 100 < wad(0.5)


def test_a_keeper_of_its_own_account_is_refused_the_tip(street: Street) -> None:
    street.push(1_930)
    with boa.reverts("auction: keeper is the account"):
        street.start(street.crook, street.crook)


def test_small_bids_block_nobody(street: Street) -> None:
    """A bid for crumbs leaves price, terms and the way to the end to the next one as they were."""
    rival = street.person("rival", cash=60_000)
    street.push(1_930)
    street.start(street.crook)
    street.market.travel(600)
    street.push(1_930)
    price = street.lot_price(street.crook)
    street.bid(street.crook, rival, 10**12)
    assert street.lot_price(street.crook) == pytest.approx(price, rel=1e-9)
    units, _ = street.bid(street.crook, street.bidder)
    assert units > WAD // 10


def test_dust_deposits_block_no_bid(street: Street) -> None:
    """PROPERTIES P-24: gifts to the account or the bidder change no price that was signed for."""
    street.push(1_930)
    street.start(street.crook)
    street.market.travel(600)
    street.push(1_930)
    price = street.lot_price(street.crook)
    stranger = street.market.account("stranger")
    street.market.give(stranger, 10)
    for account in (street.crook, street.bidder):
        street.ledger.deposit(account.number, 0, 1, sender=stranger.address)
    assert street.lot_price(street.crook) <= price
    street.auctions.bid(
        *(street.crook.number, street.bidder.number, WAD // 10, price, SOLVENT, LATER),
        sender=street.bidder.address,
    )


def test_tiny_cures_end_nothing(street: Street) -> None:
    street.push(1_930)
    street.start(street.crook)
    for _ in range(3):
        street.market.fund(street.crook, 1)
        with boa.reverts("auction: not restored"):
            street.auctions.finish(street.crook.number)
    # A cure is a cure of everything: above maintenance by the buffer.
    short = -street.ledger.health(street.crook.number).maintenance
    street.market.fund(street.crook, short // 10**18 + 1)
    with boa.reverts("auction: not restored"):
        street.auctions.finish(street.crook.number)
    street.market.fund(street.crook, 3_000)
    street.auctions.finish(street.crook.number)


def test_starting_and_bidding_at_once_pays_nearly_the_mark(street: Street) -> None:
    """Whoever starts an auction and bids in the same block pays the dearest price of the curve."""
    street.push(1_930)
    street.start(street.crook, street.bidder)
    preview = street.auctions.preview(street.crook.number, WAD)
    assert preview.terms.factor == 98 * WAD // 100
    units, payment = street.bid(street.crook, street.bidder)
    assert payment * WAD >= preview.terms.equity * units * 97 // 100


def test_bad_debt_cannot_be_shed_by_splitting(street: Street) -> None:
    """An account below margin moves nothing to another one of its owner but risk with its money."""
    street.push(1_930)
    assert street.ledger.health(street.crook.number).maintenance < 0
    with boa.reverts("margin: below initial"):
        street.move(street.crook, street.second, 1)
    # Nor does a sale to itself at a fancy price.
    hedge = street.market.put(2_400, DAYS)
    with boa.reverts("margin: below initial"):
        street.novate(street.trade(street.second, street.crook, hedge, 1, 500))
    street.start(street.crook)
    for call in (
        lambda: street.move(street.crook, street.second, 1),
        lambda: street.ledger.withdraw(
            street.crook.number, 0, 1, street.crook.address, sender=street.crook.address
        ),
        lambda: street.novate(street.trade(street.crook, street.second, street.put, 1, 0)),
    ):
        with boa.reverts("account: in auction"):
            call()


def test_leaving_before_a_loss_is_recognised(street: Street) -> None:
    """From the start of an insolvent auction on, who leaves pays the share of the expected loss."""
    street.push(1_000)
    street.start(street.crook)
    pending = street.ledger.pending()
    fund = street.ledger.cash_of(street.ledger.FUND())
    assert pending == -street.ledger.health(street.crook.number).equity
    # 50,000 of the fund do not cover it... unless they do: then nobody pays.
    before = street.cash(street.bidder)
    street.market.withdraw(street.bidder, 1_000)
    left = before - street.cash(street.bidder) - wad(1_000)
    assert (left > 0) == (pending > fund)


def test_a_fund_too_small_makes_leavers_pay() -> None:
    street = Street()
    street.novate(street.trade(street.crook, street.buyer, street.put, 20, 400))
    street.ledger.set_security_fund(street.owner, sender=street.owner)
    street.ledger.release(50_000 * 10**6, street.owner, sender=street.owner)
    street.push(1_700)
    street.start(street.crook)
    before = street.cash(street.bidder)
    street.market.withdraw(street.bidder, 10_000)
    paid = before - street.cash(street.bidder) - wad(10_000)
    loss = street.ledger.pending()
    others = before + street.cash(street.buyer) + street.cash(street.crook)
    assert paid == pytest.approx(wad(10_000) * loss / (others - loss), rel=1e-9)


def test_ending_an_auction_hides_no_loss() -> None:
    """Who ends the auction of an account that has nothing but debt, and leaves at once, has borne
    its share like those who stay: what was expected is recognised in the same call."""
    street = Street()
    street.market.fund(street.crook, 10_000)
    street.novate(street.trade(street.crook, street.buyer, street.put, 60, 550))
    street.push(1_000)
    street.start(street.crook)
    street.market.travel_to(street.put.expiry - 3_600)
    street.push(1_000)
    street.market.travel_to(street.put.expiry)
    street.market.fix(street.put.expiry)
    street.ledger.settle([street.crook.number, street.buyer.number])
    debt = -street.cash(street.crook)
    fund = int(street.ledger.cash_of(street.ledger.FUND()))
    assert debt > fund > 0
    before = {one: street.cash(one) for one in (street.bidder, street.buyer)}
    street.auctions.finish(street.crook.number, sender=street.bidder.address)
    assert street.cash(street.crook) == 0
    assert street.ledger.pending() == 0 and street.ledger.outstanding() == debt - fund
    left = street.cash(street.bidder) // 10**12 * 10**12
    street.market.withdraw(street.bidder, left / WAD)
    # The one who left has lost the same share as the one who stayed.
    assert left * before[street.buyer] == pytest.approx(
        street.cash(street.buyer) * before[street.bidder], rel=1e-9
    )
    assert left < before[street.bidder]


def test_positions_cannot_make_liquidation_too_dear() -> None:
    """PROPERTIES P-29: an account stuffed to the last slot is started and sold within a block."""
    street = World()
    market = street.market
    writer, buyer = street.person("writer", cash=700_000), street.person("buyer", cash=900_000)
    bidder = street.person("bidder", cash=2_000_000)
    expiries = market.expiries(4)
    series = [
        market.series(1_500 + 25 * (i // 4), expiries[i % 4], is_put=True) for i in range(128)
    ]
    for first in range(0, 128, 16):
        street.novate(
            *(street.trade(writer, buyer, one, 1, 0) for one in series[first : first + 16])
        )
    with boa.reverts("book: too many positions"):
        street.novate(street.trade(writer, buyer, market.call(3_000, DAYS), 1, 0))
    market.withdraw(writer, street.ledger.health(writer.number).initial // WAD)
    for spot in range(2_700, 1_500, -50):
        market.push_price(spot, 0.15 + (2_750 - spot) / 2_000)
        if street.ledger.health(writer.number).maintenance < 0:
            break
    with boa.env.anchor():
        start = transaction_gas(
            market.auctions.start, writer.number, 0, sender=bidder.address
        ).execution
    market.auctions.start(writer.number, 0)
    kind = market.auctions.preview(writer.number, WAD).terms.kind
    with boa.env.anchor():
        bid = transaction_gas(
            market.auctions.bid,
            *(writer.number, bidder.number, WAD, NO_LIMIT, kind, LATER),
            sender=bidder.address,
        ).execution
    assert start < 3_000_000
    assert bid < 10_000_000
