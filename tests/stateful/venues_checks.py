"""What must hold after every action of `venues.py`: nothing is lost, nothing made, every claim is
covered, and nobody is better off for having gone somewhere and back."""

from dataclasses import astuple, replace
from typing import Any

import boa
from mpmath import mpf

from novate.liquidity import POOLS
from novate.reference.amm import Market, Option, Pool
from novate.series import Series, unpack
from tests.world import WAD, wad

UNIT, HOUR = 10**9, 3_600
# [wad] that a sum of so many rounded figures may be off.
DUST = 10**6


class Checks:
    """Mixed into `Venues`."""

    def accounts(self: Any) -> list[int]:
        """Everybody in the clearinghouse."""
        numbers = [one.number for one in self.everybody()]
        numbers += [unit.ACCOUNT() for unit in (*self.pools, *self.vaults, self.unwinder)]
        numbers += [self.hub.account_of(one.code) for one in sorted(self.traded)]
        return [*dict.fromkeys(filter(None, numbers)), self.ledger.FUND()]

    def margins(self: Any) -> dict[int, int]:
        """[wad] excess of pools and vaults over maintenance margin."""
        accounts = [unit.ACCOUNT() for unit in (*self.pools, *self.vaults)]
        return {one: int(self.ledger.health(one).maintenance) for one in accounts}

    def check(self: Any, before: dict[int, int]) -> None:
        self.money_is_conserved()
        self.positions_sum_to_zero()
        self.bonds_are_conserved()
        self.pools_cover_their_shares()
        self.vaults_cover_their_shares()
        self.longs_are_backed()
        self.the_unwinder_is_whole()
        self.rewards_are_covered()
        self.rounds_end_whole()
        if not self.moved:
            for account, was in before.items():
                now = self.ledger.health(account).maintenance
                assert was < 0 or now >= 0, "pools and vaults keep their margin"

    def money_is_conserved(self: Any) -> None:
        """Every token lies with somebody known, and the ledger's cash is what it says."""
        units = [self.ledger, self.batch, self.hub, *self.shares, *self.pools, *self.queues]
        units += [*self.vaults, self.yielding, self.unwinder, self.market.quote_rewards]
        holders = [str(unit.address) for unit in units]
        holders += [one.address for one in self.everybody()] + [self.owner]
        for token in (self.token, self.index, self.yielding):
            held = sum(token.balanceOf(one) for one in holders)
            assert held == token.totalSupply(), "every token lies somewhere"
        certificate = self.ledger.certificate()
        assert certificate.surplus >= 0, "claims are covered"
        assert certificate.held == self.token.balanceOf(self.ledger.address) * 10**12
        cash = sum(int(self.ledger.cash_of(one)) for one in self.accounts())
        books = int(certificate.credit) - int(certificate.debt)
        assert abs(cash - books) <= DUST, "cash of all accounts is the ledger's"

    def positions_sum_to_zero(self: Any) -> None:
        sums: dict[int, int] = {}
        for account in self.accounts():
            for code, quantity in map(unpack, self.ledger.positions_of(account)):
                sums[code] = sums.get(code, 0) + quantity
        for code, total in sums.items():
            if Series.from_code(code).expiry > boa.env.timestamp:
                assert total == 0, "long and short of a series are equal"

    def bonds_are_conserved(self: Any) -> None:
        """What the batch holds is free, bound to a commitment or an order, or forfeited."""
        batch = self.batch
        owners = [one.address for one in self.everybody()]
        owners += [str(unit.address) for unit in (*self.vaults, self.unwinder)]
        total = sum(batch.free(one) for one in owners) + batch.forfeited()
        for owner, sealed in self.silent:
            total += batch.commitment(owner, sealed) & 2**96 - 1
        ids = dict.fromkeys([*self.ids, *(v.order_id() for v in self.vaults)])
        for id in ids:
            account, terms = batch.orders(id)
            total += terms >> 32 & 2**64 - 1 if account else 0
        for vault in self.vaults:
            if vault.in_round() and not vault.revealed():
                sealed = batch.seal(
                    vault.address, vault.order(), vault.rounds().to_bytes(32, "big")
                )
                total += batch.commitment(vault.address, sealed) & 2**96 - 1
            assert batch.free(vault.address) >= vault.owed(self.lender.address)
        assert batch_holds(self) == total, "bonds are conserved"

    def pools_cover_their_shares(self: Any) -> None:
        for pool, shares in zip(self.pools, self.shares, strict=True):
            risk, worth = pool.state(0)
            assert worth.low <= max(worth.income, 0) <= worth.high, "values lie in order"
            cash = int(self.ledger.cash_of(pool.ACCOUNT()))
            owners = [one.address for one in self.backers]
            held = sum(shares.balanceOf(one) for one in owners)
            deposits, exits = shares.requests()
            waiting = [shares.exits(i).amount for i in range(shares.first_exit(), exits)]
            assert shares.balanceOf(shares.address) == sum(waiting), "exits wait in full"
            assert shares.totalSupply() == held + sum(waiting), "shares of a pool are with backers"
            brought = sum(
                shares.deposits(i).amount for i in range(shares.first_deposit(), deposits)
            )
            owed = sum(shares.owed(one) for one in owners)
            assert self.token.balanceOf(shares.address) == brought + owed, "deposits wait in full"
            if risk.fresh:
                paid = shares.convertToAssets(held + sum(waiting))
                assert paid * 10**12 <= max(cash + risk.value, 0), "shares claim no more than NAV"

    def vaults_cover_their_shares(self: Any) -> None:
        for vault, queue in zip(self.vaults, self.queues, strict=True):
            token = [self.token, self.index, self.yielding][vault.ASSET_INDEX()]
            holders = [one.address for one in (*self.savers, self.visitor)] + [
                str(queue.address),
                self.owner,
            ]
            held = sum(vault.balanceOf(one) for one in holders)
            assert held == vault.totalSupply(), "shares of a vault are with savers"
            assert vault.convertToAssets(held) <= vault.totalAssets(), "claims within NAV"
            if not vault.in_round():
                assert vault.totalAssets() == token.balanceOf(vault.address)
            else:
                health = self.ledger.health(vault.ACCOUNT())
                assert health.maintenance >= 0, "a vault's options are covered"
            assets, shares = 0, 0
            for id in range(queue.current() + 1):
                batch = queue.batches(id)
                for one in self.savers:
                    if id < queue.current():
                        due = queue.due(id, one.address)
                        assets, shares = assets + due[0], shares + due[1]
                if id == queue.current():
                    assets, shares = assets + batch.assets, shares + batch.shares
            assert token.balanceOf(queue.address) >= assets, "what waits is there"
            assert vault.balanceOf(queue.address) >= shares, "what waits is there"

    def longs_are_backed(self: Any) -> None:
        for series in self.traded:
            own = self.hub.account_of(series.code)
            if not own:
                continue
            supply = self.hub.totalSupply(series.code)
            owners = [one.address for one in self.everybody()]
            units = sum(self.hub.balanceOf(one, series.code) for one in owners)
            assert supply == units, "units of a series are with people"
            held = dict(map(unpack, self.ledger.positions_of(own)))
            cash = int(self.ledger.cash_of(own))
            assert cash >= -DUST and all(amount > 0 for amount in held.values())
            # Deleveraging of an insolvent short pays longs in cash: then both back the units.
            assert held == {series.code: supply} or cash > 0 or not held, "longs are backed"

    # -- beside the reference --

    def agrees_with_the_reference(
        self: Any, pool: Any, series: Series, quantity: int, deal: Any
    ) -> None:
        """The first quote of a block is that of the pool in plain numbers."""
        oracle, now = self.market.oracle, int(boa.env.timestamp)
        positions = [unpack(word) for word in self.ledger.positions_of(pool.ACCOUNT())]
        expiries = {Series.from_code(code).expiry for code, _ in positions} | {series.expiry}
        markets = {}
        for expiry in sorted(expiries):
            quote = oracle.quote(1, expiry)
            volatility = mpf(quote.volatility) / WAD
            markets[expiry] = Market(
                mpf(quote.spot) / WAD,
                mpf(quote.forward) / WAD,
                expiry - now,
                lambda strike, volatility=volatility: volatility,
                mpf(quote.fixed) / WAD,
                mpf(quote.discount) / WAD,
            )
        book = {self.option(Series.from_code(code)): mpf(q) / WAD for code, q in positions}
        reserve = mpf(pool.state(0)[1].reserve) / WAD
        cash = mpf(int(self.ledger.cash_of(pool.ACCOUNT()))) / WAD
        rules = POOLS[self.pools.index(pool)].rules
        twin = Pool(rules, markets, cash, reserve, book)
        value, fee, charge = twin.cost(self.option(series), mpf(quantity) / WAD)
        wanted = value + fee + charge
        if quantity > 0 or wanted < 0:
            assert abs(mpf(deal.cost) / WAD - wanted) <= 1e-6 * (1 + abs(wanted)), (
                "as the reference"
            )
            self.seen["quotes as the reference has them"] += 1

    @staticmethod
    def option(series: Series) -> Option:
        return Option(series.expiry, mpf(series.strike) / WAD, series.is_put)

    # -- there and back --

    def goes_there_and_back(self: Any) -> None:
        """Buys and sells, brings and takes, wraps and unwraps: never with a profit; all undone."""
        for trip in (
            self.trip_of_trades,
            self.trip_of_shares,
            self.trip_of_savings,
            self.trip_of_units,
        ):
            with boa.env.anchor():
                trip()

    def wealth(self: Any, owner: Any) -> tuple[int, ...]:
        """Cash and tokens [wad], the same whatever the marks."""
        tokens = self.token.balanceOf(owner.address) * 10**12
        cash = int(self.ledger.cash_of(owner.number)) + tokens
        return (
            cash,
            self.index.balanceOf(owner.address),
            self.yielding.balanceOf(owner.address),
        )

    def trip_of_trades(self: Any) -> None:
        """At a pool, also by the router, at once or a block later.

        Between two pools that stand far apart there may be a profit, and shall be: what they
        charged before, for bringing them together.
        """
        rng, series, taker = self.rng, self.series(), self.people[1]
        quantity = rng.choice((-8, 2, 15))
        wait, routed = rng.choice((0, 12)), rng.random() < 0.4
        with boa.env.anchor():
            boa.env.time_travel(seconds=wait)
            alone = self.wealth(taker)[0]
        held = self.position(taker, series)
        pool = rng.choice(self.pools)
        for side in (quantity, -quantity):
            if routed:
                arguments = (taker.number, [(series.code, wad(side))], [pool.address])
                rest: tuple[Any, ...] = ([], 2**255 - 1, False)
                done = self.attempt(self.router.route, *arguments, *rest, sender=taker.address)
            else:
                arguments = (taker.number, series.code, wad(side), 2**255 - 1)
                done = self.attempt(pool.trade, *arguments, sender=taker.address)
            if done is None:
                return
            if side == quantity:
                boa.env.time_travel(seconds=wait)
        assert self.position(taker, series) == held
        assert self.wealth(taker)[0] <= alone, "buy and sell never profits"
        self.seen["there and back: trades"] += 1

    def trip_of_shares(self: Any) -> None:
        """Into a pool and out of it, without the wait that its conduct asks."""
        rng, backer = self.rng, self.visitor
        shares, pool = rng.choice(list(zip(self.shares, self.pools, strict=True)))
        self.no_waits(pool)
        before = self.wealth(backer)[0]
        amount = rng.choice((1_000, 250_000)) * 10**6
        if self.attempt(shares.request_deposit, amount, sender=backer.address) is None:
            return
        self.attempt(shares.process, 32, 0)
        made = shares.balanceOf(backer.address)
        if made == 0 or self.attempt(shares.request_exit, made, sender=backer.address) is None:
            return
        self.attempt(shares.process, 0, 32)
        assert self.wealth(backer)[0] <= before, "deposit and withdraw never profits"
        self.seen["there and back: pool shares"] += 1

    def no_waits(self: Any, pool: Any) -> None:
        """Requests are served in the second in which they are made."""
        terms = POOLS[self.pools.index(pool)]
        conduct = replace(terms.conduct, entry=0, exit=0)
        pool.set_rules(astuple(terms.rules), astuple(conduct), sender=self.owner)

    def trip_of_savings(self: Any) -> None:
        rng, saver = self.rng, self.visitor
        vault = rng.choice(self.vaults)
        if vault.in_round():
            return
        before = self.wealth(saver)
        amount = rng.randint(1, 10_000 * 10**6 if vault.ASSET_INDEX() == 0 else 3 * WAD)
        made = vault.deposit(amount, saver.address, sender=saver.address)
        if rng.random() < 0.5:
            vault.redeem(made, saver.address, saver.address, sender=saver.address)
        else:
            most = min(vault.convertToAssets(made), vault.maxWithdraw(saver.address))
            vault.withdraw(most, saver.address, saver.address, sender=saver.address)
        after = self.wealth(saver)
        assert all(x <= y for x, y in zip(after, before, strict=True)), "in and out never profits"
        self.seen["there and back: vault shares"] += 1

    def trip_of_units(self: Any) -> None:
        """Wrapped and unwrapped: the same position, no cash."""
        longs = self.longs()
        if not longs:
            return
        owner, series = self.rng.choice(longs)
        before, held = self.wealth(owner), self.position(owner, series)
        arguments = (owner.number, series.code, WAD, owner.address)
        if self.attempt(self.hub.wrap, *arguments, sender=owner.address) is None:
            return
        if (
            self.attempt(self.hub.unwrap, series.code, WAD, owner.number, sender=owner.address)
            is None
        ):
            return
        assert self.position(owner, series) <= held and self.wealth(owner) <= before
        self.seen["there and back: units"] += 1


def batch_holds(world: Any) -> int:
    """[1e-9 USD] tokens of the batch auction."""
    return int(world.token.balanceOf(world.batch.address)) * 10**12 // UNIT
