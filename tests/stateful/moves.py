"""What people do in a village, with sense: moves that mostly work, each a row of steps.

A move is a generator: it yields a step and is sent the receipt. Moves look at the last snapshot and
remember no more than prices and the series in use, so any sub-sequence of steps can be replayed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Generator
from functools import cache
from typing import Any

import boa

from novate.series import Series
from novate.series import next_expiries as every_expiry
from tests.stateful.owners import CHANGES, GUARDED, kept
from tests.stateful.raw import Raw
from tests.stateful.snapshot import Snapshot
from tests.stateful.village import DAY, HOUR, STRANGER, TOKENS, WAD, Receipt, Step, Village


@cache
def _expiries(hour: int, rules: Any) -> list[int]:
    return every_expiry(hour * HOUR, rules)[:4]


def next_expiries(now: int, rules: Any) -> list[int]:
    """The next ones on the grid [s], reckoned once an hour."""
    return [time for time in _expiries(now // HOUR, rules) if time > now]


Move = Generator[Step, Receipt, None]
TRADERS = ("maker", "market maker", "writer", "reckless writer", "second writer", "holder")
BIDDERS = ("bidder", "rival", "holder", "maker")
BACKERS = ("backer", "rival", "keeper")
UNIT = 10**9
# Views of the governor that take a proposal.
ASKED = ("state", "proposalSnapshot", "proposalDeadline", "proposalProposer", "proposalEta")
SOLVENT, INSOLVENT = 1, 2


class Moves:
    """Chooses and makes moves."""

    def __init__(self, village: Village, rng: random.Random, governed: bool) -> None:
        self.village, self.rng, self.governed = village, rng, governed
        self.spot, self.volatility = 2_750.0, 0.2
        self.codes: list[int] = []
        self.expiries: set[int] = set()
        # Proposals on their way: target, arguments, text, stage.
        self.agenda: list[list[Any]] = []
        self.count = 0
        self.view: Snapshot
        self.raw = Raw(village, self)
        self.nobody_bids = rng.random() < 0.3
        self.weights: dict[Callable[[], Move], int] = {
            self.any_call: 60,
            self.opens: 26,
            self.reduces: 8,
            self.deposits: 5,
            self.leaves: 8,
            self.borrows: 3,
            self.transfers: 4,
            self.engines: 3,
            self.operators: 2,
            self.cancels: 2,
            self.starts: 18,
            self.bids: 2 if self.nobody_bids else 22,
            self.restarts: 4,
            self.finishes: 4,
            self.provides: 3,
            self.pauses: 3,
            self.announces: 6,
            self.deleverages: 10,
            self.writes_off: 3,
            self.settles: 8,
            self.courts: 3,
            self.barriers: 5,
            self.backs: 8,
            self.reports: 5,
            self.bonds: 4,
            self.smiles: 3,
            self.forecasts: 3,
            self.hostilities: 6,
            self.owner_acts: 12 if governed else 6,
            self.guardian_acts: 2,
            self.governs: 40 if governed else 1,
            self.pool_moves: 4,
            self.longs: 3,
            self.permits: 2,
            self.watches: 2,
            self.views: 2,
        }

    def pick(self, items: Any) -> Any:
        return items[self.rng.randrange(len(items))]

    def some_code(self) -> int:
        if self.codes and self.rng.random() < 0.9:
            return self.pick(self.codes)
        return self.series(0.2).code

    def some_expiry(self) -> int:
        if self.expiries and self.rng.random() < 0.8:
            return self.pick(sorted(self.expiries))
        return self.village.now // HOUR * HOUR

    def any_move(self) -> Move:
        moves = list(self.weights)
        return self.rng.choices(moves, list(self.weights.values()))[0]()

    # -- raw --

    def any_call(self) -> Move:
        yield self.raw.step()

    # -- the market --

    def market(self) -> Move:
        """Time and prices: everything that makes values move."""
        rng = self.rng
        if rng.random() < 0.6:
            seconds = [20, 600, 2 * HOUR, 4 * HOUR, 7 * HOUR, DAY, 3 * DAY]
            yield Step("keeper", "~wait", (rng.choices(seconds, [3, 5, 5, 4, 2, 3, 1])[0],))
        if rng.random() < 0.9:
            self._move()
            yield from self.push()

    def _move(self) -> None:
        rng = self.rng
        aim = self.spot * (1 + rng.choice([-0.06, -0.02, -0.005, 0.0, 0.005, 0.02, 0.04]))
        shorts = [
            code
            for held in self.view.positions.values()
            for code, quantity in held.items()
            if quantity < 0
        ]
        if shorts and rng.random() < 0.45:
            # Against somebody's short, from a little to ruin.
            series = Series.from_code(self.pick(shorts))
            by = rng.choice([0.03, 0.06, 0.1, 0.15, 0.2, 0.35])
            aim = series.strike / WAD * (1 - by if series.is_put else 1 + by)
        elif rng.random() < 0.2:
            aim += 0.3 * (2_750 - aim)
        self.spot = round(min(max(aim, 700.0), 6_000.0), 2)
        self.volatility = round(rng.choice([0.12, 0.2, 0.35, 0.6, 0.9]), 4)

    def push(self) -> Move:
        """Two honest sources near each other, and one that says what it likes."""
        rng, scale = self.rng, 10**8
        spot = round(self.spot * scale)
        other = round(spot * (1 + rng.uniform(-0.004, 0.004)))
        yield Step("owner", "spot_feed.push", (spot,))
        yield Step("owner", "second_feed.push", (other,))
        yield Step("owner", "volatility_feed.push", (round(self.volatility * scale),))
        yield from self.lie()
        if rng.random() < 0.85:
            yield Step("keeper", "oracle.poke", (1,))

    def lie(self) -> Move:
        rng = self.rng
        spot = round(self.spot * 10**8)
        said = rng.choice([0, 1, -spot, spot // 2, spot * 2, spot * 10**6, 2**200])
        if rng.random() < 0.5:
            said = round(spot * rng.uniform(0.9, 1.1))
        when = self.village.now + rng.choice([0, 0, 0, -DAY, HOUR])
        yield Step(STRANGER, "liar.say", (said, max(when, 0)))

    # -- money --

    def deposits(self) -> Move:
        who = self.pick(TRADERS + BIDDERS)
        asset = self.pick((0, 0, 0, *TOKENS))
        # Dollars, or up to a tenth of a unit of the underlying.
        amount = self.rng.randint(1, 10**5 if asset == 5 else 10**17)
        if asset == 0:
            amount = self.rng.randint(1, 500) * 10**6
        account = self.pick(list(self.village.numbers)) if self.rng.random() < 0.2 else f"#{who}"
        yield Step(who, "clearinghouse.deposit", (account, asset, amount))

    def leaves(self) -> Move:
        who = self.pick((*TRADERS, *BIDDERS, STRANGER))
        number = self.village.numbers[f"#{who}"]
        held = self.view.holdings.get(number, {})
        if held and self.rng.random() < 0.4:
            asset = self.pick(sorted(held))
            amount = held[asset] // (10**12 if asset == 5 else 1)
            amount = max(int(amount * self.rng.choice([0.2, 1, 1.01])), 1)
            yield Step(who, "clearinghouse.withdraw", (f"#{who}", asset, amount, f"@{who}"))
            return
        free = max(self.view.health[number][1], 0) / WAD
        share = self.rng.choice([0.01, 0.3, 0.9, 1.01, 5])
        amount = max(int(free * share * 10**6), 1)
        receiver = f"@{self.pick((who, who, who, STRANGER))}"
        yield Step(who, "clearinghouse.withdraw", (f"#{who}", 0, amount, receiver))

    def borrows(self) -> Move:
        who = self.pick(TRADERS)
        yield Step(who, "clearinghouse.deposit", (f"#{who}", 1, self.rng.randint(1, 8) * WAD // 10))
        number = self.village.numbers[f"#{who}"]
        cash = max(self.view.cash[number], 0)
        more = self.rng.randint(50, 1_500) * WAD
        amount = (cash + more) // 10**12
        yield Step(who, "clearinghouse.withdraw", (f"#{who}", 0, amount, f"@{who}"))

    def transfers(self) -> Move:
        who = self.pick(("maker", "writer"))
        sides = [f"#{who}", f"#{who}/1"]
        self.rng.shuffle(sides)
        asset = self.pick((0, 0, 1, 2))
        amount = self.rng.randint(1, 400) * (WAD if asset == 0 else WAD // 100)
        yield Step(who, "clearinghouse.transfer", (*sides, asset, amount))

    def engines(self) -> Move:
        who = self.pick(TRADERS)
        yield Step(who, "clearinghouse.set_engine", (f"#{who}", self.pick((0, 1, 1, 2))))

    def operators(self) -> Move:
        who, operator = self.pick(TRADERS), self.pick(("keeper", "router", "bidder"))
        if self.rng.random() < 0.5:
            yield Step("keeper", "~operate", (who, f"@{operator}", self.rng.random() < 0.7))
        else:
            approved = self.rng.random() < 0.7
            yield Step(who, "operators.set_operator", (f"@{operator}", approved))

    # -- trades --

    def series(self, barrier: float = 0.15) -> Series:
        rng, rules = self.rng, self.village.market.parameters.grid
        expiry = self.pick(next_expiries(self.village.now, rules)[:3])
        strike = 25 * rng.randint(int(self.spot / 25 * 0.85), int(self.spot / 25 * 1.15))
        is_put = rng.random() < 0.6
        if rng.random() >= barrier:
            return Series(1, expiry, strike * WAD, is_put)
        is_up = rng.random() < 0.5
        at = 25 * round(self.spot / 25 * (1.08 if is_up else 0.92))
        return Series(1, expiry, strike * WAD, is_put, at * WAD, is_up, rng.random() < 0.5)

    def fair(self, series: Series) -> float:
        """[USD] about what it is worth."""
        years = max(series.expiry - self.village.now, 1) / (365 * DAY)
        strike = series.strike / WAD
        inside = max(strike - self.spot if series.is_put else self.spot - strike, 0.0)
        spread = self.volatility * math.sqrt(years) * self.spot
        away = (strike - self.spot) / max(spread, 1.0)
        return inside + 0.4 * spread * math.exp(-0.7 * abs(away) - 0.25 * away * away)

    def terms(self, account: str, size: int, legs: list[Any], taker: str = "@nobody") -> tuple:
        self.count += 1
        legs = sorted(legs)
        deadline = self.village.now + self.rng.choice([600, DAY, DAY, 30 * DAY])
        return account, taker, size, legs, self.count, deadline

    def opens(self) -> Move:
        """A maker signs, a taker fills: mostly the taker buys what a writer sells."""
        rng = self.rng
        maker, taker = rng.sample(TRADERS, 2)
        series = self.series()
        if self.codes and rng.random() < 0.3:
            series = Series.from_code(self.pick(self.codes))
        if series.expiry <= self.village.now and rng.random() < 0.9:
            return
        if series.barrier and series.code not in self.codes:
            yield Step("keeper", "watch.watch", (series.code,))
        sells = rng.random() < 0.7
        seller = maker if sells else taker
        free = max(self.view.health[self.village.numbers[f"#{seller}"]][1], 0) / WAD
        size = max(int(free / (0.13 * self.spot) * rng.uniform(0.1, 1.2) * 1e9), 1) * UNIT
        price = int(self.fair(series) * rng.choice([0.7, 0.9, 1, 1.1, 1.4]) * 1e6) * 10**12
        legs = [(series.code, -WAD if sells else WAD, price)]
        if rng.random() < 0.2 and not series.barrier:
            wing = Series(1, series.expiry, series.strike + 100 * WAD, series.is_put)
            legs.append((wing.code, -legs[0][1], int(self.fair(wing) * 1e6) * 10**12))
        account = (
            f"#{maker}/1" if maker in ("maker", "writer") and rng.random() < 0.1 else f"#{maker}"
        )
        amount = size if rng.random() < 0.7 else max(size // UNIT // 3, 1) * UNIT
        receipt = yield from self.trades(maker, account, taker, size, legs, amount)
        if receipt.ok:
            self.codes += [leg[0] for leg in legs if leg[0] not in self.codes]
            self.expiries.add(series.expiry)
            if len(self.codes) > 24:
                del self.codes[: len(self.codes) - 24]

    def trades(
        self, maker: str, account: str, taker: str, size: int, legs: list[Any], amount: int
    ) -> Generator[Step, Receipt, Receipt]:
        terms = self.terms(account, size, legs)
        if self.rng.random() < 0.12:
            back = [(code, -quantity, price) for code, quantity, price in legs]
            answer = self.terms(f"#{taker}", size, back, f"@{maker}")
            answer = (*answer[:5], terms[5])
            return (yield Step("keeper", "~cross", (maker, terms, taker, answer, amount)))
        receipt = yield Step(taker, "~fill", (maker, terms, f"#{taker}", amount))
        if amount < size and self.rng.random() < 0.5:
            # The rest, and once more than there is.
            yield Step(taker, "~fill", (maker, terms, f"#{taker}", size - amount))
            yield Step(taker, "~fill", (maker, terms, f"#{taker}", amount))
        return receipt

    def reduces(self) -> Move:
        """A long sells to a short: neither position grows."""
        by_code: dict[int, dict[str, int]] = {}
        for number, held in self.view.positions.items():
            name = self.village.accounts.get(number, "")
            if name[1:] in TRADERS:
                for code, quantity in held.items():
                    by_code.setdefault(code, {})[name[1:]] = quantity
        pairs = [
            (code, one, other, min(quantity, -held[other]))
            for code, held in by_code.items()
            for one, quantity in held.items()
            for other in held
            if quantity > 0 > held[other]
        ]
        if not pairs:
            return
        code, long, short, size = self.pick(pairs)
        series = Series.from_code(code)
        price = int(self.fair(series) * self.rng.choice([0, 0.8, 1, 1.2, 3]) * 1e6) * 10**12
        size = max(size // UNIT * self.rng.randint(1, 4) // 4, 1) * UNIT
        legs = [(code, -WAD, price)]
        yield from self.trades(long, f"#{long}", short, size, legs, size)

    def cancels(self) -> Move:
        maker, taker = self.rng.sample(TRADERS, 2)
        terms = self.terms(f"#{maker}", WAD, [(self.series().code, -WAD, WAD)])
        if self.rng.random() < 0.3:
            yield Step(maker, "orders.cancel_all", (f"#{maker}",))
        else:
            yield Step(maker, "~cancel", (terms,))
        yield Step(taker, "~fill", (maker, terms, f"#{taker}", WAD))

    # -- auctions --

    def in_auction(self) -> list[int]:
        return [n for n in self.view.frozen if n in self.village.accounts]

    def name(self, number: int) -> str:
        return self.village.accounts[number]

    def house(self) -> str:
        return self.view.house or "auctions"

    def starts(self) -> Move:
        village, rng = self.village, self.rng
        short = [n for n, h in self.view.health.items() if h[2] < 0 and n not in self.view.frozen]
        number = (
            self.pick(short) if short and rng.random() < 0.9 else self.pick(list(village.accounts))
        )
        if number not in village.accounts or (not short and rng.random() < 0.8):
            return
        keeper = self.pick(("#keeper", "#keeper", "#fund", "#bidder", self.name(number)))
        yield Step("keeper", f"{self.house()}.start", (self.name(number), keeper))

    def bids(self) -> Move:
        frozen = self.in_auction()
        if not frozen:
            return
        rng, number, who = self.rng, self.pick(frozen), self.pick(BIDDERS)
        house = self.house()
        answer = self.village.units[house].preview(number, WAD)
        kind = int(answer.terms.kind) or 1
        if answer.terms.due:
            yield Step("keeper", f"{house}.restart", (self.name(number),))
            answer = self.village.units[house].preview(number, WAD)
            kind = int(answer.terms.kind) or 1
        asked = rng.choice([WAD, WAD, WAD // 2, WAD // 10, 10**11])
        limit = int(answer.lot_price) + rng.choice([0, 0, WAD, 2**200, -WAD])
        deadline = self.village.now + rng.choice([0, 60, -1 if rng.random() < 0.2 else 60])
        kind = kind ^ 3 if rng.random() < 0.03 else kind
        terms = (self.name(number), f"#{who}", asked, limit, kind, deadline)
        yield Step(who, f"{house}.bid", terms)

    def restarts(self) -> Move:
        frozen = self.in_auction()
        if frozen:
            yield Step("keeper", f"{self.house()}.restart", (self.name(self.pick(frozen)),))

    def finishes(self) -> Move:
        frozen = self.in_auction()
        if not frozen:
            return
        number = self.pick(frozen)
        if self.rng.random() < 0.4:
            lack = max(-self.view.health[number][2] // 10**12, 1)
            amount = int(lack * self.rng.choice([0.01, 1, 1.5]))
            args = (self.name(number), 0, max(amount, 1))
            yield Step(self.pick(("bidder", "maker")), "clearinghouse.deposit", args)
        yield Step("keeper", f"{self.house()}.finish", (self.name(number),))

    def provides(self) -> Move:
        frozen = self.in_auction()
        if frozen:
            yield Step("keeper", f"{self.house()}.provide", (self.name(self.pick(frozen)),))

    def pauses(self) -> Move:
        frozen = self.in_auction()
        if not frozen:
            return
        number = self.pick(frozen)
        if self.rng.random() < 0.3:
            yield Step("keeper", "~wait", (5 * DAY,))
        yield Step("keeper", f"{self.house()}.pause", (self.name(number),))
        if self.rng.random() < 0.7:
            yield from self.push()
            yield Step("keeper", "oracle.poke", (1,))
            yield Step("keeper", "~wait", (360,))
            yield Step("keeper", f"{self.house()}.resume", (self.name(number),))

    def announces(self) -> Move:
        bad = [n for n in self.in_auction() if self.view.health[n][0] < 0]
        if not bad:
            return
        number, house = self.pick(bad), self.house()
        name = self.name(number)
        yield Step("keeper", f"{house}.restart", (name,))
        yield Step("keeper", "~wait", (self.rng.choice([HOUR, HOUR + 60, 600]),))
        yield Step("keeper", f"{house}.announce", (name,))
        if self.rng.random() < 0.6:
            yield Step("keeper", "~wait", (self.rng.choice([1_800, 600]),))
            yield from self.closes(number)

    def deleverages(self) -> Move:
        bad = [n for n in self.in_auction() if self.view.health[n][0] < 0]
        if bad:
            yield from self.closes(self.pick(bad))

    def closes(self, number: int) -> Move:
        shorts = [c for c, q in self.view.positions[number].items() if q < 0]
        if not shorts:
            return
        code, house, name = self.pick(shorts), self.house(), self.name(number)
        for other, held in self.view.positions.items():
            if held.get(code, 0) > 0 and other in self.village.accounts:
                yield Step("keeper", f"{house}.nominate", (name, code, self.name(other)))
        yield Step("keeper", f"{house}.deleverage", (name, code))

    def writes_off(self) -> Move:
        debtors = [n for n, cash in self.view.cash.items() if cash < 0]
        number = self.pick(debtors) if debtors else self.pick(list(self.village.accounts))
        if number in self.village.accounts:
            yield Step("keeper", "clearinghouse.write_off", (self.name(number),))

    # -- settlement --

    def expired(self) -> list[int]:
        return sorted(
            {
                Series.from_code(code).expiry
                for held in self.view.positions.values()
                for code in held
                if Series.from_code(code).expiry <= self.village.now
            }
        )

    def settles(self) -> Move:
        village, who = self.village, self.pick(("keeper", STRANGER, "maker"))
        for expiry in self.expired():
            if not village.market.oracle.fixing(1, expiry):
                yield from self.fixes(expiry, who)
        some = [self.name(n) for n in self.view.positions if n in village.accounts]
        self.rng.shuffle(some)
        count = self.rng.choice([1, 3, 32])
        yield Step(who, "clearinghouse.settle", (tuple(some[:count]),))

    def fixes(self, expiry: int, who: str) -> Move:
        oracle = self.village.market
        try:
            window = int(oracle.oracle.WINDOW())
            rounds = tuple(oracle.oracle_lens.rounds_at(1, expiry - window))
        except boa.BoaError:
            rounds = ()
        yield Step(who, "oracle.fix", (1, expiry, rounds))

    def courts(self) -> Move:
        rng = self.rng
        expired = self.expired()
        expiry = self.pick(expired) if expired else self.village.now // HOUR * HOUR
        price = round(self.spot * 10**8 * rng.choice([1, 1.01, 3])) * 10**10
        yield Step("backer", "court.propose", (1, expiry, price))
        if rng.random() < 0.6:
            yield Step("rival", "court.dispute", (1, expiry))
        if rng.random() < 0.6:
            yield Step("keeper", "~wait", (rng.choice([7_300, DAY, DAY]),))
        if rng.random() < 0.5:
            yield from self.owner_calls("court.choose", (1, expiry, rng.random() < 0.5))
        else:
            yield from self.fixes(expiry, "keeper")
        yield Step("keeper", "court.settle", (1, expiry))
        yield Step(self.pick(("backer", "rival", "owner")), "court.withdraw", ())

    def barriers(self) -> Move:
        codes = [code for code in self.codes if Series.from_code(code).barrier]
        if not codes:
            return
        code, rng = self.pick(codes), self.rng
        series = Series.from_code(code)
        if rng.random() < 0.4:
            yield Step("backer", "watch.fund", (code, 10**6))
        if rng.random() < 0.4 and series.expiry > self.village.now:
            level = series.barrier / WAD
            self.spot = round(level * (1.004 if series.is_up else 0.996), 2)
            yield from self.push()
            yield Step("keeper", "oracle.poke", (1,))
        hour = -(-self.village.now // HOUR) + rng.choice([0, 0, 0, -1])
        yield Step("keeper", "watch.touch", (code, hour))
        if series.expiry < self.village.now:
            yield Step("keeper", "watch.resolve", (code, rng.choice([3, 1_024])))

    # -- the fund --

    def backs(self) -> Move:
        rng, who = self.rng, self.pick(BACKERS)
        village, fund = self.village, self.village.units["security_fund"]
        place = f"@{who}"
        shares = int(fund.balanceOf(village.addresses[who]))
        request = fund.requests(village.addresses[who])
        choice = rng.random()
        if choice < 0.35 or not (shares or request[0]):
            amount = rng.randint(1, 600) * 10**6
            if rng.random() < 0.3:
                yield Step(who, "security_fund.mint", (amount * 10**18, place))
            else:
                yield Step(who, "security_fund.deposit", (amount, place))
        elif choice < 0.6 and shares:
            part = max(shares // rng.choice([1, 2, 5]), 1)
            yield Step(who, "security_fund.request_redeem", (part,))
            if rng.random() < 0.5:
                yield Step("keeper", "~wait", (7 * DAY,))
                part = int(rng.choice([1, 0.5]) * part)
                yield Step(who, "security_fund.redeem", (part, place, place))
        elif choice < 0.85 and request[0]:
            assets = int(fund.convertToAssets(int(request[0]) // 2))
            yield Step(who, "security_fund.withdraw", (assets, place, place))
        elif choice < 0.92:
            yield Step(who, "security_fund.cancel_request", ())
        else:
            yield Step(who, "security_fund.transfer", ("@rival", shares // 3))
            yield Step(who, "security_fund.approve", ("@rival", shares))
            yield Step("rival", "security_fund.transferFrom", (place, "@rival", shares // 3))

    # -- reporters --

    def reports(self) -> Move:
        rng = self.rng
        price = round(self.spot * 10**8 * rng.choice([1, 1, 1, 1.001, 1.3]))
        places = tuple(sorted(rng.sample(range(5), rng.choice([3, 3, 3, 2]))))
        for function in ("submit", "offer"):
            if rng.random() < 0.6:
                age = rng.choice([0, 5, 30])
                yield Step("keeper", "~report", (function, price, WAD, age, places))
                yield Step("keeper", "~wait", (rng.choice([12, 61, 120]),))
        if rng.random() < 0.3:
            yield Step("backer", "bonds.fund", ("@signed_feed", 10**6))
        if rng.random() < 0.5:
            yield Step("keeper", "bonds.accrue", ("@signed_feed", 64))

    def bonds(self) -> Move:
        rng = self.rng
        place = rng.randrange(5)
        who = f"reporter {place + 1}"
        price = round(self.spot * 10**8)
        row = [
            Step(who, "bonds.bond", (rng.choice([1, 500, 10_000]) * 10**6,)),
            Step(who, "bonds.unbond", (10**6,)),
            Step(who, "bonds.claim", ()),
            Step(who, "bonds.withdraw", ()),
            Step("keeper", "~contradict", (place, price, price + 1)),
            Step("keeper", "bonds.claim", ()),
            Step(who, "signed_feed.drop", (place,)),
            Step("backer", "surface_fees.fund", (10 * 10**6,)),
            Step("keeper", "surface_fees.accrue", (1,)),
            Step(who, "surface_fees.claim", ()),
        ]
        yield rng.choices(row, [4, 2, 2, 2, 1, 2, 0.2, 2, 2, 2])[0]
        if rng.random() < 0.1:
            # Five rounds in a row, and one member far from them.
            rounds = int(self.village.units["signed_feed"].rounds())
            for _ in range(5):
                yield Step("keeper", "~report", ("submit", price, WAD, 0, (0, 1, 2)))
                yield Step("keeper", "~wait", (40,))
            yield Step("keeper", "~wait", (700,))
            yield Step("keeper", "~deviate", (place, price * 2, rounds + 3, rounds + 1, 5))

    def smiles(self) -> Move:
        rng = self.rng
        expiry = self.pick(next_expiries(self.village.now, self.village.market.parameters.grid)[:3])
        tenor = max(expiry - self.village.now, HOUR) / (365 * DAY)
        level = self.volatility * rng.uniform(0.9, 1.1)
        variance = level * level * tenor
        root = math.sqrt(variance)
        # A shape whose variance at the money is about one, scaled with the root of the variance.
        unit = 0.2 + 0.6 * (-0.3 * -0.1 + math.sqrt(0.01 + 1.44))
        body = (variance * 0.2 / unit, root * 0.6 / unit, -0.3, 0.1 * root, 1.2 * root)
        smile = tuple(round(x * 10**15) * 10**3 for x in body)
        report = (1, expiry, smile, WAD, 0)
        if rng.random() < 0.5:
            yield Step("keeper", "~smile", ("submit", report, rng.choice([0, 60]), (0, 2, 4)))
        else:
            yield Step("market maker", "~smile", ("post", report, 0, ()))

    def forecasts(self) -> Move:
        row = (
            Step("keeper", "forecast.record", (1,)),
            Step("keeper", "realised.record", (1,)),
            Step("keeper", "scan_range.move", (1,)),
            Step("keeper", "margin.poke", (2,)),
            Step("keeper", "portfolio_margin.poke", (2,)),
            Step("keeper", "listing.watch_outflow", ()),
        )
        yield self.pick(row)
        if self.rng.random() < 0.2:
            yield Step("rival", "yield_token.deposit", (10**17, "@rival"))
            # A gift that raises what a share is worth.
            yield Step("rival", "index_token.transfer", ("@yield_token", 10**17))
            yield Step("keeper", "margin.poke", (2,))

    def watches(self) -> Move:
        some = [self.name(n) for n in self.village.accounts]
        some.sort(key=lambda name: self.village.numbers[name])
        if self.rng.random() < 0.6:
            yield Step(STRANGER, "watchdog.invariant_check", ())
        else:
            args = (self.some_code(), tuple(some[:16]))
            yield Step(STRANGER, "watchdog.interest_check", args)

    # -- hostile tokens --

    def hostilities(self) -> Move:
        rng = self.rng
        who = self.pick(TRADERS)
        choice = rng.randrange(4)
        if choice == 0:
            yield Step(STRANGER, "false_token.jam", (rng.random() < 0.5,))
        elif choice == 1:
            yield Step(STRANGER, "blacklist_token.block_address", (f"@{who}", rng.random() < 0.5))
        elif choice == 2:
            yield Step(who, "clearinghouse.deposit", (f"#{who}", 6, WAD))
        else:
            # The token calls back while it is moved: any function of the ledger or the house.
            inner = self.raw.step()
            unit, function = inner.target.split(".")
            if unit not in ("clearinghouse", "auctions", "security_fund"):
                # What anybody may call: only the lock refuses it.
                unit, function = "clearinghouse", "settle"
                inner = Step(who, "", ((f"#{who}",),))
            method = getattr(self.village.units[unit], function)
            try:
                data = bytes(method.prepare_calldata(*self.village.resolve(inner.args)))
            except Exception:
                return
            if len(data) <= 4_096:
                args = (f"@{unit}", "0x" + data.hex())
                yield Step(STRANGER, "reentrant_token.arm", args)
            if rng.random() < 0.6:
                yield Step(who, "clearinghouse.deposit", (f"#{who}", 4, 10**15))
            else:
                given = (f"#{who}", 4, 10**15, f"@{who}")
                yield Step(who, "clearinghouse.withdraw", given)

    # -- venues --

    def pool_moves(self) -> Move:
        rng, who = self.rng, self.pick(TRADERS)
        backer = self.pick(BACKERS)
        choice = rng.random()
        if choice < 0.2:
            amount = rng.randint(100, 20_000) * 10**6
            yield Step(backer, "pool_shares_0.request_deposit", (amount,))
            yield Step("keeper", "~wait", (61,))
            yield Step("keeper", "pool_shares_0.process", (32, 32))
        elif choice < 0.3:
            shares = int(
                self.village.units["pool_shares_0"].balanceOf(self.village.addresses[backer])
            )
            yield Step(backer, "pool_shares_0.request_exit", (max(shares // 2, 1),))
        elif choice < 0.4:
            yield Step("keeper", "pool_shares_0.process", (32, 32))
            yield Step(backer, "pool_shares_0.collect", (f"@{backer}",))
        elif choice < 0.5:
            grid = self.village.market.parameters.grid
            yield Step("keeper", "pool_0.look", (tuple(next_expiries(self.village.now, grid)[:3]),))
            yield Step("keeper", "pool_0.record", ())
        elif choice < 0.56:
            grid = self.village.market.parameters.grid
            expiry = next_expiries(self.village.now, grid)[0]
            strike = 25 * round(self.spot / 25) * WAD
            yield Step(who, "pool_0.hedge", (f"#{who}", expiry, strike, rng.choice([WAD, -WAD])))
        else:
            code = self.series(0).code
            quantity = rng.choice([WAD, WAD // 2, -WAD, 5 * WAD])
            if rng.random() < 0.7:
                args: tuple = (f"#{who}", code, quantity, 2**255 - 1)
                receipt = yield Step(who, "pool_0.trade", args)
            else:
                legs, pools = ((code, quantity),), ("@pool_0",)
                yield Step(who, "operators.set_operator", ("@router", True))
                args = (f"#{who}", legs, pools, (), 2**255 - 1, True)
                receipt = yield Step(who, "router.route", args)
            if receipt.ok and code not in self.codes:
                self.codes.append(code)

    def longs(self) -> Move:
        longs = [
            (self.name(n), code, quantity)
            for n, held in self.view.positions.items()
            if self.village.accounts.get(n, "")[1:] in TRADERS
            for code, quantity in held.items()
            if quantity > UNIT
        ]
        if not longs:
            return
        name, code, quantity = self.pick(longs)
        who, amount = name[1:], quantity // UNIT // 2 * UNIT
        if self.rng.random() < 0.03:
            yield Step(who, "long_tokens.create_token", (code,))
        yield Step(who, "operators.set_operator", ("@long_tokens", True))
        yield Step(who, "long_tokens.wrap", (name, code, amount, f"@{who}"))
        if self.rng.random() < 0.6:
            yield Step(who, "long_tokens.transfer", ("@bidder", code, amount // 2))
            yield Step("bidder", "long_tokens.unwrap", (code, amount // 4, "#bidder"))
            yield Step("bidder", "long_tokens.redeem", (code, amount // 4))

    def permits(self) -> Move:
        unit = self.pick(("cash_token", "index_token", "security_fund", "votes", "pool_shares_0"))
        owner = self.pick(("backer", "holder", "rival"))
        yield Step("keeper", "~permit", (unit, owner, "@clearinghouse", 10**9))
        if self.rng.random() < 0.3:
            yield Step("keeper", "~delegate", ("holder", "@holder"))

    # -- those with power --

    def owner_calls(self, target: str, args: tuple[Any, ...]) -> Move:
        """The owner itself, or a proposal that goes all the way."""
        if not self.governed:
            yield Step("owner", target, args)
            return
        self.count += 1
        text = f"change {self.count}"
        receipt = yield Step("backer", "~propose", (target, args, text))
        if receipt.ok:
            self.agenda.append([target, args, text, 0])

    def owner_acts(self) -> Move:
        if self.governed and len(self.agenda) > 2:
            return
        change = kept if self.rng.random() < 0.1 else self.pick(CHANGES)
        target, args = change(self.rng)
        if target == "forecast.start":
            listed = (2, "@spot_feed", "@volatility_feed", DAY)
            yield from self.owner_calls("oracle.list_underlying", listed)
        me = "@timelock" if self.governed else "@owner"
        yield from self.owner_calls(target, tuple(me if one == "@me" else one for one in args))

    def governs(self) -> Move:
        """The next stage of a proposal, with the time that it takes."""
        rng = self.rng
        if not self.agenda:
            if not self.governed:
                # A proposal that nobody will obey: the timelock owns nothing here.
                self.count += 1
                body = ("governor.setVotingDelay", (HOUR * rng.randint(1, 9),), f"{self.count}")
                receipt = yield Step("backer", "~propose", body)
                if receipt.ok:
                    self.agenda.append([*body, 0])
            return
        item = self.pick(self.agenda)
        body = tuple(item[:3])
        if item[3] == 0:
            if rng.random() < 0.1:
                yield Step("backer", "~withdraw", body)
                self.agenda.remove(item)
                return
            yield Step("keeper", "~wait", (int(self.village.units["governor"].votingDelay()) + 1,))
            against = rng.random() < 0.1
            yield Step("backer", "~vote", (*body, 0 if against else 1))
            if rng.random() < 0.5:
                yield Step("keeper", "~ballot", (*body, 1, "holder"))
            else:
                yield Step("holder", "~vote", (*body, 2, "because"))
            item[3] = 1
        elif item[3] == 1:
            yield Step("keeper", "~wait", (int(self.village.units["governor"].votingPeriod()),))
            receipt = yield Step("keeper", "~queue", body)
            item[3] = 2
            if not receipt.ok:
                self.agenda.remove(item)
        else:
            self.agenda.remove(item)
            if rng.random() < 0.1:
                yield Step("keeper", "~veto", body)
            delay = int(self.village.units["timelock"].get_minimum_delay())
            yield Step("keeper", "~wait", (delay,))
            yield from self.push()
            yield Step("keeper", "~execute", body)

    def views(self) -> Move:
        """Questions with arguments that raw values seldom make."""
        rng, village = self.rng, self.village
        now, code = village.now, self.some_code()
        series = Series.from_code(code)
        market = (7 * DAY, 2_750 * WAD, 0, 2_750 * WAD, WAD // 5, 0, 0, WAD, WAD)
        option = (2_700 * WAD, True, -WAD, 0)
        rounds = int(village.units["spot_feed"].latestRoundData()[0])
        signed = max(int(village.units["signed_feed"].rounds()), 1)
        hours = now // HOUR * HOUR
        row = [
            Step("keeper", "margin_sheet.work_out", (0, (), (option,), market, (0,) * 12)),
            Step("keeper", "oracle_lens.fault_of", (("@spot_feed", DAY, 0, 10**30),)),
            Step("keeper", "oracle_lens.rounds_at", (1, now - HOUR)),
            Step("keeper", "oracle.twap", (1, hours - HOUR, hours)),
            Step("keeper", "listing.encode", (1, series.expiry, series.strike, 1, 0)),
            Step("keeper", "spot_feed.getRoundData", (rounds,)),
            Step("keeper", "volatility_feed.getRoundData", (rounds,)),
            Step("keeper", "second_feed.getRoundData", (rounds,)),
            Step("keeper", "served_feed.getRoundData", (rng.choice([1, hours // HOUR, now]),)),
            Step("keeper", "signed_feed.getRoundData", (rng.randint(1, signed),)),
            Step("keeper", "governor.getVotes", ("@backer", now - 1)),
            Step("keeper", "governor.quorum", (now - 1,)),
            Step("keeper", "votes.getPastVotes", ("@backer", now - 1)),
            Step("keeper", "votes.getPastTotalSupply", (now - 1,)),
            Step("keeper", "timelock.renounceRole", ("0x" + 32 * "11", "@keeper")),
            Step("owner", "spot_feed.set_reporter", ("@owner",)),
            Step("owner", "second_feed.set_reporter", ("@owner",)),
            Step("owner", "volatility_feed.set_reporter", ("@owner",)),
            Step("holder", "votes.transfer", ("@backer", 10**18)),
            Step("backer", "votes.approve", ("@holder", 10**18)),
            Step("holder", "votes.transferFrom", ("@backer", "@holder", 10**17)),
        ]
        if self.agenda:
            body = tuple(self.agenda[0][:3])
            row += [Step("keeper", f"~ask.{name}", body) for name in ASKED]
        yield self.pick(row)

    def guardian_acts(self) -> Move:
        target, args = self.pick(GUARDED)(self.rng)
        yield Step("keeper", "~guard", (target, args))
