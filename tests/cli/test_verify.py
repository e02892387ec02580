"""`jobline verify`: a job's row, by the API, and its lines, by the files of `jobline up`."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.adapters.json_log import JsonFormatter

LOGS = Path("build/local/logs")


@pytest.fixture
def job(desk):
    """A job that succeeded."""
    made = desk.caller("submit").submit()
    desk.work()
    return made


@pytest.fixture
def witness(typed, desk):
    """The log's lines about a job: these actions, in these epochs."""

    def write(job_id, *told):
        LOGS.mkdir(parents=True, exist_ok=True)
        row = desk.row(job_id)
        for action, epoch in told:
            record = logging.LogRecord("jobline.life", logging.INFO, "f.py", 1, action, (), None)
            record.created = row.history[-1].at.timestamp()
            fields = {**row.log_fields(), "action": action, "epoch": epoch}
            record.__dict__.update(fields)
            with (LOGS / "all.log").open("a", encoding="utf-8") as file:
                file.write(JsonFormatter().format(record) + "\n")

    return write


def test_a_job_that_both_tell_alike_holds(typed, job, witness):
    witness(job, ("accepted", 0), ("started", 1), ("succeeded", 1))
    told = typed("verify", job, "--json", "--strict")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == {
        "job": job,
        "entries": 2,
        "lines": 3,
        "disagree": [],
        "not_witnessed": [],
        "holds": True,
    }
    assert "2 entries, and 3 log lines: holds" in typed("verify", job).stdout


def test_what_the_log_contradicts_does_not(typed, job, witness):
    witness(job, ("accepted", 0), ("started", 1), ("died", 1))
    told = typed("verify", job)
    assert told.exit_code == 1
    assert "disagrees: the log tells of died in epoch 1" in told.stdout
    assert "no log line tells of: entry 2, succeeded in epoch 1" in told.stdout
    assert "2 entries, and 3 log lines: does not hold" in told.stdout


def test_what_no_line_tells_of_is_said_and_counts_where_it_is_to(typed, job, witness):
    witness(job, ("accepted", 0), ("started", 1))
    told = typed("verify", job)
    assert (told.exit_code, "succeeded in epoch 1" in told.stdout) == (0, True)
    assert typed("verify", job, "--strict").exit_code == 1


def test_without_any_line_it_says_so(typed, job):
    LOGS.mkdir(parents=True)
    told = typed("verify", job)
    assert (told.exit_code, "the log has no line about it" in told.stdout) == (0, True)
    assert typed("verify", job, "--strict").exit_code == 1


def test_the_row_alone_is_held_against_the_law(typed, desk, job):
    assert "held against the law alone: holds" in typed("verify", job, "--no-log").stdout
    row = desk.row(job)
    desk.store.rows[job] = replace(row, history=row.history[1:])
    told = typed("verify", job, "--no-log")
    assert told.exit_code == 1
    assert "nobody claimed with its mark" in told.stdout


def test_a_job_that_is_not_there_or_is_none(typed):
    assert typed("verify", "01KDWPVNG0AAAAAAAAAAAAAAAA", "--no-log").exit_code == 3
    assert typed("verify", "x").exit_code == 2
