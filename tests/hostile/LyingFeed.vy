# pragma version 0.4.3
"""
@title LyingFeed
@license AGPL-3.0-only
@notice Price source that says whatever it is told, about any round.
"""

struct Round:
    answer: int256
    updated: uint256
    answered: uint256  # answeredInRound


decimals: public(uint8)
description: public(constant(String[64])) = "anything"
version: public(constant(uint256)) = 0
latest: public(uint256)
rounds: HashMap[uint256, Round]
known: HashMap[uint256, bool]


@deploy
def __init__(decimals: uint8):
    self.decimals = decimals


@external
def set_decimals(decimals: uint8):
    self.decimals = decimals


@external
def set_latest(round_id: uint256):
    self.latest = round_id


@external
def set_round(round_id: uint256, answer: int256, updated: uint256, answered: uint256):
    """
    @notice Sets one round without making it the latest.
    """
    self.rounds[round_id] = Round(answer=answer, updated=updated, answered=answered)
    self.known[round_id] = True


@external
def say(answer: int256, updated: uint256):
    """
    @notice The next round.
    """
    self.latest += 1
    self.rounds[self.latest] = Round(answer=answer, updated=updated, answered=self.latest)
    self.known[self.latest] = True


@external
def tell(first: uint256, history: DynArray[Round, 512], known: DynArray[bool, 512]):
    """
    @notice A whole history from a first round id on; rounds that are not known revert.
    """
    i: uint256 = first
    for r: Round in history:
        self.rounds[i] = r
        self.known[i] = known[i - first]
        i += 1
    self.latest = i - 1


@external
@view
def latestRoundData() -> (uint256, int256, uint256, uint256, uint256):
    return self._data(self.latest)


@external
@view
def getRoundData(round_id: uint80) -> (uint256, int256, uint256, uint256, uint256):
    return self._data(convert(round_id, uint256))


@internal
@view
def _data(round_id: uint256) -> (uint256, int256, uint256, uint256, uint256):
    assert self.known[round_id], "No data present"
    r: Round = self.rounds[round_id]
    return round_id, r.answer, r.updated, r.updated, r.answered
