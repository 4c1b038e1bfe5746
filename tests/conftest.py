"""What every test shares: the depth of property tests and a fixed start of time."""

import os
from typing import Any

import boa
import pytest
from hypothesis import HealthCheck, settings

from novate.engine import Engine
from novate.engine.cache import folder

# Examples of a plain run are the same every time, so whoever sees it red sees it red again; what
# nobody has seen is looked for with `HYPOTHESIS_PROFILE=campaign pytest ...` before a release.
_COMMON = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile(
    "quick", max_examples=30, stateful_step_count=20, derandomize=True, **_COMMON
)
settings.register_profile("ci", max_examples=100, stateful_step_count=40, **_COMMON)
settings.register_profile("campaign", max_examples=5_000, stateful_step_count=100, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# What tests compile from text is kept there too, and nothing in the user's home.
_CACHE = folder()
boa.interpret.set_cache_dir(None if _CACHE is None else str(_CACHE / "titanoboa"))

# `NOVATE_ENGINE=py-evm pytest ...` runs every test on the slow engine.
boa.set_env(Engine())
# [s] Thursday 2026-01-01 00:00 UTC. The default is the clock of the machine.
START = 1_767_225_600
boa.env.evm.patch.timestamp = START


@pytest.fixture(scope="module", autouse=True)
def addresses(request: pytest.FixtureRequest) -> None:
    """Made-up addresses decide ties and gas: a file draws the same ones, whatever ran before it."""
    boa.env._random.seed(request.module.__name__)


@pytest.fixture(scope="module")
def world() -> Any:
    """A market as it is usually deployed, unless a file or folder has a world of its own."""
    # Imported late: most files need none.
    from tests.world import World

    return World()
