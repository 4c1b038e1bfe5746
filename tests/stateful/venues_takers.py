"""Actions of `venues.py` by takers: pools, router, signed orders, hedges, wrapped longs."""

from typing import Any

import boa

from novate import orders as signed_orders
from novate.liquidity import PoolConduct
from novate.market import Account
from novate.orders import ANYONE, Leg
from novate.series import Series, unpack
from tests.world import DAY, WAD, wad

UNLIMITED = 2**255 - 1
# [wei] by which cash may move when its principal is rounded, beside what is paid.
INTEREST = 3


class Taking:
    """Mixed into `Venues`."""

    def trades_with_a_pool(self: Any) -> None:
        """At a limit that is met exactly, missed by a wei, or without one; beside the reference."""
        rng = self.rng
        pool, series, taker = rng.choice(self.pools), self.series(), rng.choice(self.people)
        quantity = wad(rng.choice((-40, -5, 1, 15, 60)))
        compared = rng.random() < 0.25
        if compared:
            # Nothing was traded within the two periods that the pool remembers.
            boa.env.time_travel(seconds=120 * PoolConduct().memory)
        deal = self.attempt(pool.quote, series.code, quantity)
        if deal is None:
            return
        if compared:
            self.agrees_with_the_reference(pool, series, quantity, deal)
        missed = rng.random() < 0.2
        arguments = (taker.number, series.code, quantity)
        if missed:
            with boa.reverts("pool: cost above limit"):
                pool.trade(*arguments, deal.cost - 1, sender=taker.address)
            self.note("limits kept")
            return
        before, reserve = self.cash(taker), int(pool.state(0)[1].reserve)
        paid = self.attempt(pool.trade, *arguments, deal.cost, sender=taker.address)
        if paid is not None:
            kept = int(pool.state(0)[1].reserve) - reserve
            assert kept == deal.cost - deal.value, "a pool keeps what it charges in reserve"
            assert paid == deal.cost, "no order worse than its limit"
            change = before - self.cash(taker)
            assert abs(change - paid) <= INTEREST, "no order worse than its limit"
            self.note("traded with a pool")
            self.traded.add(series)

    def routes(self: Any) -> None:
        """One or two legs over both pools and makers' orders, under one limit."""
        rng = self.rng
        taker = rng.choice(self.people[1:])
        legs = [(one, rng.choice((-12, 3, 20))) for one in {self.series() for _ in range(2)}]
        orders = []
        for series, quantity in legs:
            deal = self.attempt(self.pools[0].quote, series.code, wad(quantity))
            if deal is not None and rng.random() < 0.6:
                price = abs(deal.cost) // abs(quantity) // 10**9 * 10**9
                orders.append(self.order(self.people[0], series, -quantity, max(price, 10**9)))
        wanted = [(series.code, wad(quantity)) for series, quantity in legs]
        pools = [pool.address for pool in self.pools]
        partial, limit = rng.random() < 0.3, UNLIMITED
        arguments: tuple[Any, ...] = (taker.number, wanted, pools, orders)
        quoted = self.attempt(self.router.quote, wanted, pools, orders)
        if quoted is not None and rng.random() < 0.5:
            # Legs move each other's price; some limits are missed, and then nothing happens.
            limit = quoted[1] + abs(quoted[1]) // rng.choice((50, 1_000))
        places: tuple[Any, ...] = ()
        if rng.random() < 0.3:
            values = [self.market.pool_pricer.assess(1, [], s.code, DAY).price for s, _ in legs]
            places = (self.batch.address, [value // 10**9 * 10**9 for value in values])
        before = self.cash(taker)
        try:
            paid = self.router.route(*arguments, limit, partial, *places, sender=taker.address)
        except boa.BoaError as error:
            text = str(error.stack_trace)
            assert "router: cost above limit" in text or "router: not filled" in text
            assert self.cash(taker) == before
            self.note("refused: router")
            return
        waiting = len(self.placed)
        self.note_placed(self.router.get_logs())
        waits = [order for _, _, order in self.placed[waiting:]]
        at_limit = sum(units * price // WAD for _, _, units, price in waits)
        assert paid == before - self.cash(taker) + at_limit <= limit, (
            "no order worse than its limit"
        )
        self.traded |= {series for series, _ in legs}
        self.note("routed")

    def order(
        self: Any,
        maker: Account,
        series: Series,
        quantity: int,
        price: int,
        deadline: int = 2**40,
    ) -> Any:
        """A signed order; the maker buys a positive quantity."""
        self.nonce += 1
        order = signed_orders.quote(
            maker.number,
            [Leg(series.code, WAD if quantity > 0 else -WAD, price)],
            nonce=self.nonce,
            size=wad(abs(quantity)),
            taker=ANYONE,
            epoch=0,
            deadline=deadline,
        )
        signature = signed_orders.sign(order, maker.signer, self.market.domain)
        return (order.as_tuple(), maker.address, signature)

    def fills(self: Any) -> None:
        """A signed order near the pools' value, part of it filled."""
        rng, series = self.rng, self.series()
        maker, taker = rng.sample(self.people, 2)
        value = self.market.pool_pricer.assess(1, [], series.code, DAY).price
        price = max(value // 10**9 * 10**9 * rng.choice((90, 100, 110)) // 100, 10**9)
        order = self.order(maker, series, rng.choice((-4, 4)), price)
        done = self.attempt(
            self.market.orders.fill, *order, taker.number, wad(2), sender=taker.address
        )
        if done is not None:
            self.traded.add(series)
            self.note("filled")

    def hedges(self: Any) -> None:
        rng = self.rng
        pool, taker = rng.choice(self.pools), rng.choice(self.people)
        delta = pool.state(0)[0].delta / WAD
        quantity = int(-rng.choice((-0.9, 0.5, 0.9)) * delta / self.spot)
        if quantity:
            expiry, strike = rng.choice(self.live()), 2_750 * WAD
            arguments = (taker.number, expiry, strike, wad(quantity))
            if self.attempt(pool.hedge, *arguments, sender=taker.address) is not None:
                self.traded |= {Series(1, expiry, strike, is_put) for is_put in (False, True)}
                self.note("hedged")

    def wraps(self: Any) -> None:
        longs = self.longs()
        if not longs:
            return
        owner, series = self.rng.choice(longs)
        arguments = (owner.number, series.code, wad(self.rng.choice((1, 3))), owner.address)
        if self.attempt(self.hub.wrap, *arguments, sender=owner.address) is not None:
            self.note("wrapped")

    def longs(self: Any) -> list[tuple[Account, Series]]:
        """Who holds a contract or more of what is not over."""
        found = []
        for one in self.people:
            for code, quantity in map(unpack, self.ledger.positions_of(one.number)):
                series = Series.from_code(code)
                if quantity >= WAD and series.expiry > boa.env.timestamp:
                    found.append((one, series))
        return found

    def gives_units(self: Any) -> None:
        """Units to somebody else, back into an account, or for the payoff."""
        rng = self.rng
        held = [
            (one, series)
            for one in self.people
            for series in sorted(self.traded)
            if self.hub.balanceOf(one.address, series.code)
        ]
        if not held:
            return
        (owner, series), other = rng.choice(held), rng.choice(self.people)
        amount = self.hub.balanceOf(owner.address, series.code) // rng.choice((1, 2)) or 1
        if rng.random() < 0.3:
            self.hub.transfer(other.address, series.code, amount, sender=owner.address)
        elif series.expiry > boa.env.timestamp:
            arguments = (series.code, amount, owner.number)
            if self.attempt(self.hub.unwrap, *arguments, sender=owner.address) is not None:
                self.note("unwrapped")
        elif self.attempt(self.hub.redeem, series.code, amount, sender=owner.address) is not None:
            self.note("redeemed")
