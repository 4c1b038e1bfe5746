"""Gas of the batch auction: execution of a fresh transaction, as in gas.py.

The sources of prices are read at each check; `_held`: an aggregate that anybody recorded in this
block is served, as it is deployed. `batch.place_openly` is the first order of its series,
`_listed` comes to a list of sixteen with the right hint, on an average of four (every
fourth needs a slot of its own), `_sold` is of a seller, whose margin is
computed. `batch.settle_per_order` is the work of as many calls as it takes with one of the ledger
each, `_at_once` that of one call.
"""

import boa

from novate.gas import transaction_gas
from tests.unit.auction.BatchAuction.conftest import BatchWorld, Sealed
from tests.unit.auction.Unwinder.test_unwinder import DAY, SOLVENT, Unwinding

TRADERS = 16
START = 1_767_225_600


def batch_gas(hold: int = 0) -> dict[str, int]:
    """Sixteen buyers and sixteen sellers of one series, each an account of its own."""
    # Epochs follow the clock.
    boa.env.evm.patch.timestamp = START
    world = BatchWorld(hold=hold)
    call = world.calls[0]
    orders: list[Sealed] = []
    for i in range(TRADERS):
        buyer, seller = (world.trader(f"{role} {i}", 100_000) for role in ("buyer", "seller"))
        orders += [world.buy(buyer, call, 1 + i, 50 - i / 10), world.sell(seller, call, 1 + i, 30)]
    # One unit, which any seller can fill alone.
    package = world.commit(world.maker, [(call, 1), (world.calls[1], -1)], 1, 40)
    orders += [world.sell(world.taker, world.calls[1], 3, 15)]
    orders += [world.buy(world.other, world.calls[1], 3, 20)]
    figures = {}
    with boa.env.anchor():
        sealed = (b"\1" * 32, 10**11)
        gas = transaction_gas(world.batch.commit, *sealed, sender=world.maker.address)
        figures["batch.commit"] = gas.execution
    # The next epoch, of which nobody has placed anything.
    world.market.oracle.poke(1)
    for name, side in (("batch.place_openly", 1), ("batch.place_openly_sold", -1)):
        with boa.env.anchor():
            order = (world.maker.number, [(call.code, side)], 10**18, side * 45 * 10**18)
            arguments = (order, b"\1" * 32, 0)
            gas = transaction_gas(world.batch.place, *arguments, sender=world.maker.address)
            figures[name] = gas.execution
    with boa.env.anchor():
        for one in orders[: 2 * TRADERS : 2]:
            world.batch.place(one.order, b"\1" * 32, 0, sender=one.account.address)
        world.market.oracle.poke(1)
        total = 0
        for i in range(4):
            order = (world.maker.number, [(call.code, 1)], 10**18, (45 + i) * 10**18)
            arguments = (order, b"\1" * 32, TRADERS + i)
            gas = transaction_gas(world.batch.place, *arguments, sender=world.maker.address)
            total += gas.execution
        figures["batch.place_openly_listed"] = total // 4
    epoch = orders[0].epoch
    world.to_reveal(epoch)
    world.market.oracle.poke(1)
    for i, one in enumerate([*orders, package]):
        hint = i // 2 if i < 2 * TRADERS else 0
        arguments = (one.order, one.salt, hint)
        gas = transaction_gas(world.batch.reveal, *arguments, sender=one.account.address)
        if one is orders[2 * TRADERS - 2]:
            figures["batch.reveal"] = gas.execution
        elif one is orders[2 * TRADERS - 1]:
            figures["batch.reveal_sold"] = gas.execution
        elif one is package:
            figures["batch.reveal_package"] = gas.execution
    figures["batch.place"] = figures["batch.commit"] + figures["batch.reveal"]
    world.to_clear(epoch)
    world.market.oracle.poke(1)
    figures["batch.judge_package"] = transaction_gas(world.batch.judge, epoch, 16).execution
    figures["batch.settle_package"] = transaction_gas(
        world.batch.settle_linked, epoch, 16
    ).execution
    with boa.env.anchor():
        gas = transaction_gas(world.batch.settle, epoch, call.code, 16)
        figures["batch.settle_per_order_at_once"] = gas.execution // (2 * TRADERS)
        assert world.batch.result(epoch, call.code)[1]
    total = 0
    while not world.batch.result(epoch, call.code)[1]:
        total += transaction_gas(world.batch.settle, epoch, call.code, 1).execution
    figures["batch.settle_per_order"] = total // (2 * TRADERS)
    ids = [one.id for one in orders[: 2 * TRADERS]]
    figures["batch.release_per_order"] = transaction_gas(world.batch.release, ids).execution // len(
        ids
    )
    return figures


def unwinding_gas() -> dict[str, int]:
    """A large account in auction taken over, an order for one of its series, and the end."""
    boa.env.evm.patch.timestamp = START
    world = Unwinding()
    world.fall()
    world.pass_time(4 * 3_600)
    world.market.oracle.poke(1)
    units = world.auctions.preview(world.account, 10**18).largest_units
    figures = {}
    with boa.env.anchor():
        gas = transaction_gas(world.unit.take, world.account, units, SOLVENT)
        figures["unwind.take"] = gas.execution
    world.unit.take(world.account, units, SOLVENT)
    world.pass_time(DAY // 3)
    world.market.oracle.poke(1)
    code = world.book[0].code
    size = abs(world.held()[code]) // 10**9 * 10**9
    figures["unwind.offer"] = transaction_gas(world.unit.offer, [code], [1], size).execution
    return figures


def measure() -> dict[str, int]:
    """All rows, by their names in gas.json."""
    held = {f"{name}_held": gas for name, gas in batch_gas(hold=12).items() if _asks_prices(name)}
    return {**batch_gas(), **held, **unwinding_gas()}


def _asks_prices(name: str) -> bool:
    return any(word in name for word in ("place", "reveal", "settle"))


if __name__ == "__main__":
    from novate.engine import Engine

    boa.set_env(Engine())
    for name, gas in measure().items():
        print(f"{name:24} {gas:>10,}")
