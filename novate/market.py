"""A deployed market as one comfortable object, the same in-process and over RPC.

Amounts that people type are plain numbers (USD, contracts, units of the index token); they are
turned into wad exactly, by decimal text. What contracts answer stays in wad integers, except
where a function says that it returns floats for display.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import boa
import pandas
from boa.contracts.event_decoder import RawLogEntry
from boa.util.abi import Address
from eth_abi import decode
from eth_account import Account as Keys
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from . import orders as signed_orders
from .engine import Engine
from .engine.codec import Unusual, decode_event
from .engine.environment import Anchor
from .errors import NetworkError, ParameterError
from .fronts import join
from .gas import transaction_gas
from .graph import TOKENS
from .liquidity import CASH, INDEX, YIELDING
from .network import Network, send_native
from .oracle.reporter import Feed
from .oracle.reports import PriceReport, assemble, feed_id
from .oracle.reports import sign as sign_report
from .orders import ANYONE, Domain, Leg, Order
from .parameters import Parameters
from .series import DAY, WAD, Series, next_expiries, unpack

Number = int | float | Decimal | str

# Selector of Error(string).
ERROR_SELECTOR = bytes.fromhex("08c379a0")
UNLIMITED = 2**256 - 1
# [wad] answers of a feed at or above it do not count.
MAX_PRICE = 10**30
MAX_SETTLED = 32
MAX_JUDGED = 256
# What an account gets from the paying key for its gas [wei].
GAS_MONEY = 10**16
GAS_MONEY_DEVELOPMENT = 10**19
# [s] how long an order of `trade` stands.
ORDER_LIFE = 3_600


def to_wad(amount: Number) -> int:
    """An amount as typed, in wad, exactly; refuses more than 18 decimals."""
    scaled = Decimal(str(amount)) * WAD
    if scaled != scaled.to_integral_value():
        raise ParameterError("amount", amount, "a number of at most 18 decimals")
    return int(scaled)


def from_wad(amount: int) -> float:
    """For display only."""
    return amount / WAD


@dataclass(frozen=True)
class Account:
    """An account of the clearinghouse and the key of its owner."""

    name: str
    signer: LocalAccount = field(repr=False)
    index: int = 0

    @property
    def address(self) -> str:
        return str(self.signer.address)

    @property
    def number(self) -> int:
        """The account id: owner << 96 | index."""
        return int(self.address, 16) << 96 | self.index


@dataclass(frozen=True)
class Health:
    """An account as its margin engine judges it, all in wad."""

    equity: int
    initial: int  # excess over initial margin
    maintenance: int  # excess over maintenance margin
    fresh: bool


@dataclass(frozen=True)
class Event:
    """A decoded event; `arguments` hold what the contract wrote, integers in wad."""

    transaction: int
    time: int  # [s]
    operation: str
    contract: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Receipt:
    """What a transaction did."""

    number: int
    time: int  # [s]
    operation: str
    sender: str
    gas: int
    value: Any
    events: tuple[Event, ...]

    def find(self, name: str) -> list[Event]:
        return [event for event in self.events if event.name == name]


class _Receipts(list[Receipt]):
    """A list that only grows, until a fork takes back what came after its beginning."""

    def pop(self, index: int, *_: Any) -> Any:  # type: ignore[override]
        """What `State.undo` calls to take an entry back."""
        del self[index:]


class _State:
    """What Python remembers of the chain, put back by `fork`.

    In-process every change is noted in the world's own list, so that a fork costs nothing here; on
    a chain `mark` and `back_to` do it.
    """

    def __init__(self, env: Any, source: _State | None = None) -> None:
        self._world = env.state if isinstance(env, Engine) else None
        self.accounts: dict[int, Account] = dict(source.accounts) if source else {}
        self.receipts: _Receipts = _Receipts(source.receipts if source else ())
        self._facts: dict[str, Any] = {"expiries": frozenset(), "nonce": 0}
        if source:
            self._facts.update(source._facts)

    def _set(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        if self._world is not None:
            self._world.note(mapping, key, value)
        else:
            mapping[key] = value

    def add_account(self, account: Account) -> None:
        self._set(self.accounts, account.number, account)

    def add_receipt(self, receipt: Receipt) -> None:
        if self._world is not None:
            self._world.changes.append((self.receipts, len(self.receipts), None, None))
        self.receipts.append(receipt)

    @property
    def expiries(self) -> frozenset[int]:
        return self._facts["expiries"]

    @expiries.setter
    def expiries(self, value: frozenset[int]) -> None:
        self._set(self._facts, "expiries", value)

    @property
    def nonce(self) -> int:
        return self._facts["nonce"]

    @nonce.setter
    def nonce(self, value: int) -> None:
        self._set(self._facts, "nonce", value)

    def mark(self) -> tuple[int, int, dict[str, Any]]:
        return len(self.accounts), len(self.receipts), dict(self._facts)

    def back_to(self, mark: tuple[int, int, dict[str, Any]]) -> None:
        accounts, receipts, self._facts = mark
        while len(self.accounts) > accounts:
            self.accounts.popitem()
        del self.receipts[receipts:]


_markets: weakref.WeakSet[Market] = weakref.WeakSet()


class Market:
    """Every contract of a deployment by name, and what one does with them."""

    def __init__(self, contracts: Mapping[str, Any], parameters: Parameters, owner: str) -> None:
        self.contracts = dict(contracts)
        # The world that the contracts live in.
        self.env: Any = next(iter(self.contracts.values())).env
        self.parameters = parameters
        self.owner = owner
        # Why the last transaction that was refused was refused.
        self.refusal = ""
        self._names = {str(unit.address): name for name, unit in self.contracts.items()}
        self._state = _State(self.env)
        _markets.add(self)

    def __getattr__(self, name: str) -> Any:
        contracts = self.__dict__.get("contracts", {})
        if name in contracts:
            return contracts[name]
        raise AttributeError(f"no contract {name!r}; there are {', '.join(contracts)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.contracts]

    # -- time --

    @property
    def now(self) -> int:
        """[s] of the next transaction."""
        return int(self.env.evm.patch.timestamp)

    def travel(self, seconds: int = 0, *, days: float = 0) -> None:
        """Let time pass."""
        self.travel_to(self.now + seconds + int(days * DAY))

    def travel_to(self, timestamp: int) -> None:
        """Let time pass until `timestamp` [s]; the past is left alone."""
        if isinstance(self.env, Network):
            # Others may have mined since this market was last asked.
            self.env._reset_fork()
        if timestamp <= self.now:
            return
        if isinstance(self.env, Network):
            self.env.travel_to(timestamp)
        else:
            self.env.time_travel(seconds=timestamp - self.now)

    # -- accounts and money --

    def account(self, name: str, index: int = 0) -> Account:
        """The account `index` of the person called `name`, whose key is made from the name.

        On a live chain the key is made from the paying key as well, and gets money for gas.
        """
        account = Account(name, key_for(name, self.env), index)
        if account.number not in self._state.accounts:
            self._state.add_account(account)
            self._introduce(account)
        return account

    @property
    def accounts(self) -> list[Account]:
        """Everybody met so far."""
        return list(self._state.accounts.values())

    def name_of(self, number: int) -> str:
        """Name of an account id, or the id in hex for a stranger."""
        if number == self.clearinghouse.FUND():
            return "fund"
        account = self._state.accounts.get(number)
        if account is None:
            return hex(number)
        return account.name if account.index == 0 else f"{account.name}/{account.index}"

    def give(self, account: Account, amount: Number, asset: int = CASH) -> None:
        """Mint test tokens to the owner of an account, who lets the clearinghouse take them."""
        token = self._token(asset)
        units = self._units(asset, amount)
        self.mint(account, units, asset)
        if self._allowance(token, account) < units:
            self.send(
                token,
                "approve",
                self.clearinghouse.address,
                UNLIMITED,
                sender=account,
                operation="approve",
            )

    def mint(self, account: Account, units: int, asset: int = CASH) -> None:
        """Give the owner of an account test tokens of an asset, in the token's own units."""
        token, owner = self._token(asset), account.address
        if asset != YIELDING:
            self.send(token, "mint", owner, units, operation="mint")
            return
        # Shares, made of as many units of the underlying as they are worth.
        below = int(token.previewMint(units))
        self.mint(account, below, INDEX)
        approve = (self.index_token, "approve", token.address, below)
        self.send(*approve, sender=account, operation="approve")
        self.send(token, "mint", units, owner, sender=account, operation="mint")

    def deposit(self, account: Account, amount: Number, asset: int = CASH) -> Receipt:
        """Bring tokens of the owner into the account."""
        units = self._units(asset, amount)
        return self.send(
            "clearinghouse",
            "deposit",
            account.number,
            asset,
            units,
            sender=account,
            operation="deposit",
        )

    def fund(self, account: Account, amount: Number, asset: int = CASH) -> Receipt:
        """Mint test tokens and deposit them."""
        self.give(account, amount, asset)
        return self.deposit(account, amount, asset)

    def endow_fund(self, amount: Number) -> Receipt:
        """The owner brings test tokens into the security fund."""
        units = self._units(CASH, amount)
        house = self.clearinghouse
        self.send("cash_token", "mint", self.owner, units, operation="set up")
        self.send("cash_token", "approve", house.address, units, operation="set up")
        return self.send(house, "deposit", house.FUND(), CASH, units, operation="deposit")

    def withdraw(self, account: Account, amount: Number, asset: int = CASH) -> Receipt:
        """Take free cash or collateral out, to the owner."""
        units = self._units(asset, amount)
        return self.send(
            "clearinghouse",
            "withdraw",
            account.number,
            asset,
            units,
            account.address,
            sender=account,
            operation="withdraw",
        )

    def wallet(self, account: Account, asset: int = CASH) -> int:
        """[wad] tokens that the owner holds outside the clearinghouse."""
        return int(self._token(asset).balanceOf(account.address)) * self._scale(asset)

    # -- series --

    def expiries(self, count: int = 4) -> list[int]:
        """The next expiries on the grid [s], nearest first."""
        return next_expiries(self.now, self.parameters.grid)[:count]

    def expiry_in(self, days: float) -> int:
        """The first expiry on the grid that is at least `days` ahead [s]."""
        for expiry in next_expiries(self.now, self.parameters.grid):
            if expiry >= self.now + days * DAY:
                return expiry
        raise ParameterError("days", days, "within the tenors of the grid")

    def series(self, strike: Number, expiry: int, is_put: bool) -> Series:
        """A series by its terms: strike in USD, expiry in seconds."""
        return Series(self.parameters.underlying, expiry, to_wad(strike), is_put)

    def call(self, strike: Number, days: float = 7) -> Series:
        """A call that expires on the first grid date at least `days` ahead."""
        return self.series(strike, self.expiry_in(days), False)

    def put(self, strike: Number, days: float = 7) -> Series:
        """A put that expires on the first grid date at least `days` ahead."""
        return self.series(strike, self.expiry_in(days), True)

    # -- prices --

    def push_price(self, spot: Number, volatility: Number | None = None) -> None:
        """Report the spot [USD] and, if given, the implied volatility (0.2 is 20 %).

        The oracle records it at once, as keepers see to on a chain.
        """
        scale = 10**self.parameters.prices.decimals
        answers = [("spot_feed", spot)]
        if volatility is not None:
            answers.append(("volatility_feed", volatility))
        for feed, answer in answers:
            self.send(feed, "push", int(Decimal(str(answer)) * scale), operation="push price")
        self.send("oracle", "poke", self.parameters.underlying, operation="push price")

    def made_up_reporters(self) -> list[LocalAccount]:
        """The keys of the committee's members, as far as `deploy` made them up."""
        usual = self.parameters.reporters
        keys = (key_for(reporter_name(i), self.env) for i in range(usual.made_up))
        return [key for key in keys if key.address in usual.members]

    def report_price(self, spot: Number) -> Receipt:
        """A round [USD] of the signed feed, by the reporters that `deploy` made up."""
        feed = Feed.at(self.signed_feed)
        report = PriceReport(
            feed_id(feed.name), int(Decimal(str(spot)) * feed.scale), WAD, self.now
        )
        members = self.parameters.reporters.members
        signed = {
            members.index(str(key.address)): sign_report(report, key, feed.domain)
            for key in self.made_up_reporters()
        }
        proof = assemble(signed, feed.quorum)
        receipt = self.send("signed_feed", "offer", *report.arguments(), *proof)
        self.send("oracle", "poke", self.parameters.underlying)
        return receipt

    def use_signed_feed(self, max_age: int = 7_200) -> Receipt:
        """Serve the spot from what reporters sign, and nothing else; the feed needs a fresh report.

        max_age: [s] up to which a round is fresh.
        """
        sources = [(self.signed_feed.address, max_age, 0, MAX_PRICE)]
        underlying = self.parameters.underlying
        self.send("oracle", "set_sources", underlying, sources, 1)
        # What was recorded of the former sources would be held for some seconds.
        return self.send("oracle", "poke", underlying)

    def fix(self, expiry: int, *, sender: Account | None = None) -> Receipt:
        """Fix the settlement price of an expiry that has passed."""
        underlying = self.parameters.underlying
        rounds = self.oracle_lens.rounds_at(underlying, expiry - self.oracle.WINDOW())
        while True:
            receipt = self.send(
                "oracle", "fix", underlying, expiry, rounds, sender=sender, operation="fix"
            )
            if self.oracle.fixing(underlying, expiry):
                return receipt

    # -- trading --

    def sign(
        self,
        maker: Account,
        series: Series,
        quantity: Number,
        price: Number,
        *,
        taker: Account | None = None,
        life: int = ORDER_LIFE,
    ) -> tuple[Order, bytes]:
        """An order of the maker: a positive quantity buys, a negative one sells.

        price: USD per contract. taker: who alone may fill it, anybody by default.
        """
        signed = to_wad(quantity)
        if signed == 0:
            raise ParameterError("quantity", quantity, "not zero")
        self._state.nonce += 1
        order = signed_orders.quote(
            maker.number,
            [Leg(series.code, WAD if signed > 0 else -WAD, to_wad(price))],
            nonce=self._state.nonce,
            size=abs(signed),
            taker=taker.address if taker else ANYONE,
            epoch=self.orders.epoch(maker.address),
            deadline=self.now + life,
        )
        return order, signed_orders.sign(order, maker.signer, self.domain)

    @property
    def domain(self) -> Domain:
        """Where signed orders count: this chain and its venue."""
        return Domain(self.env.evm.patch.chain_id, str(self.orders.address))

    def fill(
        self, order: Order, signature: bytes, maker: Account | str, taker: Account, amount: Number
    ) -> Receipt:
        """Take `amount` units of the other side of an order that `maker` signed."""
        return self.send(
            "orders",
            "fill",
            order.as_tuple(),
            maker if isinstance(maker, str) else maker.address,
            signature,
            taker.number,
            to_wad(amount),
            sender=taker,
            operation="trade",
        )

    def trade(
        self, maker: Account, taker: Account, series: Series, quantity: Number, price: Number
    ) -> Receipt:
        """The maker signs, the taker fills: the taker buys a positive quantity, sells a negative.

        price: USD per contract.
        """
        order, signature = self.sign(maker, series, -Decimal(str(quantity)), price, taker=taker)
        return self.fill(order, signature, maker, taker, abs(Decimal(str(quantity))))

    # -- the life of positions --

    def positions(self, account: Account) -> list[tuple[Series, int]]:
        """Series and signed quantity [wad]."""
        return self._positions(account.number)

    def settle(self, accounts: Sequence[Account] | None = None) -> list[Receipt]:
        """Fix every expiry that has passed and pay the accounts that hold it."""
        for expiry in self.unfixed():
            self.fix(expiry)
        matured = self.matured() if accounts is None else [one.number for one in accounts]
        receipts = [
            self.send("clearinghouse", "settle", matured[first : first + MAX_SETTLED])
            for first in range(0, len(matured), MAX_SETTLED)
        ]
        self.tidy()
        return receipts

    def unfixed(self) -> list[int]:
        """Expiries traded here that have passed without a fixing [s]."""
        underlying = self.parameters.underlying
        return [
            expiry
            for expiry in sorted(self._state.expiries)
            if expiry <= self.now and self.oracle.fixing(underlying, expiry) == 0
        ]

    def matured(self) -> list[int]:
        """Accounts that hold expired and fixed positions."""
        fixed = {
            expiry
            for expiry in self._state.expiries
            if expiry <= self.now and self.oracle.fixing(self.parameters.underlying, expiry)
        }
        if not fixed:
            return []
        return [
            number
            for number in self._state.accounts
            if any(series.expiry in fixed for series, _ in self._positions(number))
        ]

    @property
    def open_expiries(self) -> frozenset[int]:
        """Expiries traded here and not yet paid to everybody [s]."""
        return self._state.expiries

    def tidy(self) -> None:
        """Stop looking at expiries that are fixed and paid to everybody known here."""
        if not self.matured():
            underlying = self.parameters.underlying
            for expiry in [one for one in self._state.expiries if one <= self.now]:
                if self.oracle.fixing(underlying, expiry):
                    self._state.expiries -= {expiry}

    def judge(self, accounts: Sequence[Account] | None = None) -> dict[int, Health]:
        """Health of accounts (everybody by default), by account id."""
        numbers = [one.number for one in (self.accounts if accounts is None else accounts)]
        found: dict[int, Health] = {}
        for first in range(0, len(numbers), MAX_JUDGED):
            part = numbers[first : first + MAX_JUDGED]
            for number, health in zip(part, self.lens.healths(part), strict=True):
                found[number] = Health(*health)
        return found

    def health(self) -> pandas.DataFrame:
        """Everybody's cash, equity and margin excess [USD], as a table for people."""
        judged = self.judge()
        rows = {
            self.name_of(number): {
                "cash": from_wad(self.clearinghouse.cash_of(number)),
                "equity": from_wad(health.equity),
                "initial excess": from_wad(health.initial),
                "maintenance excess": from_wad(health.maintenance),
                "in auction": self.clearinghouse.in_auction(number),
            }
            for number, health in judged.items()
        }
        return pandas.DataFrame.from_dict(rows, orient="index").round(2)

    # -- transactions --

    @property
    def receipts(self) -> list[Receipt]:
        """Every transaction sent through this object."""
        return self._state.receipts

    @property
    def events(self) -> list[Event]:
        """Every event of those transactions."""
        return [event for receipt in self._state.receipts for event in receipt.events]

    def send(
        self,
        unit: Any,
        function: str,
        *arguments: Any,
        sender: Account | None = None,
        operation: str | None = None,
    ) -> Receipt:
        """One transaction; its gas is that of a fresh one, or of the receipt on a chain.

        unit: name of a contract, or the contract. sender: the owner by default.
        """
        contract = self.contracts[unit] if isinstance(unit, str) else unit
        method = getattr(contract, function)
        address = sender.address if sender else self.owner
        time = self.now
        try:
            if isinstance(self.env, Network):
                value = method(*arguments, sender=address)
                gas = int(self.env.last_receipt["gasUsed"], 16)
                entries = self.env.logs_of(self.env.last_receipt)
                time = self.env.time_of(self.env.last_receipt)
            else:
                value, gas = None, transaction_gas(method, *arguments, sender=address).total
                logs = contract._get_logs(contract._computation, True)
                entries = [RawLogEntry(*entry) for entry in sorted(logs)]
        except boa.BoaError:
            self.refusal = reason_of(contract._computation.output)
            raise
        return self._note(time, operation or function, address, gas, value, entries)

    def recall(self, receipt: Mapping[str, Any], operation: str) -> Receipt:
        """Note a transaction that was mined earlier, by the receipt of its chain."""
        env = self.env
        time, address = env.time_of(receipt), str(Address(receipt["from"]))
        gas = int(receipt["gasUsed"], 16)
        return self._note(time, operation, address, gas, None, env.logs_of(receipt))

    def adopt(self, receipt: Receipt) -> Receipt:
        """Note a transaction that another process sent to this market on a chain."""
        number = len(self._state.receipts) + 1
        events = tuple(replace(event, transaction=number) for event in receipt.events)
        self.env._reset_fork()
        return self._keep(replace(receipt, number=number, events=events))

    def fork(self) -> Fork | ChainFork:
        """Everything inside is undone at the end; may be nested."""
        return fork(self)

    def branch(self) -> Market:
        """The same market in a world of its own: what happens in one is unknown to the other."""
        if not isinstance(self.env, Engine):
            raise NetworkError("a market on a chain cannot be branched: fork the chain")
        twin = self.env.branch()
        contracts = {
            name: twin.lookup_contract(unit.address) for name, unit in self.contracts.items()
        }
        market = Market(join(contracts), self.parameters, self.owner)
        market._state = _State(twin, self._state)
        return market

    # -- private --

    def _note(
        self,
        time: int,
        operation: str,
        sender: str,
        gas: int,
        value: Any,
        entries: Sequence[RawLogEntry],
    ) -> Receipt:
        number = len(self._state.receipts) + 1
        events = tuple(self._decode(entry, number, time, operation) for entry in entries)
        return self._keep(Receipt(number, time, operation, sender, gas, value, events))

    def _keep(self, receipt: Receipt) -> Receipt:
        self._state.add_receipt(receipt)
        traded = {_expiry_of(event.arguments["series"]) for event in receipt.find("Novated")}
        if not traded <= self._state.expiries:
            self._state.expiries |= traded
        return receipt

    def _positions(self, number: int) -> list[tuple[Series, int]]:
        words = self.clearinghouse.positions_of(number)
        return [(Series.from_code(code), quantity) for code, quantity in map(unpack, words)]

    def _token(self, asset: int) -> Any:
        return self.contracts[TOKENS[asset]]

    def _scale(self, asset: int) -> int:
        decimals = self.parameters.cash_decimals if asset == CASH else 18
        return 10 ** (18 - decimals)

    def _units(self, asset: int, amount: Number) -> int:
        wad, scale = to_wad(amount), self._scale(asset)
        if wad % scale:
            raise ParameterError("amount", amount, f"a multiple of {scale / WAD:g}")
        return wad // scale

    def _allowance(self, token: Any, account: Account) -> int:
        return int(token.allowance(account.address, self.clearinghouse.address))

    def _introduce(self, account: Account) -> None:
        """Make the key known to the chain and give it money for gas."""
        env = self.env
        if isinstance(env, Network):
            env.add_account(account.signer)
            money = GAS_MONEY_DEVELOPMENT if env.development else GAS_MONEY
            if env.balance(account.address) < money // 2:
                send_native(env, account.address, money)

    def _decode(self, entry: RawLogEntry, number: int, time: int, operation: str) -> Event:
        contract = self.env.lookup_contract(entry.address)
        try:
            name, arguments = decode_event(contract, entry)
        except (Unusual, AttributeError):
            return Event(number, time, operation, "unknown", "unknown", {"data": entry.data.hex()})
        address = str(contract.address)
        unit = self._names.get(address, address)
        return Event(number, time, operation, unit, name, arguments)


class Fork(Anchor):
    """`with fork():` everything inside, in the contracts, the clock and every Market, is undone.

    Costs a microsecond, and a share for each change that is undone.
    """

    __slots__ = ("_eoa", "_market")

    def __init__(self, env: Engine, market: Market | None) -> None:
        self._env, self._market = env, market

    def __enter__(self) -> Market | None:  # type: ignore[override]
        self._eoa = self._env.eoa
        Anchor.__enter__(self)
        return self._market

    def __exit__(self, *_: Any) -> None:
        Anchor.__exit__(self)
        self._env.eoa = self._eoa


class ChainFork:
    """The same on a development chain, by the chain's own snapshots."""

    def __init__(self, env: Any, market: Market | None) -> None:
        self._env, self._market = env, market

    def __enter__(self) -> Market | None:
        env = self._env
        self._marks = [(market, market._state.mark()) for market in _markets if market.env is env]
        self._eoa, self._known = env.eoa, dict(env._contracts)
        self._anchor = env.anchor()
        self._anchor.__enter__()
        return self._market

    def __exit__(self, *error: Any) -> None:
        env = self._env
        try:
            self._anchor.__exit__(*error)
        finally:
            env.eoa, env._contracts = self._eoa, self._known
            for market, mark in self._marks:
                market._state.back_to(mark)


def fork(market: Market | None = None) -> Fork | ChainFork:
    """Everything inside, in the contracts, the clock and every Market, is undone at the end.

    In the world of `market`, by default the current one.
    """
    env = boa.env if market is None else market.env
    return Fork(env, market) if isinstance(env, Engine) else ChainFork(env, market)


def key_for(name: str, env: Any) -> LocalAccount:
    """The key of somebody called `name`; on a chain made from the paying key as well."""
    secret = bytes(env._accounts[env.eoa].key) if isinstance(env, Network) else b""
    return Keys.from_key(keccak(b"novate " + secret + name.encode()))


def reporter_name(index: int) -> str:
    """What made-up reporters are called."""
    return f"reporter {index + 1}"


def _expiry_of(code: int) -> int:
    return Series.from_code(code).expiry


def reason_of(output: bytes) -> str:
    """The text of a revert, as Solidity's Error(string)."""
    if output[:4] != ERROR_SELECTOR:
        return "reverted without a reason"
    return str(decode(["string"], output[4:])[0])
