# pragma version 0.4.3
"""
@title Committee: the reporters that sign, and how many of them it takes
@license AGPL-3.0-only
@notice M of N signatures over one digest. All signers put their name under the same report, so a
        wrong one takes M keys, where a median of M separate prices takes half of them, and lets
        nobody choose among medians by choosing whose prices to submit. It is cheaper too: one
        digest, one price, and no sorting. Each signature stays evidence against its signer alone.
@dev The reporters are the code of a contract without functions, one word each: whatever their
     number, reading them is one cold address (2,600 gas) where slots would be 2,100 for each
     signer. One slot has everything else:

          255     186 185     168 167     160 159       0
         |    -      | version  | quorum    | reporters |
         |  70 bits  | 18 bits  | 8 bits    | 160 bits  |

     Signatures are compact (EIP-2098): r, and s with the parity of the point in its top bit. So
     there is no wrong v, and the twin of a signature with a high s cannot be written down, but
     for a share of 2**-128 of them. Neither would matter: reports are known by what they say.
@custom:rounding None.
"""

MAX_REPORTERS: constant(uint256) = 16
# A contract of 1 + 16 * 32 bytes: STOP, then the reporters.
WORDS: constant(uint256) = 512
# PUSH2 513, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: returns what follows it; then STOP.
LOADER: constant(Bytes[11]) = x"61020180600a5f395ff300"
MAX_VERSION: constant(uint256) = 2**18 - 1
MASK_160: constant(uint256) = 2**160 - 1
MASK_255: constant(uint256) = 2**255 - 1


# Who reports now, as in the header.
current: uint256
# version -> contract with the reporters
members: HashMap[uint256, address]


event CommitteeSet:
    version: indexed(uint256)
    reporters: address[MAX_REPORTERS]
    quorum: uint256


@internal
def _set(reporters: DynArray[address, MAX_REPORTERS], quorum: uint256):
    """
    @notice Names the reporters. Signatures of those who are not among them no longer count.
    @param reporters By index, the empty address where there is none; nobody twice.
    @param quorum How many must sign: more than half of those named, so that two reports need a
                  common signer, who can then be shown to have contradicted itself.
    """
    list: address[MAX_REPORTERS] = empty(address[MAX_REPORTERS])
    count: uint256 = 0
    for i: uint256 in range(len(reporters), bound=MAX_REPORTERS):
        if reporters[i] != empty(address):
            assert reporters[i] not in list, "report: reporter twice"
            list[i] = reporters[i]
            count += 1
    assert quorum <= count, "report: quorum too large"
    assert 2 * quorum > count, "report: quorum too small"
    self._store(list, quorum)


@internal
def _drop(index: uint256):
    """
    @notice Takes one reporter out; the others keep their indices. The quorum stays: where fewer
            are left, there are no reports until the owner names a committee.
    """
    word: uint256 = self.current
    list: address[MAX_REPORTERS] = self._members(word >> 168)
    list[index] = empty(address)
    self._store(list, (word >> 160) & 255)


@internal
def _store(list: address[MAX_REPORTERS], quorum: uint256):
    version: uint256 = (self.current >> 168) + 1
    assert version <= MAX_VERSION, "report: too many committees"
    target: address = raw_create(concat(LOADER, abi_encode(list)))
    self.current = (version << 168) | (quorum << 160) | convert(target, uint256)
    self.members[version] = target
    log CommitteeSet(version=version, reporters=list, quorum=quorum)


@internal
@view
def _verify(digest: bytes32, signers: uint256, signatures: DynArray[bytes32[2], MAX_REPORTERS]) -> (uint256, uint256):
    """
    @notice Refuses unless exactly the quorum has signed.
    @param signers Indices of the signers, ascending, a byte each, the first in the lowest byte.
    @param signatures (r, parity << 255 | s) in the same order.
    @return Version of the committee; signers as a bit map.
    """
    word: uint256 = self.current
    assert len(signatures) == (word >> 160) & 255, "report: not the quorum"
    reporters: Bytes[WORDS] = slice(convert(word & MASK_160, address).code, 1, WORDS)
    rest: uint256 = signers
    least: uint256 = 0
    map: uint256 = 0
    for pair: bytes32[2] in signatures:
        index: uint256 = rest & 255
        rest = rest >> 8
        # `least` is at most 16, so an index below MAX_REPORTERS is what `extract32` can read.
        assert index >= least and index < MAX_REPORTERS, "report: signers not ascending"
        least = unsafe_add(index, 1)
        map |= 1 << index
        s: uint256 = convert(pair[1], uint256)
        signer: address = ecrecover(digest, unsafe_add(27, s >> 255), convert(pair[0], uint256), s & MASK_255)
        reporter: address = extract32(reporters, unsafe_mul(index, 32), output_type=address)
        # A failed recovery is the empty address, as is an index without a reporter.
        assert signer != empty(address) and signer == reporter, "report: bad signature"
    return word >> 168, map


@internal
@view
def _members(version: uint256) -> address[MAX_REPORTERS]:
    """
    @return Reporters of a committee, by index.
    """
    return abi_decode(slice(self.members[version].code, 1, WORDS), address[MAX_REPORTERS])


@internal
@view
def _quorum() -> uint256:
    return (self.current >> 160) & 255


@internal
@view
def _version() -> uint256:
    return self.current >> 168
