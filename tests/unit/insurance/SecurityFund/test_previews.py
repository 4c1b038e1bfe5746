"""ERC-4626 previews say what the calls do, in the same second, after gains and losses."""

from typing import Any

import pytest

from tests.unit.insurance.SecurityFund.test_security_fund import Fund


@pytest.fixture(scope="module")
def fund() -> Fund:
    return Fund()


@pytest.mark.parametrize("result", [0, 400, -400])
def test_previews_are_what_is_done(fund: Fund, result: int) -> None:
    backer: Any = fund.backer("backer")
    fund.invest(backer, 3_000)
    if result > 0:
        fund.earn(result)
    elif result < 0:
        fund.lose(-result)
    shares, amount = fund.shares, 1_234_567_891
    told = shares.previewDeposit(amount)
    assert shares.convertToShares(amount) == told
    assert shares.deposit(amount, backer, sender=backer) == told
    wanted = told // 3
    cost = shares.previewMint(wanted)
    # A unit more than the same number of shares is worth at most.
    assert shares.convertToAssets(wanted) <= cost <= shares.convertToAssets(wanted) + 1
    assert shares.mint(wanted, backer, sender=backer) == cost
    assert 0 < shares.maxMint(backer) <= shares.convertToShares(2**100 // 10**12)
    assert shares.maxDeposit(backer) == 2**100 // 10**12
