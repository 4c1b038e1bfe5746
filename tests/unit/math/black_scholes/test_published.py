"""Published examples: Hull's and Haug's vanilla options, their Greeks, implied volatilities.

J. Hull, "Options, Futures, and Other Derivatives" (9th edition): the examples of chapters 15
(pricing formulas, implied volatility), 17 (index, currency) and 18 (futures), and the option by
which chapter 19 shows the Greek letters. E. Haug, "The complete guide to
option pricing formulas" (2007): sections 1.1.1 to 1.1.5 and chapter 2. Barriers: table 4-13 in
tests/unit/math/barriers. An asset that pays the yield q (a future: q = r) is passed as the spot
without it, S exp(-q T), and its sensitivities by spot are by the chain rule exp(-q T) times ours.
"""

import math
from typing import Any, NamedTuple

import pytest

from novate.reference.pricing import YEAR
from novate.series import WAD


class Terms(NamedTuple):
    spot: float
    strike: float
    years: float
    rate: float
    income: float
    volatility: float

    @property
    def share(self) -> float:
        """What a unit of the asset without its income is of one with it."""
        return math.exp(-self.income * self.years)

    def words(self) -> tuple[int, int, int, int, int]:
        return (
            int(self.spot * self.share * WAD),
            int(self.strike * WAD),
            round(self.volatility * WAD),
            round(self.years * YEAR),
            round(self.rate * WAD),
        )


HULL = Terms(42, 40, 0.5, 0.10, 0, 0.20)
INDEX = Terms(930, 900, 2 / 12, 0.08, 0.03, 0.20)
HULLS_FUTURE = Terms(20, 20, 4 / 12, 0.09, 0.09, 0.25)
LETTERS = Terms(49, 50, 20 / 52, 0.05, 0, 0.20)
HAUG = Terms(60, 65, 0.25, 0.08, 0, 0.30)
YIELD = Terms(100, 95, 0.5, 0.10, 0.05, 0.20)
FUTURE = Terms(19, 19, 0.75, 0.10, 0.10, 0.28)
CURRENCY = Terms(1.56, 1.6, 0.5, 0.06, 0.08, 0.12)


@pytest.mark.parametrize(
    ("terms", "place", "published", "digits"),
    [
        (HULL, 0, 4.76, 2),
        (HULL, 1, 0.81, 2),
        (INDEX, 0, 51.83, 2),
        (HULLS_FUTURE, 1, 1.12, 2),
        (LETTERS, 0, 2.40, 2),
        (HAUG, 0, 2.1334, 4),
        (YIELD, 1, 2.4648, 4),
        (FUTURE, 0, 1.7011, 4),
        (FUTURE, 1, 1.7011, 4),
        (CURRENCY, 0, 0.0291, 4),
    ],
)
def test_values(maths: Any, terms: Terms, place: int, published: float, digits: int) -> None:
    assert round(maths.values(*terms.words())[place] / WAD, digits) == published


@pytest.mark.parametrize(
    ("terms", "name", "published", "digits"),
    [
        (LETTERS, "call_delta", 0.522, 3),
        (LETTERS, "gamma", 0.066, 3),
        (LETTERS, "call_theta", -4.31, 2),
        (LETTERS, "vega", 12.1, 1),
        (LETTERS, "call_rho", 8.91, 2),
        (Terms(105, 100, 0.5, 0.10, 0.10, 0.36), "call_delta", 0.5946, 4),
        (Terms(105, 100, 0.5, 0.10, 0.10, 0.36), "put_delta", -0.3566, 4),
        (Terms(55, 60, 0.75, 0.10, 0, 0.30), "gamma", 0.0278, 4),
        (Terms(55, 60, 0.75, 0.105, 0.0355, 0.30), "vega", 18.5027, 4),
        (Terms(72, 75, 1, 0.09, 0, 0.19), "call_rho", 38.7325, 4),
        (Terms(90, 80, 0.25, 0.05, 0, 0.20), "vanna", -1.0008, 4),
        (Terms(90, 130, 0.75, 0.05, 0.05, 0.28), "volga", 92.3444, 4),
    ],
)
def test_greeks(maths: Any, terms: Terms, name: str, published: float, digits: int) -> None:
    together = getattr(maths.all_greeks(*terms.words()), name) / WAD
    alone = getattr(maths, name.removeprefix("call_").removeprefix("put_"))(*terms.words())
    alone = (alone[name.startswith("put_")] if isinstance(alone, tuple) else alone) / WAD
    for value in (together, alone):
        if "delta" in name:
            value *= terms.share
        assert round(value, digits) == published


@pytest.mark.parametrize(
    ("terms", "worth", "published"),
    [
        (Terms(21, 20, 0.25, 0.10, 0, 0), 1.875, 0.235),
        (Terms(1.6, 1.6, 4 / 12, 0.08, 0.11, 0), 0.043, 0.141),
    ],
)
def test_implied_volatilities(maths: Any, terms: Terms, worth: float, published: float) -> None:
    spot, strike, _, time, rate = terms.words()
    found = maths.implied(int(worth * WAD), True, spot, strike, time, rate) / WAD
    assert round(found, 3) == published
