"""Shares in the security fund: income and losses in the same instant, and nobody runs first."""

from typing import Any

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world import DAY, WAD, World, build, wad

UNIT = 10**6
DELAY = 7 * DAY
WINDOW = 7 * DAY


class Fund(World):
    """A market whose security fund has backers."""

    def __init__(self) -> None:
        super().__init__()
        self.use_own_house()
        self.shares: Any = build("insurance/SecurityFund.vy", self.ledger.address, DELAY)
        self.ledger.set_security_fund(self.shares.address, sender=self.owner)
        self.token: Any = self.market.cash_token
        self.broke = self.market.account("broke")
        self.payer = self.person("payer", cash=1_000_000)

    def backer(self, role: str, dollars: float = 10**6) -> str:
        address = boa.env.generate_address(role)
        self.token.mint(address, int(dollars * UNIT))
        self.token.approve(self.shares.address, 2**256 - 1, sender=address)
        return str(address)

    def invest(self, backer: str, dollars: float) -> int:
        return int(self.shares.deposit(int(dollars * UNIT), backer, sender=backer))

    def value(self, backer: str) -> float:
        """[USD] of all shares that the backer has, waiting or not."""
        shares = self.shares.balanceOf(backer) + self.shares.requests(backer).shares
        return float(self.shares.convertToAssets(shares) / UNIT)

    def lose(self, dollars: float) -> None:
        self.freeze(self.broke)
        self.ledger.liquidate(
            *(self.broke.number, self.payer.number, WAD, 0, -wad(dollars)), sender=self.house
        )
        self.ledger.thaw(self.broke.number, sender=self.house)

    def earn(self, dollars: float) -> None:
        self.freeze(self.payer)
        self.ledger.charge(self.payer.number, 0, wad(dollars), sender=self.house)
        self.ledger.thaw(self.payer.number, sender=self.house)


@pytest.fixture(scope="module")
def fund() -> Fund:
    return Fund()


@pytest.fixture
def backers(fund: Fund) -> tuple[str, str]:
    return fund.backer("first backer"), fund.backer("second backer")


def test_shares_earn_and_lose_at_once(fund: Fund, backers: tuple[str, str]) -> None:
    first, second = backers
    fund.invest(first, 3_000)
    fund.invest(second, 1_000)
    assert fund.shares.totalAssets() == 4_000 * UNIT
    fund.earn(400)
    assert fund.value(first) == pytest.approx(3_300, abs=2e-6)
    assert fund.value(second) == pytest.approx(1_100, abs=2e-6)
    fund.lose(2_200)
    assert fund.value(first) == pytest.approx(1_650, abs=2e-6)
    assert fund.value(second) == pytest.approx(550, abs=2e-6)
    assert fund.ledger.outstanding() == 0


def test_money_leaves_in_two_steps(fund: Fund, backers: tuple[str, str]) -> None:
    first, _ = backers
    shares = fund.invest(first, 1_000)
    assert fund.shares.maxRedeem(first) == 0
    with boa.reverts("fund: not matured"):
        fund.shares.redeem(shares, first, first, sender=first)
    fund.shares.request_redeem(shares, sender=first)
    log = fund.shares.get_logs()[-1]
    assert (log.owner, log.shares, log.matures) == (first, shares, boa.env.timestamp + DELAY)
    boa.env.time_travel(seconds=DELAY - 1)
    with boa.reverts("fund: not matured"):
        fund.shares.redeem(shares, first, first, sender=first)
    boa.env.time_travel(seconds=1)
    assert fund.shares.maxRedeem(first) == shares
    assert fund.shares.maxWithdraw(first) == fund.shares.previewRedeem(shares)
    before = fund.token.balanceOf(first)
    half = fund.shares.redeem(shares // 2, first, first, sender=first)
    rest = fund.shares.maxWithdraw(first)
    fund.shares.withdraw(rest, first, first, sender=first)
    assert fund.token.balanceOf(first) - before == half + rest
    assert 1_000 * UNIT - 2 <= half + rest <= 1_000 * UNIT


def test_a_request_lapses_and_a_new_one_restarts_all(fund: Fund, backers: tuple[str, str]) -> None:
    first, _ = backers
    shares = fund.invest(first, 1_000)
    fund.shares.request_redeem(shares // 2, sender=first)
    boa.env.time_travel(seconds=DELAY)
    fund.shares.request_redeem(shares // 4, sender=first)
    assert fund.shares.maxRedeem(first) == 0
    boa.env.time_travel(seconds=DELAY + WINDOW)
    assert fund.shares.maxRedeem(first) == shares // 2 + shares // 4
    boa.env.time_travel(seconds=1)
    assert fund.shares.maxRedeem(first) == 0
    fund.shares.cancel_request(sender=first)
    assert fund.shares.balanceOf(first) == shares
    with boa.reverts("fund: no shares"):
        fund.shares.cancel_request(sender=first)


def test_who_waits_bears_losses_still(fund: Fund, backers: tuple[str, str]) -> None:
    first, second = backers
    fund.shares.request_redeem(fund.invest(first, 1_000), sender=first)
    fund.invest(second, 1_000)
    boa.env.time_travel(seconds=DELAY - 1)
    fund.lose(1_000)
    assert fund.value(first) == pytest.approx(500, abs=2e-6)
    assert fund.value(second) == pytest.approx(500, abs=2e-6)


def test_no_way_out_while_others_bear_losses(fund: Fund, backers: tuple[str, str]) -> None:
    first, second = backers
    shares = fund.invest(first, 1_000)
    fund.shares.request_redeem(shares, sender=first)
    fund.lose(1_500)
    assert fund.ledger.outstanding() == wad(500)
    assert fund.shares.totalAssets() == 0
    # New backers own what they bring.
    newer = fund.invest(second, 1_000)
    assert fund.value(second) == pytest.approx(1_000, abs=2e-3)
    assert fund.value(first) < 0.01
    fund.shares.request_redeem(newer, sender=second)
    boa.env.time_travel(seconds=DELAY)
    assert fund.shares.maxRedeem(first) == fund.shares.maxRedeem(second) == 0
    with boa.reverts("fund: not matured"):
        fund.shares.redeem(newer, second, second, sender=second)
    fund.earn(600)
    assert fund.ledger.outstanding() == 0
    assert fund.shares.maxRedeem(first) == shares
    assert fund.shares.redeem(newer, second, second, sender=second) >= 1_000 * UNIT


def test_earnings_before_the_first_backer_are_nobodys(fund: Fund) -> None:
    """PROPERTIES P-16: assets without supply cannot be captured."""
    fund.earn(50_000)
    lucky = fund.backer("lucky backer")
    fund.invest(lucky, 1)
    assert fund.value(lucky) == pytest.approx(1, abs=2e-6)
    assert fund.value(lucky) <= 1


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    own=st.integers(1, 10**9),
    gift=st.integers(0, 10**14),
    brought=st.integers(1, 10**12),
)
def test_a_gift_takes_nothing_from_who_comes_later(
    fund: Fund, own: int, gift: int, brought: int
) -> None:
    """PROPERTIES P-21: a donation before a deposit costs the victim at most a unit or two."""
    with boa.env.anchor():
        attacker, victim = fund.backer("attacker", 10**9), fund.backer("victim", 10**9)
        fund.shares.deposit(own, attacker, sender=attacker)
        if gift:
            fund.token.approve(fund.ledger.address, gift, sender=attacker)
            fund.ledger.deposit(fund.ledger.FUND(), 0, gift, sender=attacker)
        shares = fund.shares.deposit(brought, victim, sender=victim)
        assert brought - 2 <= fund.shares.convertToAssets(shares) <= brought


def test_nobody_gains_by_going_round(fund: Fund, backers: tuple[str, str]) -> None:
    first, second = backers
    fund.invest(second, 777)
    fund.earn(3.333333)
    for assets in (1, 2, 10**6 + 1, 123_456_789):
        shares = fund.shares.deposit(assets, first, sender=first)
        assert fund.shares.convertToAssets(shares) <= assets
        cost = fund.shares.mint(shares, first, sender=first)
        assert cost >= assets
        assert fund.shares.previewWithdraw(assets) >= shares


def test_an_allowance_takes_out_what_its_owner_gave_notice_for(
    fund: Fund, backers: tuple[str, str]
) -> None:
    """ERC-4626: shares "burned from owner directly where ... msg.sender has" approval."""
    first, second = backers
    shares = fund.invest(first, 1_000)
    fund.shares.approve(second, shares, sender=first)
    # No notice, no way out; and an allowance gives no notice, which is of one's own shares.
    with boa.reverts("fund: not matured"):
        fund.shares.redeem(shares, second, first, sender=second)
    with boa.reverts("erc20: transfer amount exceeds balance"):
        fund.shares.request_redeem(shares, sender=second)
    fund.shares.request_redeem(shares - 10**18, sender=first)
    with boa.reverts("fund: not matured"):
        fund.shares.redeem(10**18, second, first, sender=second)
    boa.env.time_travel(seconds=DELAY)
    part = shares // 10
    fund.shares.redeem(part, second, first, sender=second)
    log = fund.shares.get_logs()[-1]
    assert (log.sender, log.receiver, log.owner) == (second, second, first)
    assert fund.token.balanceOf(second) == 10**6 * UNIT + log.assets
    assert fund.shares.allowance(first, second) == shares - part
    burned = fund.shares.withdraw(100 * UNIT, second, first, sender=second)
    assert fund.token.balanceOf(second) == 10**6 * UNIT + log.assets + 100 * UNIT
    assert fund.shares.allowance(first, second) == shares - part - burned
    left = shares - 10**18 - part - burned
    assert fund.shares.maxRedeem(first) == fund.shares.requests(first).shares == left
    # What has lapsed is nobody's to take.
    boa.env.time_travel(seconds=WINDOW + 1)
    with boa.reverts("fund: not matured"):
        fund.shares.redeem(left, second, first, sender=second)


def test_an_allowance_that_is_too_small_or_without_end(
    fund: Fund, backers: tuple[str, str]
) -> None:
    first, second = backers
    shares = fund.invest(first, 1_000)
    fund.shares.request_redeem(shares, sender=first)
    boa.env.time_travel(seconds=DELAY)
    fund.shares.approve(second, shares - 1, sender=first)
    with boa.reverts("erc20: insufficient allowance"):
        fund.shares.redeem(shares, second, first, sender=second)
    with boa.reverts("erc20: insufficient allowance"):
        fund.shares.withdraw(fund.shares.maxWithdraw(first), second, first, sender=second)
    fund.shares.approve(second, 2**256 - 1, sender=first)
    fund.shares.redeem(shares, second, first, sender=second)
    assert fund.shares.allowance(first, second) == 2**256 - 1
    assert fund.shares.maxRedeem(first) == 0


def test_strangers_and_crumbs(fund: Fund, backers: tuple[str, str]) -> None:
    first, second = backers
    shares = fund.invest(first, 1_000)
    fund.shares.request_redeem(shares, sender=first)
    boa.env.time_travel(seconds=DELAY)
    with boa.reverts("erc20: insufficient allowance"):
        fund.shares.redeem(shares, second, first, sender=second)
    with boa.reverts("erc20: insufficient allowance"):
        fund.shares.withdraw(1, second, first, sender=second)
    with boa.reverts("fund: no assets"):
        fund.shares.redeem(0, first, first, sender=first)
    with boa.reverts("fund: not matured"):
        fund.shares.redeem(shares + 10**18, first, first, sender=first)


def test_reverts(fund: Fund, backers: tuple[str, str]) -> None:
    first, _ = backers
    for delay in (DAY - 1, 30 * DAY + 1):
        with boa.reverts("fund: delay out of range"):
            build("insurance/SecurityFund.vy", fund.ledger.address, delay)
    with boa.reverts("fund: no shares"):
        fund.shares.deposit(0, first, sender=first)
    with boa.reverts("fund: no shares"):
        fund.shares.request_redeem(0, sender=first)


def test_a_token_that_fails_brings_nothing(fund: Fund) -> None:
    token = build("tests/hostile/FalseToken.vy")
    m = fund.market
    units = [x.address for x in (m.oracle, m.listing, m.operators, m.curve, token)]
    back = build("clearing/BackOffice.vy", *units)
    ledger = build("clearing/Clearinghouse.vy", *units, fund.owner, back.address)
    shares = build("insurance/SecurityFund.vy", ledger.address, DELAY)
    token.mint(boa.env.eoa, 10)
    with boa.reverts("fund: transfer failed"):
        shares.deposit(1, boa.env.eoa)
    token.approve(shares.address, 10)
    assert shares.deposit(1, boa.env.eoa) == 10**18


def test_too_many_wipe_outs_close_the_door(fund: Fund) -> None:
    """Each total loss multiplies the shares a token buys; the fund stops before they overflow."""
    bold = fund.backer("bold backer", 10**12)
    for _ in range(20):
        if not fund.shares.maxDeposit(bold):
            break
        fund.invest(bold, 100_000)
        fund.lose(100_000)
        fund.earn(1)
        fund.lose(1)
    assert fund.shares.maxDeposit(bold) == fund.shares.maxMint(bold) == 0
    with boa.reverts("fund: too many shares"):
        fund.invest(bold, 1)
    # Every view still answers.
    assert fund.shares.convertToAssets(fund.shares.balanceOf(bold)) >= 0
