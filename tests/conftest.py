"""What every test shares: the depth of property tests and a fixed start of time."""

import os

import boa
import pytest
from hypothesis import HealthCheck, settings

# `HYPOTHESIS_PROFILE=campaign pytest tests/stateful` for a long search before a release.
_COMMON = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("quick", max_examples=30, stateful_step_count=20, **_COMMON)
settings.register_profile("ci", max_examples=100, stateful_step_count=40, **_COMMON)
settings.register_profile("campaign", max_examples=5_000, stateful_step_count=100, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# [s] Thursday 2026-01-01 00:00 UTC. The default is the clock of the machine.
START = 1_767_225_600
boa.env.evm.patch.timestamp = START


@pytest.fixture(autouse=True)
def forget_storage_traces() -> None:
    """Titanoboa remembers which slots of an address were written, for its error messages, and
    does not forget them when a test is rolled back: the next test's contract at that address
    would be shown by another one's slots, which fails when their types differ."""
    boa.env.sstore_trace.clear()
