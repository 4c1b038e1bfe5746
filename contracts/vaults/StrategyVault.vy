# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title StrategyVault
@license AGPL-3.0-only
@notice An ERC-4626 vault that plays a strategy of options (Strategist.vy) round after round, as an account
        of the clearinghouse, and trades in the batch auction only: nobody chooses its prices.

          open   all assets are here; shares come and go at once, at their exact share of them
          round  assets back options. `begin` (anyone) moves them to the ledger and seals an order,
                 `reveal` opens it; once everything has expired, `finish` brings them back here

        Who comes or goes in a round waits for its end, by VaultQueue or by itself: in a round no share
        has a price that somebody could choose his moment for. `begin` waits for an hour after the
        last round. An asset that is not the stablecoin ends its rounds with cash, or owing some: then
        anyone exchanges it at the oracle's price and EDGE on top.
@dev Shares are in vault_shares.vy, the order and its bond, which who begins a round lends, in bonds.vy,
     what the vault holds and what it is worth in holdings.vy.
@custom:trust The owner gets a fee of new gains, at most a fifth, and can end the rounds for good. It
              cannot change the strategy or touch assets.
@custom:kill `stop`: no further round. Then, and when a round outlives its options by three days, `leave`
             pays what margin leaves free in the midst of it.
@custom:rounding In favour of those who stay (EIP-4626).
"""

from ethereum.ercs import IERC20Detailed
from snekmate.auth import ownable

from ..instruments import series
from ..interfaces import IClearinghouse
from ..interfaces import IMarginEngine
from ..interfaces import IStrategist
from . import bonds
from . import holdings
from . import vault_shares

initializes: ownable
initializes: vault_shares[ownable := ownable]
initializes: bonds
initializes: holdings

exports: (
    vault_shares.__interface__,
    bonds.pay_back,
    bonds.BATCH,
    bonds.order,
    bonds.order_id,
    bonds.epoch,
    bonds.revealed,
    bonds.lender,
    bonds.owed,
    holdings.CLEARINGHOUSE,
    holdings.ORACLE,
    holdings.UNDERLYING,
    holdings.ACCOUNT,
    holdings.ASSET_INDEX,
    holdings.WRAPPED,
    ownable.owner,
    ownable.transfer_ownership,
)


interface Ledger:
    def settle(accounts: DynArray[uint256, 32]): nonpayable


interface Batch:
    def CLEARINGHOUSE() -> address: view
    def ORACLE() -> address: view


# [s] that a vault stays open between rounds.
PAUSE: constant(uint256) = 3_600
# [s] after the expiry of its options that a round may take to end.
OVERDUE: constant(uint256) = 259_200
# [wad USD] of cash that may stay behind after a round, so that gifts of cents hold up nobody.
CRUMBS: constant(int256) = 10**18

STRATEGIST: public(immutable(address))

# Fixed for the life of the vault.
strategy: IStrategist.Rules
# Beginnings and ends of rounds so far: odd while one is under way.
rounds: public(uint256)
# [s] since when the vault is open, or since when a round is under way
since: public(uint256)
stopped: public(bool)


event RoundBegun:
    round: indexed(uint256)
    id: uint256
    units: uint256  # [wad]
    limit: int256  # [wad USD]


event RoundFinished:
    round: indexed(uint256)
    assets: uint256
    fee_shares: uint256


event Left:
    owner: indexed(address)
    shares: uint256
    assets: uint256


event Stopped:
    pass


@deploy
def __init__(
    name: String[25],
    symbol: String[5],
    batch: address,
    strategist: address,
    asset_index: uint256,
    asset: address,
    wrapped: bool,
    underlying: uint256,
    owner: address,
    rules: IStrategist.Rules,
):
    """
    @param batch A BatchAuction.
    @param strategist A Strategist over the same oracle.
    @param asset_index Asset of the clearinghouse that is deposited here.
    @param asset Its token, which the clearinghouse need not list yet. With another one no round begins.
    @param wrapped Whether it is shares of an ERC-4626 whose asset is the underlying.
    """
    ownable.__init__()
    assert owner != empty(address), "vault: no owner"
    ownable._transfer_ownership(owner)
    assert staticcall IStrategist(strategist).is_sound(rules)
    STRATEGIST = strategist
    self.strategy = rules
    bonds.__init__(batch)
    ledger: address = staticcall Batch(batch).CLEARINGHOUSE()
    oracle: address = staticcall Batch(batch).ORACLE()
    holdings.__init__(ledger, oracle, underlying, asset_index, asset, wrapped)
    vault_shares.__init__(name, symbol, asset, staticcall IERC20Detailed(asset).decimals())
    self.since = block.timestamp


# -- shares (ERC-4626) --


@external
def deposit(assets: uint256, receiver: address) -> uint256:
    """
    @notice Brings assets, between rounds.
    @return The shares made.
    """
    self._require_open()
    shares: uint256 = self._to_shares(assets, False)
    vault_shares._enter(assets, shares, receiver)
    return shares


@external
def mint(shares: uint256, receiver: address) -> uint256:
    """
    @notice Makes so many shares, between rounds.
    @return The assets brought.
    """
    self._require_open()
    assets: uint256 = self._to_assets(shares, True)
    vault_shares._enter(assets, shares, receiver)
    return assets


@external
def withdraw(assets: uint256, receiver: address, owner: address) -> uint256:
    """
    @notice Takes assets, between rounds.
    @return The shares ended.
    """
    self._require_open()
    shares: uint256 = self._to_shares(assets, True)
    vault_shares._exit(assets, shares, receiver, owner)
    return shares


@external
def redeem(shares: uint256, receiver: address, owner: address) -> uint256:
    """
    @notice Ends shares, between rounds.
    @return The assets paid.
    """
    self._require_open()
    assets: uint256 = self._to_assets(shares, False)
    vault_shares._exit(assets, shares, receiver, owner)
    return assets


@external
def leave(shares: uint256, receiver: address) -> uint256:
    """
    @notice Emergency exit in the midst of a round: pays a share of what initial margin leaves free, and
            nothing for the rest, which those who stay keep.
    @return The assets paid.
    """
    assert self._in_round(), "vault: open, redeem"
    expiry: uint256 = series._expiry(bonds.order.legs[0].series)
    assert self.stopped or block.timestamp >= expiry + OVERDUE, "vault: no emergency"
    health: IMarginEngine.Health = staticcall IClearinghouse(holdings.CLEARINGHOUSE).health(holdings.ACCOUNT)
    supply: uint256 = vault_shares.erc20.totalSupply + vault_shares.VIRTUAL
    worth: uint256 = convert(max(health.initial, 0), uint256) * shares // supply
    assets: uint256 = holdings._assets_for(worth, holdings._held() * shares // supply)
    vault_shares.erc20._burn(msg.sender, shares)
    holdings._fetch(assets, receiver)
    log Left(owner=msg.sender, shares=shares, assets=assets)
    return assets


# -- anyone --


@external
def begin(expiry: uint256, strikes: DynArray[uint256, 2], bond: uint256):
    """
    @notice Begins a round: everything goes to the ledger and an order is sealed.
    @param expiry [s]
    @param strikes [wad] of the legs, as the strategy wants them.
    @param bond In units of the stablecoin: what the caller lends for the order.
    """
    assert not self.stopped, "vault: stopped"
    self._require_open()
    assert block.timestamp >= self.since + PAUSE, "vault: just opened"
    amount: uint256 = holdings._here()
    assert amount != 0 and vault_shares.erc20.totalSupply != 0, "vault: empty"
    holdings._bring(amount)
    words: DynArray[uint256, 2] = []
    order: bonds.Order = empty(bonds.Order)
    price: uint256 = 0
    words, order.limit, order.units, price = staticcall IStrategist(STRATEGIST).choose(
        holdings.UNDERLYING, self.strategy, expiry, strikes, holdings._served_value(amount)
    )
    order.account = holdings.ACCOUNT
    for word: uint256 in words:
        order.legs.append(bonds.Leg(series=word >> 96, ratio=series._quantity(word)))
    self.rounds += 1
    self.since = block.timestamp
    bonds._seal(order, price, bond, self.rounds)
    log RoundBegun(round=self.rounds, id=bonds.order_id, units=order.units, limit=order.limit)


@external
def reveal(hint: uint256):
    """
    @notice Opens the order, in the next epoch of the batch; the lender's bond is lost if nobody does.
    @param hint As in BatchAuction.reveal.
    """
    assert self._in_round(), "vault: no round"
    bonds._reveal(self.rounds, hint)


@external
def exchange(cash: uint256, limit: uint256) -> uint256:
    """
    @notice After the options of a round: whoever brings cash that the vault owes gets assets for it, or
            brings assets for cash that it has, at the oracle's price and EDGE on top.
    @param cash In units of the stablecoin.
    @param limit In units of the asset: the least to get, or the most to bring.
    @return The assets moved.
    """
    assert holdings.ASSET_INDEX != 0, "vault: asset is cash"
    self._require_through()
    return holdings._exchange(cash, limit)


@external
def finish():
    """
    @notice Ends a round: its options are settled, its assets come back, the vault opens.
    """
    assert self._in_round(), "vault: no round"
    extcall Ledger(holdings.CLEARINGHOUSE).settle([holdings.ACCOUNT])
    self._require_through()
    bonds._return()
    if holdings.ASSET_INDEX != 0:
        cash: int256 = holdings._cash()
        assert cash >= 0 and cash < CRUMBS, "vault: cash to exchange"
    amount: uint256 = holdings._held_units()
    holdings._fetch(amount, self)
    self.rounds += 1
    self.since = block.timestamp
    fee_shares: uint256 = vault_shares._charge(holdings._here())
    log RoundFinished(round=self.rounds, assets=amount, fee_shares=fee_shares)


# -- owner --


@external
def stop():
    """
    @notice No further round, for good.
    """
    ownable._check_owner()
    self.stopped = True
    log Stopped()


# -- views --


@external
@view
def rules() -> IStrategist.Rules:
    return self.strategy


@external
@view
def in_round() -> bool:
    return self._in_round()


@external
@view
def totalAssets() -> uint256:
    """
    @notice All assets; in a round what the account is worth at its marks.
    """
    return self._total()


@external
@view
def convertToShares(assets: uint256) -> uint256:
    return self._to_shares(assets, False)


@external
@view
def convertToAssets(shares: uint256) -> uint256:
    return self._to_assets(shares, False)


@external
@view
def maxDeposit(receiver: address) -> uint256:
    """
    @return Nothing in a round.
    """
    return 0 if self._in_round() else 2**112


@external
@view
def maxMint(receiver: address) -> uint256:
    return 0 if self._in_round() else 2**112


@external
@view
def maxWithdraw(owner: address) -> uint256:
    return 0 if self._in_round() else self._to_assets(vault_shares.erc20.balanceOf[owner], False)


@external
@view
def maxRedeem(owner: address) -> uint256:
    return 0 if self._in_round() else vault_shares.erc20.balanceOf[owner]


@external
@view
def previewDeposit(assets: uint256) -> uint256:
    return self._to_shares(assets, False)


@external
@view
def previewMint(shares: uint256) -> uint256:
    return self._to_assets(shares, True)


@external
@view
def previewWithdraw(assets: uint256) -> uint256:
    return self._to_shares(assets, True)


@external
@view
def previewRedeem(shares: uint256) -> uint256:
    return self._to_assets(shares, False)


# -- internals --


@internal
@view
def _in_round() -> bool:
    return self.rounds % 2 == 1


@internal
@view
def _require_open():
    assert not self._in_round(), "vault: round under way"


@internal
@view
def _require_through():
    """
    @notice The round's order can trade no more, and what it traded has been settled.
    """
    assert self._in_round(), "vault: no round"
    assert bonds._is_over(), "vault: order is open"
    options: DynArray[uint256, 128] = staticcall IClearinghouse(holdings.CLEARINGHOUSE).positions_of(holdings.ACCOUNT)
    assert len(options) == 0, "vault: options are open"


@internal
@view
def _total() -> uint256:
    """
    @return All assets, in their own units.
    """
    here: uint256 = holdings._here()
    return here + holdings._worth() if self._in_round() else here


@internal
@view
def _to_shares(assets: uint256, up: bool) -> uint256:
    return vault_shares._to_shares(assets, self._total(), up)


@internal
@view
def _to_assets(shares: uint256, up: bool) -> uint256:
    return vault_shares._to_assets(shares, self._total(), up)
