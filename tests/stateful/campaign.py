"""`python -m tests.stateful.campaign`: many worlds of random crashes; see CAMPAIGN.md.

Prints what was done and refused, and the seed and step of every failure. World number n is
`Crashes(seed + n)`, so a failure is played again by its number alone.
"""

import argparse
import sys
import time
import traceback
from collections import Counter

import boa

from novate.engine import Engine

from .crashes import Crashes

START = 1_767_225_600


def play(seed: int, steps: int, seen: Counter[str]) -> str:
    """One world; returns what failed, or nothing."""
    with boa.env.anchor():
        world = Crashes(seed)
        try:
            for _ in range(steps):
                world.step()
        except Exception:
            return f"world {seed}, step {world.operations}, {world.last}:\n" + (
                traceback.format_exc(limit=-2)
            )
        finally:
            seen.update(world.seen)
            seen["steps"] += world.operations
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.stateful.campaign", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--steps", type=int, default=100, help="of each world")
    options = parser.parse_args()
    boa.set_env(Engine())
    boa.env.evm.patch.timestamp = START
    seen: Counter[str] = Counter()
    began, failures = time.process_time(), []
    for seed in range(options.seed, options.seed + options.worlds):
        if failure := play(seed, options.steps, seen):
            failures.append(failure)
            print(failure, flush=True)
    print(
        f"seed {options.seed}, {options.worlds} worlds, {seen.pop('steps')} steps, "
        f"{len(failures)} failures, {time.process_time() - began:.0f} s of CPU"
    )
    for what, count in sorted(seen.items()):
        print(f"{count:>8,}  {what}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
