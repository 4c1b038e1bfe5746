"""Actions of `venues.py` around rewards for standing quotes, and what must hold of them."""

from typing import Any

import boa

from tests.world import DAY, WAD, wad

DOLLAR, WEEK = 10**6, 7 * DAY


class Quoting:
    """Mixed into `Venues`."""

    # Ids; what was brought for each epoch [token units]; points by epoch and account, before pay.
    quotes: list[int]
    funded: dict[int, int]
    points: dict[tuple[int, int], int]

    def stands_by(self: Any) -> None:
        """A maker quotes both sides near the mid, for everybody; the week's pot grows a little."""
        rng, rewards, series = self.rng, self.market.quote_rewards, self.series()
        maker = rng.choice(self.people[:2])
        epoch = int(boa.env.timestamp) // WEEK
        amount = rng.randint(1, 500) * DOLLAR + 1
        if self.attempt(rewards.fund, epoch, amount, sender=self.lender.address) is not None:
            self.funded[epoch] = self.funded.get(epoch, 0) + amount
        mid = int(self.market.pool_pricer.assess(1, [], series.code, DAY).price)
        near = wad(rng.choice((1, 5, 20)))
        deadline = int(boa.env.timestamp) + DAY
        figures = []
        for side, price in ((1, max(mid - near, 0)), (-1, mid + near)):
            order, _, signature = self.order(maker, series, 3 * side, price // WAD * WAD, deadline)
            figures += [order, signature]
        id = self.attempt(rewards.announce, *figures)
        if id is not None:
            self.quotes.append(id)
            self.travel(rng.choice((60, 1_200)))
            rewards.check([id])
            self.note("quotes announced")

    def looks_at_quotes(self: Any) -> None:
        """Some minutes of standing count; weeks that are over are paid to whom they belong."""
        rng, rewards = self.rng, self.market.quote_rewards
        for _ in range(rng.choice((1, 3))):
            if self.quotes:
                rewards.check(self.quotes[-16:])
                self.note("quotes checked")
            self.travel(rng.choice((60, 1_200)))
        self.rewards_are_covered()
        for epoch in self.funded:
            for one in self.people[:2]:
                before = self.token.balanceOf(one.address)
                paid = self.attempt(rewards.pay, one.number, epoch)
                if paid is not None:
                    got = self.token.balanceOf(one.address) - before
                    points = self.points.get((epoch, one.number), 0)
                    all_points = sum(self.points.get((epoch, x.number), 0) for x in self.people)
                    fair = self.funded[epoch] * points // max(all_points, 1)
                    assert got == fair, "rewards are shared by points"
                    self.note("rewards paid")

    def rewards_are_covered(self: Any) -> None:
        """What weeks that are not paid out owe is there; points that were earned are remembered."""
        rewards = self.market.quote_rewards
        owed = 0
        for epoch, brought in self.funded.items():
            total = int(rewards.totals(epoch))
            left = {one.number: int(rewards.points(epoch, one.number)) for one in self.people}
            for number, points in left.items():
                if points:
                    self.points[epoch, number] = points
            owed += brought * sum(left.values()) // total if total else brought
        assert self.token.balanceOf(rewards.address) >= owed - len(self.funded), (
            "rewards that are owed are there"
        )
