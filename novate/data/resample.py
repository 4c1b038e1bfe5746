"""Paths that did not happen, made of days that did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import ParameterError
from .path import Bar, MarketPath

# Mean length of a block [bars]: two weeks, so that calm and turmoil stay together.
BLOCK = 10


def resample(path: MarketPath, number: int, *, block: int = BLOCK) -> MarketPath:
    """The same dates with the moves of other days, in blocks that follow one another in time.

    The stationary bootstrap (Politis and Romano 1994): blocks begin anywhere and end with
    probability 1 / block after each bar. A bar brings its return, its range and the level of its
    implied volatility. The same number gives the same path.
    """
    if block < 1:
        raise ParameterError("block", block, "1 or more bars")
    bars, rng = path.bars, np.random.default_rng([number, len(path.bars)])
    moves = len(bars) - 1
    made = [bars[0]]
    source = int(rng.integers(moves))
    for bar in bars[1:]:
        if rng.random() < 1 / block:
            source = int(rng.integers(moves))
        before, drawn = bars[source], bars[source + 1]
        close = made[-1].close * drawn.close / before.close
        scale = close / drawn.close
        made.append(
            Bar(
                bar.timestamp,
                close,
                drawn.high * scale,
                drawn.low * scale,
                drawn.implied_volatility,
            )
        )
        source = (source + 1) % moves
    return replace(path, name=f"{path.name} resampled {number}", bars=tuple(made))
