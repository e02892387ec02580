"""docs/long-jobs.md, docs/batch-tasks.md and docs/time-limits.md: their examples run, and the figures they name are those of the code."""

from datetime import timedelta

import pytest

from chalicelib.pipeline.context import STEP_NAME_CHARS
from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.plain import NOTE_BYTES
from chalicelib.pipeline.steps import INLINE_BYTES, MAX_STEPS
from tests.support.pages import DOCS, run


@pytest.mark.parametrize(
    ("page", "tests"), [("long-jobs.md", 2), ("batch-tasks.md", 1), ("time-limits.md", 1)]
)
def test_the_examples_run(page, tests, tmp_path, monkeypatch):
    assert len(run(page, tmp_path, monkeypatch)) == tests


def test_the_figures_are_those_of_the_code():
    page = (DOCS / "long-jobs.md").read_text()
    assert (NOTE_BYTES, INLINE_BYTES, MAX_STEPS, STEP_NAME_CHARS) == (2**20, 8000, 1000, 100)
    assert "up to 1 MiB" in page
    assert "At most 1,000 steps" in page
    assert "1 to 100 printable" in page
    limits = Limits()
    assert (limits.cancel_grace, limits.look_every) == (timedelta(seconds=5), timedelta(seconds=5))
    assert (limits.continue_margin, limits.reserve) == (timedelta(seconds=10), timedelta(seconds=3))
    assert "less than 10 seconds before the attempt's end" in page
