# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Strategist
@license AGPL-3.0-only
@notice Says what a vault trades in a round: checks the strikes and the expiry that whoever begins it
        names, and gives the limit of the order and its size. Only the right strikes pass: the delta of
        each is within the rules, and that of the next one nearer to the money is not.
@dev Delta and value are those of the pool's pricer (IPoolPricer): the exact tier on the oracle's smile.
     No state; one for all vaults.
@custom:trust None.
@custom:kill None: views.
@custom:rounding In favour of the vault.
"""

from ..instruments import series
from ..interfaces import IPoolPricer
from ..interfaces import IStrategist

implements: IStrategist


WAD: constant(uint256) = 10**18
BPS: constant(uint256) = 10**4
DAY: constant(uint256) = 86_400
# [wad] what batch orders are whole numbers of.
UNIT: constant(uint256) = 10**9
MAX_LEGS: constant(uint256) = 2

PRICER: public(immutable(address))


@deploy
def __init__(pricer: address):
    """
    @param pricer A PoolPricer.
    """
    PRICER = pricer


@external
@view
def is_sound(rules: IStrategist.Rules) -> bool:
    """
    @notice True, or a revert `vault: ...` for rules out of bounds.
    """
    assert len(rules.legs) != 0, "vault: no legs"
    for leg: IStrategist.Leg in rules.legs:
        assert leg.delta >= 100 and leg.delta <= 9_000, "vault: delta out of range"
    if len(rules.legs) == 2:
        assert rules.legs[0].is_put != rules.legs[1].is_put, "vault: legs alike"
    assert rules.share != 0 and rules.share <= BPS, "vault: share out of range"
    assert rules.step != 0, "vault: step out of range"
    within: bool = rules.shortest >= DAY and rules.longest <= 100 * DAY
    assert within and rules.shortest <= rules.longest, "vault: tenor out of range"
    assert rules.slack <= 2_000, "vault: slack out of range"
    return True


@external
@view
def choose(
    underlying: uint256,
    rules: IStrategist.Rules,
    expiry: uint256,
    strikes: DynArray[uint256, MAX_LEGS],
    worth: uint256,
) -> (DynArray[uint256, MAX_LEGS], int256, uint256, uint256):
    """
    @notice Checks expiry and strikes of a round.
    @return See IStrategist.
    """
    left: uint256 = expiry - block.timestamp
    assert left >= rules.shortest and left <= rules.longest, "vault: tenor out of range"
    assert len(strikes) == len(rules.legs), "vault: one strike a leg"
    words: DynArray[uint256, MAX_LEGS] = []
    limit: int256 = 0
    spot: uint256 = 0
    for i: uint256 in range(len(strikes), bound=MAX_LEGS):
        leg: IStrategist.Leg = rules.legs[i]
        strike: uint256 = strikes[i]
        assert strike > rules.step and strike % rules.step == 0, "vault: strike off step"
        delta: uint256 = 0
        price: uint256 = 0
        code: uint256 = 0
        code, delta, price, spot = self._option(underlying, expiry, strike, leg.is_put)
        assert delta <= leg.delta, "vault: delta too large"
        nearer: uint256 = strike + rules.step if leg.is_put else strike - rules.step
        assert self._option(underlying, expiry, nearer, leg.is_put)[1] > leg.delta, "vault: delta too small"
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
    # One contract is covered by a unit of the underlying, or by its strike in cash.
    cover: uint256 = strikes[0] if rules.by_strike else spot
    quantity: uint256 = worth * rules.share * (WAD // BPS) // cover
    return words, limit - over, quantity - quantity % UNIT, spot


@internal
@view
def _option(
    underlying: uint256, expiry: uint256, strike: uint256, is_put: bool
) -> (uint256, uint256, uint256, uint256):
    """
    @return Code, absolute delta [bps, rounded up] and value [wad USD] of an option, and the spot [wad].
    """
    code: uint256 = series._encode(underlying, expiry, strike, convert(is_put, uint256), 0)
    risk: IPoolPricer.Risk = staticcall IPoolPricer(PRICER).assess(underlying, [], code, DAY)
    assert risk.fresh, "vault: stale price"
    spot: uint256 = convert(risk.spot, uint256)
    delta: uint256 = (convert(abs(risk.unit_delta), uint256) * BPS + spot - 1) // spot
    return code, delta, convert(risk.price, uint256), spot
