"""Margin as the contracts compute it, from plain numbers: no account, no oracle, no ledger.

    sheet = standard_sheet(
        [Option(1_500, False, -1, 1.0478844940849863)],
        spot=1_500, forward=1_500.833279310994, seconds=500_400, volatility=1.05,
    )
    sheet.maintenance  # -191.87158518905994, as Derive v2 publishes

Runs contracts/margin/StandardMarginSheet.vy, which shares the code of the engine that the ledger
asks. Its counterpart in plain Python is novate/reference/margin.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import boa

from .deploy import compiled
from .reference.margin import Rules
from .series import WAD


class Option(NamedTuple):
    """A position without barrier. quantity: contracts, long positive. volatility: annualised;
    0 for the market's."""

    strike: float
    is_put: bool
    quantity: float
    volatility: float = 0.0


class Collateral(NamedTuple):
    """worth: USD. maintenance: share of it that counts; initial: of that, for initial margin."""

    worth: float
    maintenance: float
    initial: float


@dataclass(frozen=True)
class StandardSheet:
    """Every line of standard margin for one underlying and expiry, in USD.

    Requirements, losses and charges are positive; `initial` and `maintenance` are excess, so
    negative is a shortfall.
    """

    mark: float
    alone_initial: float
    alone_maintenance: float
    worst_payoff: float
    loss_initial: float
    loss_maintenance: float
    confidence_charge: float
    peg_charge: float
    required_initial: float
    required_maintenance: float
    equity: float
    initial: float
    maintenance: float


def standard_sheet(
    options: Iterable[Option],
    *,
    spot: float,
    forward: float,
    seconds: int,
    volatility: float,
    cash: float = 0.0,
    collateral: Sequence[Collateral] = (),
    fixed: float = 0.0,
    smile: int = 0,
    tenor: int = 0,
    confidence: float = 1.0,
    stablecoin: float = 1.0,
    rules: Rules | None = None,
) -> StandardSheet:
    """Standard margin of options of one underlying and expiry, worked out by the contract.

    forward: USD, with its settled part. seconds: to expiry. volatility: annualised, for options
    that do not bring their own. fixed: the settled part of the forward. smile: a word of
    contracts/math/svi.vy for `tenor` seconds, 0 for none. rules: the peer's figures by default.
    """
    market = (
        seconds,
        _wad(spot),
        _wad(fixed),
        _wad(forward) - _wad(fixed),
        _wad(volatility),
        smile,
        tenor,
        _wad(confidence),
        _wad(stablecoin),
    )
    *shares, coin = astuple(rules or Rules())
    with boa.swap_env(_environment()):
        lines = _unit().work_out(
            _wad(cash),
            [tuple(map(_wad, one)) for one in collateral],
            [(_wad(k), is_put, _wad(q), _wad(s)) for k, is_put, q, s in options],
            market,
            (*map(_wad, shares), coin),
        )
    return StandardSheet(*(line / WAD for line in lines))


@cache
def _environment() -> boa.Env:
    """Its own, so that nothing depends on the chain or the moment that the caller works in."""
    return boa.Env()


@cache
def _unit() -> Any:
    return compiled("margin/StandardMarginSheet.vy").deploy()


def _wad(amount: float) -> int:
    """The nearest wad to what is written: 0.1 is a tenth."""
    return round(Fraction(str(amount)) * WAD)
