"""The security fund."""

from __future__ import annotations

from tests.stateful.checks_base import Base
from tests.stateful.snapshot import Snapshot


class Fund(Base):
    """Its account and its shares."""

    def fund_holds(self, view: Snapshot) -> None:
        number = self.village.fund
        poor = view.cash[number] < 0 or view.positions[number] or view.holdings[number]
        self.hold("u the fund's account", not poor, view.cash[number])
        assets, supply = self.share_price()
        before, old_supply = self.shares
        # Cash is a wei less than whole units of the token now and then, which is a unit here, of
        # what was there: whoever fills an empty fund counts in units of nearly nothing.
        kept = assets * old_supply >= (before - 50) * supply or self.fund_lost
        self.hold("u fund shares", kept, (self.shares, assets, supply))
        self.fund_lost = False
        self.shares = (assets, supply)
        total = sum(view.shares) + 10**18
        self.hold("u fund shares", total <= supply, (total, supply))
