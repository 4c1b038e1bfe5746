"""A world that steps by itself, `Crashes` or `Venues`, from its seed to its end."""

from __future__ import annotations

import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import boa

from novate.engine import Engine

START = 1_767_225_600


def open_engine() -> None:
    """A new engine, the clock at the beginning of 2026."""
    # What contracts create stands under the name of its template.
    warnings.filterwarnings("ignore", message="casted bytecode")
    boa.set_env(Engine())
    boa.env.evm.patch.timestamp = START


def play(kind: Callable[[int], Any], seed: int, steps: int, seen: Counter[str]) -> str:
    """One world, rolled back; returns what failed, or nothing."""
    done = 0
    with boa.env.anchor():
        world = kind(seed)
        try:
            while done < steps:
                world.step()
                done += 1
        except Exception:
            place = f"world {seed}, step {done}, {world.last}"
            return f"{place}:\n{traceback.format_exc(limit=-4)}"
        finally:
            seen.update(world.seen)
            seen["steps"] += done
    return ""
