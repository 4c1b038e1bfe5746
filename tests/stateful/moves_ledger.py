"""Money in and out of accounts, and what is traded between them."""

from __future__ import annotations

from tests.stateful.moves_base import BIDDERS, TRADERS, Base, Move
from tests.stateful.village import STRANGER, TOKENS, WAD, Step


class Money(Base):
    """Deposits, withdrawals, transfers, engines, operators."""

    def deposits(self) -> Move:
        who = self.pick(TRADERS + BIDDERS)
        asset = self.pick((0, 0, 0, *TOKENS))
        # Dollars, or up to a tenth of a unit of the underlying.
        amount = self.rng.randint(1, 10**5 if asset == 5 else 10**17)
        if asset == 0:
            amount = self.rng.randint(1, 500) * 10**6
        account = self.pick(list(self.village.numbers)) if self.rng.random() < 0.2 else f"#{who}"
        yield Step(who, "clearinghouse.deposit", (account, asset, amount))

    def leaves(self) -> Move:
        who = self.pick((*TRADERS, *BIDDERS, STRANGER))
        number = self.village.numbers[f"#{who}"]
        held = self.view.holdings.get(number, {})
        if held and self.rng.random() < 0.4:
            asset = self.pick(sorted(held))
            amount = held[asset] // (10**12 if asset == 5 else 1)
            amount = max(int(amount * self.rng.choice([0.2, 1, 1.01])), 1)
            yield Step(who, "clearinghouse.withdraw", (f"#{who}", asset, amount, f"@{who}"))
            return
        free = max(self.view.health[number][1], 0) / WAD
        share = self.rng.choice([0.01, 0.3, 0.9, 1.01, 5])
        amount = max(int(free * share * 10**6), 1)
        receiver = f"@{self.pick((who, who, who, STRANGER))}"
        yield Step(who, "clearinghouse.withdraw", (f"#{who}", 0, amount, receiver))

    def borrows(self) -> Move:
        who = self.pick(TRADERS)
        yield Step(who, "clearinghouse.deposit", (f"#{who}", 1, self.rng.randint(1, 8) * WAD // 10))
        number = self.village.numbers[f"#{who}"]
        cash = max(self.view.cash[number], 0)
        more = self.rng.randint(50, 1_500) * WAD
        amount = (cash + more) // 10**12
        yield Step(who, "clearinghouse.withdraw", (f"#{who}", 0, amount, f"@{who}"))

    def transfers(self) -> Move:
        who = self.pick(("maker", "writer"))
        sides = [f"#{who}", f"#{who}/1"]
        self.rng.shuffle(sides)
        asset = self.pick((0, 0, 1, 2))
        amount = self.rng.randint(1, 400) * (WAD if asset == 0 else WAD // 100)
        yield Step(who, "clearinghouse.transfer", (*sides, asset, amount))

    def engines(self) -> Move:
        who = self.pick(TRADERS)
        yield Step(who, "clearinghouse.set_engine", (f"#{who}", self.pick((0, 1, 1, 2))))

    def operators(self) -> Move:
        who, operator = self.pick(TRADERS), self.pick(("keeper", "router", "bidder"))
        if self.rng.random() < 0.5:
            yield Step("keeper", "~operate", (who, f"@{operator}", self.rng.random() < 0.7))
        else:
            approved = self.rng.random() < 0.7
            yield Step(who, "operators.set_operator", (f"@{operator}", approved))
