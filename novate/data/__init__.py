"""Prices of the market: crashes that happened, or a file of the user's own."""

from .csv_file import load_csv
from .path import Bar, MarketPath, estimate_volatility
from .resample import resample
from .scenarios import SCENARIOS, load_scenario

__all__ = [
    "SCENARIOS",
    "Bar",
    "MarketPath",
    "estimate_volatility",
    "load_csv",
    "load_scenario",
    "resample",
]
