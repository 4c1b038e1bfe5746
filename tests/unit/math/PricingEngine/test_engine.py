"""The unit says what its modules say."""

from typing import Any

import pytest

from novate.deploy import compiled
from novate.reference.pricing import YEAR
from novate.series import WAD

TERMS = (1_500 * WAD, 1_600 * WAD, WAD // 2, YEAR // 4, WAD // 20)


@pytest.fixture(scope="module")
def engine() -> Any:
    return compiled("math/PricingEngine.vy").deploy()


def test_prices_and_greeks_are_those_of_the_modules(engine: Any, maths: Any) -> None:
    assert engine.price(*TERMS) == maths.values(*TERMS)
    assert engine.price_on_forward(*TERMS[:4]) == maths.price(*TERMS[:4])
    assert tuple(engine.greeks(*TERMS)) == tuple(maths.all_greeks(*TERMS))


def test_implied_volatility_is_the_inverse(engine: Any) -> None:
    call, _ = engine.price(*TERMS)
    assert abs(engine.implied_volatility(call, True, *TERMS[:2], *TERMS[3:]) - WAD // 2) < 10**6


def test_digitals_make_a_vanilla_option(engine: Any) -> None:
    forward, strike, volatility, time = TERMS[:4]
    asset, _ = engine.digital(True, forward, strike, volatility, time)
    cash, _ = engine.digital(False, forward, strike, volatility, time)
    call, _ = engine.price_on_forward(forward, strike, volatility, time)
    assert abs(asset - cash * strike // WAD - call) <= 10**9


def test_knock_in_and_knock_out_make_a_vanilla_option(engine: Any) -> None:
    spot, strike, volatility, time = TERMS[:4]
    out, into = (
        engine.barrier(kind, spot, spot, strike, 1_200 * WAD, volatility, time) for kind in (0, 8)
    )
    assert abs(out + into - engine.price_on_forward(spot, strike, volatility, time)[0]) <= 1
