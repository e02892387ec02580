"""The pytest plugin: two fixtures. What they are made of is imported when a test asks for one, so other tests do not pay for it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from jobline.testing import Jobline, Report


@pytest.fixture
def jobline() -> "Iterator[Jobline]":
    """A Jobline in memory, with virtual time: `f.delay(...)` goes there while the test runs."""
    from jobline.testing import Jobline

    with Jobline() as running:
        yield running


@pytest.fixture
def crash_every_point() -> "Callable[..., Report]":
    """`jobline.testing.crash_every_point`: kills a task before and after each of its side effects."""
    from jobline.testing import crash_every_point

    return crash_every_point
