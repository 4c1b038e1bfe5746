"""Options with a barrier: opened when watched, ended by a touch, settled when the oracle knows."""

from typing import Any

import boa
import pytest

from novate.fronts import hand_on
from novate.parameters import GRID, Margin
from novate.series import Series, next_expiries
from tests.world import DAY, WAD, build, signed, wad

NOBODY = "0x" + 40 * "0"
UNKNOWN, TOUCHED, UNTOUCHED = 0, 1, 2
BARRIER = 2_500 * WAD


class Books:
    """A ledger beside an oracle that says what the test writes; a writer and a holder."""

    def __init__(self) -> None:
        self.owner = boa.env.generate_address("owner")
        self.venue = boa.env.generate_address("venue")
        self.house = boa.env.generate_address("auction house")
        self.token: Any = build("tokens/TestToken.vy", "Test Dollar", "TUSD", 6)
        self.oracle: Any = build("tests/harness/SettableOracle.vy")
        margin = build("margin/StandardMargin.vy", self.oracle.address, self.owner)
        self.listing: Any = build("instruments/Listing.vy", self.owner)
        curve = build("clearing/InterestCurve.vy", 0, 0, 0, WAD // 2)
        operators = build("clearing/Operators.vy")
        units = [x.address for x in (self.oracle, self.listing, operators, curve, self.token)]
        back = build("clearing/BackOffice.vy", *units)
        self.ledger: Any = build("clearing/Clearinghouse.vy", *units, self.owner, back.address)
        hand_on(self.ledger, back)
        grid = (GRID.tick, GRID.hour, GRID.daily, GRID.weekly, GRID.monthly, GRID.quarterly)
        with boa.env.prank(self.owner):
            self.listing.list_market(1, *grid)
            self.listing.set_watch(self.oracle.address)
            margin.set_market(1, tuple(vars(Margin()).values()))
            self.ledger.register_engine(0, margin.address)
            self.ledger.set_venue(self.venue, True)
            self.ledger.set_auction_house(self.house)
        self.expiry = next_expiries(boa.env.timestamp, GRID)[1]
        self.oracle.set_quote(1, self.expiry, 2_750 * WAD, 2_750 * WAD, WAD // 5, WAD, True)
        self.writer, self.holder = self.person("writer"), self.person("holder")

    def person(self, role: str) -> int:
        address = boa.env.generate_address(role)
        self.token.mint(address, 10**12, sender=address)
        self.token.approve(self.ledger.address, 10**12, sender=address)
        account = int(address, 16) << 96
        self.ledger.deposit(account, 0, 10**12, sender=address)
        return account

    def series(self, **kind: bool) -> int:
        barrier = {"barrier": BARRIER, "is_up": False, "knocks_in": False} | kind
        return Series(1, self.expiry, 2_700 * WAD, True, **barrier).code  # type: ignore[arg-type]

    def trade(self, code: int, seller: int = 0, buyer: int = 0) -> None:
        parties = (seller or self.writer, buyer or self.holder)
        self.ledger.novate([(*parties, code, WAD, 10 * WAD, 0, 0)], sender=self.venue)

    def quantities(self) -> list[int]:
        """Of the one position that the writer and the holder may have."""
        held = [self.ledger.positions_of(one) for one in (self.writer, self.holder)]
        return [signed(words[0]) if words else 0 for words in held]

    def settle(self) -> int:
        """Settles both and says what the holder got [wad]."""
        before = self.ledger.cash_of(self.holder)
        self.ledger.settle([self.writer, self.holder])
        assert self.ledger.certificate().unsettled == 0
        return int(self.ledger.cash_of(self.holder)) - int(before)


@pytest.fixture(scope="module")
def books() -> Books:
    return Books()


@pytest.fixture
def knock_out(books: Books) -> int:
    code = books.series()
    books.oracle.watch(code)
    books.trade(code)
    return code


@pytest.fixture
def knock_in(books: Books) -> int:
    code = books.series(knocks_in=True)
    books.oracle.watch(code)
    books.trade(code)
    return code


def test_nobody_opens_what_is_not_watched(books: Books) -> None:
    code = books.series()
    with boa.reverts("series: barrier not watched"):
        books.trade(code)
    books.listing.set_watch(NOBODY, sender=books.owner)
    books.oracle.watch(code)
    with boa.reverts("series: barrier unsupported"):
        books.trade(code)
    books.listing.set_watch(books.oracle.address, sender=books.owner)
    books.trade(code)
    assert books.quantities() == [-WAD, WAD]


def test_a_touch_ends_a_knock_out_at_once(books: Books, knock_out: int) -> None:
    books.settle()
    assert books.quantities() == [-WAD, WAD]
    books.oracle.set_knocked(knock_out, TOUCHED)
    assert books.settle() == 0
    assert books.quantities() == [0, 0]
    assert books.ledger.open_interest(knock_out) == 0
    assert books.ledger.interest_in(1) == 0


def test_nobody_trades_what_a_touch_has_ended(books: Books, knock_out: int) -> None:
    books.oracle.set_knocked(knock_out, TOUCHED)
    with boa.reverts("series: knocked out"):
        books.trade(knock_out)
    # Nor sells it back.
    with boa.reverts("series: knocked out"):
        books.trade(knock_out, books.holder, books.writer)


def test_what_a_touch_brought_to_life_trades_on(books: Books, knock_in: int) -> None:
    books.oracle.set_knocked(knock_in, TOUCHED)
    books.trade(knock_in)
    books.trade(knock_in, books.holder, books.writer)
    assert books.quantities() == [-WAD, WAD]
    books.settle()
    assert books.quantities() == [-WAD, WAD]


@pytest.mark.parametrize("knocks_in", [False, True])
@pytest.mark.parametrize("state", [UNKNOWN, TOUCHED, UNTOUCHED])
def test_at_expiry_only_the_living_are_paid(books: Books, knocks_in: bool, state: int) -> None:
    code = books.series(knocks_in=knocks_in)
    books.oracle.watch(code)
    books.trade(code)
    boa.env.timestamp = books.expiry
    books.oracle.set_fixing(1, books.expiry, 2_600 * WAD)
    books.oracle.set_knocked(code, state)
    paid = books.settle()
    if state == UNKNOWN:
        # Not told yet: the position waits, and is paid when it is.
        assert paid == 0 and books.quantities() == [-WAD, WAD]
        books.oracle.set_knocked(code, TOUCHED if knocks_in else UNTOUCHED)
        assert books.settle() == wad(100)
    else:
        assert paid == (wad(100) if (state == TOUCHED) == knocks_in else 0)
    assert books.quantities() == [0, 0]
    assert books.settle() == 0


def test_the_living_wait_for_the_fixing(books: Books, knock_in: int) -> None:
    boa.env.timestamp = books.expiry + DAY
    books.oracle.set_knocked(knock_in, TOUCHED)
    assert books.settle() == 0
    assert books.quantities() == [-WAD, WAD]
    books.oracle.set_fixing(1, books.expiry, 2_650 * WAD)
    assert books.settle() == wad(50)


def test_the_dead_need_no_fixing(books: Books, knock_in: int) -> None:
    boa.env.timestamp = books.expiry
    books.oracle.set_knocked(knock_in, UNTOUCHED)
    assert books.settle() == 0
    assert books.quantities() == [0, 0]


def test_an_ended_position_is_not_deleveraged_after_expiry(books: Books, knock_out: int) -> None:
    books.ledger.freeze(books.writer, sender=books.house)
    boa.env.timestamp = books.expiry
    with boa.reverts("series: expired"):
        books.ledger.deleverage(
            books.writer, books.holder, knock_out, -WAD, WAD, sender=books.house
        )
