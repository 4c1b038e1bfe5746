"""Who may do what, what strangers gain, and what a token that calls back may reach."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import snekmate

from novate.engine.batch import what_ifs
from tests.stateful.checks_base import DUST, ROOT, UNIT, Base
from tests.stateful.village import NOBODY, STRANGER, Receipt, Step, Village

# Gains that the rules name: pots, tips, what one has earned, shares that pay out.
EARNING = {
    *("watch.touch", "watch.resolve", "auctions.start", "other_house.start", "bonds.claim"),
    *("bonds.prove_contradiction", "bonds.prove_deviation", "bonds.withdraw", "court.withdraw"),
    *("surface_fees.claim", "pool_shares_0.collect", "pool_shares_0.cancel", "watchdog.arm"),
    *("security_fund.cancel_request", "orders.fill"),
    *("batch.take", "batch.sweep", "batch.release", "batch.settle", "batch.settle_linked"),
    *("batch.forfeit", "batch.judge", "batch.challenge", "quote_rewards.pay"),
    *("vault_queue_0.claim", "vault_queue_0.cancel", "vault_queue_1.claim"),
    *("vault_queue_1.cancel", "vault_0.pay_back", "vault_1.pay_back", "long_tokens.redeem"),
    # Test tokens are anybody's.
    *("cash_token.mint", "index_token.mint"),
}


def reasons() -> set[str]:
    """Every text in the sources, of ours and of what they import."""
    texts: set[str] = set()
    folders = [ROOT / "contracts", ROOT / "tests/hostile", *map(Path, snekmate.__path__)]
    for folder in folders:
        for file in folder.rglob("*.vy"):
            texts |= set(re.findall(r'"([^"\n]+)"', file.read_text()))
    return texts


class Access(Base):
    """Roles, robbery, re-entry."""

    def wealth(self, who: str) -> tuple[int, ...]:
        """Everything that somebody has, each kind by itself."""
        village = self.village
        place, number = village.addresses[who], village.numbers[f"#{who}"]
        tokens: tuple[str, ...] = ("cash_token", "index_token", "yield_token", "security_fund")
        tokens += ("pool_shares_0", "vault_0", "vault_1")
        asked: list[Any] = [
            (village.units[token].balanceOf, (place,)) for token in (*tokens, "votes")
        ]
        asked += [(village.ledger.cash_of, (number,)), (village.ledger.holdings_of, (number,))]
        *amounts, cash, held = what_ifs([[one] for one in asked])
        inside = {word >> 248: word & (2**248 - 1) for word in held}
        amounts[0] = amounts[0] * UNIT + cash
        amounts[1] += inside.get(1, 0)
        amounts[2] += inside.get(2, 0)
        return tuple(amounts)

    def access(self, receipt: Receipt) -> None:
        roles = self.roles.get(f"{receipt.unit}.{receipt.function}")
        if roles is None:
            return
        sender, village = receipt.step.sender, self.village
        # A loss or auctions that others report are ignored; whose bond is gone, anybody drops.
        allowed = receipt.function in ("report_loss", "report_auctions")
        if receipt.function == "drop" and receipt.step.args[0] < len(village.reporters):
            dropped = village.addresses[village.reporters[receipt.step.args[0]]]
            allowed = not village.units["bonds"].is_bonded(dropped)
        for role in roles:
            if role == "owner":
                allowed |= sender == "owner" and not village.governed
            elif role == "reporter":
                feed = receipt.unit != "signed_feed"
                allowed |= sender == "owner" if feed else sender in village.reporters
            elif role == "fitters":
                allowed |= sender == "market maker"
            elif role == "proposer":
                allowed |= sender in ("backer", "holder")
            elif role == "account":
                allowed |= receipt.step.args[1] == f"@{sender}"
        self.hold("u access", allowed, (receipt.step, roles))

    def prepare_wealth(self, step: Step) -> None:
        if step.sender == STRANGER and step.target not in EARNING:
            self.before["wealth"] = self.wealth(STRANGER)

    def nobody_gains(self, receipt: Receipt) -> None:
        if "wealth" in self.before:
            now = self.wealth(STRANGER)
            gained = [b - a for a, b in zip(self.before["wealth"], now, strict=True)]
            nothing = max(gained) <= DUST or min(gained) < 0
            self.hold("8 strangers gain nothing", nothing, (receipt.step, gained))

    def nothing_is_entered_twice(self, receipt: Receipt) -> None:
        """A token that was armed has called back: the lock must have refused it."""
        token = self.village.units["reentrant_token"]
        if self.armed and token.target() == NOBODY:
            # In the middle of a call of the ledger's, or moved by itself.
            if receipt.unit == "clearinghouse":
                self.hold("u no re-entry", not token.succeeded(), receipt.step)
            self.armed = False
        if receipt.step.target == "reentrant_token.arm":
            self.armed = receipt.step.args[0] == "@clearinghouse" and self.writes(receipt.step)

    def votes_and_owners(self) -> None:
        village, units = self.village, self.village.units
        votes = sum(
            units["votes"].balanceOf(place)
            for name, place in village.addresses.items()
            if name != "nobody"
        )
        self.hold("u votes add up", votes == units["votes"].totalSupply(), votes)
        for name in (
            "oracle",
            "margin",
            "listing",
            "clearinghouse",
            "auctions",
            "orders",
            "pool_0",
        ):
            self.hold("u owners stay", str(units[name].owner()) == self.owner, name)

    def writes(self, step: Step) -> bool:
        """Whether the armed call is to a function of the ledger that changes something."""
        selector = bytes.fromhex(step.args[1][2:10])
        return self.village.selectors.get(("clearinghouse", selector), ("", False))[1]


def roles_of(village: Village) -> dict[str, list[str]]:
    """unit.function -> who may call it, from access.toml, but for what is one's own."""
    table = tomllib.loads((ROOT / "novate/governance/access.toml").read_text())
    found: dict[str, list[str]] = {}
    own = ("SecurityFund", "PoolShares", "StrategyVault", "Unwinder")
    sections = {"clearinghouse": ("BackOffice",), "portfolio_margin": ("PortfolioSettings",)}
    for unit, contract in village.units.items():
        name = Path(str(contract.compiler_data.contract_path)).stem
        for section in (name, *sections.get(unit, ())):
            for function, row in table.get(section, {}).items():
                open_to_all = section == "Timelock" and function == "execute_batch"
                if section not in own and not open_to_all:
                    found[f"{unit}.{function}"] = row["caller"]
    return found
