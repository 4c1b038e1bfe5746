"""What an option pays at expiry, and how it is rounded."""

import boa
import pytest

from novate.errors import ParameterError
from novate.series import WAD, Series

EXPIRY = 1_517_558_400
CALL = Series(1, EXPIRY, 2_700 * WAD, False)
PUT = Series(1, EXPIRY, 2_700 * WAD, True)


@pytest.mark.parametrize(
    ("series", "price", "payoff"),
    [
        (CALL, 0, 0),
        (CALL, 2_700 * WAD, 0),
        (CALL, 2_700 * WAD + 1, 1),
        (CALL, 2_842 * WAD, 142 * WAD),
        (PUT, 0, 2_700 * WAD),
        (PUT, 2_700 * WAD - 1, 1),
        (PUT, 2_700 * WAD, 0),
        (PUT, 2**256 - 1, 0),
    ],
)
def test_payoff(instruments, series, price, payoff):
    assert instruments.payoff(series.code, price) == series.payoff(price) == payoff


@pytest.mark.parametrize(
    ("series", "quantity", "price", "payout"),
    [
        (CALL, 3 * WAD, 2_710 * WAD, 30 * WAD),
        (CALL, -3 * WAD, 2_710 * WAD, -30 * WAD),
        (PUT, WAD // 2, 2_600 * WAD, 50 * WAD),
        # A wei of quantity on half a dollar: a long receives 0, a short pays 1.
        (CALL, 1, 2_700 * WAD + WAD // 2, 0),
        (CALL, -1, 2_700 * WAD + WAD // 2, -1),
        (CALL, -1, 2_700 * WAD + 1, -1),
        (PUT, -1, 2_699 * WAD, -1),
        (CALL, 0, 2_710 * WAD, 0),
        (CALL, -(2**95 - 1), 2_700 * WAD, 0),
    ],
)
def test_payout(instruments, series, quantity, price, payout):
    assert instruments.payout(series.code, quantity, price) == payout
    assert series.payout(quantity, price) == payout


def test_product_beyond_256_bits_reverts(instruments):
    quantity, price = 2**95 - 1, 2**200
    with boa.reverts():
        instruments.payout(CALL.code, quantity, price)
    with pytest.raises(ParameterError, match="price"):
        CALL.payout(quantity, price)
