# pragma version 0.4.3
"""
@title Called by a proposal, calls whatever it was told
@license AGPL-3.0-only
"""

target: address
payload: Bytes[8192]
calls: public(uint256)


@external
def prepare(target: address, payload: Bytes[8192]):
    self.target = target
    self.payload = payload


@external
def strike():
    self.calls += 1
    raw_call(self.target, self.payload)


@external
def count():
    self.calls += 1
