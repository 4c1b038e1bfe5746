import pytest

from tests.oracle_world import FeedWorld


@pytest.fixture(scope="module")
def world() -> FeedWorld:
    return FeedWorld()
