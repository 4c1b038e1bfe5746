# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Halts: circuit breakers that stop the opening of risk
@license AGPL-3.0-only
@notice A halt ends by itself and stops one thing only: trades that open or enlarge a position, in
        one underlying or in all. Depositing, closing, curing, withdrawing what is free,
        settling and liquidating never ask.

        Three breakers halt all markets without anybody's leave:
          losses    the fund and all cash bore more than a limit within a day (the ledger says so)
          outflow   the settlement tokens in escrow fell by more than a share within the hour
                    (`watch_outflow`, by anyone; no withdrawal pays for it)
          auctions  more accounts are in auction than a limit (the auction house says so)
        A price that cannot be trusted halts its underlying in the oracle: it is not fresh.
@custom:trust Guardian and watchdog can only halt, and each time for three days at most; the owner
              can lift a halt and sets the limits.
"""

from snekmate.auth import ownable

uses: ownable

interface Ledger:
    def token_of(asset: uint256) -> address: view


interface Token:
    def balanceOf(owner: address) -> uint256: view


WAD: constant(uint256) = 10**18
HOUR: constant(uint256) = 3_600
DAY: constant(uint256) = 86_400
MAX_HALT: constant(uint256) = 3 * DAY
# Stands for all underlyings; no underlying has this number.
ALL: constant(uint256) = 0
MASK_128: constant(uint256) = 2**128 - 1


struct Breakers:
    losses: uint256  # [wad] in a day
    outflow: uint256  # [wad] share of the escrow in an hour, at least 1 %
    auctions: uint256  # accounts at once
    duration: uint256  # [s] of a halt, an hour to three days


# underlying, or ALL -> [s] until when
halted_until: public(HashMap[uint256, uint256])
guardian: public(address)
# Halts when the ledger does not add up, see governance/Watchdog.vy.
watchdog: public(address)
breakers: public(Breakers)
# Who may report losses and auctions, and whose escrow is watched.
ledger: public(address)
auction_house: public(address)
# [wad] losses of the day 128 | day 128
losses: public(uint256)
# Escrow, in token units, at the start of an hour of watching 128 | time [s] 128
level: uint256


event Halted:
    underlying: indexed(uint256)  # 0: all
    until: uint256  # [s]
    reason: String[16]


event Lifted:
    underlying: indexed(uint256)
    old_until: uint256  # [s]


event GuardianSet:
    old: address
    new: address


event WatchdogSet:
    old: address
    new: address


event BreakersSet:
    old: Breakers
    new: Breakers


event ReportersSet:
    old_ledger: address
    new_ledger: address
    old_house: address
    new_house: address


@deploy
def __init__():
    self.breakers = Breakers(losses=max_value(uint256), outflow=WAD, auctions=max_value(uint256), duration=DAY)


# -- anyone --


@external
def watch_outflow():
    """
    @notice Compares the escrow with what it was up to an hour ago, and halts when more than the
            share has left.
    """
    assert self.ledger != empty(address), "halt: no ledger"
    balance: uint256 = staticcall Token(staticcall Ledger(self.ledger).token_of(0)).balanceOf(self.ledger)
    level: uint256 = self.level
    since: uint256 = level & MASK_128
    if block.timestamp - since <= HOUR:
        if balance < (level >> 128) * (WAD - self.breakers.outflow) // WAD:
            self._halt(ALL, self.breakers.duration, "outflow")
    else:
        self.level = (balance << 128) | block.timestamp


# -- the ledger and the auction house; ignored from others, so that nothing waits for a halt --


@external
def report_loss(loss: uint256):
    """
    @notice Adds to the losses [wad] of the day.
    """
    if msg.sender == self.ledger:
        day: uint256 = block.timestamp // DAY
        word: uint256 = self.losses
        total: uint256 = min(loss, MASK_128 >> 1)
        if word & MASK_128 == day:
            total = min(total + (word >> 128), MASK_128)
        self.losses = (total << 128) | day
        if total > self.breakers.losses:
            self._halt(ALL, self.breakers.duration, "losses")


@external
def report_auctions(running: uint256):
    """
    @param running Accounts that are in auction now.
    """
    if msg.sender == self.auction_house and running > self.breakers.auctions:
        self._halt(ALL, self.breakers.duration, "auctions")


# -- guardian and watchdog --


@external
def halt(underlying: uint256, duration: uint256):
    """
    @notice Stops opening in an underlying, or in all (0), from now on; never shortens a halt.
    @param duration [s] at most three days.
    """
    halts: bool = msg.sender == self.guardian or msg.sender == self.watchdog or msg.sender == ownable.owner
    assert halts, "halt: not the guardian"
    assert duration <= MAX_HALT, "halt: too long"
    self._halt(underlying, duration, "guardian")


# -- owner --


@external
def lift(underlying: uint256):
    ownable._check_owner()
    log Lifted(underlying=underlying, old_until=self.halted_until[underlying])
    self.halted_until[underlying] = 0


@external
def set_guardian(guardian: address):
    ownable._check_owner()
    log GuardianSet(old=self.guardian, new=guardian)
    self.guardian = guardian


@external
def set_watchdog(watchdog: address):
    ownable._check_owner()
    log WatchdogSet(old=self.watchdog, new=watchdog)
    self.watchdog = watchdog


@external
def set_breakers(breakers: Breakers):
    ownable._check_owner()
    assert breakers.outflow >= WAD // 100 and breakers.outflow <= WAD, "halt: outflow out of range"
    assert breakers.auctions > 0, "halt: auctions out of range"
    assert breakers.duration >= HOUR and breakers.duration <= MAX_HALT, "halt: duration out of range"
    log BreakersSet(old=self.breakers, new=breakers)
    self.breakers = breakers


@external
def set_reporters(ledger: address, auction_house: address):
    """
    @notice Whose word on losses and auctions counts, and whose escrow is watched.
    """
    ownable._check_owner()
    log ReportersSet(
        old_ledger=self.ledger, new_ledger=ledger, old_house=self.auction_house, new_house=auction_house
    )
    self.ledger = ledger
    self.auction_house = auction_house
    self.level = 0


@internal
@view
def _require_open(underlying: uint256):
    assert self.halted_until[ALL] <= block.timestamp, "halt: all markets"
    assert self.halted_until[underlying] <= block.timestamp, "halt: underlying"


@internal
def _halt(underlying: uint256, duration: uint256, reason: String[16]):
    until: uint256 = block.timestamp + duration
    if until > self.halted_until[underlying]:
        self.halted_until[underlying] = until
        log Halted(underlying=underlying, until=until, reason=reason)
