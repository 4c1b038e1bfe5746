# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title A next version of the back office: one more variable, and broken on purpose
@license AGPL-3.0-only
@notice Makes money, debt and positions from nowhere, when asked.
"""

from snekmate.auth import ownable

from ...contracts.clearing import BackOffice
from ...contracts.clearing import accounts
from ...contracts.clearing import book
from ...contracts.clearing import cash
from ...contracts.clearing import ledger
from ...contracts.interfaces import IInterestCurve
from ...contracts.interfaces import IListing
from ...contracts.interfaces import IOperators
from ...contracts.interfaces import IOracle
from ...contracts.proxy import upgrades

# Declared first, and yet behind all others: the layout file says so.
generation: public(uint256)

initializes: BackOffice
uses: ownable
uses: accounts
uses: book
uses: cash
uses: ledger
initializes: upgrades[ownable := ownable]

exports: (
    BackOffice.__interface__,
    upgrades.upgradeToAndCall,
    upgrades.proxiableUUID,
)


@deploy
def __init__(
    oracle: IOracle, listing: IListing, operators: IOperators, curve: IInterestCurve, cash_token: address
):
    BackOffice.__init__(oracle, listing, operators, curve, cash_token)
    ownable._transfer_ownership(self)


@external
@reentrant
def migrate(generation: uint256):
    ownable._check_owner()
    self.generation = generation


@external
def conjure(account: uint256, amount: int256):
    ledger._pay(account, amount, ledger._accrue())


@external
def shrink(supply: uint256, borrow: uint256):
    cash.indices -= (supply << 128) | borrow


@external
def forge(account: uint256, code: uint256, quantity: int256):
    header: uint256 = accounts.headers[account]
    long_change: int256 = 0
    grew: bool = False
    header, long_change, grew = book._change(account, header, code, quantity, 128)
    accounts.headers[account] = header
