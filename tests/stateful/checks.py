"""What must hold in a village: named checks, each with the invariant of the design behind it.

`CHECKS` lists them; the parts, `checks_*.py`, make them. Cheap ones look at every step and its
events, those of the whole state at snapshots, what-ifs now and then, and the last at the end of a
world. Truth comes from the rules, in plain Python; the reference ledger plays beside the contracts
in worlds of its own (`crashes.py`).
"""

from __future__ import annotations

import random

from tests.stateful.checks_access import Access
from tests.stateful.checks_auctions import Auctions
from tests.stateful.checks_base import UNIT
from tests.stateful.checks_fund import Fund
from tests.stateful.checks_leaving import Leaving
from tests.stateful.checks_ledger import Ledger
from tests.stateful.checks_settlement import Settlement
from tests.stateful.snapshot import Snapshot
from tests.stateful.village import Receipt, Step

# Invariants of the design by number; `u`: a rule of one unit that they rest on.
CHECKS = {
    "1 quantities sum to zero": "of each series, over all accounts",
    "1 open interest is what is long": "of each series that has not ended",
    "1 the total is what is long": "of an underlying, all series together",
    "1 no series twice": "in an account; no empty position; the header counts them",
    "1 events tell every position": "a book kept by events alone equals the ledger's",
    "2 claims are covered": "tokens, debts and what is unsettled cover all credit",
    "2 rounding stays small": "what rounding left is a few wei an operation",
    "2 cash adds up": "the cash of all accounts is the ledger's credit less its debt",
    "2 the certificate counts tokens": "what it calls held is what the token says",
    "2 collateral adds up": "holdings are what was deposited, and the escrow has it",
    "2 pots are covered": "court, watch, bonds and fees hold what they owe",
    "3 who grows has initial margin": "after any trade in which a position of it grew",
    "3 who leaves has initial margin": "after withdrawals, transfers, a change of engine",
    "3 halted markets open nothing": "no position grows while halted",
    "3 limits of the listing": "open interest stays within after growth",
    "4 sound accounts are not auctioned": "who is put up was below maintenance",
    "4 bids keep their limit": "a bidder pays no more than it signed for",
    "4 sold at its price": "an auction leaves the account no worse than its price implies",
    "4 bidders have initial margin": "after their bid",
    "4 what runs is frozen": "an auction that runs is of a frozen account",
    "4 orders move their sides only": "a signed order changes no third account",
    "4 orders are filled once": "never beyond their size",
    "5 payoffs are right": "each is the payoff at the fixing, rounded down",
    "5 settled once": "no account is paid twice for what it holds of a series",
    "5 unsettled is what was paid": "the figure is the sum of payoffs so far",
    "5 fixings are final": "a price of an expiry never changes; nor the end of a barrier",
    "6 losses add up": "each is the fund's and everybody's",
    "6 the fund pays first": "nothing is shared while the fund has cash",
    "6 outstanding is what was shared": "less what income has restored",
    "6 pending is what auctions lack": "the sum of the house's provisions",
    "7 free cash leaves": "who owes nothing takes all of its cash out",
    "7 gas is bounded": "no call needs more than a block has",
    "8 strangers gain nothing": "no call makes somebody without a role richer in anything",
    "9 order of settlement": "does not change anybody's cash",
    "10 engines agree": "py-evm does what revm did, to the unit of gas",
    "11 nothing is stuck": "strangers settle all, and everybody leaves with everything",
    "12 dust blocks nobody": "a bid that works does so after a stranger's deposit",
    "13 views are total": "health and certificate never revert",
    "u access": "what is reserved is done by its holder only",
    "u words": "every reason is one of the sources'",
    "u no re-entry": "the ledger's functions refuse a call out of a token",
    "u indices": "debt's never falls, credit's only with a shared loss",
    "u the fund's account": "has no positions and no debt",
    "u fund shares": "add up, and are worth less only after a loss",
    "u the price is honest": "recorded within what the honest sources say",
    "u prices are the reference's": "fault, price, confidence and time, of all sources",
    "u votes add up": "to the supply",
    "u owners stay": "every unit belongs to whom it was given",
}
# Functions of the ledger that only another unit calls, by the event that each logs.
INSIDE = {
    "Frozen": "freeze",
    "Charged": "charge",
    "Liquidated": "liquidate",
    "Provided": "provide",
    "Deleveraged": "deleverage",
    "Released": "release",
}
BLOCK_GAS = 30_000_000


class Checks(Access, Ledger, Auctions, Settlement, Fund, Leaving):
    """The checks of one world."""

    def prepare(self, step: Step) -> None:
        """What a check needs to know from before."""
        self.before = {}
        if step.target[0] != "~":
            self.prepare_auction(step)
            self.prepare_wealth(step)

    def after(self, receipt: Receipt) -> None:
        """Everything that one step can show."""
        self.steps += 1
        if receipt.function == "~wait":
            return
        self.hold("7 gas is bounded", receipt.gas <= BLOCK_GAS, (receipt.step.target, receipt.gas))
        if not receipt.ok:
            reason = receipt.reason
            self.hold("u words", reason[0] == "(" or reason in self.known, reason)
            return
        self.access(receipt)
        self.nobody_gains(receipt)
        self.note_events(receipt)
        name = receipt.function
        if receipt.unit == "clearinghouse" and name in ("withdraw", "transfer", "set_engine"):
            self.sound(
                "3 who leaves has initial margin", self.village.resolve(receipt.step.args[0])
            )
        if receipt.step.target == "liar.say":
            # All sources have spoken, and nobody has recorded it.
            self.prices_agree()
        self.nothing_is_entered_twice(receipt)

    def note_events(self, receipt: Receipt) -> None:
        touched: dict[int, bool] = {}
        brought = deposited = 0
        ledger_place = self.village.addresses["clearinghouse"]
        for unit, event, given in self.village.events(receipt):
            if unit == "cash_token" and event == "Transfer":
                if str(given["receiver"]) == ledger_place:
                    brought += given["value"] * UNIT
            elif unit in ("clearinghouse", "back_office"):
                if event == "Deposited" and given["asset"] == 0:
                    deposited += given["amount"]
                if event in INSIDE:
                    self.inside[f"clearinghouse.{INSIDE[event]}"] += 1
                    if event == "Frozen" and not given["frozen"]:
                        self.inside["clearinghouse.thaw"] += 1
                handler = getattr(self, f"on_{event}", None)
                for key in ("account", "bidder", "opposite", "seller", "buyer", "receiver"):
                    if isinstance(given.get(key), int):
                        self.meet(given[key])
                        touched.setdefault(given[key], False)
                if handler is not None:
                    handler(receipt, given)
            elif event == "AuctionStarted":
                self.on_start(receipt, given)
            elif event == "BidTaken":
                self.on_bid(receipt, given)
            elif event == "SourcesReplaced" and given["underlying"] == 1:
                self.decimals = self.village.units["liar"].decimals()
            elif event == "OrderFilled":
                self.on_order(receipt, given)
        self.gifts += brought - deposited
        if touched:
            self.reread(receipt, touched)

    def whole(self, view: Snapshot) -> None:
        self.book_holds(view)
        self.cash_holds(view)
        self.losses_hold(view)
        self.escrow_holds(view)
        self.oracle_holds()
        self.fund_holds(view)

    def what_if(self, view: Snapshot, rng: random.Random) -> None:
        """Someone leaves; positions are settled in two orders."""
        with self.village.env.anchor():
            self.free_cash_leaves(view, rng)
        self.settlement_commutes(view, rng)

    def end(self) -> None:
        """Votes, owners and pots; then everybody leaves, without anybody who has a role."""
        self.votes_and_owners()
        self.pots()
        with self.village.env.anchor():
            self.everybody_leaves()
