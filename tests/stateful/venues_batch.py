"""Actions of `venues.py` around the batch auction: sealed orders of people and of vaults, what they
come to beside the reference and in another order of arrival, and the rounds of vaults."""

from dataclasses import dataclass
from typing import Any

import boa

from novate.batch import order_id
from novate.market import Account
from novate.reference.batch import Package, Single, clear
from novate.series import Series
from tests.world import DAY, WAD, signed, wad

UNIT = 10**9
LENGTH, WINDOW = 600, 60
BOND = 300 * UNIT
HOUR = 3_600
# [UNIT] contracts that rounding may leave untraded on the larger side, a few per order.
CRUMBS = 200


@dataclass(frozen=True)
class Sealed:
    """An order as its owner remembers it."""

    sender: str
    order: tuple[int, list[tuple[int, int]], int, int]
    salt: bytes
    hash: bytes
    epoch: int

    @property
    def id(self) -> int:
        return order_id(self.epoch, self.order[1], self.hash)


class Sealing:
    """Mixed into `Venues`."""

    # owner, hash: commitments that were not opened; ids of all orders that were; and those that
    # were placed openly: epoch, id, order
    silent: list[tuple[str, bytes]]
    ids: list[int]
    placed: list[tuple[int, int, Any]]
    salts: int = 0

    def plays_a_batch(self: Any) -> None:
        """An epoch from the seal to the end; between its phases others act."""
        rng = self.rng
        now = int(boa.env.timestamp)
        self.travel((now // LENGTH + 1) * LENGTH - now)
        epoch = int(boa.env.timestamp) // LENGTH
        begun = self._begins()
        sealed = self._seals(begun)
        others = (self.trades_with_a_pool, self.fills, self.routes, self.market_moves)
        if rng.random() < 0.5:
            rng.choice(others)()
        self.travel((epoch + 1) * LENGTH - int(boa.env.timestamp))
        opened = [one for one in sealed if rng.random() < 0.9]
        ends = []
        for arrival in (opened, rng.sample(opened, len(opened))):
            with boa.env.anchor():
                self._reveals(arrival, begun)
                self._clears(epoch, opened, begun)
                ends.append(self._holdings())
        assert ends[0] == ends[1], "batch: the order of arrival changes nothing"
        revealed = self._reveals(opened, begun)
        self.ids += [one.id for one in revealed]
        self.silent += [(one.sender, one.hash) for one in sealed if one not in revealed]
        self.ids += [vault.order_id() for vault in begun if vault.revealed()]
        if rng.random() < 0.4:
            rng.choice(others)()
        self._to_clearing(epoch)
        before = self._holdings()
        dropped = self._clears(epoch, opened, begun)
        orders = [(one.id, one.order) for one in revealed]
        orders += [(id, order) for when, id, order in self.placed if when == epoch]
        orders += [(vault.order_id(), self._order_of(vault)) for vault in begun if vault.revealed()]
        self._keeps_limits(epoch, orders, before, dropped)
        self.seen["batches"] += 1

    def _seals(self: Any, begun: list[Any]) -> list[Sealed]:
        """Single orders around the value, a few packages, and the other side of most vaults."""
        rng, found = self.rng, []
        for vault in begun:
            for leg in vault.order().legs:
                value, side = self._value(Series.from_code(leg.series)), -leg.ratio
                limit = side * max(value * rng.choice((85, 98, 102, 120)) // 100, WAD // 10)
                self._seal(found, self.people[0], [(leg.series, side)], limit, 25)
        series = sorted({self.series() for _ in range(3)})
        for _ in range(rng.randint(2, 9)):
            account = rng.choice(self.people)
            if rng.random() < 0.2 and len(series) > 1:
                pair = rng.sample(series, 2)
                ratios = [rng.choice((-1, 1)) for _ in pair]
                value = sum(r * self._value(one) for r, one in zip(ratios, pair, strict=True))
                limit = value + rng.choice((-2, 1, 10)) * WAD
                legs = [(one.code, ratio) for one, ratio in zip(pair, ratios, strict=True)]
                self._seal(found, account, legs, limit)
            else:
                one, side = rng.choice(series), rng.choice((-1, 1))
                limit = side * max(
                    self._value(one) * rng.choice((80, 95, 100, 105, 120)) // 100, WAD
                )
                self._seal(found, account, [(one.code, side)], limit)
        return found

    def _value(self: Any, series: Series) -> int:
        return int(self.market.pool_pricer.assess(1, [], series.code, DAY).price)

    def _seal(
        self: Any,
        found: list[Sealed],
        account: Account,
        legs: list[tuple[int, int]],
        limit: int,
        units: float = 0,
    ) -> None:
        self.salts += 1
        salt = self.salts.to_bytes(32, "big")
        units = wad(units or self.rng.randint(1, 40) / 7)
        order = (account.number, sorted(legs), units, limit // UNIT * UNIT)
        if len(legs) == 1 and self.rng.random() < 0.2:
            if self.attempt(self.batch.place, order, salt, 0, sender=account.address) is not None:
                self.note_placed(self.batch.get_logs())
            return
        sealed = bytes(self.batch.seal(account.address, order, salt))
        if self.attempt(self.batch.commit, sealed, BOND, sender=account.address) is not None:
            epoch = int(boa.env.timestamp) // LENGTH
            found.append(Sealed(account.address, order, salt, sealed, epoch))

    def _begins(self: Any) -> list[Any]:
        """Vaults that are open begin a round, and somebody seals the other side of some."""
        rng, found = self.rng, []
        for vault in self.vaults:
            if vault.in_round() or rng.random() < 0.3:
                continue
            expiry = self.live()[0]
            if expiry < boa.env.timestamp + 3 * DAY:
                expiry = self.live()[1]
            strikes = [self._strike(expiry, leg) for leg in vault.rules().legs]
            arguments = (expiry, strikes, 500 * 10**6)
            if self.attempt(vault.begin, *arguments, sender=self.lender.address) is not None:
                found.append(vault)
                self.seen["vaults began"] += 1
        return found

    def _strike(self: Any, expiry: int, leg: Any) -> int:
        """The nearest to the money whose delta is small enough."""
        step = 25 * WAD
        strike = int(self.spot * (1.5 if leg.is_put else 0.5)) * WAD // step * step
        while True:
            series = Series(1, expiry, strike, leg.is_put)
            risk = self.market.pool_pricer.assess(1, [], series.code, DAY)
            if -(-abs(risk.unit_delta) * 10_000 // risk.spot) <= leg.delta:
                return strike
            strike += -step if leg.is_put else step

    def _reveals(self: Any, arrival: list[Sealed], begun: list[Any]) -> list[Sealed]:
        """Those that passed; makers also take the vaults' side, in the open."""
        revealed = []
        for one in arrival:
            arguments = (one.order, one.salt, 0)
            if self.attempt(self.batch.reveal, *arguments, sender=one.sender) is not None:
                revealed.append(one)
        for vault in begun:
            self.attempt(vault.reveal, 0)
        return revealed

    def _clears(self: Any, epoch: int, opened: list[Sealed], begun: list[Any]) -> set[int]:
        """Prices, packages, trades; the ids that were dropped."""
        batch = self.batch
        self._to_clearing(epoch)
        dropped: set[int] = set()

        def call(function: Any, *arguments: Any) -> None:
            function(*arguments)
            logs = batch.get_logs()
            dropped.update(log.id for log in logs if type(log).__name__ == "Dropped")

        for _ in range(2):
            call(batch.judge, epoch, 16)
        for _ in range(8):
            call(batch.settle_linked, epoch, 16)
        for code in self._codes(opened, begun):
            for _ in range(20):
                if batch.result(epoch, code)[1]:
                    break
                call(batch.settle, epoch, code, 16)
            self.traded.add(Series.from_code(code))
        return dropped

    def _to_clearing(self: Any, epoch: int) -> None:
        start = (epoch + 2) * LENGTH + WINDOW
        if boa.env.timestamp < start:
            self.travel(start - int(boa.env.timestamp))

    def _codes(self: Any, opened: list[Sealed], begun: list[Any]) -> list[int]:
        codes = {code for one in opened for code, _ in one.order[1]}
        epoch = int(boa.env.timestamp - WINDOW) // LENGTH - 2
        codes |= {code for when, _, order in self.placed if when == epoch for code, _ in order[1]}
        return sorted(codes | {leg.series for vault in begun for leg in vault.order().legs})

    def _holdings(self: Any) -> dict[int, tuple[int, dict[int, int]]]:
        """Cash and positions of everybody [wad]."""
        return {
            one: (
                int(self.ledger.cash_of(one)),
                {word >> 96: signed(word) for word in self.ledger.positions_of(one)},
            )
            for one in self.accounts()
        }

    def _keeps_limits(
        self: Any,
        epoch: int,
        orders: list[tuple[int, Any]],
        before: dict[int, tuple[int, dict[int, int]]],
        dropped: set[int],
    ) -> None:
        """Prices within all limits, cash and contracts as the prices say, and as the reference has
        it unless somebody could not pay."""
        codes = sorted({code for _, order in orders for code, _ in order[1]})
        prices = {code: int(self.batch.result(epoch, code)[2].price) * UNIT for code in codes}
        after = self._holdings()
        for account, (cash, positions) in after.items():
            was, held = before.get(account, (0, {}))
            paid = 0
            for code in codes:
                change = positions.get(code, 0) - held.get(code, 0)
                paid += change * prices[code] // WAD
            moved = {c for c in positions if positions[c] != held.get(c, 0)} - set(codes)
            assert not moved, "batch: nothing else is traded"
            assert abs(was - cash - paid) <= 64 + len(codes), "batch: one price for all"
        for id, (account, legs, units, limit) in orders:
            if len(legs) == 1 and id not in dropped and prices[legs[0][0]]:
                (code, side), price = legs[0], prices[legs[0][0]]
                change = after[account][1].get(code, 0) - before[account][1].get(code, 0)
                alone = sum(any(c == code for c, _ in o[1]) for _, o in orders if o[0] == account)
                if alone == 1 and change:
                    assert side * price <= limit, "no order worse than its limit"
                    assert 0 < side * change <= units, "batch: no more than was ordered"
                    self.seen["filled in a batch"] += 1
        if not dropped:
            self._agrees(epoch, orders, prices)

    def _agrees(self: Any, epoch: int, orders: list[Any], prices: dict[int, int]) -> None:
        singles, packages = [], []
        for id, (account, legs, units, limit) in orders:
            if len(legs) == 1:
                code, side = legs[0]
                figures = (units // UNIT, abs(limit) // UNIT, side < 0)
                singles.append(Single(id, account, code, *figures))
            else:
                packages.append(Package(id, account, tuple(legs), units // UNIT, limit // UNIT))
        outcome = clear(singles, packages)
        assert self.batch.accepted_in(epoch)[1] == outcome.packages, "batch: as the reference"
        for code, price in prices.items():
            assert price == outcome.prices.get(code, 0) * UNIT, "batch: as the reference"
        self.seen["batches as the reference has them"] += 1

    def _order_of(self: Any, vault: Any) -> Any:
        account, legs, units, limit = vault.order()
        return account, [(leg.series, leg.ratio) for leg in legs], units, limit

    def note_placed(self: Any, logs: list[Any]) -> None:
        """Remembers orders that went into the batch in the open."""
        for log in logs:
            if type(log).__name__ == "Revealed":
                side = -1 if log.limit < 0 else 1
                order = (log.account, [(log.series, side)], log.units, log.limit)
                self.placed.append((log.epoch, log.id, order))
                self.ids.append(log.id)
                self.seen["placed in the open"] += 1

    # -- bonds --

    def takes_bonds(self: Any) -> None:
        """Bonds of what is over come back; those of who stayed silent go to the fund."""
        batch = self.batch
        for owner, sealed in self.silent:
            word = batch.commitment(owner, sealed)
            if word and boa.env.timestamp >= ((word >> 96) + 2) * LENGTH:
                batch.forfeit(owner, sealed)
                self.seen["forfeited"] += 1
        over = [id for id in self.ids if batch.orders(id)[0] and batch.is_over(id)]
        vaults = {vault.order_id() for vault in self.vaults}
        over = [id for id in over if id not in vaults][:32]
        if over:
            batch.release(over)
        if batch.forfeited():
            batch.sweep()
        owner = self.rng.choice(self.people).address
        if batch.free(owner) >= 10**3 * UNIT:
            batch.take(10 * 10**6, sender=owner)

    # -- rounds --

    def ends_rounds(self: Any) -> None:
        """Vaults whose options are over: cash is exchanged, assets come back, bonds are paid."""
        self.settles()
        for vault in self.vaults:
            if not vault.in_round():
                continue
            cash = int(self.ledger.cash_of(vault.ACCOUNT()))
            amount = -(cash // 10**12) if cash < 0 else cash // 10**12
            over = not self.ledger.positions_of(vault.ACCOUNT())
            if vault.ASSET_INDEX() and over and amount and self.batch_over(vault):
                limit = 0 if cash < 0 else 2**200
                saver = self.savers[0].address
                self.attempt(vault.exchange, amount, limit, sender=saver)
            if self.attempt(vault.finish) is not None:
                self.seen["rounds ended"] += 1
                if vault.owed(self.lender.address):
                    vault.pay_back(self.lender.address)

    def batch_over(self: Any, vault: Any) -> bool:
        if vault.revealed():
            return bool(self.batch.is_over(vault.order_id()))
        return bool(boa.env.timestamp >= (vault.epoch() + 2) * LENGTH)
