# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Opens the internals of clearing/cash.vy and clearing/accounts.vy, for proofs of single steps
@license AGPL-3.0-only
"""

from ....contracts.clearing import accounts
from ....contracts.clearing import cash
from ....contracts.interfaces import IInterestCurve
from ....contracts.interfaces import IOperators

initializes: accounts
initializes: cash

exports: cash.indices


@deploy
def __init__(curve: IInterestCurve, fund_share: uint256):
    accounts.__init__(empty(IOperators))
    cash.__init__(curve)
    cash._set_curve(curve, fund_share)


@external
def place(indices: uint256, totals: uint256):
    """
    @notice Any state, reachable or not: a proof that holds for all holds for the reachable ones.
    """
    cash.indices = indices
    cash.totals = totals


@external
@view
def totals() -> uint256:
    return cash.totals


@external
@pure
def cash_of(principal: int256, indices: uint256) -> int256:
    return cash._balance(principal, indices)


@external
def add(principal: int256, amount: int256, indices: uint256) -> int256:
    return cash._add(principal, amount, indices)


@external
def accrue() -> (uint256, uint256):
    return cash._accrue()


@external
def socialise(loss: uint256) -> uint256:
    return cash._socialise(loss, cash.indices)


@external
def restore(amount: uint256) -> uint256:
    return cash._restore(amount, cash.indices)


@external
@pure
def header(
    word: uint256, principal: int256, count: uint256, engine: uint256, asset: uint256, held: bool
) -> (uint256, uint256, uint256, uint256):
    """
    @notice The header after each of the four changes, made to the same word.
    """
    return (
        accounts._with_principal(word, principal),
        accounts._with_count(word, count),
        accounts._with_engine(word, engine),
        accounts._with_asset(word, asset, held),
    )


@external
@pure
def fields(word: uint256) -> (int256, uint256, uint256, uint256):
    return (
        accounts._principal(word), accounts._count(word), accounts._engine(word), accounts._assets(word)
    )
