"""Market data from a CSV file of the user's own."""

import csv
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import DataError
from .path import CLOSE, Bar, MarketPath, estimate_source, estimate_volatility, parse_instant

# [s] as close as bars may be.
MINIMUM_SPACING = 60
# Above this a volatility is taken for a percentage by mistake.
MAXIMUM_VOLATILITY = 10.0

# Headings as they are usually spelled; case, blanks and punctuation do not count.
SPELLINGS = {
    "time": ("timestamp", "datetime", "date", "time", "day", "unix", "unixtime", "unixtimestamp"),
    "close": ("close", "closeprice", "adjclose", "price", "last", "settle", "settlement"),
    "high": ("high", "highprice", "max"),
    "low": ("low", "lowprice", "min"),
    "volatility": ("impliedvolatility", "impliedvol", "iv", "volatility", "vol", "sigma"),
    # In percent, as the index is quoted.
    "percent": ("vix", "volatilityindex"),
}
OPTIONAL = ("high", "low", "volatility", "percent")


@dataclass(frozen=True)
class _Row:
    line: int
    timestamp: int
    close: float
    high: float
    low: float
    volatility: float | None


def load_csv(path: str | Path, *, underlying: str | None = None) -> MarketPath:
    """Read bars from a file with a heading; raises DataError (`file:line: reason`).

    Columns: date or time (ISO, UTC unless it says otherwise, a date being its 21:00 UTC; or unix
    seconds), close, and optionally high, low and implied volatility (0.2 is 20 %; a column named
    `vix` is in percent). Without high and low both are the close; without implied volatility it is
    estimated from the returns.

    underlying: label for people, the file's name by default.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = _read(path, csv.reader(file, strict=True))
    except OSError as error:
        raise DataError(path, 0, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(path, 0, "not a text in UTF-8") from None
    if rows[0].volatility is None:
        source = estimate_source()
        volatilities = estimate_volatility(
            [row.timestamp for row in rows], [row.close for row in rows]
        )
    else:
        source = path.name
        volatilities = [row.volatility or 0.0 for row in rows]
    bars = tuple(
        Bar(row.timestamp, row.close, row.high, row.low, volatility)
        for row, volatility in zip(rows, volatilities, strict=True)
    )
    return MarketPath(path.stem, underlying or path.stem, bars, source)


def _read(path: Path, lines: Any) -> list[_Row]:
    """Every bar of the file, or the first thing that is wrong with it. lines: a csv.reader."""
    rows: list[_Row] = []
    try:
        heading = next(lines, None)
        if not heading:
            raise DataError(path, 1, "empty file")
        columns = _columns(path, heading)
        for fields in lines:
            if not any(field.strip() for field in fields):
                continue
            if len(fields) != len(heading):
                reason = f"{len(fields)} fields under {len(heading)} headings"
                raise DataError(path, lines.line_num, reason)
            values = {name: fields[i].strip() for name, i in columns.items()}
            row = _row(path, lines.line_num, values)
            if rows:
                _check_order(path, rows[-1], row)
            rows.append(row)
    except csv.Error as error:
        raise DataError(path, lines.line_num, f"not CSV: {error}") from None
    if len(rows) < 2:
        raise DataError(path, lines.line_num, f"too short: {len(rows)} bars, at least 2 needed")
    return rows


def _columns(path: Path, heading: list[str]) -> dict[str, int]:
    """Position of each column that is used."""
    plain = [re.sub(r"[^a-z]", "", text.lower()) for text in heading]
    columns = {}
    for name, spellings in SPELLINGS.items():
        found = [spelling for spelling in spellings if spelling in plain]
        if found:
            if plain.count(found[0]) > 1:
                raise DataError(path, 1, f"two columns are named {found[0]}")
            columns[name] = plain.index(found[0])
        elif name not in OPTIONAL:
            raise DataError(path, 1, f"no column for {name}, named one of {', '.join(spellings)}")
    return columns


def _row(path: Path, line: int, values: dict[str, str]) -> _Row:
    timestamp = _time(path, line, values["time"])
    close = _positive(path, line, "close", values["close"])
    high = _positive(path, line, "high", values["high"]) if "high" in values else close
    low = _positive(path, line, "low", values["low"]) if "low" in values else close
    if high < low:
        raise DataError(path, line, f"high {high:g} is below low {low:g}")
    # Adjusted closes and rounded files are off by a little; widen the bar.
    high, low = max(high, close), min(low, close)
    volatility = None
    if "volatility" in values:
        volatility = _positive(path, line, "implied volatility", values["volatility"])
    elif "percent" in values:
        volatility = _positive(path, line, "implied volatility", values["percent"]) / 100
    if volatility is not None and volatility > MAXIMUM_VOLATILITY:
        reason = f"implied volatility {volatility:g} is above {MAXIMUM_VOLATILITY:g} (0.2 is 20 %)"
        raise DataError(path, line, reason)
    return _Row(line, timestamp, close, high, low, volatility)


def _time(path: Path, line: int, text: str) -> int:
    if not text:
        raise DataError(path, line, "missing date")
    if re.fullmatch(r"\d{9,10}(\.0*)?", text):
        return int(float(text))
    try:
        return int(parse_instant(text, CLOSE).timestamp())
    except (ValueError, OverflowError):
        reason = f"date {text!r} is neither ISO (2018-02-05, 2018-02-05T14:31) nor unix seconds"
        raise DataError(path, line, reason) from None


def _positive(path: Path, line: int, name: str, text: str) -> float:
    if not text:
        raise DataError(path, line, f"missing {name}")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(path, line, f"{name} {text!r} is not a number")
    if value <= 0:
        raise DataError(path, line, f"{name} {text} is not positive")
    return value


def _check_order(path: Path, before: _Row, row: _Row) -> None:
    spacing = row.timestamp - before.timestamp
    when = datetime.fromtimestamp(row.timestamp, UTC).strftime("%Y-%m-%d %H:%M")
    if spacing == 0:
        raise DataError(path, row.line, f"date {when} again, as in line {before.line}")
    if spacing < 0:
        raise DataError(path, row.line, f"date {when} is before that of line {before.line}")
    if spacing < MINIMUM_SPACING:
        reason = f"{spacing} s after line {before.line}: bars are at least a minute apart"
        raise DataError(path, row.line, reason)
