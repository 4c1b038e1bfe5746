# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title ERC-6909 with an ERC-20 face for each id
@license AGPL-3.0-only
@notice Many tokens in one contract, each an id with balances, allowances and a supply; operators
        act for all ids of an owner. https://eips.ethereum.org/EIPS/eip-6909
        Anyone may have an ERC-20 contract made for an id: a minimal proxy that keeps nothing. It
        hands calls on to here (`relay_...`), and every movement of the id, whichever door it came
        through, is logged there as well, so that wallets and indexers miss nothing.
@dev Both doors share balances and allowances. An allowance of 2**256 - 1 does not shrink. The unit
     that uses this mints and burns.
@custom:rounding None: whole units only.
"""

from ..interfaces import ILongToken

# ERC-165 and ERC-6909.
INTERFACES: constant(bytes4[2]) = [0x01ffc9a7, 0x0f632fb3]
UNLIMITED: constant(uint256) = max_value(uint256)

TEMPLATE: public(immutable(address))

# owner -> id
balanceOf: public(HashMap[address, HashMap[uint256, uint256]])
# owner -> spender -> id
allowance: public(HashMap[address, HashMap[address, HashMap[uint256, uint256]]])
# owner -> operator
isOperator: public(HashMap[address, HashMap[address, bool]])
# id -> its ERC-20 contract, empty as long as nobody wanted one
token_of: public(HashMap[uint256, address])


event Transfer:
    caller: address
    sender: indexed(address)
    receiver: indexed(address)
    id: indexed(uint256)
    amount: uint256


event OperatorSet:
    owner: indexed(address)
    spender: indexed(address)
    approved: bool


event Approval:
    owner: indexed(address)
    spender: indexed(address)
    id: indexed(uint256)
    amount: uint256


event TokenCreated:
    id: indexed(uint256)
    token: indexed(address)


@deploy
def __init__(template: address):
    """
    @param template A LongToken, whose code all ERC-20 faces run.
    """
    TEMPLATE = template


# -- anyone --


@external
def transfer(receiver: address, id: uint256, amount: uint256) -> bool:
    self._transfer(msg.sender, msg.sender, receiver, id, amount)
    return True


@external
def transferFrom(sender: address, receiver: address, id: uint256, amount: uint256) -> bool:
    self._spend(msg.sender, sender, id, amount)
    self._transfer(msg.sender, sender, receiver, id, amount)
    return True


@external
def approve(spender: address, id: uint256, amount: uint256) -> bool:
    self._approve(msg.sender, spender, id, amount)
    return True


@external
def setOperator(spender: address, approved: bool) -> bool:
    self.isOperator[msg.sender][spender] = approved
    log OperatorSet(owner=msg.sender, spender=spender, approved=approved)
    return True


@external
def create_token(id: uint256) -> address:
    """
    @notice The ERC-20 contract of an id, made if there is none. Its address follows from the id.
    """
    token: address = self.token_of[id]
    if token == empty(address):
        token = create_minimal_proxy_to(TEMPLATE, salt=convert(id, bytes32))
        self.token_of[id] = token
        extcall ILongToken(token).initialize(id)
        log TokenCreated(id=id, token=token)
    return token


# -- the ERC-20 contracts, each for its id --


@external
def relay_transfer(sender: address, receiver: address, id: uint256, amount: uint256):
    """
    @notice Moves what the caller of the ERC-20 contract owns.
    """
    self._require_token(id)
    self._transfer(sender, sender, receiver, id, amount)


@external
def relay_transfer_from(caller: address, sender: address, receiver: address, id: uint256, amount: uint256):
    """
    @notice Moves what the caller of the ERC-20 contract may spend; its own too, by an allowance only.
    """
    self._require_token(id)
    self._use_up(caller, sender, id, amount)
    self._transfer(caller, sender, receiver, id, amount)


@external
def relay_approve(caller: address, spender: address, id: uint256, amount: uint256):
    self._require_token(id)
    self._approve(caller, spender, id, amount)


# -- views --


@external
@pure
def supportsInterface(interface_id: bytes4) -> bool:
    return interface_id in INTERFACES


# -- internals --


@internal
@view
def _require_token(id: uint256):
    assert msg.sender == self.token_of[id], "token: not its contract"


@internal
def _spend(caller: address, owner: address, id: uint256, amount: uint256):
    """
    @notice Uses up the caller's allowance; of one's own ERC-6909 asks for none, ERC-20 does.
    """
    if caller != owner:
        self._use_up(caller, owner, id, amount)


@internal
def _use_up(caller: address, owner: address, id: uint256, amount: uint256):
    """
    @notice Uses up the caller's allowance, unless it is an operator.
    """
    if self.isOperator[owner][caller]:
        return
    allowed: uint256 = self.allowance[owner][caller][id]
    if allowed != UNLIMITED:
        assert amount <= allowed, "token: allowance too small"
        self.allowance[owner][caller][id] = allowed - amount


@internal
def _approve(owner: address, spender: address, id: uint256, amount: uint256):
    self.allowance[owner][spender][id] = amount
    log Approval(owner=owner, spender=spender, id=id, amount=amount)


@internal
def _transfer(caller: address, sender: address, receiver: address, id: uint256, amount: uint256):
    assert sender != empty(address) and receiver != empty(address), "token: empty address"
    self._move(caller, sender, receiver, id, amount)


@internal
def _move(caller: address, sender: address, receiver: address, id: uint256, amount: uint256):
    """
    @notice Moves units; the empty address as sender mints, as receiver burns.
    """
    if sender != empty(address):
        held: uint256 = self.balanceOf[sender][id]
        assert amount <= held, "token: balance too small"
        self.balanceOf[sender][id] = held - amount
    if receiver != empty(address):
        self.balanceOf[receiver][id] += amount
    log Transfer(caller=caller, sender=sender, receiver=receiver, id=id, amount=amount)
    token: address = self.token_of[id]
    if token != empty(address):
        extcall ILongToken(token).announce(sender, receiver, amount)
