"""Raw calls: any function of any unit, by anybody, with values of the right type and little sense.

Names of arguments help where sense is cheap (an `account` is mostly somebody's account), so that a
share of the calls gets past the first check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.stateful.village import DAY, HOUR, STRANGER, TOKENS, WAD, Step, Village

if TYPE_CHECKING:
    from tests.stateful.moves_base import Base

EDGES = (0, 1, 2, 3, 16, 128, 255, 2**32, 2**95, 2**96, 2**112, 2**128 - 1, 2**160, 2**256 - 1)
ACCOUNTS = ("account", "bidder", "keeper", "opposite", "owners", "seller", "buyer", "accounts")
CODES = ("code", "series", "id")
AMOUNTS = ("amount", "assets", "shares", "value", "tokens", "quantity", "units", "most", "bond")
# Not of the village's own: what stands behind others, and what only pretends.
NOT_CALLED = ("back_office",)


class Raw:
    """All functions, and values for them."""

    def __init__(self, village: Village, moves: Base) -> None:
        self.village, self.moves, self.rng = village, moves, moves.rng
        self.functions = functions_of(village)
        self.writing = [one for one in self.functions if one[2]]
        self.people = [*village.people, "owner"]
        self.places = [f"@{name}" for name in village.addresses]

    def step(self) -> Step:
        """One call by one of the people; mostly by the stranger, who has no role at all."""
        rng = self.rng
        pool = self.writing if rng.random() < 0.8 else self.functions
        unit, function, _, inputs = pool[rng.randrange(len(pool))]
        sender = STRANGER if rng.random() < 0.7 else rng.choice(list(self.village.people))
        given = tuple(self.value(one, sender) for one in inputs)
        return Step(sender, f"{unit}.{function}", given)

    def value(self, argument: dict[str, Any], sender: str) -> Any:
        name, kind, rng = argument["name"], argument["type"], self.rng
        if kind.endswith("]"):
            inner, _, size = kind[:-1].rpartition("[")
            count = int(size) if size else min(rng.choice([0, 1, 1, 2, 3, 5]), 3)
            return tuple(self.value({**argument, "type": inner}, sender) for _ in range(count))
        if kind == "tuple":
            return tuple(self.value(one, sender) for one in argument["components"])
        if kind == "bool":
            return rng.random() < 0.5
        if kind == "address":
            if name in ("owner", "receiver", "recipient") and rng.random() < 0.5:
                return f"@{sender}"
            if rng.random() < 0.5:
                return f"@{rng.choice(self.people)}"
            return rng.choice(self.places)
        if kind == "string":
            return "'" + rng.choice(["", "x", "a reason"])
        if kind == "bytes":
            return "0x" + rng.randbytes(rng.choice([0, 4, 65])).hex()
        if kind.startswith("bytes"):
            return "0x" + rng.randbytes(int(kind[5:])).hex()
        if kind.startswith("int"):
            size = int(kind[3:])
            sign = rng.choice([-1, 1])
            return max(-(2 ** (size - 1)), min(sign * self.number(name), 2 ** (size - 1) - 1))
        return self.unsigned(name, 2 ** int(kind[4:]) - 1, sender)

    def unsigned(self, name: str, most: int, sender: str) -> Any:
        rng, moves = self.rng, self.moves
        if most >= 2**255 and rng.random() < 0.9:
            if name in ACCOUNTS or name in ("sender", "receiver"):
                if rng.random() < 0.5 and sender in self.village.people:
                    return f"#{sender}"
                return rng.choice(list(self.village.numbers))
            if name in CODES:
                return moves.some_code()
            if name in ("expiry", "expiries"):
                return moves.some_expiry()
            if name in ("deadline", "time", "timestamp", "timepoint"):
                return self.village.now + rng.choice([-1, 0, 60, DAY])
            if name == "hour":
                return self.village.now // HOUR + rng.choice([-2, 0, 1])
            if name == "underlying":
                return 1
            if name == "asset":
                return rng.choice([0, *TOKENS])
        return min(self.number(name), most)

    def number(self, name: str) -> int:
        rng = self.rng
        if rng.random() < 0.15:
            return rng.choice(EDGES)
        if name in AMOUNTS or rng.random() < 0.3:
            return rng.choice([1, 10**6, 10**15, WAD]) * rng.choice([1, 2, 7, 100, 3_333])
        if rng.random() < 0.3:
            return self.village.now + rng.choice([-DAY, 0, DAY])
        return rng.choice([0, 0, 1, 1, 2, 5, 100])


def functions_of(village: Village) -> list[tuple[str, str, bool, list[dict[str, Any]]]]:
    """unit, function, whether it writes, and its arguments: of every unit, each overload."""
    found = []
    for unit, contract in village.units.items():
        if unit in NOT_CALLED:
            continue
        for entry in contract.abi:
            if entry["type"] == "function" and hasattr(contract, entry["name"]):
                writes = entry["stateMutability"] not in ("view", "pure")
                found.append((unit, entry["name"], writes, entry["inputs"]))
    return found
