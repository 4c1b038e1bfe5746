"""A strike far away and a price near that of the limit, where the first guess is below nothing."""

from typing import Any

import pytest
from mpmath import mp, mpf

from novate.reference.pricing import YEAR
from novate.series import WAD


@pytest.mark.parametrize("share", [38, 40, 42, 43, 45])
def test_finds_the_volatility_of_a_dear_option_far_out(maths: Any, share: int) -> None:
    """ln(strike / spot) is 23.9; the price of the guess's limit is some 44 % of spot."""
    spot, strike = 100 * WAD, 2_332_932_941_021_928_030_696_653_193_216
    worth = spot * share // 100
    found = maths.implied(worth, True, spot, strike, YEAR, 0)
    with mp.workdps(50):
        deviation = mpf(found) / WAD
        d1 = mp.log(mpf(spot) / strike) / deviation + deviation / 2
        price = spot * mp.ncdf(d1) - strike * mp.ncdf(d1 - deviation)
        assert abs(price - worth) < mpf(spot) / 10**12
