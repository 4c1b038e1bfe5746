"""Crashes that happened, from the market data that the package `arch` ships."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ..errors import ParameterError
from .path import Bar, MarketPath, close_of, estimate_source, estimate_volatility


def volmageddon() -> MarketPath:
    """January to March 2018: VIX doubles in a day, on 5 February. Implied volatility is VIX."""
    index = _load("vix")["vix"].dropna() / 100
    prices = _load("sp500")
    # VIX begins in 2014; a day without either of the two is left out.
    prices = prices[prices.index.isin(index.index)]
    volatilities = index[prices.index].tolist()
    return _path("volmageddon", prices, volatilities, "VIX").between("2018-01-01", "2018-03-31")


def lehman() -> MarketPath:
    """September to December 2008. VIX does not reach back, so implied volatility is estimated.

    The estimate is warm by then: it starts in 1999.
    """
    prices = _load("sp500").loc[:"2008-12-31"]
    volatilities = estimate_volatility(_closes(prices), prices["Close"].tolist())
    path = _path("lehman", prices, volatilities, estimate_source())
    return path.between("2008-09-01", "2008-12-31")


SCENARIOS: dict[str, Callable[[], MarketPath]] = {"volmageddon": volmageddon, "lehman": lehman}


def load_scenario(name: str) -> MarketPath:
    """A crash by its name, one of SCENARIOS; every close is stamped 21:00 UTC."""
    if name not in SCENARIOS:
        raise ParameterError("scenario", name, " or ".join(SCENARIOS))
    return SCENARIOS[name]()


def _load(name: str) -> Any:
    """A data set of `arch`, which is imported late: it brings statistics that take seconds."""
    return import_module(f"arch.data.{name}").load()


def _closes(prices: Any) -> list[int]:
    return [close_of(day.date()) for day in prices.index]


def _path(name: str, prices: Any, volatilities: list[float], source: str) -> MarketPath:
    columns = (prices[column].tolist() for column in ("Close", "High", "Low"))
    bars = map(Bar, _closes(prices), *columns, volatilities)
    return MarketPath(name, "S&P 500", tuple(bars), source)
