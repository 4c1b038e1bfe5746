"""Gas of the batch auction: execution of a fresh transaction, as in gas.py.

Prices as live markets should keep them: an aggregate that anybody recorded in this block.
"""

import boa

from novate.gas import transaction_gas
from tests.unit.auction.BatchAuction.conftest import BatchWorld, Sealed
from tests.unit.auction.Unwinder.test_unwinder import DAY, SOLVENT, Unwinding

TRADERS = 16
START = 1_767_225_600


def batch_gas() -> dict[str, int]:
    """Sixteen buyers and sixteen sellers of one series, each an account of its own."""
    # Epochs follow the clock.
    boa.env.evm.patch.timestamp = START
    world = BatchWorld()
    call = world.calls[0]
    orders: list[Sealed] = []
    for i in range(TRADERS):
        buyer, seller = (world.trader(f"{role} {i}", 100_000) for role in ("buyer", "seller"))
        orders += [world.buy(buyer, call, 1 + i, 50 - i / 10), world.sell(seller, call, 1 + i, 30)]
    package = world.commit(world.maker, [(call, 1), (world.calls[1], -1)], 3, 40)
    orders += [world.sell(world.taker, world.calls[1], 3, 15)]
    orders += [world.buy(world.other, world.calls[1], 3, 20)]
    figures = {}
    with boa.env.anchor():
        sealed = (b"\1" * 32, 10**11)
        gas = transaction_gas(world.batch.commit, *sealed, sender=world.maker.address)
        figures["batch.commit"] = gas.execution
    with boa.env.anchor():
        order = (world.maker.number, [(call.code, 1)], 10**18, 45 * 10**18)
        gas = transaction_gas(world.batch.place, order, b"\1" * 32, 0, sender=world.maker.address)
        figures["batch.place_openly"] = gas.execution
    epoch = orders[0].epoch
    world.to_reveal(epoch)
    world.market.oracle.poke(1)
    for i, one in enumerate([*orders, package]):
        hint = i // 2 if i < 2 * TRADERS else 0
        arguments = (one.order, one.salt, hint)
        gas = transaction_gas(world.batch.reveal, *arguments, sender=one.account.address)
        if one is orders[2 * TRADERS - 2]:
            figures["batch.reveal"] = gas.execution
        elif one is package:
            figures["batch.reveal_package"] = gas.execution
    figures["batch.place"] = figures["batch.commit"] + figures["batch.reveal"]
    world.to_clear(epoch)
    world.market.oracle.poke(1)
    figures["batch.judge_package"] = transaction_gas(world.batch.judge, epoch, 16).execution
    figures["batch.settle_package"] = transaction_gas(
        world.batch.settle_linked, epoch, 16
    ).execution
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
    return {**batch_gas(), **unwinding_gas()}


if __name__ == "__main__":
    from novate.engine import Engine

    boa.set_env(Engine())
    for name, gas in measure().items():
        print(f"{name:24} {gas:>10,}")
