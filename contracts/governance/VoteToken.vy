# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title VoteToken
@license AGPL-3.0-only
@notice The token of governance: ERC-20 with permits (EIP-2612), and votes that follow the balances of
        those who delegate to somebody, be it to themselves (ERC-5805), by the clock (ERC-6372).
@dev snekmate's ERC-20 with the movement of votes after each transfer. The supply is made once and
     never changes, so nobody can mint votes. Nonces of permits and delegations are the same.
@custom:trust Nobody: there is no owner.
@custom:kill None.
@custom:rounding None.
"""

from ethereum.ercs import IERC20

from snekmate.auth import ownable
from snekmate.tokens import erc20
from snekmate.utils import ecdsa
from snekmate.utils import eip712_domain_separator as eip712

from . import checkpoints

implements: IERC20

initializes: ownable
initializes: erc20[ownable := ownable]
initializes: checkpoints
uses: eip712

exports: (
    erc20.name,
    erc20.symbol,
    erc20.decimals,
    erc20.totalSupply,
    erc20.balanceOf,
    erc20.allowance,
    erc20.approve,
    erc20.permit,
    erc20.nonces,
    erc20.DOMAIN_SEPARATOR,
    erc20.eip712Domain,
)


DELEGATION: constant(bytes32) = keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)")

# [s] before it there was no supply.
BORN: immutable(uint256)


# Who votes for an owner; nobody until the owner says so.
delegates: public(HashMap[address, address])


event DelegateChanged:
    delegator: indexed(address)
    fromDelegate: indexed(address)
    toDelegate: indexed(address)


event DelegateVotesChanged:
    delegate: indexed(address)
    previousVotes: uint256
    newVotes: uint256


@deploy
def __init__(name: String[25], symbol: String[5], supply: uint256, holder: address):
    """
    @param supply [wad] all there will ever be.
    @param holder Who receives it.
    """
    ownable.__init__()
    erc20.__init__(name, symbol, 18, name, "1")
    assert supply <= checkpoints.MAX_FIGURE, "votes: supply too large"
    erc20._mint(holder, supply)
    erc20.is_minter[msg.sender] = False
    ownable._transfer_ownership(empty(address))
    BORN = block.timestamp


# -- holders --


@external
def transfer(to: address, amount: uint256) -> bool:
    erc20._transfer(msg.sender, to, amount)
    self._move(self.delegates[msg.sender], self.delegates[to], amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    erc20._spend_allowance(owner, msg.sender, amount)
    erc20._transfer(owner, to, amount)
    self._move(self.delegates[owner], self.delegates[to], amount)
    return True


@external
def delegate(delegatee: address):
    """
    @notice Lets somebody vote with the caller's balance, now and as it changes; the empty address
            takes the votes back.
    """
    self._delegate(msg.sender, delegatee)


# -- anyone --


@external
def delegateBySig(delegatee: address, nonce: uint256, expiry: uint256, v: uint8, r: bytes32, s: bytes32):
    """
    @notice The same for who signed it.
    @param expiry [s] the last second at which it is good.
    """
    assert block.timestamp <= expiry, "votes: signature expired"
    digest: bytes32 = eip712._hash_typed_data_v4(keccak256(abi_encode(DELEGATION, delegatee, nonce, expiry)))
    signer: address = ecdsa._recover_vrs(digest, convert(v, uint256), convert(r, uint256), convert(s, uint256))
    assert nonce == erc20.nonces[signer], "votes: wrong nonce"
    erc20.nonces[signer] = nonce + 1
    self._delegate(signer, delegatee)


# -- views --


@external
@view
def clock() -> uint48:
    """
    @notice [s] ERC-6372: votes are counted by time.
    """
    return convert(block.timestamp, uint48)


@external
@pure
def CLOCK_MODE() -> String[14]:
    return "mode=timestamp"


@external
@view
def getVotes(account: address) -> uint256:
    return checkpoints._latest(account)


@external
@view
def getPastVotes(account: address, timepoint: uint256) -> uint256:
    """
    @param timepoint [s] a second that is over.
    """
    return checkpoints._at(account, timepoint)


@external
@view
def getPastTotalSupply(timepoint: uint256) -> uint256:
    assert timepoint < block.timestamp, "checkpoint: not over yet"
    return erc20.totalSupply if timepoint >= BORN else 0


@external
@view
def numCheckpoints(account: address) -> uint32:
    return convert(checkpoints.lengths[account], uint32)


# -- internals --


@internal
def _delegate(owner: address, delegatee: address):
    before: address = self.delegates[owner]
    self.delegates[owner] = delegatee
    log DelegateChanged(delegator=owner, fromDelegate=before, toDelegate=delegatee)
    self._move(before, delegatee, erc20.balanceOf[owner])


@internal
def _move(source: address, target: address, amount: uint256):
    """
    @notice Moves votes; the empty address stands for balances that nobody votes with.
    """
    if source == target or amount == 0:
        return
    if source != empty(address):
        votes: uint256 = checkpoints._latest(source)
        log DelegateVotesChanged(delegate=source, previousVotes=votes, newVotes=votes - amount)
        checkpoints._push(source, votes - amount)
    if target != empty(address):
        votes: uint256 = checkpoints._latest(target)
        log DelegateVotesChanged(delegate=target, previousVotes=votes, newVotes=votes + amount)
        checkpoints._push(target, votes + amount)
