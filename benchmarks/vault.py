"""Gas of the vaults: execution of a fresh transaction, as in gas.py."""

import boa

from novate.gas import transaction_gas
from tests.unit.vaults.conftest import HOUR, LENT, VaultWorld


def measure() -> dict[str, int]:
    """All rows, by their names in gas.json."""
    world = VaultWorld()
    vault, me = world.vaults["covered call"], world.friend
    queue = world.market.vault_queue_0
    world.bring(vault, world.depositor, 10)
    whole = world.unit(vault)
    world.give(vault, me, 10 * whole)
    figures = {}
    gas = transaction_gas(vault.deposit, whole, me, sender=me)
    figures["vault.deposit"] = gas.execution
    with boa.env.anchor():
        gas = transaction_gas(vault.redeem, vault.balanceOf(me), me, me, sender=me)
        figures["vault.redeem"] = gas.execution
    with boa.env.anchor():
        world.later(HOUR)
        world.market.oracle.poke(1)
        arguments = (world.expiry, world.strikes("covered call"), LENT)
        gas = transaction_gas(vault.begin, *arguments, sender=world.lender)
        figures["vault.begin"] = gas.execution
        world.to_reveal(vault.epoch())
        world.market.oracle.poke(1)
        figures["vault.reveal"] = transaction_gas(vault.reveal, 0).execution
        world.to_reveal(vault.epoch() + 1)
        world.to_clear(vault.epoch())
        world.settle(vault.epoch(), *world.series_of("covered call"))
        figures["vault.finish"] = transaction_gas(vault.finish).execution
    world.index.approve(queue.address, 2**256 - 1, sender=me)
    gas = transaction_gas(queue.request, whole, 0, sender=me)
    figures["vault.queue_request"] = gas.execution
    figures["vault.queue_serve"] = transaction_gas(queue.serve).execution
    figures["vault.queue_claim"] = transaction_gas(queue.claim, 0, me).execution
    return figures


if __name__ == "__main__":
    from novate.engine import Engine

    boa.set_env(Engine())
    boa.env.evm.patch.timestamp = 1_767_225_600
    for name, gas in measure().items():
        print(f"{name:24} {gas:>10,}")
