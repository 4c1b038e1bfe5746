"""Ways to live off others' trades: around a trade with a pool, in a batch, in a round of a vault.

Within one block see `test_trading_around_others_loses` of the pool, for just-in-time backers
`test_money_brought_for_one_trade_loses`, for gifts to vaults
`test_a_gift_before_the_first_depositor_never_pays`.
"""

from typing import Any

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.liquidity import PoolConduct
from tests.unit.auction.BatchAuction.conftest import LENGTH, BatchWorld, Sealed
from tests.unit.vaults.conftest import VaultWorld
from tests.unit.venues.OptionPool.conftest import UNLIMITED, PoolWorld, choose, wad
from tests.unit.venues.OptionPool.test_trade import WIDE
from tests.world import WAD, build

TOKEN = 10**6
BLOCK = 12
PERIOD = 60 * PoolConduct().memory


# -- a pool --


class Attacked(PoolWorld):
    """A pool of a million, and two who can afford trades that are large beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.author = self.person("author", cash=50_000_000)
        self.victim = self.person("victim", cash=50_000_000)


@pytest.fixture(scope="module")
def pool() -> Attacked:
    return Attacked()


def sandwich(
    pool: Attacked, is_put: bool, first: float, other: float, wait: int, starts: int = 0
) -> float:
    """[USD a contract] before somebody's trade, a block before it, and back; other: < 0 sells.

    starts: seconds after the beginning of a period of the pool's memory. No limits of risk, so that
    all sizes fit a pool of a million.
    """
    with boa.env.anchor():
        choose(pool, **WIDE)
        series = pool.series(2_725 if is_put else 2_775, is_put, 1)
        size = first if other > 0 else -first
        pool.pass_time(PERIOD - int(boa.env.timestamp) % PERIOD + starts)
        before = pool.cash(pool.author)
        pool.deal(series, size, taker=pool.author)
        pool.pass_time(BLOCK)
        pool.deal(series, other, taker=pool.victim)
        pool.pass_time(wait - BLOCK)
        pool.deal(series, -size, taker=pool.author)
        assert pool.position(pool.author, series) == 0
        return float(pool.cash(pool.author) - before) / WAD / first


@pytest.mark.parametrize("blocks", [1, 2, 5, 10])
@pytest.mark.parametrize("is_put", [False, True])
def test_a_sandwich_over_blocks_loses(pool: Attacked, is_put: bool, blocks: int) -> None:
    """Around somebody who names no limit, of any size, either way; back some blocks after it."""
    found = {
        (first, other, starts): sandwich(pool, is_put, first, other, BLOCK * (1 + blocks), starts)
        for first in (20, 60, 150, 400)
        for other in (50, 200, 500, 1_000, -50, -200, -500, -1_000)
        for starts in (0, PERIOD - 3 * BLOCK)
    }
    # Both fees at least, within what the option loses by time.
    assert max(found.values()) < -2 * 2_750 * 5 / 10_000 + 0.01


@pytest.mark.parametrize("other", [1_000, -1_000])
def test_who_carries_it_for_as_long_as_the_pool_remembers_may_gain(
    pool: Attacked, other: float
) -> None:
    """What is left, and told: the whole memory later, with prices where they were, around trades
    that move the pool's prices by more than two fees. Not sooner, however large they are."""
    soonest = [sandwich(pool, False, 20, other, PERIOD, starts) for starts in range(0, PERIOD, 60)]
    assert max(soonest) < -2
    assert sandwich(pool, False, 20, other, 2 * PERIOD) > 5
    # Beside the pool the usual trade is small, and pays for nobody's way there and back.
    for first in (5, 20, 100):
        assert sandwich(pool, False, first, 100, 2 * PERIOD) < 0


@pytest.mark.parametrize("other", [50, 200, 400])
def test_whoever_names_a_limit_is_not_sandwiched(pool: Attacked, other: float) -> None:
    """A trade of any size at the price that was quoted: who goes before it stops it, and pays."""
    series = pool.series(2_775, False, 1)
    quoted = pool.pool.quote(series.code, wad(other)).cost
    before = pool.cash(pool.taker)
    pool.deal(series, 20)
    with boa.reverts("pool: cost above limit"):
        pool.deal(series, other, quoted, taker=pool.other)
    pool.pass_time()
    pool.deal(series, -20)
    assert pool.cash(pool.taker) < before
    # Nobody before it: filled as quoted, but for the time that has passed.
    pool.pass_time()
    assert pool.deal(series, other, quoted + quoted // 100, taker=pool.other) <= quoted * 1.01


def test_a_hedge_cannot_be_sandwiched(pool: Attacked) -> None:
    """Who moves the delta out of its band and is paid the edge for hedging it has paid more."""
    series = pool.series(2_750, False, 1)
    before = pool.cash(pool.taker)
    size = 200
    pool.deal(series, size)
    pool.pass_time()
    delta = pool.pool.state(0)[0].delta / WAD
    forwards = wad(int(-delta * 0.98 / 2_750))
    arguments = (pool.taker.number, series.expiry, wad(2_750), forwards)
    pool.pool.hedge(*arguments, sender=pool.taker.address)
    pool.pass_time()
    pool.deal(series, -size)
    # Forwards at the price of the pool's own marks: what is left is a call and a put, at mid.
    value = sum(
        q * pool.pool.state(s.code)[0].price // WAD
        for s, q in pool.market._positions(pool.taker.number)
    )
    assert pool.cash(pool.taker) + value < before


# -- a batch --


@pytest.fixture(scope="module")
def batch() -> BatchWorld:
    return BatchWorld()


orders = st.lists(
    st.tuples(st.integers(1, 4), st.booleans(), st.integers(1, 30), st.integers(15, 45)),
    min_size=2,
    max_size=8,
)


@given(others=orders, high=st.integers(16, 60), low=st.integers(1, 59), size=st.integers(1, 40))
@settings(max_examples=25, derandomize=True)
def test_buying_and_selling_around_others_earns_nothing(
    batch: BatchWorld, others: Any, high: int, low: int, size: int
) -> None:
    """Two orders of one account around all others: at one price, what comes goes again."""
    series, attacker = batch.calls[0], batch.people[0]
    sealed = []
    for who, sells, quantity, limit in others:
        act = batch.sell if sells else batch.buy
        sealed.append(act(batch.people[who], series, quantity, limit))
    sealed.append(batch.buy(attacker, series, size, high))
    sealed.append(batch.sell(attacker, series, size, min(low, high)))
    before, held = batch.cash(attacker), batch.position(attacker, series)
    epoch = batch.run(*sealed)
    price = int(batch.batch.result(epoch, series.code)[2].price) * 10**9
    change = batch.position(attacker, series) - held
    paid = before - batch.cash(attacker)
    # Nothing but contracts at the price of all; the same both ways is nothing.
    assert abs(paid - change * price // WAD) <= 4
    assert change != 0 or abs(paid) <= 4


def test_who_sees_the_others_and_stays_silent_pays_its_bond(batch: BatchWorld) -> None:
    """Several limits sealed for one lot, and only the best of them opened once all others are."""
    series, attacker = batch.calls[0], batch.people[0]
    fair, size = 28.0, 10
    others = [
        batch.buy(batch.people[1], series, size, fair + 2),
        batch.buy(batch.people[2], series, size, fair + 1),
        batch.sell(batch.people[3], series, size, fair),
    ]
    # A dollar apart: whichever turns out best.
    least = size * 2_750 * 11 // 10_000 * 10**9
    ladder = [
        batch.commit(attacker, [(series, -1)], size, -(fair + step), least) for step in (0, 1, 2)
    ]
    free = batch.batch.free(attacker.address)

    def sells(chosen: list[Sealed]) -> int:
        """[wei] what the lot brings above its fair value, less bonds of those that stay sealed."""
        with boa.env.anchor():
            before = batch.cash(attacker)
            epoch = batch.run(*others, *chosen)
            for one in ladder:
                if one not in chosen:
                    batch.batch.forfeit(attacker.address, one.hash)
            ids = [one.id for one in chosen if batch.batch.orders(one.id)[0]]
            batch.batch.release(ids)
            lost = free + len(ladder) * least - batch.batch.free(attacker.address)
            sold = -batch.position(attacker, series)
            assert batch.batch.result(epoch, series.code)[1]
            return int(batch.cash(attacker) - before - wad(fair) * sold // WAD - lost * 10**9)

    choices = [sells([one]) for one in ladder]
    # An honest order at its own limit has nothing to forfeit: it is better than any choice.
    with boa.env.anchor():
        honest = batch.sell(attacker, series, size, fair)
        before = batch.cash(attacker)
        batch.run(*others, honest)
        gain = batch.cash(attacker) - before - wad(fair) * size
    assert max(choices) < gain
    assert max(choices) < 0


def test_the_last_to_open_gets_no_more_than_the_first(batch: BatchWorld) -> None:
    series = batch.calls[0]
    sealed = [batch.buy(one, series, 10, 30) for one in batch.people[:4]]
    sealed.append(batch.sell(batch.people[4], series, 10, 20))
    batch.to_reveal(sealed[0].epoch)
    for one in (*sealed[1:], sealed[0]):
        batch.reveal(one)
        boa.env.evm.patch.timestamp = boa.env.timestamp + LENGTH // 10
    batch.to_clear(sealed[0].epoch)
    batch.settle(sealed[0].epoch, series)
    assert {batch.position(one, series) for one in batch.people[:4]} == {wad(2.5)}


# -- a round of a vault --


class Round(VaultWorld):
    """Vaults in which savers are, in a round that has traded; somebody who comes late."""

    def __init__(self) -> None:
        super().__init__()
        self.late = str(boa.env.generate_address("late"))
        self.queues = {name: build("vaults/VaultQueue.vy", v.address) for name, v in self.items()}
        for name, vault in self.items():
            self.bring(vault, self.depositor, 20_000 if vault.ASSET_INDEX() == 0 else 8)
            self.give(vault, self.late, 50_000 * TOKEN if vault.ASSET_INDEX() == 0 else 20 * WAD)
            token = self.tokens[vault.ASSET_INDEX()]
            for spender in (self.queues[name], vault):
                token.approve(spender.address, 2**256 - 1, sender=self.late)
            vault.approve(self.queues[name].address, 2**256 - 1, sender=self.late)

    def items(self) -> list[tuple[str, Any]]:
        return list(self.vaults.items())

    def held(self, vault: Any) -> int:
        return int(self.tokens[vault.ASSET_INDEX()].balanceOf(self.late))

    def end(self, name: str) -> None:
        vault = self.vaults[name]
        self.ledger.settle([vault.ACCOUNT()])
        cash = self.ledger.cash_of(vault.ACCOUNT())
        if vault.ASSET_INDEX() and cash // 10**12:
            self.give(vault, self.friend, 100 * WAD)
            self.token.mint(self.friend, 10**6 * TOKEN)
            self.token.approve(vault.address, 2**256 - 1, sender=self.friend)
            amount = -(cash // 10**12) if cash < 0 else cash // 10**12
            vault.exchange(amount, 0 if cash < 0 else 2**200, sender=self.friend)
        vault.finish()


@pytest.fixture(scope="module")
def round_() -> Round:
    return Round()


@pytest.mark.parametrize("spot", [2_400, 2_750, 3_000])
@pytest.mark.parametrize("name", ["covered call", "secured put", "protective put", "collar"])
def test_money_brought_into_a_round_earns_nothing_of_it(
    round_: Round, name: str, spot: float
) -> None:
    """Whoever sees how a round will end and asks for shares gets none of it, either way."""
    vault, queue, late = round_.vaults[name], round_.queues[name], round_.late
    round_.play(name)
    before = round_.held(vault)
    round_.expire(spot)
    queue.request(before // 2, 0, sender=late)
    round_.end(name)
    stays = vault.convertToAssets(vault.balanceOf(round_.depositor))
    queue.serve()
    queue.claim(0, late)
    vault.redeem(vault.balanceOf(late), late, late, sender=late)
    assert round_.held(vault) <= before
    assert vault.convertToAssets(vault.balanceOf(round_.depositor)) >= stays


@pytest.mark.parametrize("name", ["covered call", "secured put", "protective put", "collar"])
def test_nobody_takes_a_premium_and_leaves_the_options(round_: Round, name: str) -> None:
    """Shares from before the round, of which somebody wants to be rid once the premium is there."""
    vault, queue, late = round_.vaults[name], round_.queues[name], round_.late
    start = round_.held(vault)
    shares = vault.deposit(start // 2, late, sender=late)
    round_.play(name)
    for act in (vault.redeem, vault.withdraw):
        with boa.reverts("vault: round under way"):
            act(1, late, late, sender=late)
    with boa.reverts("vault: no emergency"):
        vault.leave(shares, late, sender=late)
    queue.request(0, shares, sender=late)
    # A fall that costs the sellers of puts, and a rise that costs the sellers of calls.
    round_.expire(2_300 if name == "secured put" else 3_100)
    round_.end(name)
    worth = vault.convertToAssets(shares)
    queue.serve()
    queue.claim(0, late)
    assert worth - 2 <= round_.held(vault) - (start - start // 2) <= worth
    if name in ("covered call", "secured put"):
        assert round_.held(vault) < start


def test_unlimited_is_no_price(pool: Attacked) -> None:
    """What these tests give takers as a limit is none: a guard of the tests themselves."""
    series = pool.series(2_775, False, 1)
    assert pool.pool.quote(series.code, wad(1)).cost < UNLIMITED
