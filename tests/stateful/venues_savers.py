"""Actions of `venues.py` by who brings money: backers of pools, savers of vaults, their queues."""

from typing import Any

from tests.world import WAD

UNIT = 10**6
# [wad] that may stay in the clearinghouse: rounding, and cash not worth an exchange.
DUST, CRUMBS = 10**15, WAD


class Saving:
    """Mixed into `Venues`."""

    def backs(self: Any) -> None:
        rng, shares = self.rng, self.rng.choice(self.shares)
        backer = rng.choice(self.backers).address
        if rng.random() < 0.5:
            dollars = rng.choice((5, 1_000, 100_000))
            self.attempt(shares.request_deposit, dollars * UNIT, sender=backer)
        else:
            amount = shares.balanceOf(backer) // rng.choice((1, 3, 20))
            self.attempt(shares.request_exit, amount, sender=backer)

    def takes_a_request_back(self: Any) -> None:
        shares, is_exit = self.rng.choice(self.shares), self.rng.random() < 0.5
        last = shares.requests()[is_exit] - 1
        if last >= 0:
            owner = (shares.exits if is_exit else shares.deposits)(last).owner
            self.attempt(shares.cancel, last, is_exit, sender=owner)

    def processes(self: Any) -> None:
        for shares in self.shares:
            self.attempt(shares.process, 32, 32)

    def saves(self: Any) -> None:
        """Into a vault and out of it: at once while it is open, else by its queue."""
        rng = self.rng
        number, saver = rng.randrange(len(self.vaults)), rng.choice(self.savers).address
        vault, queue = self.vaults[number], self.queues[number]
        amount = rng.randint(1, 10_000 * UNIT if vault.ASSET_INDEX() == 0 else 4 * WAD)
        held = vault.balanceOf(saver) // rng.choice((1, 3))
        in_round = vault.in_round()
        if rng.random() < (0.2 if in_round else 0.6):
            if rng.random() < 0.5:
                done = self.attempt(vault.deposit, amount, saver, sender=saver)
            else:
                done = self.attempt(vault.redeem, held, saver, saver, sender=saver)
            assert done is None or not in_round, "shares of a vault wait for the end of its round"
            return
        assets, shares = (amount, 0) if rng.random() < 0.5 else (0, held)
        if assets | shares:
            self.attempt(queue.request, assets, shares, sender=saver)
            self.note("queued")

    def rounds_end_whole(self: Any) -> None:
        """Between rounds all that a vault has lies in it, but for crumbs."""
        for vault in self.vaults:
            if vault.in_round():
                continue
            account = vault.ACCOUNT()
            held = [word & (2**248 - 1) for word in self.ledger.holdings_of(account)]
            most = CRUMBS if vault.ASSET_INDEX() else DUST
            left = max(held, default=0) <= DUST and abs(self.ledger.cash_of(account)) <= most
            options = self.ledger.positions_of(account)
            assert left and not options, "between rounds all of a vault is here"

    def serves(self: Any) -> None:
        rng = self.rng
        queue, saver = rng.choice(self.queues), rng.choice(self.savers).address
        if rng.random() < 0.15:
            self.attempt(queue.cancel, sender=saver)
        elif self.attempt(queue.serve) is not None:
            self.note("served a queue")
        for id in range(queue.current()):
            self.attempt(queue.claim, id, saver)
