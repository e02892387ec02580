"""docs/schedules.md: its examples run, and do what the page says."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.domain.schedule import ALL, MOST_CAUGHT_UP, NEVER, ON_TIME, ONE
from chalicelib.pipeline.schedule_change import MAX_ARGS
from chalicelib.pipeline.schedule_quota import MOST
from chalicelib.pipeline.task import REGISTRY
from jobline.testing.memory import Jobline

PAGE = (Path(__file__).parents[2] / "docs" / "schedules.md").read_text()
BLOCKS = dict(re.findall(r"```python\n# ([^\n]+)\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def jobline():
    """The page's tasks, declared, and a pipeline in memory."""
    known = dict(REGISTRY.tasks)
    REGISTRY.tasks.clear()
    # given the module as the page has it
    exec(compile(BLOCKS["chalicelib/tasks/nightly.py"], "nightly.py", "exec"), {"__name__": "nightly"})
    with Jobline() as pipeline:
        yield pipeline
    REGISTRY.tasks.clear()
    REGISTRY.tasks.update(known)


def test_what_the_page_declares_runs_by_itself(jobline):
    # when a day passes
    jobline.advance(timedelta(days=1, minutes=3))
    # then it was tidied up at three o'clock in Berlin, and looked around every five minutes
    assert [job.due or job.history[0].at for job in jobline.jobs("tidy_up")] == [
        datetime(2026, 1, 2, 2, tzinfo=UTC)
    ]
    assert len(jobline.jobs("look_around", state="SUCCEEDED")) == 24 * 12


def test_what_the_page_makes_at_run_time_is_made(jobline):
    scope: dict = {"__name__": "make_schedules"}
    story, last = BLOCKS["make_schedules.py"].strip().rsplit("\n", 1)
    exec(compile(story, "make_schedules.py", "exec"), scope)
    mine, made = scope["mine"], scope["made"]
    assert mine.next("weekly", 3) == [datetime(2026, 1, day, 9, tzinfo=UTC) for day in (5, 12, 19)]
    assert made.id == "weekly"
    assert mine.get("weekly").args == '{"days":14}'
    assert sorted(one.task for one in mine) == ["look_around", "look_around", "tidy_up"]
    jobline.run()
    assert [job.state for job in jobline.jobs("tidy_up")] == ["SUCCEEDED"]
    exec(last, scope)
    assert len(list(mine)) == 2


def test_the_pages_figures_are_the_codes():
    for figure in (f"at most {MOST_CAUGHT_UP}", f"{MOST:,} schedules", f"{MAX_ARGS // 1024} KiB"):
        assert figure in PAGE
    assert f"**{ON_TIME // timedelta(minutes=1)} minutes**" in PAGE
    assert all(f"`{word}`" in PAGE for word in (NEVER, ONE, ALL))
