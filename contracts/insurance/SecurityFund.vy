# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title SecurityFund
@license AGPL-3.0-only
@notice Shares (ERC-4626) in the clearinghouse's security fund. Backers bring settlement tokens,
        earn the fees, liquidation fees and interest that the fund earns, and stand first in line
        for the losses that accounts cannot bear.
        Money goes out in two steps: `request_redeem` hands shares over to wait here, still
        bearing losses; after DELAY, longer than an auction lasts, they may be redeemed within
        WINDOW. Who sees a loss coming cannot leave before it.
@dev The assets are the cash of the fund's account in the ledger, so every loss, fee and gift moves
     the price of a share in the same instant.
     A virtual holder owns VIRTUAL shares and one unit of the asset: what the fund earned before
     its first backer stays the fund's own, nobody captures it, and a gift to the fund cannot
     round later deposits away (OpenZeppelin's defence against inflation, with 18 digits).
@custom:trust Nobody: no owner. The clearinghouse's owner names the contract that may release the
              fund's cash.
@custom:kill Losses that everybody bore and that income has not made good stop redemptions.
@custom:rounding In favour of those who stay (EIP-4626).
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from snekmate.auth import ownable
from snekmate.tokens import erc20

initializes: ownable
initializes: erc20[ownable := ownable]

exports: (
    erc20.totalSupply,
    erc20.balanceOf,
    erc20.transfer,
    erc20.transferFrom,
    erc20.approve,
    erc20.allowance,
    erc20.name,
    erc20.symbol,
    erc20.decimals,
    erc20.permit,
    erc20.nonces,
    erc20.DOMAIN_SEPARATOR,
    erc20.eip712Domain,
)


interface Ledger:
    def FUND() -> uint256: view
    def token_of(asset: uint256) -> address: view
    def cash_of(account: uint256) -> int256: view
    def outstanding() -> uint256: view
    def deposit(account: uint256, asset: uint256, amount: uint256): nonpayable
    def release(amount: uint256, receiver: address): nonpayable


VIRTUAL: constant(uint256) = 10**18
DAY: constant(uint256) = 86_400
# [s] in which matured shares may be redeemed, before they must be requested anew.
WINDOW: public(constant(uint256)) = 7 * DAY

LEDGER: public(immutable(Ledger))
ASSET: immutable(IERC20)
# [wad] of the asset's smallest unit
SCALE: immutable(uint256)
# [s] from a request to the first redemption
DELAY: public(immutable(uint256))


struct Request:
    shares: uint256
    matures: uint256  # [s]


requests: public(HashMap[address, Request])


event Deposit:
    sender: indexed(address)
    owner: indexed(address)
    assets: uint256
    shares: uint256


event Withdraw:
    sender: indexed(address)
    receiver: indexed(address)
    owner: indexed(address)
    assets: uint256
    shares: uint256


event RedeemRequested:
    owner: indexed(address)
    shares: uint256  # all that wait now
    matures: uint256  # [s]


@deploy
def __init__(ledger: Ledger, delay: uint256):
    """
    @param ledger The clearinghouse.
    @param delay [s] one to thirty days; an auction of the longest kind must end within it.
    """
    ownable.__init__()
    ownable._transfer_ownership(empty(address))
    assert delay >= DAY and delay <= 30 * DAY, "fund: delay out of range"
    LEDGER = ledger
    DELAY = delay
    token: address = staticcall ledger.token_of(0)
    ASSET = IERC20(token)
    decimals: uint8 = staticcall IERC20Detailed(token).decimals()
    SCALE = 10 ** (18 - convert(decimals, uint256))
    erc20.__init__("Novate security fund", "nSAFE", decimals + 18, "Novate security fund", "1")
    extcall ASSET.approve(ledger.address, max_value(uint256), default_return_value=True)


# -- backers --


@external
def deposit(assets: uint256, receiver: address) -> uint256:
    """
    @notice Brings tokens into the fund, for shares.
    """
    shares: uint256 = self._to_shares(assets, False)
    self._bring(assets, shares, receiver)
    return shares


@external
def mint(shares: uint256, receiver: address) -> uint256:
    """
    @notice Likewise, for so many shares.
    """
    assets: uint256 = self._to_assets(shares, True)
    self._bring(assets, shares, receiver)
    return assets


@external
def request_redeem(shares: uint256):
    """
    @notice Hands shares over to wait; they may be redeemed after DELAY and before WINDOW is over.
            All that waits for the caller waits anew, so nobody gives notice for another: with an
            allowance of one share it could put off for ever what waits. Who has an allowance may
            move shares to itself and give notice there.
    """
    assert shares > 0, "fund: no shares"
    erc20._transfer(msg.sender, self, shares)
    waiting: uint256 = self.requests[msg.sender].shares + shares
    matures: uint256 = block.timestamp + DELAY
    self.requests[msg.sender] = Request(shares=waiting, matures=matures)
    log RedeemRequested(owner=msg.sender, shares=waiting, matures=matures)


@external
def cancel_request():
    """
    @notice Takes back the shares that wait.
    """
    shares: uint256 = self.requests[msg.sender].shares
    assert shares > 0, "fund: no shares"
    self.requests[msg.sender] = empty(Request)
    log RedeemRequested(owner=msg.sender, shares=0, matures=0)
    erc20._transfer(self, msg.sender, shares)


@external
def redeem(shares: uint256, receiver: address, owner: address) -> uint256:
    """
    @notice Pays out shares that have matured, to who owns them or has an allowance of them.
    @param shares Of those that `owner` gave notice for.
    """
    assets: uint256 = self._to_assets(shares, False)
    self._pay(assets, shares, receiver, owner)
    return assets


@external
def withdraw(assets: uint256, receiver: address, owner: address) -> uint256:
    """
    @notice Likewise, for so many tokens.
    """
    shares: uint256 = self._to_shares(assets, True)
    self._pay(assets, shares, receiver, owner)
    return shares


# -- views --


@external
@view
def asset() -> address:
    return ASSET.address


@external
@view
def totalAssets() -> uint256:
    """
    @notice The fund's cash, in token units.
    """
    return self._assets()


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
    @notice What the ledger takes at once; nothing when losses have made shares too many to count.
    """
    return 2**100 // SCALE if self._is_countable() else 0


@external
@view
def maxMint(receiver: address) -> uint256:
    return self._to_shares(2**100 // SCALE, False) if self._is_countable() else 0


@external
@view
def maxRedeem(owner: address) -> uint256:
    return self._matured(owner)


@external
@view
def maxWithdraw(owner: address) -> uint256:
    return self._to_assets(self._matured(owner), False)


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
def previewRedeem(shares: uint256) -> uint256:
    return self._to_assets(shares, False)


@external
@view
def previewWithdraw(assets: uint256) -> uint256:
    return self._to_shares(assets, True)


# -- internals --


@internal
def _bring(assets: uint256, shares: uint256, receiver: address):
    assert shares > 0, "fund: no shares"
    assert self._is_countable(), "fund: too many shares"
    moved: bool = extcall ASSET.transferFrom(msg.sender, self, assets, default_return_value=True)
    assert moved, "fund: transfer failed"
    # Refuses if less has arrived here than was sent.
    extcall LEDGER.deposit(staticcall LEDGER.FUND(), 0, assets)
    erc20._mint(receiver, shares)
    log Deposit(sender=msg.sender, owner=receiver, assets=assets, shares=shares)


@internal
def _pay(assets: uint256, shares: uint256, receiver: address, owner: address):
    if msg.sender != owner:
        erc20._spend_allowance(owner, msg.sender, shares)
    assert assets > 0, "fund: no assets"
    assert shares <= self._matured(owner), "fund: not matured"
    self.requests[owner].shares -= shares
    erc20._burn(self, shares)
    extcall LEDGER.release(assets, receiver)
    log Withdraw(sender=msg.sender, receiver=receiver, owner=owner, assets=assets, shares=shares)


@internal
@view
def _matured(owner: address) -> uint256:
    """
    @return Shares that may be redeemed now.
    """
    request: Request = self.requests[owner]
    if block.timestamp < request.matures or block.timestamp > request.matures + WINDOW:
        return 0
    return request.shares if staticcall LEDGER.outstanding() == 0 else 0


@internal
@view
def _assets() -> uint256:
    return convert(max(staticcall LEDGER.cash_of(staticcall LEDGER.FUND()), 0), uint256) // SCALE


@internal
@view
def _is_countable() -> bool:
    """
    @notice Each loss of everything multiplies the shares that a token buys by the tokens lost; a
            product of shares and 2**100 tokens must fit.
    """
    return erc20.totalSupply < 2**128


@internal
@view
def _to_shares(assets: uint256, up: bool) -> uint256:
    whole: uint256 = self._assets() + 1
    product: uint256 = assets * (erc20.totalSupply + VIRTUAL)
    return (product + whole - 1) // whole if up else product // whole


@internal
@view
def _to_assets(shares: uint256, up: bool) -> uint256:
    whole: uint256 = erc20.totalSupply + VIRTUAL
    product: uint256 = shares * (self._assets() + 1)
    return (product + whole - 1) // whole if up else product // whole
