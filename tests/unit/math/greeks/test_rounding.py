"""What is worth next to nothing does not become a debt by rounding."""

from typing import Any

from novate.reference.pricing import black_scholes
from novate.series import WAD


def test_put_that_rounds_below_zero_is_worth_nothing(maths: Any) -> None:
    """3 % out of the money, an hour to go: exact is 1e-17 of spot, the error of a term 1e-15."""
    spot, strike = 559307522872438630234314099985793138, 543603639939061349221310041310625793
    volatility, time, rate = 311506778574538304, 3_600, 4776184991010748
    found = maths.all_greeks(spot, strike, volatility, time, rate)
    exact = black_scholes(spot / WAD, strike / WAD, volatility / WAD, time, rate / WAD)
    assert float(exact.put) < 1e-14 * spot / WAD
    assert found.put == 0
    assert abs(found.call - float(exact.call) * WAD) < spot // 10**13
