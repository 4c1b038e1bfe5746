# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Deleveraging: closing an insolvent account against the other side, as the last resort
@license AGPL-3.0-only
@notice When nobody has taken an insolvent account at the worst price its auction reaches, its short
        options are closed against those who hold them long, at the price that leaves the account
        nothing: each is worth its mark times

            r = max(0, L + E) / L,   E < 0 the account's equity, L the marks of all its shorts,

        which stays the same while shorts are closed one after the other, so the order is of no
        account. What a mark lacks is borne by those who gained from the move, not by everybody.
@dev First come those who gained most: all longs of a series gained the same per contract, so the
     largest holding leads. Nobody can search all accounts on chain; therefore anyone may
     nominate an account within the notice and after, the four largest hold their places against
     smaller ones, and the closing reads their holdings anew. Gas is bounded by four holders.
"""

from ..instruments import series
from ..interfaces import IClearinghouse
from ..interfaces import IMarginEngine

PLACES: constant(uint256) = 4
# [s] from the announcement to the first closing.
NOTICE: constant(uint256) = 1_800


# account in auction -> [s] from when it may be closed, 0 when that was not announced
announced: public(HashMap[uint256, uint256])
# account in auction -> series -> accounts on the other side, the largest holding first
ranks: HashMap[uint256, HashMap[uint256, DynArray[uint256, PLACES]]]


event DeleveragingAnnounced:
    account: indexed(uint256)
    start: uint256  # [s]


event Nominated:
    account: indexed(uint256)
    series: indexed(uint256)
    opposite: indexed(uint256)
    quantity: uint256  # [wad] long


event ClosedOut:
    account: indexed(uint256)
    series: indexed(uint256)
    opposite: indexed(uint256)
    quantity: uint256  # [wad]
    payment: uint256  # [wad] account to opposite
    mark: uint256  # [wad] what it was worth


@external
@view
def ranked(account: uint256, code: uint256) -> DynArray[uint256, PLACES]:
    """
    @notice Who is nominated to be closed against an account in a series, first come first.
    """
    return self.ranks[account][code]


@internal
def _announce(account: uint256):
    assert self.announced[account] == 0, "deleverage: announced already"
    start: uint256 = block.timestamp + NOTICE
    self.announced[account] = start
    log DeleveragingAnnounced(account=account, start=start)


@internal
def _forget(account: uint256):
    self.announced[account] = 0


@internal
def _nominate(ledger: IClearinghouse, account: uint256, code: uint256, opposite: uint256):
    """
    @notice Gives an account its place by what it holds now.
    """
    assert self.announced[account] != 0, "deleverage: not announced"
    quantity: uint256 = self._long(ledger, opposite, code)
    assert quantity != 0, "deleverage: holds no long"
    ranks: DynArray[uint256, PLACES] = []
    placed: bool = False
    for other: uint256 in self.ranks[account][code]:
        if other == opposite:
            continue
        if not placed and quantity > self._long(ledger, other, code):
            ranks.append(opposite)
            placed = True
        if len(ranks) < PLACES:
            ranks.append(other)
    if not placed:
        assert len(ranks) < PLACES, "deleverage: outranked"
        ranks.append(opposite)
    self.ranks[account][code] = ranks
    log Nominated(account=account, series=code, opposite=opposite, quantity=quantity)


@internal
def _close(ledger: IClearinghouse, account: uint256, code: uint256, equity: int256):
    """
    @notice Closes the account's short in a series against those who are ranked.
    @param equity [wad] of the account at mark, negative.
    """
    start: uint256 = self.announced[account]
    assert start != 0 and block.timestamp >= start, "deleverage: notice not over"
    short: uint256 = 0  # [wad] its size
    mark: uint256 = 0  # [wad] of that
    owed: uint256 = 0  # [wad] marks of all shorts
    short, mark, owed = self._shorts(ledger, account, code)
    assert short != 0, "deleverage: not short"
    left: uint256 = short
    kept: uint256 = owed - min(convert(-equity, uint256), owed)
    for opposite: uint256 in self.ranks[account][code]:
        part: uint256 = min(self._long(ledger, opposite, code), left)
        if part == 0:
            continue
        worth: uint256 = mark * part // short
        # Down: what is left of the account is never less than nothing.
        payment: uint256 = worth * kept // max(owed, 1)
        left -= part
        extcall ledger.deleverage(
            account, opposite, code, -convert(part, int256), convert(payment, int256)
        )
        log ClosedOut(
            account=account, series=code, opposite=opposite, quantity=part, payment=payment, mark=worth
        )
    assert left != short, "deleverage: nobody ranked"
    self.ranks[account][code] = []


@internal
@view
def _shorts(ledger: IClearinghouse, account: uint256, code: uint256) -> (uint256, uint256, uint256):
    """
    @return Size [wad] of the short in a series, its mark [wad], and the marks of all shorts [wad].
    """
    shorts: DynArray[uint256, 128] = []
    one: DynArray[uint256, 128] = []
    for word: uint256 in staticcall ledger.positions_of(account):
        if series._quantity(word) < 0:
            shorts.append(word)
            if series._code(word) == code:
                one.append(word)
    if len(one) == 0:
        return 0, 0, 0
    engine: uint256 = staticcall ledger.engine_of(account)
    all_of_them: IMarginEngine.Health = staticcall ledger.appraise(engine, 0, [], shorts)
    this: IMarginEngine.Health = staticcall ledger.appraise(engine, 0, [], one)
    return (
        convert(-series._quantity(one[0]), uint256),
        convert(-min(this.equity, 0), uint256),
        convert(-min(all_of_them.equity, 0), uint256),
    )


@internal
@view
def _long(ledger: IClearinghouse, account: uint256, code: uint256) -> uint256:
    """
    @return What an account holds long of a series [wad]; nothing while it is in auction itself.
    """
    if staticcall ledger.in_auction(account):
        return 0
    for word: uint256 in staticcall ledger.positions_of(account):
        if series._code(word) == code:
            return convert(max(series._quantity(word), 0), uint256)
    return 0
