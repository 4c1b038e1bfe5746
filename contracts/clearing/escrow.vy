# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Escrow: tokens at the edge, wad inside
@license AGPL-3.0-only
@notice Holds the settlement stablecoin (asset 0) and up to eight collateral tokens
        (assets 1 to 8; ERC-4626 shares are ordinary tokens here, the margin engine values
        them). Token decimals exist only in this file.
@dev Tokens that return nothing are accepted; tokens that return false, or of which less
     arrives than was sent (fee on transfer), are refused. An asset word is
     decimals 96 (high) | token address 160.
"""

from . import accounts

MAX_ASSETS: constant(uint256) = 8


interface Token:
    def balanceOf(owner: address) -> uint256: view
    def decimals() -> uint8: view
    def transfer(receiver: address, amount: uint256) -> bool: nonpayable
    def transferFrom(owner: address, receiver: address, amount: uint256) -> bool: nonpayable


CASH_TOKEN: immutable(Token)
CASH_SCALE: immutable(uint256)

assets: HashMap[uint256, uint256]
# [wad] how much of an asset all accounts together may hold, and do hold.
caps: public(HashMap[uint256, uint256])
deposited: public(HashMap[uint256, uint256])
# account -> asset -> [wad]
holdings: HashMap[uint256, HashMap[uint256, uint256]]


event AssetListed:
    asset: indexed(uint256)
    token: indexed(address)
    old_cap: uint256  # [wad]
    new_cap: uint256  # [wad]


@deploy
def __init__(cash_token: address):
    CASH_TOKEN = Token(cash_token)
    CASH_SCALE = 10 ** (18 - self._decimals(cash_token))


@external
@view
def token_of(asset: uint256) -> address:
    """
    @notice The token behind an asset, empty when there is none.
    """
    if asset == 0:
        return CASH_TOKEN.address
    return convert(self.assets[asset] & (2**160 - 1), address)


@internal
@view
def _decimals(token: address) -> uint256:
    decimals: uint256 = convert(staticcall Token(token).decimals(), uint256)
    assert decimals <= 18, "escrow: too many decimals"
    return decimals


@internal
def _list(asset: uint256, token: address, cap: uint256):
    """
    @notice Lists a collateral token or changes its cap. The token of an asset never changes.
    """
    assert asset > 0 and asset <= MAX_ASSETS, "escrow: asset out of range"
    assert token != CASH_TOKEN.address, "escrow: cash is no collateral"
    assert cap < 2**112, "escrow: cap too large"
    word: uint256 = (self._decimals(token) << 160) | convert(token, uint256)
    assert self.assets[asset] == 0 or self.assets[asset] == word, "escrow: asset taken"
    log AssetListed(asset=asset, token=token, old_cap=self.caps[asset], new_cap=cap)
    self.assets[asset] = word
    self.caps[asset] = cap


@internal
@view
def _token(asset: uint256) -> (Token, uint256):
    """
    @return The token and the wad value of its smallest unit.
    """
    if asset == 0:
        return CASH_TOKEN, CASH_SCALE
    word: uint256 = self.assets[asset]
    assert word != 0, "escrow: asset not listed"
    return Token(convert(word & (2**160 - 1), address)), 10 ** (18 - (word >> 160))


@internal
def _pull(asset: uint256, amount: uint256) -> uint256:
    """
    @notice Takes tokens from the caller; all of them must arrive.
    @param amount In the token's own units.
    @return [wad], exact.
    """
    assert amount > 0, "escrow: zero amount"
    token: Token = empty(Token)
    scale: uint256 = 0
    token, scale = self._token(asset)
    before: uint256 = staticcall token.balanceOf(self)
    moved: bool = extcall token.transferFrom(msg.sender, self, amount, default_return_value=True)
    assert moved, "escrow: transfer failed"
    assert staticcall token.balanceOf(self) - before == amount, "escrow: fee on transfer"
    return amount * scale


@internal
def _push(asset: uint256, amount: uint256, receiver: address):
    """
    @notice Pays tokens out. Call it last: the token may call anybody.
    """
    assert receiver != empty(address) and receiver != self, "escrow: bad receiver"
    token: Token = empty(Token)
    scale: uint256 = 0
    token, scale = self._token(asset)
    assert staticcall token.balanceOf(self) >= amount, "escrow: not enough liquidity"
    moved: bool = extcall token.transfer(receiver, amount, default_return_value=True)
    assert moved, "escrow: transfer failed"


@internal
@view
def _wad(asset: uint256, amount: uint256) -> uint256:
    """
    @notice Token units in wad.
    """
    token: Token = empty(Token)
    scale: uint256 = 0
    token, scale = self._token(asset)
    return amount * scale


@internal
def _enter(asset: uint256, amount: uint256):
    """
    @notice Counts collateral [wad] that came in, against the cap.
    """
    deposited: uint256 = self.deposited[asset] + amount
    assert deposited <= self.caps[asset], "escrow: cap reached"
    self.deposited[asset] = deposited


@internal
def _leave(asset: uint256, amount: uint256):
    self.deposited[asset] -= amount


@internal
def _hold(account: uint256, header: uint256, asset: uint256, amount: uint256) -> uint256:
    """
    @notice Adds collateral [wad] to an account.
    @return The header after.
    """
    self.holdings[account][asset] += amount
    return accounts._with_asset(header, asset, True)


@internal
def _release(account: uint256, header: uint256, asset: uint256, amount: uint256) -> uint256:
    """
    @notice Takes collateral [wad] from an account.
    @return The header after.
    """
    held: uint256 = self.holdings[account][asset]
    assert amount <= held, "escrow: not enough collateral"
    self.holdings[account][asset] = held - amount
    return accounts._with_asset(header, asset, held != amount)


@internal
@view
def _holdings(account: uint256, header: uint256) -> DynArray[uint256, 8]:
    """
    @notice The account's collateral as the margin engine reads it: asset 8 bits | amount 248.
    """
    words: DynArray[uint256, 8] = []
    held: uint256 = accounts._assets(header)
    if held != 0:
        for asset: uint256 in range(1, MAX_ASSETS + 1):
            if (held >> (asset - 1)) & 1 != 0:
                words.append((asset << 248) | self.holdings[account][asset])
    return words
