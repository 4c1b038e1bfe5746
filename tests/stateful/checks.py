"""What must hold in a village: named checks, each with the invariant of the design behind it.

`CHECKS` lists them. Cheap ones look at every step and its events, those of the whole state at
snapshots, what-ifs now and then, and the last at the end of a world. Truth comes from the rules, in
plain Python; the reference ledger plays beside the contracts in worlds of its own (`crashes.py`).
"""

from __future__ import annotations

import random
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import boa
import snekmate
from eth_utils.crypto import keccak

from novate.engine.batch import what_ifs
from novate.reference import oracle as prices
from novate.series import Series, unpack
from tests.stateful.snapshot import FROZEN, Snapshot, take
from tests.stateful.village import DAY, NOBODY, STRANGER, TOKENS, WAD, Receipt, Step, Village

ROOT = Path(__file__).resolve().parents[2]
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
# [wad] rounding of an action; see test of the twin.
DUST = 10**6
UNIT = 10**12
# Gains that the rules name: pots, tips, what one has earned, shares that pay out.
EARNING = {
    *("watch.touch", "watch.resolve", "auctions.start", "other_house.start", "bonds.claim"),
    *("bonds.prove_contradiction", "bonds.prove_deviation", "bonds.withdraw", "court.withdraw"),
    *("surface_fees.claim", "pool_shares_0.collect", "pool_shares_0.cancel", "watchdog.arm"),
    *("security_fund.cancel_request", "orders.fill"),
    *("batch.take", "batch.sweep", "batch.release", "batch.settle", "batch.settle_linked"),
    *("batch.forfeit", "batch.judge", "batch.challenge", "quote_rewards.pay"),
    *("vault_queue_0.claim", "vault_queue_0.cancel", "vault_queue_1.claim"),
    *("vault_queue_1.cancel", "vault_0.pay_back", "vault_1.pay_back", "long_tokens.redeem"),
    # Test tokens are anybody's.
    *("cash_token.mint", "index_token.mint"),
}


class BrokenError(AssertionError):
    """A check that does not hold."""

    def __init__(self, check: str, detail: Any) -> None:
        super().__init__(f"{check}: {detail}")
        self.check = check


def reasons() -> set[str]:
    """Every text in the sources, of ours and of what they import."""
    texts: set[str] = set()
    folders = [ROOT / "contracts", ROOT / "tests/hostile", *map(Path, snekmate.__path__)]
    for folder in folders:
        for file in folder.rglob("*.vy"):
            texts |= set(re.findall(r'"([^"\n]+)"', file.read_text()))
    return texts


class Checks:
    """The checks of one world."""

    def __init__(self, village: Village, known: set[str], roles: dict[str, list[str]]) -> None:
        self.village, self.known, self.roles = village, known, roles
        self.done: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self.numbers = list(village.accounts)
        self.book: dict[int, dict[int, int]] = {number: {} for number in self.numbers}
        self.settled: set[tuple[int, int]] = set()
        self.paid = self.shared = self.restored = 0
        # Tokens [wad] that came to the ledger otherwise than by a deposit.
        self.gifts = 0
        self.lost = False
        self.fund_lost = False
        self.steps = 0
        self.fixings: dict[int, int] = {}
        self.knocks: dict[int, int] = {}
        self.armed = False
        self.houses = {"auctions"}
        self.owner = village.addresses["timelock" if village.governed else "owner"]
        self.view = self.look(check=False)
        self.surplus = self.view.certificate.surplus
        self.shares = self.share_price()
        self.before: dict[str, Any] = {}

    def hold(self, check: str, holds: bool, detail: Any = "") -> None:
        self.done[check] += 1
        if not holds:
            raise BrokenError(check, detail)

    # -- around each step --

    def prepare(self, step: Step) -> None:
        """What a check needs to know from before."""
        self.before = {}
        village = self.village
        name = step.target.partition(".")[2]
        if step.target[0] == "~":
            return
        if name in ("start", "bid") and step.args and step.args[0] in village.numbers:
            number = village.numbers[step.args[0]]
            self.before["health"] = village.ledger.health(number)
            self.before["frozen"] = village.ledger.in_auction(number)
            if name == "bid":
                unit = village.units[step.target.partition(".")[0]]
                self.before["terms"] = unit.preview(number, WAD).terms
        if step.sender == STRANGER and step.target not in EARNING:
            self.before["wealth"] = self.wealth(STRANGER)

    def wealth(self, who: str) -> tuple[int, ...]:
        """Everything that somebody has, each kind by itself."""
        village = self.village
        place, number = village.addresses[who], village.numbers[f"#{who}"]
        tokens: tuple[str, ...] = ("cash_token", "index_token", "yield_token", "security_fund")
        tokens += ("pool_shares_0", "vault_0", "vault_1")
        asked: list[Any] = [
            (village.units[token].balanceOf, (place,)) for token in (*tokens, "votes")
        ]
        asked += [(village.ledger.cash_of, (number,)), (village.ledger.holdings_of, (number,))]
        *amounts, cash, held = what_ifs([[one] for one in asked])
        inside = {word >> 248: word & (2**248 - 1) for word in held}
        amounts[0] = amounts[0] * UNIT + cash
        amounts[1] += inside.get(1, 0)
        amounts[2] += inside.get(2, 0)
        return tuple(amounts)

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
        if "wealth" in self.before:
            now = self.wealth(STRANGER)
            gained = [b - a for a, b in zip(self.before["wealth"], now, strict=True)]
            nothing = max(gained) <= DUST or min(gained) < 0
            self.hold("8 strangers gain nothing", nothing, (receipt.step, gained))
        self.note_events(receipt)
        name = receipt.function
        if receipt.unit == "clearinghouse" and name in ("withdraw", "transfer", "set_engine"):
            self.sound(
                "3 who leaves has initial margin", self.village.resolve(receipt.step.args[0])
            )
        if receipt.step.target == "liar.say":
            # All sources have spoken, and nobody has recorded it.
            self.prices_agree()
        token = self.village.units["reentrant_token"]
        if self.armed and token.target() == NOBODY:
            # It has called back: in the middle of a call of the ledger's, or moved by itself.
            if receipt.unit == "clearinghouse":
                self.hold("u no re-entry", not token.succeeded(), receipt.step)
            self.armed = False
        if receipt.step.target == "reentrant_token.arm":
            self.armed = receipt.step.args[0] == "@clearinghouse" and self.writes(receipt.step)

    def writes(self, step: Step) -> bool:
        """Whether the armed call is to a function of the ledger that changes something."""
        selector = bytes.fromhex(step.args[1][2:10])
        return self.village.selectors.get(("clearinghouse", selector), ("", False))[1]

    def sound(self, check: str, number: int) -> None:
        """Initial margin, or neither positions nor debt."""
        ledger = self.village.ledger
        health = ledger.health(number)
        idle = not ledger.positions_of(number) and ledger.cash_of(number) >= 0
        self.hold(check, idle or (health.initial >= 0 and health.fresh), (number, health))

    def access(self, receipt: Receipt) -> None:
        roles = self.roles.get(f"{receipt.unit}.{receipt.function}")
        if roles is None:
            return
        sender, village = receipt.step.sender, self.village
        # A loss or auctions that others report are ignored; whose bond is gone, anybody drops.
        allowed = receipt.function in ("report_loss", "report_auctions")
        if receipt.function == "drop" and receipt.step.args[0] < len(village.reporters):
            dropped = village.addresses[village.reporters[receipt.step.args[0]]]
            allowed = not village.units["bonds"].is_bonded(dropped)
        for role in roles:
            if role == "owner":
                allowed |= sender == "owner" and not village.governed
            elif role == "reporter":
                feed = receipt.unit != "signed_feed"
                allowed |= sender == "owner" if feed else sender in village.reporters
            elif role == "fitters":
                allowed |= sender == "market maker"
            elif role == "proposer":
                allowed |= sender in ("backer", "holder")
            elif role == "account":
                allowed |= receipt.step.args[1] == f"@{sender}"
        self.hold("u access", allowed, (receipt.step, roles))

    # -- events --

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
            elif event == "OrderFilled":
                self.on_order(receipt, given)
        self.gifts += brought - deposited
        if touched:
            self.reread(receipt, touched)

    def meet(self, number: int) -> None:
        if number not in self.book:
            self.book[number] = {}
            self.numbers.append(number)

    def reread(self, receipt: Receipt, touched: dict[int, bool]) -> None:
        """The book of those whom events name; who grew must have initial margin."""
        ledger = self.village.ledger
        change: Counter[int] = Counter()
        opened = False
        for number in touched:
            old = self.book[number]
            new = dict(map(unpack, ledger.positions_of(number)))
            if new == old:
                continue
            self.book[number] = new
            for code in {*old, *new}:
                change[code] += max(new.get(code, 0), 0) - max(old.get(code, 0), 0)
            if any(
                abs(quantity) > abs(old.get(code, 0)) or quantity * old.get(code, 0) < 0
                for code, quantity in new.items()
            ):
                self.sound("3 who grows has initial margin", number)
                opened = True
        if opened and receipt.function not in ("bid", "finish"):
            listing, now = self.village.units["listing"], self.village.now
            until = max(listing.halted_until(0), listing.halted_until(1))
            self.hold("3 halted markets open nothing", until <= now, until)
            self.within_limits([code for code, more in change.items() if more > 0])

    def within_limits(self, grown: list[int]) -> None:
        """What grew stays within; what was beyond a lowered limit before may stay."""
        word = self.village.units["listing"].limits_of(1)
        of_series, of_all = (word >> 96) % 2**96 * 10**9, word % 2**96 * 10**9
        ledger = self.village.ledger
        most = max((ledger.open_interest(code) for code in grown), default=0)
        total = ledger.interest_in(1) if grown else 0
        fits = (not of_series or most <= of_series) and (not of_all or total <= of_all)
        self.hold("3 limits of the listing", fits, (word, most, total))

    def on_LossCovered(self, receipt: Receipt, given: dict[str, Any]) -> None:
        parts = given["from_fund"] + given["socialised"]
        self.hold("6 losses add up", given["loss"] == parts, given)
        self.fund_lost = True
        if given["socialised"]:
            self.lost = True
            self.shared += given["socialised"]
            self.before["socialised"] = self.before.get("socialised", 0) + given["socialised"]
            left = self.village.ledger.cash_of(self.village.fund)
            self.hold("6 the fund pays first", left <= DUST, left)

    def on_LossRestored(self, receipt: Receipt, given: dict[str, Any]) -> None:
        self.restored += given["amount"]

    def on_Settled(self, receipt: Receipt, given: dict[str, Any]) -> None:
        number, code = given["account"], given["series"]
        self.hold("5 settled once", (number, code) not in self.settled, (number, code))
        self.settled.add((number, code))
        series = Series.from_code(code)
        oracle = self.village.market.oracle
        alive = True
        if series.barrier:
            state = oracle.knocked(code)
            alive = series.knocks_in == (state == 1)
        expected = 0
        if alive:
            expected = series.payout(given["quantity"], oracle.fixing(1, series.expiry))
        self.hold("5 payoffs are right", given["payout"] == expected, (given, expected))
        self.paid += given["payout"]

    def on_Liquidated(self, receipt: Receipt, given: dict[str, Any]) -> None:
        # The bidder may get again what it was paid for.
        self.settled -= {one for one in self.settled if one[0] == given["bidder"]}

    def on_start(self, receipt: Receipt, given: dict[str, Any]) -> None:
        health = self.before.get("health")
        if health is not None:
            low = health.maintenance < 0 or self.before["frozen"]
            self.hold("4 sound accounts are not auctioned", low, (given, health))

    def on_bid(self, receipt: Receipt, given: dict[str, Any]) -> None:
        if "terms" not in self.before:
            return
        terms, units, payment = self.before["terms"], given["units"], given["payment"]
        limit = self.village.resolve(receipt.step.args[3])
        most = limit * units // WAD + 1 + abs(int(terms.price)) // WAD
        self.hold("4 bids keep their limit", payment <= most, (limit, units, payment))
        health, after = self.before["health"], self.village.ledger.health(given["account"])
        from_reserve, fraction = given["from_reserve"], given["fraction"]
        lot = (int(health.equity) - int(terms.reserved)) * fraction // WAD
        # What the fund lacks is shared by all positive cash, what is left of the account's too.
        least = int(health.equity) - lot + max(payment, 0) - from_reserve
        # Marks are rounded; together by less than a token's unit.
        least -= self.before.get("socialised", 0) + UNIT
        self.hold("4 sold at its price", int(after.equity) >= least, (given, after, least))
        self.sound("4 bidders have initial margin", given["bidder"])

    def on_order(self, receipt: Receipt, given: dict[str, Any]) -> None:
        if receipt.step.target != "~fill":
            return
        terms = receipt.step.args[1]
        self.hold("4 orders are filled once", given["filled"] <= terms[2], (given, terms))
        sides = {self.village.resolve(terms[0]), self.village.resolve(receipt.step.args[2])}
        moved = {
            args[side]
            for _, event, args in self.village.events(receipt)
            if event == "Novated"
            for side in ("seller", "buyer")
        }
        self.hold("4 orders move their sides only", moved <= sides, (moved, sides))

    # -- the whole state --

    def look(self, check: bool = True) -> Snapshot:
        """A snapshot, checked."""
        try:
            codes = sorted({code for held in self.book.values() for code in held})
            view = take(self.village, self.numbers, codes)
        except boa.BoaError as error:
            raise BrokenError("13 views are total", str(error)[:300]) from None
        self.done["13 views are total"] += 1
        if check:
            self.whole(view)
        self.view = view
        return view

    def whole(self, view: Snapshot) -> None:
        self.book_holds(view)
        self.cash_holds(view)
        self.losses_hold(view)
        self.escrow_holds(view)
        self.oracle_holds()
        self.fund_holds(view)

    def book_holds(self, view: Snapshot) -> None:
        self.hold("1 no series twice", not view.twice, view.twice)
        totals: Counter[int] = Counter()
        longs: Counter[int] = Counter()
        for number, held in view.positions.items():
            self.hold("1 events tell every position", held == self.book[number], number)
            count = (view.header[number] >> 128) & 255
            self.hold("1 no series twice", len(held) == count and 0 not in held.values(), number)
            for code, quantity in held.items():
                totals[code] += quantity
                longs[code] += max(quantity, 0)
        oracle = self.village.market.oracle
        for code, total in totals.items():
            series = Series.from_code(code)
            if series.expiry <= view.time or (series.barrier and oracle.knocked(code)):
                continue
            self.hold("1 quantities sum to zero", total == 0, (str(series), total))
            there = view.interest[code]
            self.hold("1 open interest is what is long", there == longs[code], (there, longs[code]))
        self.hold("1 the total is what is long", view.total == sum(longs.values()), view.total)

    def cash_holds(self, view: Snapshot) -> None:
        found = view.certificate
        self.hold("2 the certificate counts tokens", found.held == view.tokens * UNIT, found)
        left = found.surplus - self.surplus - self.gifts
        self.hold("2 claims are covered", found.surplus >= 0 and left >= 0, (found, self.gifts))
        self.hold("2 rounding stays small", left <= 10**4 * (self.steps + 100), (left, self.steps))
        credit = sum(max(cash, 0) for cash in view.cash.values())
        debt = -sum(min(cash, 0) for cash in view.cash.values())
        count = len(self.numbers) + 2
        adds_up = 0 <= found.credit - credit <= count and 0 <= debt - found.debt <= count
        self.hold("2 cash adds up", adds_up, (found.credit - credit, debt - found.debt))
        self.hold("5 unsettled is what was paid", found.unsettled == self.paid, found.unsettled)

    def losses_hold(self, view: Snapshot) -> None:
        rest = self.shared - self.restored
        check = "6 outstanding is what was shared"
        self.hold(check, view.outstanding == rest, (view.outstanding, rest))
        supply, borrow = view.indices
        old_supply, old_borrow = self.view.indices
        fell = supply < old_supply and not self.lost
        self.hold("u indices", borrow >= old_borrow and not fell, (view.indices, self.view.indices))
        self.lost = False
        self.houses.add(view.house)
        house = self.village.units[view.house]
        frozen = view.frozen
        if len(self.houses) == 1:
            self.hold("4 what runs is frozen", view.running == len(frozen), (view.running, frozen))
            provided = sum(house.provisions(number) for number in frozen) if frozen else 0
            check = "6 pending is what auctions lack"
            self.hold(check, view.pending == provided, (view.pending, provided))

    def escrow_holds(self, view: Snapshot) -> None:
        for asset, token in TOKENS.items():
            held = sum(one.get(asset, 0) for one in view.holdings.values())
            if not held and asset == 6:
                continue
            scale = UNIT if asset == 5 else 1
            there = view.escrow[asset] * scale
            deposited = view.deposited[asset]
            self.hold("2 collateral adds up", held == deposited <= there, (token, held, there))

    def oracle_holds(self) -> None:
        """What was fixed stays; what is served lies between the honest sources."""
        village = self.village
        oracle = village.market.oracle
        for expiry, price in self.fixings.items():
            self.hold("5 fixings are final", oracle.fixing(1, expiry) == price, expiry)
        for code, state in self.knocks.items():
            self.hold("5 fixings are final", oracle.knocked(code) == state, code)
        for held in self.book.values():
            for code in held:
                series = Series.from_code(code)
                if series.expiry <= village.now and series.expiry not in self.fixings:
                    price = oracle.fixing(1, series.expiry)
                    if price:
                        self.fixings[series.expiry] = price
                if series.barrier and code not in self.knocks and oracle.knocked(code):
                    self.knocks[code] = oracle.knocked(code)

    def prices_agree(self) -> None:
        """What is served now, by the reference model from what sources say and what is stored."""
        village, now = self.village, self.village.now
        oracle = village.market.oracle
        rules = oracle.rules_of(1)[0]
        memory = self.stored_price()
        if (rules >> 202) & 1 or now - memory.written <= (rules >> 168) & 63:
            # Market hours, and a price that is held, have tests of their own.
            return
        answers = []
        for name in ("spot_feed", "second_feed", "liar"):
            feed = village.units[name]
            round_id, answer, _, updated, answered = feed.latestRoundData()
            price = answer * 10**10
            if 0 < updated <= now and answered >= round_id and 0 < price < 10**30:
                answers.append((price, updated, 4 * DAY))
        if village.units["liar"].decimals() != 8:
            answers = answers[:2]
        limits = prices.Limits(
            (rules >> 164) & 15,
            (rules >> 174) % 2**14,
            (rules >> 188) % 2**14,
            (rules >> 204) % 2**20,
        )
        expected = prices.serve(answers, limits, memory, now)
        found = prices.Served(*oracle.status(1))
        self.hold("u prices are the reference's", found == expected, (found, expected))

    def stored_price(self) -> prices.Memory:
        """The word that the oracle keeps of its last aggregate, see prices.vy."""
        oracle = self.village.market.oracle
        layout = oracle.compiler_data.storage_layout["storage_layout"]
        slot = layout["prices"]["aggregates"]["slot"]
        place = keccak(slot.to_bytes(32, "big") + (1).to_bytes(32, "big"))
        word = boa.env.get_storage(oracle.address, int.from_bytes(place, "big"))
        written = (word >> 120) % 2**36
        tripped = written + (word >> 229) - 1 if word >> 229 else None
        confidence = (word >> 100) % 2**20 * 10**12
        age = (word >> 156) % 2**20
        return prices.Memory(word % 2**100, confidence, written - age, written, tripped)

    def share_price(self) -> tuple[int, int]:
        fund = self.village.units["security_fund"]
        return int(fund.totalAssets()) + 1, int(fund.totalSupply()) + 10**18

    def fund_holds(self, view: Snapshot) -> None:
        number = self.village.fund
        poor = view.cash[number] < 0 or view.positions[number] or view.holdings[number]
        self.hold("u the fund's account", not poor, view.cash[number])
        assets, supply = self.share_price()
        before, old_supply = self.shares
        # Cash is a wei less than whole units of the token now and then, which is a unit here.
        kept = (assets + 50) * old_supply >= before * supply or self.fund_lost
        self.hold("u fund shares", kept, (self.shares, assets, supply))
        self.fund_lost = False
        self.shares = (assets, supply)
        total = sum(view.shares) + 10**18
        self.hold("u fund shares", total <= supply, (total, supply))

    # -- what-ifs --

    def what_if(self, view: Snapshot, rng: random.Random) -> None:
        """Someone leaves; positions are settled in two orders."""
        with self.village.env.anchor():
            self.free_cash_leaves(view, rng)
        self.settlement_commutes(view, rng)

    def free_cash_leaves(self, view: Snapshot, rng: random.Random) -> None:
        village = self.village
        idle = [
            name
            for name in village.people
            if view.cash[n := village.numbers[f"#{name}"]] > WAD
            and not view.positions[n]
            and not view.header[n] & FROZEN
        ]
        if not idle or view.pending:
            return
        name = rng.choice(idle)
        number = village.numbers[f"#{name}"]
        units = min(view.cash[number] // UNIT, view.tokens)
        if units <= 0:
            return
        step = Step(name, "clearinghouse.withdraw", (f"#{name}", 0, units, f"@{name}"))
        receipt = village.do(step)
        # Collateral without a price is no reason to keep cash that is not needed.
        self.hold("7 free cash leaves", receipt.ok, (step, receipt.reason))

    def settlement_commutes(self, view: Snapshot, rng: random.Random) -> None:
        village = self.village
        due = [
            number
            for number, held in view.positions.items()
            if any(Series.from_code(code).expiry in self.fixings for code in held)
        ]
        if len(due) < 2:
            return
        found = []
        for _ in range(2):
            rng.shuffle(due)
            with village.env.anchor():
                for number in due:
                    village.ledger.settle(
                        [number], sender=village.addresses[rng.choice(("keeper", STRANGER))]
                    )
                found.append({number: village.ledger.cash_of(number) for number in due})
        apart = max(abs(found[0][number] - found[1][number]) for number in due)
        self.hold("9 order of settlement", apart <= 4 * len(due), apart)

    def dust_blocks_nobody(self, step: Step) -> None:
        """The bid as it is, and the same after dust for account and bidder."""
        village = self.village
        # A limit without any slack notices the dust, as the auction house says.
        terms = (*step.args[:3], min(step.args[3] + 10 * UNIT, 2**254), *step.args[4:])
        step = Step(step.sender, step.target, terms)
        with village.env.anchor():
            plain = village.do(step)
        with village.env.anchor():
            for account in step.args[:2]:
                village.do(Step(STRANGER, "clearinghouse.deposit", (account, 0, 1)))
            dusted = village.do(step)
        if plain.ok:
            self.hold("12 dust blocks nobody", dusted.ok, (step, dusted.reason))

    # -- the end of a world --

    def end(self) -> None:
        """Votes, owners and pots; then everybody leaves, without anybody who has a role."""
        village, units = self.village, self.village.units
        votes = sum(
            units["votes"].balanceOf(place)
            for name, place in village.addresses.items()
            if name != "nobody"
        )
        self.hold("u votes add up", votes == units["votes"].totalSupply(), votes)
        for name in (
            "oracle",
            "margin",
            "listing",
            "clearinghouse",
            "auctions",
            "orders",
            "pool_0",
        ):
            self.hold("u owners stay", str(units[name].owner()) == self.owner, name)
        self.pots()
        with village.env.anchor():
            self.everybody_leaves()

    def pots(self) -> None:
        village, units = self.village, self.village.units
        token, people = units["cash_token"], list(village.addresses.values())
        owed = {
            "court": sum(units["court"].credit(place) for place in people),
            "bonds": sum(
                units["bonds"].stake(p) + units["bonds"].leaving(p) + units["bonds"].owed(p)
                for p in people
            )
            + units["bonds"].pots(village.addresses["signed_feed"]),
            "surface_fees": units["surface_fees"].pot()
            + sum(units["surface_fees"].owed(place) for place in people),
            "watch": sum(units["watch"].pot(code) for code in self.codes()),
        }
        for name, amount in owed.items():
            there = token.balanceOf(village.addresses[name])
            self.hold("2 pots are covered", there >= amount, (name, there, amount))

    def codes(self) -> set[int]:
        return {code for held in self.book.values() for code in held}

    def everybody_leaves(self) -> None:
        """Prices end; weeks later strangers fix and settle everything; then all money leaves."""
        village, ledger = self.village, self.village.ledger
        oracle, env = village.market.oracle, village.env

        def do(target: str, *args: Any, sender: str = STRANGER) -> Receipt:
            return village.do(Step(sender, target, args))

        codes = {code for number in self.numbers for code in self.book[number]}
        expiries = {Series.from_code(code).expiry for code in codes}
        last = max([village.now, *expiries])
        env.time_travel(seconds=last - village.now + 4 * DAY)
        for expiry in sorted(expiries):
            if not oracle.fixing(1, expiry):
                receipt = do("oracle.fix", 1, expiry, ())
                self.hold("11 nothing is stuck", oracle.fixing(1, expiry) > 0, receipt.reason)
        for code in codes:
            if Series.from_code(code).barrier and not oracle.knocked(code):
                do("watch.resolve", code, 1_024)
                self.hold("11 nothing is stuck", oracle.knocked(code) > 0, ("barrier", code))
        for number in self.numbers:
            ledger.settle([number], sender=village.addresses[STRANGER])
            left = ledger.positions_of(number)
            self.hold("11 nothing is stuck", not left, ("positions", number, left))
        # Sources answer again: they are no part of the house.
        do("false_token.jam", False)
        for name in village.people:
            do("blacklist_token.block_address", f"@{name}", False)
            do("cash_token.approve", "@clearinghouse", 2**256 - 1, sender=name)
            do("cash_token.mint", f"@{name}", 10**15, sender="owner")
        do("blacklist_token.block_address", "@clearinghouse", False)
        self.sources_answer(do)
        house = village.names[str(ledger.auction_house())]
        for number, name in village.accounts.items():
            if ledger.in_auction(number):
                self.ends(do, house, number, name)
        self.hold("6 pending is what auctions lack", ledger.pending() == 0, ledger.pending())
        for number, name in village.accounts.items():
            person = name[1:].partition("/")[0]
            if person in village.people:
                self.leaves(do, number, name, person)

    def sources_answer(self, do: Any) -> None:
        village = self.village
        for _ in range(3):
            price = int(village.market.oracle.last(1)[0]) // 10**10
            for feed in ("spot_feed", "second_feed"):
                do(f"{feed}.push", price, sender="owner")
            do("liar.say", price, village.now)
            do("volatility_feed.push", 2 * 10**7, sender="owner")
            do("oracle.poke", 1)
            village.env.time_travel(seconds=1_200)

    def ends(self, do: Any, house: str, number: int, name: str) -> None:
        """An auction ends: by a cure that anybody can bring, and a call of anybody's."""
        ledger = self.village.ledger
        if do(f"{house}.finish", name).ok:
            return
        # Its debt, with a little for the interest of the next days, and the buffer of what its
        # collateral is worth and does not count.
        debt = max(-int(ledger.cash_of(number)), 0) // UNIT
        lack = debt + debt // 50 + max(int(ledger.health(number).equity), 0) // UNIT // 4 + 10**6
        if lack > 0:
            do("clearinghouse.deposit", name, 0, lack, sender="maker")
        for _ in range(24):
            # A market with hours must open first.
            self.sources_answer(do)
            receipt = do(f"{house}.finish", name)
            if receipt.ok:
                break
            self.village.env.time_travel(seconds=DAY // 6)
        self.hold("11 nothing is stuck", receipt.ok, ("auction", name, receipt.reason))

    def leaves(self, do: Any, number: int, name: str, person: str) -> None:
        ledger, village = self.village.ledger, self.village
        cash = int(ledger.cash_of(number))
        if cash < 0:
            do("clearinghouse.deposit", name, 0, -cash // UNIT + 1, sender=person)
        for word in ledger.holdings_of(number):
            asset, amount = word >> 248, word & (2**248 - 1)
            units = amount // (UNIT if asset == 5 else 1)
            if not units:
                continue
            receipt = do("clearinghouse.withdraw", name, asset, units, f"@{person}", sender=person)
            self.hold("11 nothing is stuck", receipt.ok, (name, asset, amount, receipt.reason))
        cash = int(ledger.cash_of(number)) // UNIT
        there = village.balance("cash_token", "clearinghouse")
        if min(cash, there) > 0:
            units = min(cash, there)
            receipt = do("clearinghouse.withdraw", name, 0, units, f"@{person}", sender=person)
            self.hold("11 nothing is stuck", receipt.ok, (name, units, receipt.reason))


def roles_of(village: Village) -> dict[str, list[str]]:
    """unit.function -> who may call it, from access.toml, but for what is one's own."""
    table = tomllib.loads((ROOT / "novate/governance/access.toml").read_text())
    found: dict[str, list[str]] = {}
    own = ("SecurityFund", "PoolShares", "StrategyVault", "Unwinder")
    sections = {"clearinghouse": ("BackOffice",), "portfolio_margin": ("PortfolioSettings",)}
    for unit, contract in village.units.items():
        name = Path(str(contract.compiler_data.contract_path)).stem
        for section in (name, *sections.get(unit, ())):
            for function, row in table.get(section, {}).items():
                open_to_all = section == "Timelock" and function == "execute_batch"
                if section not in own and not open_to_all:
                    found[f"{unit}.{function}"] = row["caller"]
    return found
