# pragma version 0.4.3
"""
@title SeriesHarness: the internals of series.vy and grid.vy as external functions
@license AGPL-3.0-only
@notice Opens the modules, adds nothing.
"""

from ...contracts.instruments import grid
from ...contracts.instruments import series


@external
@pure
def encode(underlying: uint256, expiry: uint256, strike: uint256, kind: uint256, barrier: uint256) -> uint256:
    return series._encode(underlying, expiry, strike, kind, barrier)


@external
@pure
def require_valid(code: uint256):
    series._require_valid(code)


@external
@pure
def decode(code: uint256) -> (uint256, uint256, uint256, uint256, bool, bool):
    return (
        series._underlying(code),
        series._expiry(code),
        series._strike(code),
        series._barrier(code),
        series._is_put(code),
        series._has_barrier(code),
    )


@external
@pure
def pack(code: uint256, quantity: int256) -> uint256:
    return series._pack(code, quantity)


@external
@pure
def unpack(word: uint256) -> (uint256, int256):
    return series._code(word), series._quantity(word)


@external
@pure
def payoff(code: uint256, price: uint256) -> uint256:
    return series._payoff(code, price)


@external
@pure
def payout(code: uint256, quantity: int256, price: uint256) -> int256:
    return series._payout(code, quantity, price)


@external
@pure
def pack_rules(
    tick: uint256, hour: uint256, daily: uint256, weekly: uint256, monthly: uint256, quarterly: uint256
) -> uint256:
    return grid._pack_rules(tick, hour, daily, weekly, monthly, quarterly)


@external
@pure
def month(days: uint256) -> uint256:
    return grid._month(days)


@external
@pure
def require_tradable(code: uint256, rules: uint256, now: uint256):
    grid._require_tradable(code, rules, now)
