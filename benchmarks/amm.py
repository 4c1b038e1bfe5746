"""Gas of the option pool, the router, rewards and wrapped longs, as in gas.py: execution only.

Prices as live markets should keep them: an aggregate that anybody recorded in this block.
"""

import boa

from novate import orders as signed_orders
from novate.gas import transaction_gas
from novate.orders import ANYONE, Leg
from tests.unit.tokens.LongTokens.conftest import Wrapping
from tests.unit.venues.OptionPool.conftest import UNLIMITED, PoolWorld
from tests.unit.venues.QuoteRewards.test_rewards import Rewarded
from tests.unit.venues.Router.test_route import Routes
from tests.world import WAD, wad


def pool_gas(count: int, expiries: int = 2) -> dict[str, int]:
    """A trade on an open series with a pool of so many positions, sold at strikes around spot."""
    world = PoolWorld()
    rest = world.person("the other side", cash=50_000_000)
    account = world.market.account("pool's books")
    for i in range(count):
        expiry = world.expiries[i % expiries]
        strike = 2_750 + 25 * ((i // (2 * expiries)) - count // (4 * expiries))
        series = world.market.series(strike, expiry, bool(i // expiries % 2))
        trade = list(world.trade(account, rest, series, 1 + i / 64, 20))
        trade[0] = world.pool.ACCOUNT()
        world.ledger.novate([tuple(trade)], sender=world.venue)
    code = world.series(2_750).code
    world.deal(world.series(2_750), 1)
    world.pass_time()
    world.market.oracle.poke(1)
    figures = {}
    with boa.env.anchor():
        arguments = (world.taker.number, code, wad(2), UNLIMITED)
        gas = transaction_gas(world.pool.trade, *arguments, sender=world.taker.address)
        figures[f"amm.trade.{count}"] = gas.execution
    figures[f"amm.quote.{count}"] = transaction_gas(world.pool.quote, code, wad(2)).execution
    if count == 16:
        bring = (world.shares.request_deposit, 10**9)
        figures["amm.request_deposit"] = transaction_gas(*bring, sender=world.backer).execution
        world.pass_time(3_600)
        world.market.oracle.poke(1)
        figures["amm.process"] = transaction_gas(world.shares.process, 32, 32).execution
    return figures


def router_gas() -> dict[str, int]:
    """An order over two pools and a maker; and over a pool, a maker and the open batch."""
    world = Routes()
    call = world.series(2_775, expiry=1)
    fair = world.pool.quote(call.code, wad(1)).value / 10**18
    offer = world.order(call, -10, round(fair, 3))
    world.route([(call, 20)], [world.order(call, -5, round(fair, 3), 2)])
    world.pass_time()
    world.market.oracle.poke(1)
    arguments = (world.taker.number, [(call.code, wad(40))], world.pools, [offer])
    with boa.env.anchor():
        gas = transaction_gas(
            world.router.route, *arguments, UNLIMITED, False, sender=world.taker.address
        )
    waits = (world.batch.address, [wad(round(fair + 5.8, 6))])
    arguments = (world.taker.number, [(call.code, wad(40))], world.pools[:1], [offer])
    with boa.env.anchor():
        whole = transaction_gas(
            world.router.route, *arguments, UNLIMITED, False, *waits, sender=world.taker.address
        )
    quoted = transaction_gas(world.router.quote, *arguments[1:], *waits)
    return {
        "router.trade3": gas.execution,
        "router.three_venues": whole.execution,
        "router.quote_three_venues": quoted.execution,
    }


def token_gas() -> dict[str, int]:
    """Wrapping into an id that exists, its transfer through either door, and the way back."""
    world = Wrapping()
    world.wrap(1)
    holder, code = world.holder, world.put.code
    world.market.oracle.poke(1)
    figures = {}
    with boa.env.anchor():
        arguments = (holder.number, code, wad(1), holder.address)
        gas = transaction_gas(world.hub.wrap, *arguments, sender=holder.address)
        figures["token.wrap"] = gas.execution
    gas = transaction_gas(world.hub.transfer, world.friend, code, wad(0.5), sender=holder.address)
    figures["token.transfer"] = gas.execution
    with boa.env.anchor():
        gas = transaction_gas(
            world.hub.unwrap, code, wad(0.5), holder.number, sender=holder.address
        )
        figures["token.unwrap"] = gas.execution
    return figures


def parity_gas() -> dict[str, int]:
    """A signed call and put at parity, and at a price beyond it, which pays no fee."""
    world = Routes()
    call, put = world.series(2_750, expiry=1), world.series(2_750, True, 1)
    figures = {}
    for name, edge in (("order.package", 0.0), ("order.package_restores", 1.0)):
        quote = world.market.oracle.quote(1, call.expiry)
        forward = (quote.forward - call.strike) * quote.discount / WAD**2
        legs = [Leg(call.code, -WAD, wad(50 + forward - edge)), Leg(put.code, WAD, wad(50))]
        order = signed_orders.quote(
            world.maker.number, legs, nonce=1, size=WAD, taker=ANYONE, epoch=0, deadline=2**40
        )
        signature = signed_orders.sign(order, world.maker.signer, world.market.domain)
        arguments = (order.as_tuple(), world.maker.address, signature, world.taker.number, WAD)
        with boa.env.anchor():
            gas = transaction_gas(world.market.orders.fill, *arguments, sender=world.taker.address)
        figures[name] = gas.execution
    return figures


def reward_gas() -> dict[str, int]:
    """A check of a quote that stands, of an account without positions."""
    world = Rewarded()
    one, _ = world.stand(world.makers[0], 10, 2, 2)
    world.pass_time(600)
    world.rewards.check([one])
    world.pass_time(600)
    return {"reward.check": transaction_gas(world.rewards.check, [one]).execution}


def measure() -> dict[str, int]:
    """All rows, by their names in gas.json."""
    return {
        **pool_gas(16),
        **pool_gas(64),
        **router_gas(),
        **token_gas(),
        **parity_gas(),
        **reward_gas(),
    }


if __name__ == "__main__":
    from novate.engine import Engine

    boa.set_env(Engine())
    boa.env.evm.patch.timestamp = 1_767_225_600
    for name, gas in measure().items():
        print(f"{name:24} {gas:>10,}")
