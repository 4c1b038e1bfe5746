"""A deployed market for tests of the ledger: people by role, and a venue without signatures.

The venue is an address that the owner allows, so that a test chooses trades freely; everything
else is the deployment that everybody uses.
"""

from dataclasses import replace
from typing import Any

import boa

from novate.deploy import compiled, deploy
from novate.engine.cache import load
from novate.liquidity import Liquidity, Pool, Vault
from novate.market import Account, Market, Series
from novate.parameters import Parameters, Prices

WAD = 10**18
DAY = 86_400
Trade = tuple[int, int, int, int, int, int, int]


def build(source: str, *arguments: Any) -> Any:
    """A new contract; each source, below contracts/ or tests/, is compiled once a process."""
    is_test = source.startswith("tests/")
    return (load(source) if is_test else compiled(source)).deploy(*arguments)


# Auctions may start at once, but for test_grace.py of the auction house; prices count in the
# second in which they are pushed and may make any step, but for the tests of the oracle.
AT_ONCE = Parameters(grace=0, prices=Prices(hold=0, jump=0))


def liquid(
    pools: tuple[Pool, ...] = (), vaults: tuple[Vault, ...] = (), **changes: Any
) -> Parameters:
    """The same with batch, router, rewards and wrapped longs, and these pools and vaults."""
    liquidity = Liquidity(on=True, pools=pools, vaults=vaults)
    return replace(AT_ONCE, liquidity=replace(liquidity, **changes))


class World:
    """The market of `novate.deploy`, with `venue` as a further venue."""

    def __init__(self, parameters: Parameters | None = None) -> None:
        parameters = parameters or AT_ONCE
        self.market: Market = deploy(parameters)
        self.ledger: Any = self.market.clearinghouse
        self.owner = self.market.owner
        self.venue = boa.env.generate_address("venue")
        self.house = boa.env.generate_address("auction house")
        self.intruder = boa.env.generate_address("intruder")
        self.ledger.set_venue(self.venue, True, sender=self.owner)

    def person(self, role: str, cash: float = 0, units: float = 0) -> Account:
        """An account with cash [USD] and units of the index token."""
        account = self.market.account(role)
        if cash:
            self.market.fund(account, cash)
        if units:
            self.market.fund(account, units, 1)
        return account

    def trade(
        self,
        seller: Account,
        buyer: Account,
        series: Series | int,
        quantity: float = 1,
        premium: float = 0,
        seller_fee: float = 0,
        buyer_fee: float = 0,
    ) -> Trade:
        """One leg as the ledger takes it; amounts in contracts and USD."""
        code = series if isinstance(series, int) else series.code
        figures = [wad(x) for x in (quantity, premium, seller_fee, buyer_fee)]
        return (seller.number, buyer.number, code, *figures)  # type: ignore[return-value]

    def novate(self, *trades: Trade) -> None:
        self.ledger.novate(list(trades), sender=self.venue)

    def cash(self, account: Account) -> int:
        """[wad]"""
        return int(self.ledger.cash_of(account.number))

    def position(self, account: Account, series: Series | int) -> int:
        """[wad] signed quantity that an account holds."""
        code = series if isinstance(series, int) else series.code
        for word in self.ledger.positions_of(account.number):
            if word >> 96 == code:
                return signed(word)
        return 0

    def use_own_house(self) -> None:
        """Makes a plain address the auction house, to drive its part of the ledger by hand."""
        self.ledger.set_auction_house(self.house, sender=self.owner)

    def freeze(self, account: Account) -> None:
        self.ledger.freeze(account.number, sender=self.house)


def wad(amount: float) -> int:
    """Dollars or contracts, at most nine decimals, in wad."""
    return round(amount * 10**9) * 10**9


def signed(word: int) -> int:
    """Quantity [wad] of a position word."""
    quantity = word & (2**96 - 1)
    return quantity - 2**96 if quantity >> 95 else quantity
