"""12 March 2020 again: the price falls by 43 % in a day, nobody bids for an hour, then one does for
next to nothing. MakerDAO sold collateral for zero that day; here nothing is sold below a twentieth
of its mark, nothing is given away, and every unit of loss is somebody's.

Hourly closes of ETH/USD that day, as fractions of the first, rounded to a hundredth.
"""

from typing import Any

import boa
import pytest

from novate.market import Account
from tests.world import WAD, World

PATH = (1.00, 0.97, 0.95, 0.94, 0.80, 0.74, 0.71, 0.69, 0.70, 0.66, 0.60, 0.57)
SPOT = 2_750
HOUR = 3_600
SOLVENT, INSOLVENT = 1, 2
NO_LIMIT, LATER = 2**200, 2**40


class Thursday(World):
    """Six writers of puts with more and less cash, a holder, and a vulture."""

    def __init__(self) -> None:
        super().__init__()
        self.house_of: Any = self.market.auctions
        self.market.endow_fund(3_000)
        put = self.market.put(2_500, 14)
        self.holder = self.person("holder", cash=50_000)
        self.vulture = self.person("vulture", cash=400_000)
        self.writers = [
            self.person(f"writer {i}", cash=4_000 + 1_500 * i, units=0.5 * (i % 2))
            for i in range(6)
        ]
        for writer in self.writers:
            self.novate(self.trade(writer, self.holder, put, 10, 150))
        self.everybody = [*self.writers, self.holder, self.vulture]
        self.low: list[float] = []

    def step(self, share: float, seconds: int) -> None:
        self.market.travel(seconds)
        self.market.push_price(SPOT * share, min(0.15 + (1 - share) * 2, 1.2))

    def keep(self) -> None:
        """What any keeper may do now."""
        for writer in self.writers:
            number = writer.number
            health = self.ledger.health(number)
            if not self.ledger.in_auction(number):
                if health.maintenance < 0 and self.ledger.positions_of(number):
                    self.house_of.start(number, 0)
            elif self.house_of.preview(number, WAD).terms.due:
                self.house_of.restart(number)

    def try_for_nothing(self, writer: Account) -> None:
        """A bid of a hundredth of the mark is refused while the lot is worth something."""
        preview = self.house_of.preview(writer.number, WAD)
        if preview.terms.kind != SOLVENT or preview.terms.due or preview.terms.margin >= 0:
            return
        with boa.reverts("auction: above the limit"):
            self.house_of.bid(
                *(writer.number, self.vulture.number, WAD, preview.terms.equity // 100),
                *(SOLVENT, LATER),
                sender=self.vulture.address,
            )

    def buy(self, writer: Account) -> None:
        """The vulture takes what it can get, and the price is held against the mark."""
        preview = self.house_of.preview(writer.number, WAD)
        terms = preview.terms
        if not terms.kind or terms.due or terms.margin >= 0:
            return
        mark = terms.equity - terms.reserved
        _, paid = self.house_of.bid(
            *(writer.number, self.vulture.number, WAD, NO_LIMIT, terms.kind, LATER),
            sender=self.vulture.address,
        )
        if terms.kind == SOLVENT:
            assert paid >= mark * preview.deal.fraction // WAD * 5 // 100 > 0
            self.low.append(paid * WAD / (mark * preview.deal.fraction))
        else:
            # Paid no more than the maintenance margin lacks, buffer included.
            assert paid >= terms.margin

    def is_sound(self) -> None:
        certificate = self.ledger.certificate()
        assert 0 <= certificate.surplus < 10**5
        total = sum(self.cash(one) for one in self.everybody)
        total += int(self.ledger.cash_of(self.ledger.FUND()))
        assert 0 <= certificate.held - total < 10**5


@pytest.fixture(scope="module")
def thursday() -> Thursday:
    return Thursday()


def test_nothing_is_sold_for_nothing(thursday: Thursday) -> None:
    # The crash, with keepers at work and nobody bidding.
    for share in PATH:
        thursday.step(share, HOUR // 4)
        thursday.keep()
        for writer in thursday.writers:
            thursday.try_for_nothing(writer)
        thursday.is_sound()
    assert thursday.house_of.running() >= 3
    # An hour and more of silence, then days of it: no lot falls to zero, each begins anew.
    for hours in (1, 6, 13, 24, 24):
        thursday.step(PATH[-1], hours * HOUR)
        thursday.keep()
        for writer in thursday.writers:
            thursday.try_for_nothing(writer)
    # At last one bidder, with all the time it wants.
    thursday.step(PATH[-1], 17 * HOUR)
    for _ in range(3):
        for writer in thursday.writers:
            thursday.buy(writer)
        thursday.is_sound()
        thursday.keep()
    assert all(share >= 0.05 for share in thursday.low)
    for writer in thursday.writers:
        if thursday.ledger.in_auction(writer.number):
            thursday.house_of.finish(writer.number)
    assert thursday.house_of.running() == 0
    # What the fund could not bear stands in the books, to the wei.
    certificate = thursday.ledger.certificate()
    assert certificate.outstanding > 0 and certificate.fund == 0
    assert thursday.ledger.pending() == 0
