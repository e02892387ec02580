import pytest

from tests.support.stage import Stage


@pytest.fixture
def stage() -> Stage:
    """A whole pipeline on twins, all its writes watched."""
    return Stage()
