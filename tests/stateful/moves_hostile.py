"""Tokens that attack, and calls without sense."""

from __future__ import annotations

from tests.stateful.moves_base import TRADERS, Base, Move
from tests.stateful.village import STRANGER, WAD, Step


class Hostile(Base):
    """Hostile tokens and raw calls."""

    def any_call(self) -> Move:
        yield self.raw.step()

    def hostilities(self) -> Move:
        rng = self.rng
        who = self.pick(TRADERS)
        choice = rng.randrange(4)
        if choice == 0:
            yield Step(STRANGER, "false_token.jam", (rng.random() < 0.5,))
        elif choice == 1:
            yield Step(STRANGER, "blacklist_token.block_address", (f"@{who}", rng.random() < 0.5))
        elif choice == 2:
            yield Step(who, "clearinghouse.deposit", (f"#{who}", 6, WAD))
        else:
            # The token calls back while it is moved: any function of the ledger or the house.
            inner = self.raw.step()
            unit, function = inner.target.split(".")
            if unit not in ("clearinghouse", "auctions", "security_fund"):
                # What anybody may call: only the lock refuses it.
                unit, function = "clearinghouse", "settle"
                inner = Step(who, "", ((f"#{who}",),))
            method = getattr(self.village.units[unit], function)
            try:
                data = bytes(method.prepare_calldata(*self.village.resolve(inner.args)))
            except Exception:
                return
            if len(data) <= 4_096:
                args = (f"@{unit}", "0x" + data.hex())
                yield Step(STRANGER, "reentrant_token.arm", args)
            if rng.random() < 0.6:
                yield Step(who, "clearinghouse.deposit", (f"#{who}", 4, 10**15))
            else:
                given = (f"#{who}", 4, 10**15, f"@{who}")
                yield Step(who, "clearinghouse.withdraw", given)
