"""The optional liquidity of a market: wrapped longs, router, rewards, batch, pools and vaults.

Figures are in the units and the order of the contracts that take them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .series import DAY, WAD


@dataclass(frozen=True)
class PoolRules:
    """What a pool's trades pay and how much it takes on, see contracts/venues/pool_rules.vy."""

    premium_fee: int = 100  # [bps] of value
    spot_fee: int = 5  # [bps] of spot, per contract
    level: int = 500  # [bps of volatility] at vega of 1 % of capital per point
    skew: int = 1_500
    delta: int = 20  # [bps] of dollar delta
    gamma: int = 20  # [bps] of dollar delta's change for 1 % of spot
    vega: int = 50  # [bps of volatility] of vega
    horizon: int = 72  # [hours]
    free: int = 300  # [%] of capital owed at spot
    most: int = 1_000  # [%]
    slope: int = 20  # [bps] per 100 % of capital
    max_delta: int = 10_000  # [bps] of capital
    max_gamma: int = 2_000  # [bps] of capital, per 1 % of spot
    max_vega: int = 100  # [bps] of capital, per point
    least_delta: int = 500  # [bps]
    last: int = 720  # [minutes] before expiry


@dataclass(frozen=True)
class PoolConduct:
    """How a pool behaves, likewise."""

    longest: int = 90  # [days]
    jump: int = 500  # [bps]
    window: int = 10  # [minutes]
    swing: int = 1_000  # [bps]
    period: int = 1_440  # [minutes]
    pause: int = 60  # [minutes]
    spot_doubt: int = 50  # [bps]
    vol_doubt: int = 100  # [bps of volatility]
    release: int = 720  # [hours]
    theta: int = 1_000  # [%]
    band: int = 2_500  # [bps] of capital
    edge: int = 10  # [bps]
    buffer: int = 1_000  # [bps] of capital
    entry: int = 60  # [minutes]
    exit: int = 1_440  # [minutes]
    least: int = 10  # [USD]
    memory: int = 5  # [minutes] for which a trade's price is compared with those before


@dataclass(frozen=True)
class Pool:
    """An option pool: its share token and its appetite for risk."""

    name: str = "Novate pool"  # at most 25 bytes
    symbol: str = "nPOOL"  # at most 5 bytes
    rules: PoolRules = field(default_factory=PoolRules)
    conduct: PoolConduct = field(default_factory=PoolConduct)


@dataclass(frozen=True)
class Option:
    """One leg of a strategy."""

    sells: bool = True
    is_put: bool = False
    delta: int = 2_500  # [bps] the most it may have


@dataclass(frozen=True)
class Strategy:
    """What a vault trades in a round, see contracts/interfaces/IStrategist.vyi."""

    legs: tuple[Option, ...] = (Option(),)
    by_strike: bool = False
    share: int = 9_000  # [bps] of what would cover
    step: int = 25 * WAD  # [wad] between strikes
    shortest: int = 3 * DAY  # [s]
    longest: int = 40 * DAY  # [s]
    slack: int = 500  # [bps] of value


COVERED_CALL = Strategy()
SECURED_PUT = Strategy((Option(is_put=True),), by_strike=True)
PROTECTIVE_PUT = Strategy((Option(False, True, 2_000),))
COLLAR = Strategy((Option(False, True, 2_000), Option()))

# Assets of the clearinghouse: cash, units of the underlying, shares that yield more of them.
CASH, INDEX, YIELDING = 0, 1, 2


@dataclass(frozen=True)
class Vault:
    """A vault: its share token, what it holds and what it does with it."""

    name: str = "Novate covered call"  # at most 25 bytes
    symbol: str = "nCALL"  # at most 5 bytes
    asset: int = INDEX
    wrapped: bool = False  # an ERC-4626 over the underlying
    strategy: Strategy = COVERED_CALL


@dataclass(frozen=True)
class Batch:
    """Times and bonds of the batch auction, in the order of contracts/auction/BatchAuction.vy."""

    length: int = 600  # [s] of a commit or a reveal
    window: int = 60  # [s] to challenge
    bond: int = 10**9  # [1e-9 USD] smallest
    rate: int = 10  # [bps] of notional


@dataclass(frozen=True)
class Quotes:
    """Which quotes earn rewards, in the order of contracts/venues/QuoteRewards.vy."""

    widest: int = 100  # [bps] of spot, of the farther side from mid
    longest: int = 3_600  # [s] between two checks
    margin: int = 2_000  # [bps] of spot that a contract quoted must have in free initial margin


# Three appetites: the middle one, one that takes less risk and asks more for it, one the other way.
POOLS = (
    Pool(),
    Pool(
        "Novate cautious pool",
        "nCAUT",
        PoolRules(
            level=1_000, skew=3_000, vega=80, most=500, free=150,
            max_delta=5_000, max_gamma=1_000, max_vega=50, least_delta=1_000, last=1_440,
        ),
        PoolConduct(longest=45, swing=500, band=1_000),
    ),
    Pool(
        "Novate bold pool",
        "nBOLD",
        PoolRules(
            premium_fee=60, level=300, skew=900, delta=15, gamma=15, vega=30, most=2_000, free=500,
            max_delta=20_000, max_gamma=4_000, max_vega=200, least_delta=300, last=360,
        ),
        PoolConduct(swing=2_000, band=5_000),
    ),
)  # fmt: skip

VAULTS = (
    Vault(),
    Vault("Novate secured put", "nPUT", CASH, False, SECURED_PUT),
    Vault("Novate protected yield", "nSAFE", YIELDING, True, PROTECTIVE_PUT),
    Vault("Novate collar", "nCOLL", INDEX, False, COLLAR),
)


@dataclass(frozen=True)
class Liquidity:
    """What a market has besides signed orders: nothing, unless it is `on`.

    Names in the market: long_tokens, pool_pricer, router, quote_rewards, batch, unwinder; pool_0,
    pool_shares_0, vault_0 and vault_queue_0 and so on in the order of `pools` and `vaults`.
    """

    on: bool = False
    batch: Batch = field(default_factory=Batch)
    quotes: Quotes = field(default_factory=Quotes)
    large: int = 1_000_000  # [USD] notional from which on an account in auction is sold by batch
    pools: tuple[Pool, ...] = POOLS
    vaults: tuple[Vault, ...] = VAULTS
