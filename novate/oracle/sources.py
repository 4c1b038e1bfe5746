"""Where reporters see prices: a file of bars, or a feed on another chain.

A source says what it saw and when; it never raises for a price that is not there, since a
reporter goes on with its other sources.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import requests
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.address import is_address
from eth_utils.crypto import keccak

from ..data.csv_file import load_csv
from ..errors import DataError, ParameterError

TIMEOUT = 5.0


@dataclass(frozen=True)
class Observation:
    price: float  # [USD]
    time: int  # [s]


class Source(Protocol):
    """Anything that knows a price."""

    def read(self, now: int) -> Observation | None:
        """The latest price at `now` [s], None when there is none."""


@dataclass(frozen=True)
class SeriesSource:
    """Prices at given times, each in force until the next."""

    times: tuple[int, ...]
    prices: tuple[float, ...]

    def read(self, now: int) -> Observation | None:
        place = bisect.bisect_right(self.times, now) - 1
        return None if place < 0 else Observation(self.prices[place], self.times[place])


def csv_source(file: str | Path) -> SeriesSource:
    """The closes of a file as `novate.data.load_csv` reads it; raises DataError."""
    bars = load_csv(file).bars
    return SeriesSource(tuple(bar.timestamp for bar in bars), tuple(bar.close for bar in bars))


@dataclass
class FileSource:
    """The same of a file that grows: read again whenever it has changed.

    volatility: its implied volatilities instead of its closes.
    """

    file: Path
    volatility: bool = False
    _read_at: tuple[int, int] = field(default=(0, 0), repr=False)
    _series: SeriesSource | None = field(default=None, repr=False)

    def read(self, now: int) -> Observation | None:
        try:
            state = self.file.stat()
            if self._read_at != (state.st_mtime_ns, state.st_size):
                bars = load_csv(self.file).bars
                self._series = SeriesSource(
                    tuple(bar.timestamp for bar in bars),
                    tuple(bar.implied_volatility if self.volatility else bar.close for bar in bars),
                )
                self._read_at = state.st_mtime_ns, state.st_size
        except (OSError, DataError):
            # Gone or half written: what was there before stands, until it is too old.
            pass
        return None if self._series is None else self._series.read(now)


@dataclass
class ChainSource:
    """A feed that speaks AggregatorV3Interface on the chain behind `url`."""

    url: str
    feed: str
    decimals: int | None = field(default=None)

    def read(self, now: int) -> Observation | None:
        try:
            if self.decimals is None:
                (self.decimals,) = decode(["uint8"], self._call("decimals()"))
            words = decode(["uint80", "int256", "uint256", "uint256", "uint80"], self._latest())
        except (requests.RequestException, DecodingError, ValueError):
            return None
        _, answer, _, updated, _ = words
        if answer <= 0 or not 0 < updated <= now or self.decimals is None:
            return None
        return Observation(answer / 10**self.decimals, updated)

    def _latest(self) -> bytes:
        return self._call("latestRoundData()")

    def _call(self, signature: str) -> bytes:
        """What a function without arguments returns; ValueError when the node refuses."""
        call = {"to": self.feed, "data": "0x" + keccak(signature.encode())[:4].hex()}
        request: dict[str, Any] = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "eth_call",
            "params": [call, "latest"],
        }
        answer = requests.post(self.url, json=request, timeout=TIMEOUT).json()
        if not isinstance(answer, dict) or "result" not in answer:
            raise ValueError(f"{self.url} refuses a call of {self.feed}")
        return bytes.fromhex(answer["result"].removeprefix("0x"))


def named_source(name: str, *, volatility: bool = False) -> Source:
    """A source as a command names it: a CSV file, or `URL@ADDRESS` of an AggregatorV3.

    volatility: of the implied volatility instead of the price.
    """
    url, at, address = name.rpartition("@")
    if at and "://" in url:
        if not is_address(address):
            raise ParameterError("source", name, "URL@ADDRESS of a feed, or a CSV file")
        return ChainSource(url, address)
    # Refuses now what could never be read.
    load_csv(name)
    return FileSource(Path(name), volatility)
