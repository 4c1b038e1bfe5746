# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title AuctionHouse
@license AGPL-3.0-only
@notice Dutch auction of fractions of an account that fell below maintenance margin: positions,
        collateral and cash together, so that hedges stay hedges. Anyone may start it, bid,
        restart it when too old, and finish it when the account has recovered.

        The lot is counted in units, 1e18 of them at the start. A bid of u units takes u / remaining
        of what is for sale, at the same price per lot as before: bids of others neither block
        a bid nor change its terms. Cash that comes in after the start (bids, deposits) is
        reserved: not for sale, and no part of the price.

        SOLVENT (equity at mark above zero): bidders pay a falling share of mark, and never take more
        than what brings the account back above maintenance plus buffer. INSOLVENT: bidders
        are paid, ever more, out of what was deposited since the start, then out of the
        security fund, then out of everybody's positive cash.
@dev Derive v2's curves (see curves.vy) with Maker's lesson: bids end well above zero, and
     `restart` begins anew at the current mark. A bid that leaves fewer than DUST units takes them
     too, so no auction ends in crumbs.

     Limits of the promise to bidders: a price moves with the mark, and the owner's own deposits of
     collateral and anybody's settling of expired positions change what is for sale and its
     price by the same value; only a limit without any slack notices.

     Whatever puts up or sells waits until the prices of all positions have been served for `grace`
     without interruption, and while market hours let nobody be sold: see `settled_since` of
     the oracle.
@custom:trust The ledger holds everything and checks the bidder's margin; the owner sets rules for
              future auctions within bounds. Whatever is frozen here can be freed: when healthy by
              anyone, when not by selling; a later house adopts what an earlier one left frozen.
@custom:kill None: liquidation is what must go on when all else stops. Stale prices and closed
             markets pause it.
@custom:rounding Against the bidder: payments up, cash sold down. Splitting a bid never pays.
"""

from snekmate.auth import ownable

from ..interfaces import IClearinghouse
from ..interfaces import IListing
from ..interfaces import IMarginEngine
from ..interfaces import IOracle
from . import curves
from . import deleveraging
from . import lots
from . import rules

initializes: ownable
initializes: rules[ownable := ownable]
initializes: lots[rules := rules]
initializes: deleveraging

exports: (
    rules.set_rules,
    rules.choose_rules,
    rules.rules_of,
    rules.rules_version,
    rules.version_of,
    rules.price_factor,
    curves.two_phase,
    curves.exponential,
    curves.stepped,
    curves.buffered_margin,
    curves.largest_fraction,
    curves.solvent_price,
    curves.insolvent_price,
    deleveraging.announced,
    deleveraging.ranked,
    ownable.owner,
    ownable.transfer_ownership,
)


WAD: constant(uint256) = 10**18
SOLVENT: constant(uint256) = lots.SOLVENT
INSOLVENT: constant(uint256) = lots.INSOLVENT
DUST: constant(uint256) = lots.DUST

# [s]
MAX_GRACE: constant(uint256) = 3_600

LEDGER: public(immutable(IClearinghouse))
LISTING: immutable(IListing)
# The security fund's account: money on its way; recipient 0 is income of the fund.
FUND: immutable(uint256)


# Who says since when prices are served, and how long [s] they must have been.
oracle: public(IOracle)
grace: public(uint256)
# Auctions that run here.
running: public(uint256)
# account in auction -> [wad] loss that it is expected to leave, as the ledger was told
provisions: public(HashMap[uint256, uint256])


struct Preview:
    terms: lots.Terms
    lot_price: int256  # [wad] of a whole original lot: what a limit price is compared with
    largest_units: uint256  # the most that a bid takes now
    deal: lots.Deal  # what the bid asked about would get


event AuctionStarted:
    account: indexed(uint256)
    keeper: indexed(uint256)  # account that got the tip
    kind: uint256
    rules: uint256  # version
    equity: int256  # [wad] after fee and tip
    maintenance: int256  # [wad] after fee and tip
    fee: uint256  # [wad]
    tip: uint256  # [wad]


event BidTaken:
    account: indexed(uint256)
    bidder: indexed(uint256)
    kind: uint256
    units: uint256
    fraction: uint256  # [wad] of what was for sale
    cash: int256  # [wad] account to bidder
    payment: int256  # [wad] bidder to account; negative: to the bidder
    from_reserve: uint256  # [wad] of what the bidder got, paid by the account's reserved cash
    remaining: uint256  # [units] after


event AuctionRestarted:
    account: indexed(uint256)
    kind: uint256
    rules: uint256
    equity: int256  # [wad]
    remaining: uint256  # [units]


event AuctionPaused:
    account: indexed(uint256)
    elapsed: uint256  # [s] at which the clock stands


event AuctionResumed:
    account: indexed(uint256)
    elapsed: uint256  # [s]


event AuctionFinished:
    account: indexed(uint256)
    remaining: uint256  # [units] not sold; 0 when nothing is left


event GraceSet:
    oracle: address
    old: uint256  # [s]
    new: uint256  # [s]


@deploy
def __init__(clearinghouse: IClearinghouse, owner: address):
    """
    @param owner Sets the rules of future auctions.
    """
    ownable.__init__()
    assert owner != empty(address), "auction: no owner"
    ownable._transfer_ownership(owner)
    rules.__init__()
    LEDGER = clearinghouse
    LISTING = IListing(staticcall clearinghouse.LISTING())
    FUND = staticcall clearinghouse.FUND()


# -- anyone --


@external
def start(account: uint256, keeper: uint256):
    """
    @notice Puts an account below maintenance margin up for auction.
    @param keeper Account that receives the tip; 0 leaves it to the security fund.
    """
    # Frozen without an auction here: left by an earlier house. It has paid its fee.
    adopted: bool = staticcall LEDGER.in_auction(account)
    assert not adopted or lots.states[account] == 0, "auction: already running"
    health: IMarginEngine.Health = self._fresh_health(account)
    positions: DynArray[uint256, 128] = staticcall LEDGER.positions_of(account)
    self._require_settled(positions)
    version: uint256 = rules._version_for(positions)
    word: uint256 = rules.packed[version]
    margin: int256 = curves._buffered_margin(health.maintenance, health.equity, rules._buffer(word))
    # An adopted account that is between maintenance and buffer can neither start nor finish else.
    assert (margin if adopted else health.maintenance) < 0, "auction: above maintenance"
    # An account of cash alone is below maintenance by its debt only.
    assert health.equity > 0 or self._is_bound(account), "auction: nothing for sale"
    kind: uint256 = INSOLVENT
    fee: uint256 = 0
    tip: uint256 = 0
    if not adopted:
        extcall LEDGER.freeze(account)
    if health.equity > 0:
        kind = SOLVENT
        if not adopted:
            assert keeper != account, "auction: keeper is the account"
            fee = rules._fee(word, margin, health.equity)
            tip = rules._tip(word, health.equity)
            self._charge(account, 0, fee)
            self._charge(account, keeper, tip)
    lots._begin(account, kind, version, WAD, staticcall LEDGER.cash_of(account))
    running: uint256 = self.running + 1
    self.running = running
    # May halt the opening of risk; never refuses.
    extcall LISTING.report_auctions(running)
    self._provide(account, kind, health.equity)
    charged: int256 = convert(fee + tip, int256)
    log AuctionStarted(
        account=account,
        keeper=keeper,
        kind=kind,
        rules=version,
        equity=health.equity - charged,
        maintenance=health.maintenance - charged,
        fee=fee,
        tip=tip,
    )


@external
def restart(account: uint256):
    """
    @notice Begins anew at the current mark when the auction is too old or its kind has turned.
            All cash that the account has now is for sale again; what was sold stays sold.
    """
    terms: lots.Terms = self._running(account)
    self._require_fresh(terms.fresh)
    self._require_short(terms.margin)
    assert terms.due, "auction: restart not due"
    positions: DynArray[uint256, 128] = staticcall LEDGER.positions_of(account)
    self._require_settled(positions)
    kind: uint256 = SOLVENT if terms.equity > 0 else INSOLVENT
    version: uint256 = rules._version_for(positions)
    deleveraging._forget(account)
    lots._begin(account, kind, version, terms.remaining, terms.cash + terms.reserved)
    self._provide(account, kind, terms.equity)
    log AuctionRestarted(
        account=account, kind=kind, rules=version, equity=terms.equity, remaining=terms.remaining
    )


@external
def pause(account: uint256):
    """
    @notice Stops the clock while prices are stale or not settled, so that nobody buys cheaply what
            could not be bid for. Without it bids are refused then all the same.
    """
    terms: lots.Terms = self._running(account)
    waits: bool = not terms.fresh or not self._is_settled(staticcall LEDGER.positions_of(account))
    assert waits, "auction: price is fresh"
    state: uint256 = lots.states[account]
    assert lots._paused(state) == 0, "auction: already paused"
    lots.states[account] = state | (block.timestamp << 64)
    log AuctionPaused(account=account, elapsed=terms.elapsed)


@external
def resume(account: uint256):
    """
    @notice Lets the clock go on where it stood, when prices are fresh and settled again. A bid does
            so too.
    """
    terms: lots.Terms = self._running(account)
    state: uint256 = lots.states[account]
    assert lots._paused(state) != 0, "auction: not paused"
    self._require_fresh(terms.fresh)
    self._require_known(account)
    lots.states[account] = lots._going(state, terms.elapsed)
    log AuctionResumed(account=account, elapsed=terms.elapsed)


@external
def finish(account: uint256):
    """
    @notice Frees an account that stands above maintenance plus buffer (prices recovered, or
            somebody deposited), that owes nothing, whatever its collateral counts, or that has
            nothing left to sell; a debt that remains then is recognised by the ledger in the same
            call.
    """
    assert staticcall LEDGER.in_auction(account), "auction: not running"
    state: uint256 = lots.states[account]
    version: uint256 = lots._version(state) if state != 0 else rules._latest()
    health: IMarginEngine.Health = staticcall LEDGER.health(account)
    buffer: uint256 = rules._buffer(rules.packed[version])
    margin: int256 = curves._buffered_margin(health.maintenance, health.equity, buffer)
    if (margin < 0 or not health.fresh) and self._is_bound(account):
        self._require_fresh(health.fresh)
        raise "auction: not restored"
    self._end(account, lots._remaining(state))


@external
def provide(account: uint256):
    """
    @notice Brings the loss that an insolvent account is expected to leave up to the present mark.
    """
    terms: lots.Terms = self._running(account)
    self._require_fresh(terms.fresh)
    self._provide(account, terms.kind, terms.equity)


@external
def announce(account: uint256):
    """
    @notice Says that an insolvent account, which nobody took at the end of its auction, will be
            closed against the other side of its positions. Bids are still taken.
    """
    terms: lots.Terms = self._insolvent(account)
    length: uint256 = rules._insolvent(rules.packed[lots._version(lots.states[account])])
    assert terms.elapsed >= length, "deleverage: auction not over"
    deleveraging._announce(account)


@external
def nominate(account: uint256, code: uint256, opposite: uint256):
    """
    @notice Shows an account that is long what the account in auction is short. The four largest
            holdings have a place each; who is shown late displaces smaller ones.
    """
    deleveraging._nominate(LEDGER, account, code, opposite)


@external
def deleverage(account: uint256, code: uint256):
    """
    @notice Closes a short of an announced account against those who are nominated, at the price
            that leaves the account nothing.
    """
    terms: lots.Terms = self._insolvent(account)
    deleveraging._close(LEDGER, account, code, terms.equity)
    self._provide(account, INSOLVENT, (staticcall LEDGER.health(account)).equity)


# -- bidders --


@external
def bid(
    account: uint256, bidder: uint256, units: uint256, limit_price: int256, kind: uint256, deadline: uint256
) -> (uint256, int256):
    """
    @notice Buys up to `units` for the bidder's account, which must pass initial margin afterwards.
            A solvent bid that reaches the largest fraction ends the auction.
    @param bidder An account for which the caller may act.
    @param units More than remains, or than a solvent auction sells now, is cut to that.
    @param limit_price [wad] the highest price of a whole original lot, 1e18 units; negative
           when insolvent: the least that the bidder wants to be paid.
    @param kind SOLVENT or INSOLVENT, as the bidder saw it.
    @param deadline [s] the last second at which the bid is good.
    @return units sold, and the payment [wad, negative: to the bidder]. At most
            limit_price * units / 1e18, up to one wei and one part in 1e18 of the price of what
            remained.
    """
    assert block.timestamp <= deadline, "auction: deadline passed"
    assert staticcall LEDGER.may_act(msg.sender, bidder), "auction: not the bidder"
    assert bidder != account, "auction: bidder is the account"
    assert units > 0, "auction: no units"
    terms: lots.Terms = self._running(account)
    assert kind == terms.kind, "auction: wrong kind"
    self._require_fresh(terms.fresh)
    self._require_short(terms.margin)
    assert not terms.due, "auction: restart needed"
    self._require_known(account)
    assert lots._lot_price(terms) <= limit_price, "auction: above the limit"
    deal: lots.Deal = lots._deal(terms, units)

    # Reserved cash of an insolvent account pays first. It goes through the fund, because the
    # ledger credits the bidder after a loss was socialised, so in full.
    from_reserve: uint256 = convert(min(max(-deal.payment, 0), terms.reserved), uint256)
    self._charge(account, FUND, from_reserve)
    extcall LEDGER.liquidate(account, bidder, deal.fraction, deal.cash, deal.payment)

    remaining: uint256 = max(terms.remaining - deal.units, DUST)
    if deal.fraction == WAD:
        remaining = 0
    log BidTaken(
        account=account,
        bidder=bidder,
        kind=kind,
        units=deal.units,
        fraction=deal.fraction,
        cash=deal.cash,
        payment=deal.payment,
        from_reserve=from_reserve,
        remaining=remaining,
    )
    if remaining == 0 or (deal.fraction == terms.largest and self._is_restored(account)):
        self._end(account, remaining)
    else:
        lots._sell(account, terms, deal, remaining)
        if kind == INSOLVENT:
            left: int256 = convert(self.provisions[account] * (WAD - deal.fraction) // WAD, int256)
            self._provide(account, kind, -left)
    return deal.units, deal.payment


# -- owner --


@external
def set_grace(oracle: IOracle, grace: uint256):
    """
    @notice How long the prices of an account must have been served without interruption before it is
            put up or sold, so that its owner could react first.
    @param oracle Whose word on that, and on market hours, counts; none: nothing waits.
    @param grace [s] at most an hour.
    """
    ownable._check_owner()
    assert grace <= MAX_GRACE, "auction: grace too long"
    log GraceSet(oracle=oracle.address, old=self.grace, new=grace)
    self.oracle = oracle
    self.grace = grace


# -- views --


@external
@view
def preview(account: uint256, units: uint256) -> Preview:
    """
    @notice The auction at this second and what a bid of so many units would get. All zero when
            there is none. Bids are taken when terms.fresh, not terms.due and terms.margin < 0.
    """
    if lots.states[account] == 0 or not staticcall LEDGER.in_auction(account):
        return empty(Preview)
    terms: lots.Terms = self._running(account)
    return Preview(
        terms=terms,
        lot_price=lots._lot_price(terms),
        largest_units=lots._deal(terms, terms.remaining).units,
        deal=lots._deal(terms, units),
    )


# -- internal --


@internal
@view
def _running(account: uint256) -> lots.Terms:
    """
    @notice The terms of an auction that runs here.
    """
    assert lots.states[account] != 0, "auction: not running"
    return lots._terms(account, staticcall LEDGER.health(account), staticcall LEDGER.cash_of(account))


@internal
@view
def _insolvent(account: uint256) -> lots.Terms:
    """
    @notice The terms of an auction of an account without equity, at fresh and settled prices.
    """
    terms: lots.Terms = self._running(account)
    self._require_fresh(terms.fresh)
    self._require_known(account)
    assert terms.kind == INSOLVENT and terms.equity < 0, "deleverage: not insolvent"
    self._require_short(terms.margin)
    return terms


@internal
def _end(account: uint256, remaining: uint256):
    if lots.states[account] != 0:
        self.running -= 1
        deleveraging._forget(account)
        self._provide(account, SOLVENT, 0)
    lots._clear(account)
    extcall LEDGER.thaw(account)
    log AuctionFinished(account=account, remaining=remaining)


@internal
def _provide(account: uint256, kind: uint256, equity: int256):
    """
    @notice Tells the ledger what loss to expect: what an insolvent account lacks at mark.
    """
    before: uint256 = self.provisions[account]
    after: uint256 = 0
    if kind == INSOLVENT:
        after = convert(-min(equity, 0), uint256)
    if after != before:
        self.provisions[account] = after
        extcall LEDGER.provide(convert(after, int256) - convert(before, int256))


@internal
def _charge(account: uint256, recipient: uint256, amount: uint256):
    if amount != 0:
        extcall LEDGER.charge(account, recipient, amount)


@internal
@view
def _require_known(account: uint256):
    """
    @notice Refuses while a price that the account depends on is not settled.
    """
    self._require_settled(staticcall LEDGER.positions_of(account))


@internal
@view
def _require_settled(positions: DynArray[uint256, 128]):
    assert self._is_settled(positions), "auction: price not settled"


@internal
@view
def _is_settled(positions: DynArray[uint256, 128]) -> bool:
    """
    @notice Whether each price that the positions depend on has been there for a while, in an open
            market.
    """
    oracle: IOracle = self.oracle
    if oracle.address == empty(address):
        return True
    latest: uint256 = block.timestamp - self.grace
    underlying: uint256 = 0
    for word: uint256 in positions:
        if word >> 240 != underlying:
            underlying = word >> 240
            if staticcall oracle.settled_since(underlying) > latest:
                return False
    return True


@internal
@view
def _is_restored(account: uint256) -> bool:
    """
    @notice Whether the account stands above maintenance. The largest fraction puts it above
            the buffer too, but for a few wei of rounding in the ledger.
    """
    health: IMarginEngine.Health = staticcall LEDGER.health(account)
    return health.fresh and health.maintenance >= 0


@internal
@view
def _is_bound(account: uint256) -> bool:
    """
    @notice Whether there is a position, or collateral beside a debt: what an auction is for.
    """
    if len(staticcall LEDGER.positions_of(account)) != 0:
        return True
    return staticcall LEDGER.cash_of(account) < 0 and len(staticcall LEDGER.holdings_of(account)) != 0


@internal
@view
def _fresh_health(account: uint256) -> IMarginEngine.Health:
    health: IMarginEngine.Health = staticcall LEDGER.health(account)
    self._require_fresh(health.fresh)
    return health


@internal
@pure
def _require_fresh(fresh: bool):
    assert fresh, "auction: stale price"


@internal
@pure
def _require_short(margin: int256):
    assert margin < 0, "auction: account restored"
