"""The market that hypothesis drives: four traders who open, close, borrow, wait and settle.

Sub-classes turn actions into rules; what must agree with the reference is in `twin.py`.
"""

from typing import Any

import boa
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from novate.series import Series as Code
from tests.stateful.twin import Twin
from tests.world import DAY, WAD

ROLES = ("first", "second", "third", "fourth")
ENDOWMENT = 4_000  # [USD]


class ClearingMachine(Twin, RuleBasedStateMachine):
    """Four traders, a market, and the reference ledger beside the contracts."""

    @initialize()
    def open_market(self) -> None:
        self.anchor = boa.env.anchor()
        self.anchor.__enter__()
        self.open(None, ROLES)
        self.codes: set[int] = set()
        self.settled: set[tuple[int, int]] = set()
        for role in ROLES:
            self.deposit(role, 0, ENDOWMENT)
        near, far = self.market.expiries(2)
        for seller, expiry, strike, is_put in (
            (0, near, 2_700, True),
            (1, near, 2_800, False),
            (2, far, 2_600, True),
        ):
            code = Code(1, expiry, strike * WAD, is_put).code
            assert self.deal(seller, seller + 1, code, WAD, 30 * WAD, 0)

    def teardown(self) -> None:
        if hasattr(self, "anchor"):
            self.anchor.__exit__(None, None, None)

    # -- actions, by the place of a trader --

    def bring(self, who: int, amount: int, asset: int) -> None:
        self.deposit(ROLES[who], asset, amount)

    def take(self, who: int, amount: int) -> bool:
        return self.withdraw(ROLES[who], amount)

    def deal(
        self, seller: int, buyer: int, code: int, quantity: int, premium: int, fee: int
    ) -> bool:
        """One leg between two of the traders; amounts in wad."""
        sides = (self.numbers[seller], self.numbers[buyer])
        done = self.trade(*sides, code, quantity, premium, fee)
        if done:
            self.codes.add(code)
        return done

    def move_market(self, spot: float, volatility: float) -> None:
        self.spot, self.volatility = spot, volatility
        self.push(poke=True)

    def wait(self, seconds: int) -> None:
        self.pass_time(seconds, poke=True)

    def pay(self, who: list[int]) -> None:
        """Expired positions become cash; invariant 5: what is paid is gone, so it comes once."""
        self.fix()
        for one in who:
            for code in self.model.positions[self.numbers[one]]:
                if Code.from_code(code).expiry <= self.market.now:
                    assert (one, code) not in self.settled, "invariant 5"
                    self.settled.add((one, code))
                    self.note("settled a position")
        self.settle([self.numbers[one] for one in who])

    # -- what must always hold --

    @invariant()
    def positions_agree_and_sum_to_zero(self) -> None:
        if not self.is_open():
            return
        self.positions_agree()
        for code in self.codes:
            if Code.from_code(code).expiry > self.market.now:
                assert self.ledger.open_interest(code) == self.model.open_interest(code)

    @invariant()
    def cash_agrees_and_is_conserved(self) -> None:
        if self.is_open():
            self.cash_agrees()

    @invariant()
    def prices_agree(self) -> None:
        if self.is_open():
            self.oracle_agrees()

    @invariant()
    def the_view_is_total(self) -> None:
        if self.is_open():
            self.health_agrees()

    def is_open(self) -> bool:
        """Invariants are asked before the market is deployed, too."""
        return "world" in vars(self)


def machine_of(kind: Any) -> ClearingMachine:
    """A machine to be moved by hand, its market open."""
    machine: ClearingMachine = kind()
    machine.open_market()
    return machine


__all__ = ["DAY", "ROLES", "ClearingMachine", "machine_of"]
