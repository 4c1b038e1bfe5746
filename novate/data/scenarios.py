"""Crashes that happened, from the market data that the package `arch` ships.

It has the S&P 500 from 1999 to 2018 and VIX from 2014 on.
"""

from collections.abc import Callable
from datetime import date
from importlib import import_module
from typing import Any

from ..errors import ParameterError
from .path import Bar, MarketPath, close_of, estimate_source, estimate_volatility


def volmageddon() -> MarketPath:
    """January to March 2018: VIX doubles in a day, on 5 February. Implied volatility is VIX."""
    return _episode("volmageddon", date(2018, 1, 1), date(2018, 3, 31))


def lehman() -> MarketPath:
    """September to December 2008. VIX does not reach back, so implied volatility is estimated.

    The estimate is warm by then: it starts in 1999.
    """
    return _episode("lehman", date(2008, 9, 1), date(2008, 12, 31))


SCENARIOS: dict[str, Callable[[], MarketPath]] = {"volmageddon": volmageddon, "lehman": lehman}


def load_scenario(name: str) -> MarketPath:
    """A crash by its name, one of SCENARIOS, or any time by dates such as 2011-08-01/2011-10-31.

    Every close is stamped 21:00 UTC. Implied volatility is VIX where it covers the whole, or else
    estimated from the returns since 1999.
    """
    if name in SCENARIOS:
        return SCENARIOS[name]()
    try:
        first, last = map(date.fromisoformat, name.split("/"))
    except ValueError:
        known = ", ".join(SCENARIOS)
        raise ParameterError("scenario", name, f"{known} or FIRST/LAST as dates") from None
    return _episode(name, first, last)


def _episode(name: str, first: date, last: date) -> MarketPath:
    prices = _load("sp500")
    if last <= prices.index[0].date():
        raise ParameterError("scenario", name, f"dates from {prices.index[0]:%Y-%m-%d} on")
    prices = prices.loc[: str(last)]
    index = _load("vix")["vix"].dropna() / 100
    if first >= index.index[0].date():
        # A day without either of the two is left out.
        prices = prices[prices.index.isin(index.index)]
        path = _path(name, prices, index[prices.index].tolist(), "VIX")
    else:
        volatilities = estimate_volatility(_closes(prices), prices["Close"].tolist())
        path = _path(name, prices, volatilities, estimate_source())
    return path.between(first, last)


def _load(name: str) -> Any:
    """A data set of `arch`, which is imported late: it brings statistics that take seconds."""
    return import_module(f"arch.data.{name}").load()


def _closes(prices: Any) -> list[int]:
    return [close_of(day.date()) for day in prices.index]


def _path(name: str, prices: Any, volatilities: list[float], source: str) -> MarketPath:
    columns = (prices[column].tolist() for column in ("Close", "High", "Low"))
    bars = map(Bar, _closes(prices), *columns, volatilities)
    return MarketPath(name, "S&P 500", tuple(bars), source)
