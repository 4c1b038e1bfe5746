# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Rules of an option pool: how dear, how much, how long
@license AGPL-3.0-only
@notice Figures that the pool's owner chooses within the bounds here, in two words of sixteen fields of
        16 bits, so that a trade reads two slots. Field i of a word is bits 16 i to 16 i + 15; `edge`
        shares its own with `memory`, which has the upper 8 bits.
@custom:trust The owner; in the bounds a round trip never earns, and hedging is never dearer for the
              pool than the risk it removes was charged for.
"""

from snekmate.auth import ownable

uses: ownable

FIELD: constant(uint256) = 2**16 - 1
BPS: constant(uint256) = 10_000
# Places of the fields in their words.
PREMIUM_FEE: constant(uint256) = 0
SPOT_FEE: constant(uint256) = 1
LEVEL: constant(uint256) = 2
SKEW: constant(uint256) = 3
DELTA: constant(uint256) = 4
GAMMA: constant(uint256) = 5
VEGA: constant(uint256) = 6
HORIZON: constant(uint256) = 7
FREE: constant(uint256) = 8
MOST: constant(uint256) = 9
SLOPE: constant(uint256) = 10
MAX_DELTA: constant(uint256) = 11
MAX_GAMMA: constant(uint256) = 12
MAX_VEGA: constant(uint256) = 13
LEAST_DELTA: constant(uint256) = 14
LAST: constant(uint256) = 15
LONGEST: constant(uint256) = 0
JUMP: constant(uint256) = 1
WINDOW: constant(uint256) = 2
SWING: constant(uint256) = 3
PERIOD: constant(uint256) = 4
PAUSE: constant(uint256) = 5
SPOT_DOUBT: constant(uint256) = 6
VOL_DOUBT: constant(uint256) = 7
RELEASE: constant(uint256) = 8
THETA: constant(uint256) = 9
BAND: constant(uint256) = 10
EDGE: constant(uint256) = 11
BUFFER: constant(uint256) = 12
ENTRY: constant(uint256) = 13
EXIT: constant(uint256) = 14
LEAST: constant(uint256) = 15


struct Rules:
    # What a trade pays.
    premium_fee: uint256  # [bps] of the option's value
    spot_fee: uint256  # [bps] of spot, per contract
    level: uint256  # [bps of volatility] for vega of 1 % of capital per point: moves an expiry
    skew: uint256  # likewise, moves a strike
    delta: uint256  # [bps] of dollar delta
    gamma: uint256  # [bps] of what dollar delta changes for 1 % of spot
    vega: uint256  # [bps of volatility] of vega
    horizon: uint256  # [hours] to expiry at which gamma counts twice
    # What the pool takes on, as a share of its capital.
    free: uint256  # [%] of capital that may be owed, at spot, without a mark-up
    most: uint256  # [%] of capital that may be owed at all
    slope: uint256  # [bps] mark-up on what is owed beyond `free`, per 100 % of capital
    max_delta: uint256  # [bps] dollar delta
    max_gamma: uint256  # [bps] change of dollar delta for 1 % of spot, weighted
    max_vega: uint256  # [bps] vega per point of volatility
    least_delta: uint256  # [bps] of calls and puts that the pool takes on; 1 less that at most
    last: uint256  # [minutes] before expiry when trading ends


struct Conduct:
    longest: uint256  # [days] to expiry, 0: the pool does not trade
    jump: uint256  # [bps] that volatility may be off its own average
    window: uint256  # [minutes] of that average
    swing: uint256  # [bps] that a share's value may move within a period
    period: uint256  # [minutes]
    pause: uint256  # [minutes] after a larger move
    spot_doubt: uint256  # [bps] of dollar delta by which values may be wrong
    vol_doubt: uint256  # [bps of volatility] likewise, of all vegas
    release: uint256  # [hours] in which charges become income, but for 1 in e
    theta: uint256  # [%] by how much faster, for each multiple of capital of theta a year
    band: uint256  # [bps] of capital, dollar delta beyond which the pool hedges
    edge: uint256  # [bps] of dollar delta that hedging pays
    buffer: uint256  # [bps] of capital, initial margin that withdrawals leave
    entry: uint256  # [minutes] from the request to a deposit
    exit: uint256  # [minutes] from the request to a withdrawal
    least: uint256  # [USD] that a request must bring, or as many whole shares
    memory: uint256  # [minutes] for which trades are remembered at least, 0: the block; at most 255


rules: public(uint256)
conduct: public(uint256)


event RulesSet:
    old_rules: uint256
    new_rules: uint256
    old_conduct: uint256
    new_conduct: uint256


# -- owner --


@external
def set_rules(rules: Rules, conduct: Conduct):
    """
    @notice Changes the rules, for trades and requests from now on.
    """
    ownable._check_owner()
    assert rules.premium_fee <= BPS // 10 and rules.spot_fee <= 100, "pool: fee too high"
    # Impact of 5 volatility points per percent of capital and point; the others 20 %.
    assert max(rules.level, rules.skew) <= 50_000, "pool: impact too high"
    assert max(rules.delta, max(rules.gamma, rules.vega)) <= 2_000, "pool: charge too high"
    assert rules.least_delta < BPS // 2, "pool: no delta left"
    assert rules.free <= rules.most and rules.most <= 2_000, "pool: use out of range"
    # So that nobody moves the pool's delta to be paid for moving it back.
    assert conduct.edge <= min(rules.delta, 50), "pool: edge above charge"
    assert conduct.buffer <= BPS // 2, "pool: buffer too large"
    assert min(conduct.swing, conduct.period) != 0, "pool: no breaker"
    assert min(conduct.window, conduct.release) != 0, "pool: no time"
    first: uint256 = self._packed(abi_encode(rules))
    # The edge is at most 50; a memory beyond its 8 bits makes the field too large.
    figures: Conduct = conduct
    figures.edge += 256 * conduct.memory
    second: uint256 = self._packed(abi_encode(figures))
    log RulesSet(old_rules=self.rules, new_rules=first, old_conduct=self.conduct, new_conduct=second)
    self.rules = first
    self.conduct = second


# -- internals --


@internal
@pure
def _packed(figures: Bytes[544]) -> uint256:
    """
    @param figures Sixteen words, and what is beyond them is not looked at.
    """
    word: uint256 = 0
    for i: uint256 in range(16):
        figure: uint256 = extract32(figures, 32 * i, output_type=uint256)
        assert figure <= FIELD, "pool: rule out of range"
        word |= figure << (16 * i)
    return word


@internal
@pure
def _field(word: uint256, index: uint256) -> int256:
    """
    @return A field of a word, 0 to 65,535.
    """
    return convert((word >> (16 * index)) & FIELD, int256)


@internal
@pure
def _edge(conduct: uint256) -> int256:
    """
    @return [bps] of dollar delta that hedging pays.
    """
    return self._field(conduct, EDGE) & 255


@internal
@pure
def _memory(conduct: uint256) -> uint256:
    """
    @return [s] for which trades are remembered at least; one second is the block.
    """
    return max(60 * (conduct >> (16 * EDGE + 8) & 255), 1)
