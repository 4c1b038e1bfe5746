"""Actions of `venues.py` around the unwinder, which takes large accounts from auctions and sells
them in the batch, and what must hold of it: all its money is there before shares come or go."""

from typing import Any

from novate.series import Series, unpack
from tests.world import WAD, signed

UNIT, DOLLAR = 10**9, 10**6
# Shares of nobody, see vault_shares.vy; [wad USD] that `finish` leaves for crumbs, and rounding.
VIRTUAL, CRUMBS = 10**6, 2 * 10**15
# [bps] of the notional taken by which its equity must rise.
EDGE = 25


class Unwinding:
    """Mixed into `Venues`; before `Sealing`, whose epochs begin with the unwinder's orders."""

    # Assets and shares when it was last seen with nothing held.
    idle: tuple[int, int] | None = None

    def backs_the_unwinder(self: Any) -> None:
        rng, unit = self.rng, self.unwinder
        backer = rng.choice(self.backers).address
        if rng.random() < 0.7:
            amount = rng.choice((1, 7, 30_000)) * DOLLAR + rng.randrange(10)
            self.attempt(unit.deposit, amount, backer, sender=backer)
        else:
            shares = unit.balanceOf(backer) // rng.choice((1, 2, 7))
            self.attempt(unit.redeem, shares, backer, backer, sender=backer)

    def unwinds(self: Any) -> None:
        """Takes accounts in auction, all of what is for sale or a part."""
        for account in self.accounts():
            if not self.ledger.in_auction(account):
                continue
            seen = self.market.auctions.preview(account, WAD)
            units = max(seen.largest_units // self.rng.choice((1, 1, 3)), 1)
            before, held = self.worth_of_the_unwinder(), self.notional(account)
            kind = int(seen.terms.kind)
            if self.attempt(self.unwinder.take, account, units, kind) is None:
                continue
            gain = self.worth_of_the_unwinder() - before
            taken = held - self.notional(account)
            assert gain * 10_000 >= taken * EDGE, "the unwinder buys below the mark"
            self.note("taken by the unwinder")

    def worth_of_the_unwinder(self: Any) -> int:
        """[wad USD] everything that it has, positions at mark, but for bonds that stand."""
        place = self.unwinder.address
        tokens = self.token.balanceOf(place) * 10**12 + self.batch.free(place) * UNIT
        return int(tokens + self.ledger.health(self.unwinder.ACCOUNT()).equity)

    def notional(self: Any, account: int) -> int:
        """[wad USD] contracts of an account at spot."""
        words = self.ledger.positions_of(account)
        spot = int(self.market.oracle.spot(1)[0])
        return sum(abs(signed(word)) for word in words) * spot // WAD

    def _begins(self: Any) -> list[Any]:
        """An epoch of the batch begins: what is held is offered, one by one or two at once."""
        held = {
            code: quantity
            for code, quantity in map(unpack, self.ledger.positions_of(self.unwinder.ACCOUNT()))
            if abs(quantity) >= UNIT
        }
        codes = sorted(held)
        while codes:
            some = [codes.pop(0) for _ in range(min(self.rng.choice((1, 1, 2)), len(codes)))]
            self._offers({code: held[code] for code in some})
        return super()._begins()  # type: ignore[misc]

    def _offers(self: Any, held: dict[int, int]) -> None:
        units = min(map(abs, held.values())) // UNIT * UNIT
        id = self.attempt(self.unwinder.offer, list(held), [1] * len(held), units)
        if id is None:
            return
        logs = self.unwinder.get_logs()
        (offered,) = [log for log in logs if type(log).__name__ == "Offered"]
        legs = [(code, -1 if quantity > 0 else 1) for code, quantity in held.items()]
        order = (self.unwinder.ACCOUNT(), legs, units, offered.limit)
        (epoch,) = [log.epoch for log in logs if type(log).__name__ == "Revealed"]
        self.placed.append((epoch, id, order))
        self.ids.append(id)
        self.traded |= {Series.from_code(code) for code in held}
        self.note("offered by the unwinder")
        for code, side in legs:
            self._answers(code, -side, 2 * units)

    def _answers(self: Any, code: int, side: int, units: int) -> None:
        """Mostly somebody takes the other side, near the value or far on the better side of it."""
        near = self.rng.choice((70, 95, 105))
        if self.rng.random() < 0.2:
            return
        value = max(self._value(Series.from_code(code)), WAD // 100)
        limit = side * value * (near if side < 0 else 200 - near) // 100 // UNIT * UNIT
        maker = self.people[0]
        self.salts += 1
        salt = self.salts.to_bytes(32, "big")
        order = (maker.number, [(code, side)], units, limit)
        if self.attempt(self.batch.place, order, salt, 0, sender=maker.address) is not None:
            self.note_placed(self.batch.get_logs())

    def ends_unwinding(self: Any) -> None:
        """Mostly an epoch first; then anybody frees bonds and brings money back, in any order."""
        if self.unwinder.since() and self.rng.random() < 0.7:
            self.plays_a_batch()
        codes = sorted(one.code for one in self.traded)[-32:]
        for _ in range(2):
            if self.rng.random() < 0.6:
                self.attempt(self.unwinder.collect, codes)
            if self.attempt(self.unwinder.finish) is not None:
                self.note("unwound")

    # -- what must hold --

    def the_unwinder_is_whole(self: Any) -> None:
        """Shares are its backers', and while they come and go all that they share is here."""
        unit, place = self.unwinder, self.unwinder.address
        supply = int(unit.totalSupply())
        held = sum(unit.balanceOf(one.address) for one in self.backers)
        assert held == supply, "shares of the unwinder are with backers"
        if unit.since():
            self.idle = None
            return
        account, assets = unit.ACCOUNT(), int(unit.totalAssets())
        assert assets == self.token.balanceOf(place)
        bound = [id for id in self.ids if self.batch.orders(id)[0] == account]
        assert not bound and not self.batch.free(place), (
            "the unwinder's bonds are back before shares"
        )
        positions = [abs(signed(word)) for word in self.ledger.positions_of(account)]
        here = max(positions, default=0) < UNIT and self.ledger.cash_of(account) <= CRUMBS
        assert here, "the unwinder's money is back before shares"
        if self.idle is not None:
            before, shares = self.idle
            kept = (assets + 1) * (shares + VIRTUAL) >= (before + 1) * (supply + VIRTUAL)
            assert kept, "nobody who stays with the unwinder is diluted"
        self.idle = (assets, supply)
