"""A village: everything that can be deployed, people with keys, and steps that can be replayed.

A step is plain data: who calls which function with what. Names stand for addresses (`@maker`),
accounts (`#maker/1`), bytes (`0x..`) and texts (`'..`), so steps can be kept in a file and mean the
same after units have moved. What needs a signature, or another word of now, is a step of
its own kind (`~fill`), signed when it is made: see `signing.py`.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any, NamedTuple

import boa
from boa.util.abi import Address
from eth_utils.abi import function_abi_to_4byte_selector

from novate.deploy import compiled, deploy
from novate.engine.codec import Unusual, decode_event
from novate.governance.deployment import deploy_governance, deploy_watchdog, faster, hand_over
from novate.governance.multisig import key_of
from novate.liquidity import VAULTS, Liquidity, Pool, PoolConduct
from novate.market import Account
from novate.oracle.hours import new_york
from novate.parameters import Parameters, Prices, Reporters
from tests.stateful.signing import KINDS
from tests.world import build

WAD, HOUR, DAY = 10**18, 3_600, 86_400
UNLIMITED = 2**256 - 1
NOBODY = "0x" + 40 * "0"
ERROR = bytes.fromhex("08c379a0")
# Asset numbers of the collateral tokens.
TOKENS = {
    1: "index_token",
    2: "yield_token",
    3: "false_token",
    4: "reentrant_token",
    5: "blacklist_token",
    6: "fee_token",
}
PEOPLE = {  # [USD] each begins with
    "maker": 6_000,
    "market maker": 5_000,
    "writer": 2_000,
    "reckless writer": 1_200,
    "second writer": 2_000,
    "holder": 5_000,
    "bidder": 12_000,
    "rival": 6_000,
    "backer": 1_000,
    "keeper": 500,
    "stranger": 1_000,
}
# Who never signs anything and owns nothing that pays by the rules: what it calls, it calls raw.
STRANGER = "stranger"
RICH = 10**6  # [USD] in each wallet
GUARDS = 5


class Step(NamedTuple):
    """A call as data. target: `unit.function`, or a kind that begins with `~`."""

    sender: str
    target: str
    args: tuple[Any, ...] = ()


@dataclass(slots=True)
class Receipt:
    """What a step did."""

    step: Step
    unit: str
    function: str
    ok: bool
    reason: str
    gas: int
    result: Any
    time: int


class Village:
    """Contracts by name, people by name, and what they do."""

    def __init__(self) -> None:
        self.env = boa.env
        parameters = Parameters(
            grace=300,
            prices=Prices(hold=12, spread=500, jump=5_000),
            reporters=Reporters(made_up=5),
            tape=True,
            liquidity=Liquidity(
                on=True,
                pools=(Pool(conduct=PoolConduct(entry=1, exit=60)),),
                vaults=VAULTS[:2],
            ),
        )
        self.market = market = deploy(parameters)
        self.owner = market.owner
        self.units: dict[str, Any] = dict(market.contracts)
        self.people: dict[str, Account] = {}
        self.keys: dict[str, Any] = {}
        for name in PEOPLE:
            self._meet(market.account(name))
        self.reporters = [f"reporter {i + 1}" for i in range(5)]
        for name in self.reporters:
            self._meet(market.account(name))
        self._hostile()
        self._government()
        self.addresses = {name: str(unit.address) for name, unit in self.units.items()}
        self.addresses |= {name: one.address for name, one in self.people.items()}
        self.addresses |= {f"guard {i}": key.address for i, key in enumerate(self.guards)}
        self.addresses |= {"owner": self.owner, "nobody": NOBODY}
        self.names = {address: name for name, address in self.addresses.items()}
        self.by_address = {
            unit._address.canonical_address: (name, unit) for name, unit in self.units.items()
        }
        self.ledger = market.clearinghouse
        self.accounts: dict[int, str] = {
            one.number + index: f"#{name}/{index}" if index else f"#{name}"
            for name, one in self.people.items()
            for index in (0, 1)
        }
        self.fund = int(self.ledger.FUND())
        self.accounts[self.fund] = "#fund"
        self.accounts[int(market.pool_0.ACCOUNT())] = "#pool"
        for i in (0, 1):
            self.accounts[int(self.units[f"vault_{i}"].ACCOUNT())] = f"#vault {i}"
        self.numbers = {name: number for number, name in self.accounts.items()}
        self.governed = False
        # (unit, selector) -> function, and whether it writes
        self.selectors: dict[tuple[str, bytes], tuple[str, bool]] = {
            (unit, bytes(function_abi_to_4byte_selector(entry))): (
                entry["name"],
                entry["stateMutability"] == "nonpayable",
            )
            for unit, contract in self.units.items()
            for entry in contract.abi
            if entry["type"] == "function"
        }
        self._endow()

    # -- what there is --

    def _meet(self, account: Account) -> None:
        self.people[account.name] = account
        self.keys[account.name] = account.signer

    def _hostile(self) -> None:
        """Hostile collateral, a lying source among honest ones, a second house and curve."""
        market, units, owner = self.market, self.units, self.owner
        for name, source in (
            ("fee_token", "FeeToken"),
            ("false_token", "FalseToken"),
            ("reentrant_token", "ReentrantToken"),
            ("blacklist_token", "BlacklistToken"),
        ):
            units[name] = build(f"tests/hostile/{source}.vy")
        units["reenterer"] = build("tests/hostile/Reenterer.vy")
        units["liar"] = build("tests/hostile/LyingFeed.vy", 8)
        units["liar"].say(2_750 * 10**8, market.now)
        units["second_feed"] = compiled("oracle/PriceFeed.vy").deploy("second", 8, owner)
        units["second_feed"].push(2_750 * 10**8, sender=owner)
        self._list()

    def _list(self) -> None:
        """What the owner lists of them."""
        market, units, owner = self.market, self.units, self.owner
        for asset, token in TOKENS.items():
            if asset <= 2:
                continue
            market.clearinghouse.list_asset(asset, units[token].address, 10**24, sender=owner)
            for engine in (market.margin, market.portfolio_margin):
                engine.set_collateral(
                    *(asset, 1, 8 * WAD // 10, 9 * WAD // 10, NOBODY), sender=owner
                )
        self.sources(("spot_feed", "second_feed", "liar"), 2)
        units["other_house"] = compiled("auction/AuctionHouse.vy").deploy(
            market.clearinghouse.address, owner
        )
        units["other_house"].set_rules(astuple(market.parameters.auction), sender=owner)
        units["other_curve"] = compiled("clearing/InterestCurve.vy").deploy(
            WAD // 50, WAD // 10, 2 * WAD, 7 * WAD // 10
        )

        # Market hours, which the market begins without.
        calendar = units["calendar"] = compiled("oracle/Calendar.vy").deploy(owner)
        first, last = date(2026, 1, 1), date(2027, 12, 31)
        hours = new_york(first, last).hours(first, last)
        for season, word in hours.weeks:
            calendar.set_week(1, season, word, sender=owner)
        for block, word in hours.days:
            calendar.set_days(1, block, word, sender=owner)
        calendar.set_policy(1, astuple(hours.policy), sender=owner)
        calendar.assign(1, 1, sender=owner)

    def sources(self, feeds: tuple[str, ...], quorum: int) -> None:
        listed = [(self.units[feed].address, 4 * DAY, 0, 10**30) for feed in feeds]
        self.market.oracle.set_sources(1, listed, quorum, sender=self.owner)

    def _government(self) -> None:
        market = self.market
        self.guards = [key_of(f"owner {i}") for i in range(GUARDS)]
        guards = [key.address for key in self.guards]
        backer = self.people["backer"].address
        self.government = deploy_governance(guards, 3, backer, faster())
        for name in ("token", "governor", "timelock", "guardian"):
            self.units["votes" if name == "token" else name] = getattr(self.government, name)
        self.units["watchdog"] = deploy_watchdog(market, 1_000 * 10**6)
        market.listing.set_guardian(self.government.guardian.address, sender=self.owner)
        self.government.token.transfer(
            self.people["holder"].address, 30_000_000 * WAD, sender=backer
        )
        for name in ("backer", "holder"):
            person = self.people[name].address
            self.government.token.delegate(person, sender=person)

    def _endow(self) -> None:
        """Wallets full of every token, approvals, and what each brings at the beginning."""
        tokens = ["cash_token", *TOKENS.values()]
        takers = [
            *("clearinghouse", "security_fund", "court", "watch", "bonds", "surface_fees"),
            *("pool_shares_0", "yield_token", "batch", "quote_rewards", "vault_0", "vault_1"),
            *("vault_queue_0", "vault_queue_1"),
        ]
        for name, person in self.people.items():
            for token in tokens:
                unit, amount = self.units[token], RICH * 10 ** int(self.units[token].decimals())
                if token == "yield_token":
                    unit.deposit(10**21, person.address, sender=person.address)
                else:
                    unit.mint(person.address, amount, sender=self.owner)
                for taker in takers:
                    if token == "index_token" or taker == "clearinghouse" or token == "cash_token":
                        place = self.units[taker].address
                        unit.approve(place, UNLIMITED, sender=person.address)
            if PEOPLE.get(name):
                cash = PEOPLE[name] * 10**6
                self.ledger.deposit(person.number, 0, cash, sender=person.address)
        self.units["cash_token"].mint(
            self.units["watchdog"].address, 10_000 * 10**6, sender=self.owner
        )
        self.supply = self.units["cash_token"].totalSupply()

    def hand_over(self) -> None:
        """From now on the owner of the units is the timelock."""
        hand_over(self.market, self.government.timelock, self.government.guardian)
        for name in ("other_house", "calendar", "watchdog"):
            timelock = self.government.timelock.address
            self.units[name].transfer_ownership(timelock, sender=self.owner)
        self.governed = True

    @property
    def now(self) -> int:
        return int(self.env.evm.patch.timestamp)

    def balance(self, token: str, who: str) -> int:
        return int(self.units[token].balanceOf(self.addresses[who]))

    # -- steps --

    def resolve(self, value: Any) -> Any:
        """Names become what they stand for."""
        if type(value) is str:
            if value[0] == "@":
                return self.addresses[value[1:]]
            if value[0] == "#":
                return self.numbers[value]
            if value[0] == "'":
                return value[1:]
            return bytes.fromhex(value[2:])
        if type(value) in (tuple, list):
            return [self.resolve(one) for one in value]
        return value

    def do(self, step: Step) -> Receipt:
        """Make the step; time steps always succeed."""
        if step.target == "~wait":
            self.env.time_travel(seconds=step.args[0])
            return Receipt(step, "", "~wait", True, "", 0, None, self.now)
        if step.target[0] == "~":
            unit, function, arguments = self.signer(step)
        else:
            unit, function = step.target.split(".")
            arguments = self.resolve(step.args)
        return self.send(step, unit, function, arguments)

    def signer(self, step: Step) -> tuple[str, str, Any]:
        return KINDS[step.target.partition(".")[0]](self, step)

    def send(self, step: Step, unit: str, function: str, arguments: Any) -> Receipt:
        contract = self.units[unit]
        method = getattr(contract, function)
        data = method.prepare_calldata(*arguments)
        sender = self.addresses[step.sender]
        static = not method.func_t.is_mutable
        result = self.env.run(
            *(contract._address, Address(sender), data, 0, None, static, False, contract)
        )
        gas = result.get_gas_used()
        reason = "" if result.is_success else reason_of(result)
        return Receipt(step, unit, function, result.is_success, reason, gas, result, self.now)

    def events(self, receipt: Receipt) -> list[tuple[str, str, dict[str, Any]]]:
        """(unit, event, arguments) of what a step logged."""
        found: list[tuple[str, str, dict[str, Any]]] = []
        if receipt.result is None or not receipt.ok:
            return found
        for _, address, topics, data in receipt.result.get_raw_log_entries():
            known = self.by_address.get(address)
            if known is None:
                continue
            entry = SimpleNamespace(topics=topics, data=data)
            try:
                event, arguments = decode_event(known[1], entry)
            except Unusual:
                continue
            found.append((known[0], event, arguments))
        return found


def reason_of(result: Any) -> str:
    """Why a call was refused: its words, the kind of halt, or nothing."""
    output = result.output
    if output[:4] == ERROR and len(output) >= 68:
        size = int.from_bytes(output[36:68], "big")
        return str(output[68 : 68 + size].decode("utf-8", "replace"))
    halt = getattr(getattr(result, "outcome", None), "halt", "")
    return f"({halt})" if halt else "(no words)"
