# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Strategy: what a vault sells and buys, as data
@license AGPL-3.0-only
@notice One or two options a unit, each sold or bought, call or put, struck where the surface gives it a
        delta; how long they live; how much of the vault they cover. So

          covered call         sold call
          cash-secured put     sold put, covered by strikes in cash
          protective put       bought put
          collar               bought put and sold call

        are rows of a table, and the strikes follow from the surface: whoever begins a round names them,
        and only the right ones pass: the next strike nearer to the money would have too large a delta.
@dev Delta and value are those of the pool's pricer (IPoolPricer): the exact tier on the oracle's smile.
"""

from ..instruments import series
from ..interfaces import IPoolPricer

WAD: constant(uint256) = 10**18
BPS: constant(uint256) = 10**4
DAY: constant(uint256) = 86_400
# What batch orders are whole numbers of.
UNIT: constant(uint256) = 10**9
MAX_LEGS: constant(uint256) = 2

PRICER: public(immutable(address))
UNDERLYING: public(immutable(uint256))


struct Leg:
    sells: bool
    is_put: bool
    delta: uint256  # [bps] absolute, the most that the option may have


struct Rules:
    legs: DynArray[Leg, MAX_LEGS]
    by_strike: bool  # cover: the strike of the first leg in cash a contract; else one unit of the underlying
    share: uint256  # [bps] of what would cover
    step: uint256  # [wad] between strikes
    shortest: uint256  # [s] to expiry
    longest: uint256  # [s]
    slack: uint256  # [bps] of its value that an option may cost more, or bring less


# Fixed for the life of the vault.
_rules: Rules


@deploy
def __init__(pricer: address, underlying: uint256, rules: Rules):
    assert len(rules.legs) != 0, "vault: no legs"
    for leg: Leg in rules.legs:
        assert leg.delta >= 100 and leg.delta <= 9_000, "vault: delta out of range"
    if len(rules.legs) == 2:
        assert rules.legs[0].is_put != rules.legs[1].is_put, "vault: legs alike"
    assert rules.share != 0 and rules.share <= BPS, "vault: share out of range"
    assert rules.step != 0, "vault: step out of range"
    assert rules.shortest >= DAY and rules.shortest <= rules.longest, "vault: tenor out of range"
    assert rules.longest <= 100 * DAY, "vault: tenor out of range"
    assert rules.slack <= 2_000, "vault: slack out of range"
    PRICER = pricer
    UNDERLYING = underlying
    self._rules = rules


@external
@view
def rules() -> Rules:
    return self._rules


@internal
@view
def _choose(expiry: uint256, strikes: DynArray[uint256, MAX_LEGS]) -> (DynArray[uint256, MAX_LEGS], int256):
    """
    @notice Checks expiry and strikes of a round.
    @return Words of the legs, ascending: series code | 1 or -1; and the most that a unit of them may
            cost [wad USD], negative when it brings something.
    """
    rules: Rules = self._rules
    left: uint256 = expiry - block.timestamp
    assert left >= rules.shortest and left <= rules.longest, "vault: tenor out of range"
    assert len(strikes) == len(rules.legs), "vault: one strike a leg"
    words: DynArray[uint256, MAX_LEGS] = []
    limit: int256 = 0
    for i: uint256 in range(len(strikes), bound=MAX_LEGS):
        leg: Leg = rules.legs[i]
        strike: uint256 = strikes[i]
        assert strike > rules.step and strike % rules.step == 0, "vault: strike off step"
        delta: uint256 = 0
        price: uint256 = 0
        code: uint256 = 0
        code, delta, price = self._option(expiry, strike, leg.is_put)
        assert delta <= leg.delta, "vault: delta too large"
        nearer: uint256 = strike + rules.step if leg.is_put else strike - rules.step
        assert self._option(expiry, nearer, leg.is_put)[1] > leg.delta, "vault: delta too small"
        if leg.sells:
            # At least so much: rounded up, and so the limit down.
            least: uint256 = (price * (BPS - rules.slack) + BPS - 1) // BPS
            limit -= convert(least, int256)
            words.append(series._pack(code, -1))
        else:
            limit += convert(price * (BPS + rules.slack) // BPS, int256)
            words.append(series._pack(code, 1))
    if len(words) == 2 and words[0] > words[1]:
        words = [words[1], words[0]]
    # To the whole UNIT below.
    over: int256 = limit % convert(UNIT, int256)
    if over < 0:
        over += convert(UNIT, int256)
    return words, limit - over


@internal
@view
def _option(expiry: uint256, strike: uint256, is_put: bool) -> (uint256, uint256, uint256):
    """
    @return Code, absolute delta [bps, rounded up] and value [wad USD] of an option.
    """
    code: uint256 = series._encode(UNDERLYING, expiry, strike, convert(is_put, uint256), 0)
    risk: IPoolPricer.Risk = staticcall IPoolPricer(PRICER).assess(UNDERLYING, [], code, DAY)
    assert risk.fresh, "vault: stale price"
    spot: uint256 = convert(risk.spot, uint256)
    delta: uint256 = (convert(abs(risk.unit_delta), uint256) * BPS + spot - 1) // spot
    return code, delta, convert(risk.price, uint256)


@internal
@view
def _contracts(worth: uint256, price: uint256, strike: uint256) -> uint256:
    """
    @notice How many units of the legs a vault may trade.
    @param worth [wad USD] of the vault.
    @param price [wad USD] of the underlying; `strike` of the first leg.
    @return [wad] whole UNIT
    """
    rules: Rules = self._rules
    cover: uint256 = strike if rules.by_strike else price
    quantity: uint256 = worth * rules.share * (WAD // BPS) // cover
    return quantity - quantity % UNIT
