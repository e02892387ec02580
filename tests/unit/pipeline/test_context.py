"""What a running task can ask and say: `current_job()`, and the line to its attempt."""

import logging
from fractions import Fraction

import pytest

from chalicelib import current_job
from chalicelib.adapters import memory
from chalicelib.domain.errors import JobCancelled
from chalicelib.pipeline.context import running
from chalicelib.pipeline.line import AttemptLine
from chalicelib.pipeline.ports import Facts
from tests.support.notes import NoNotebook
from tests.support.rows import ID, NOW, SECOND

FACTS = Facts(id=ID, task="work", tenant="acme", attempt=2, max_attempts=5, epoch=3, deadline=NOW)


@pytest.fixture
def world():
    return memory.HeldWorld(NOW)


@pytest.fixture
def line(world):
    return AttemptLine(world, NoNotebook())


@pytest.fixture
def job(line):
    with running(FACTS, line) as job:
        yield job


def test_a_task_knows_its_job(job):
    assert current_job() is job
    known = (job.id, job.task, job.tenant, job.attempt, job.max_attempts, job.epoch, job.deadline)
    assert known == (ID, "work", "acme", 2, 5, 3, NOW)


def test_outside_a_task_there_is_no_job(line):
    with running(FACTS, line):
        pass
    with pytest.raises(RuntimeError, match="outside a running task"):
        current_job()


def test_a_task_that_another_one_calls_has_its_own(line):
    inner = Facts(**{**{name: getattr(FACTS, name) for name in FACTS.__slots__}, "task": "inner"})
    with running(FACTS, line) as outer:
        with running(inner, line):
            assert current_job().task == "inner"
        assert current_job() is outer


def test_every_line_of_the_log_names_the_job(job, caplog):
    job.logger.warning("half way", extra={"rows": 5})
    (record,) = caplog.records
    assert (record.name, record.job_id, record.task, record.attempt, record.tenant, record.rows) == (
        "jobline.task.work",
        ID,
        "work",
        2,
        "acme",
        5,
    )
    assert isinstance(job.logger, logging.LoggerAdapter)


@pytest.mark.parametrize(
    ("fraction", "kept"),
    [(0, 0.0), (1, 1.0), (0.5, 0.5), (True, 1.0), (Fraction(1, 3), 0.333333), (1e-300, 0.0), (None, None)],
)
def test_progress_is_a_number_that_a_row_can_hold(job, line, fraction, kept):
    job.progress(fraction, "on it")
    said, progress = line.news()
    assert said
    assert (progress.fraction, progress.message, progress.at) == (kept, "on it", NOW)
    assert type(progress.fraction) in (float, type(None))


@pytest.mark.parametrize("fraction", [-0.01, 1.01, float("nan"), float("inf"), 100])
def test_progress_beyond_all_is_refused(job, fraction):
    with pytest.raises(ValueError, match="not between 0 and 1"):
        job.progress(fraction)


@pytest.mark.parametrize(("said", "kept"), [("x" * 500, "x" * 200), ("\ud800", "?"), (7, "7"), ("", "")])
def test_words_are_kept_short_and_printable(job, line, said, kept):
    job.progress(message=said)
    assert line.latest.message == kept


def test_news_is_told_once_and_the_newest_counts(job, line, world):
    assert line.news() == (False, None)
    job.progress(0.1)
    job.progress(0.2)
    assert line.news()[1].fraction == 0.2
    assert line.news() == (False, None)
    job.heartbeat()
    assert line.news() == (True, None)
    assert line.latest.fraction == 0.2
    world.advance(SECOND)
    assert line.latest.at == NOW


def test_a_task_learns_that_its_job_is_to_be_cancelled(job, line):
    assert not job.cancelled
    job.check_cancelled()
    line.tell_cancelled()
    assert job.cancelled
    with pytest.raises(JobCancelled, match=ID):
        job.check_cancelled()
