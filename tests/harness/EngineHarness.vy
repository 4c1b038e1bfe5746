# pragma version 0.4.3
"""
@title EngineHarness
@license AGPL-3.0-only
@notice Everything in which two engines could differ: storage written, restored and cleared,
        transient storage, calls that fail inside calls that do not, events, creations, the block,
        precompiles, little gas. For tests only.
"""

interface Other:
    def put(key: uint256, amount: uint256): nonpayable
    def fail_after(key: uint256, amount: uint256): nonpayable


event Put:
    key: indexed(uint256)
    amount: uint256
    note: String[8]


struct Around:
    timestamp: uint256
    number: uint256
    chain: uint256
    coinbase: address
    random: bytes32


number: public(uint256)
words: public(HashMap[uint256, uint256])
nested: public(HashMap[address, HashMap[bytes32, int128]])
names: public(HashMap[String[8], Bytes[40]])
list: public(DynArray[uint256, 16])
children: public(DynArray[address, 64])
once: transient(uint256)
PAIR: immutable(address)


@deploy
@payable
def __init__(pair: address):
    PAIR = pair


@external
@payable
def put(key: uint256, amount: uint256):
    self.words[key] = amount
    log Put(key=key, amount=amount, note="put")


@external
def touch_twice(key: uint256, first: uint256, second: uint256) -> uint256:
    self.words[key] = first
    self.words[key] = second
    self.number += 1
    return self.number


@external
def fill(amounts: DynArray[uint256, 16]):
    self.list = amounts


@external
def name(key: String[8], content: Bytes[40], who: address, count: int128):
    self.names[key] = content
    self.nested[who][keccak256(content)] = count


@external
def remember(amount: uint256) -> uint256:
    """Transient storage is empty at the start of a transaction, and kept within it."""
    before: uint256 = self.once
    self.once = amount
    assert before == 0, "harness: remembered"
    return before + self.once


@external
def fail_after(key: uint256, amount: uint256):
    self.words[key] = amount
    log Put(key=key, amount=amount, note="fail")
    assert amount % 2 == 0, "harness: odd"
    raise "harness: even"


@external
def call_pair(key: uint256, amount: uint256, gas_left: uint256) -> bool:
    """Writes, lets the other contract write, and survives its failure."""
    self.words[key] = amount
    done: bool = raw_call(
        PAIR,
        abi_encode(key, amount, method_id=method_id("fail_after(uint256,uint256)")),
        gas=gas_left,
        revert_on_failure=False,
    )
    extcall Other(PAIR).put(key, amount)
    return done


@external
def must_call_pair(key: uint256, amount: uint256):
    extcall Other(PAIR).fail_after(key, amount)


@external
@payable
def pay_on(who: address, amount: uint256):
    send(who, amount)


@external
def spend(count: uint256) -> uint256:
    """Uses gas, and runs out of it."""
    total: uint256 = 0
    for i: uint256 in range(count, bound=10_000):
        total = unsafe_add(total, i * i)
    return total


@external
def clone() -> address:
    child: address = create_minimal_proxy_to(PAIR)
    self.children.append(child)
    return child


@external
@view
def around() -> Around:
    return Around(
        timestamp=block.timestamp,
        number=block.number,
        chain=chain.id,
        coinbase=block.coinbase,
        random=block.prevrandao,
    )


@external
@view
def hashes(data: Bytes[64]) -> (bytes32, bytes32, address, uint256):
    return keccak256(data), sha256(data), ecrecover(keccak256(data), 27, 1, 2), len(data)


@external
@pure
def echo(
    a: uint8,
    b: int128,
    c: bool,
    d: address,
    e: bytes4,
    f: String[8],
    g: DynArray[Bytes[40], 4],
    h: uint256[3],
) -> (uint8, int128, bool, address, bytes4, String[8], DynArray[Bytes[40], 4], uint256[3]):
    return a, b, c, d, e, f, g, h


@external
@view
def divide(a: uint256, b: uint256) -> uint256:
    return a // b
