"""`jobline logs`: of the files that `jobline up` writes, and of CloudWatch."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from moto import mock_aws

from chalicelib.adapters.json_log import JsonFormatter
from jobline.cli import talk
from jobline.logs.cloudwatch import CloudWatch, pattern
from jobline.logs.files import Files
from jobline.logs.line import Wanted, made_at
from tests.cli.hostile import HOSTILE, harmless
from tests.support.no_account import no_account

ID, OTHER = "01KDWPVNG0AAAAAAAAAAAAAAAA", "01KDWPVNG0BBBBBBBBBBBBBBBB"
MADE = made_at(ID)
assert MADE is not None
LOGS = Path("build/local/logs")


def line(after: float, words: str, job_id: str = ID, *, level: str = "INFO", **fields) -> str:
    """A line as the functions write it, so many seconds after the job was made."""
    record = logging.LogRecord("jobline.life", getattr(logging, level), "f.py", 1, words, (), None)
    assert MADE is not None
    at = MADE + timedelta(seconds=after)
    record.created, record.msecs = at.timestamp(), at.microsecond // 1000
    record.__dict__.update({"job_id": job_id, "task": "add", **fields})
    return JsonFormatter().format(record) + "\n"


@pytest.fixture
def write(jobline):
    """Add to the log of one of the processes of `jobline up`."""
    LOGS.mkdir(parents=True)

    def write(name, *lines):
        with (LOGS / f"{name}.log").open("a", encoding="utf-8") as file:
            file.writelines(lines)

    return write


def test_lines_of_all_processes_come_in_the_order_of_their_times(jobline, write):
    write("consumer", line(1, "started", attempt=1), line(3, "started", attempt=2))
    write("api", line(0, "accepted", attempt=0), line(2, "somebody else's", OTHER))

    told = jobline("logs", ID)

    assert told.exit_code == 0
    rows = [row.split() for row in told.stdout.splitlines()]
    assert [row[-1] for row in rows] == ["accepted", "started", "started"]
    assert [row[1] for row in rows] == ["INFO", "#1", "#2"]


def test_people_are_not_told_the_jobs_own_name_in_each_line_and_are_told_errors_whole(jobline, write):
    write("consumer", line(1, f"add[{ID}]: retried", level="WARNING", error="Traceback\n  ValueError: no"))

    told = jobline("logs", ID).stdout

    assert "WARNING  retried" in told
    assert "    Traceback\n      ValueError: no" in told


def test_json_is_a_line_for_each_with_all_its_fields_and_where_it_is_from(jobline, write):
    write("consumer", line(1, "started", attempt=1, lane="low"))

    (row,) = map(json.loads, jobline("logs", ID, "--json").stdout.splitlines())

    assert (row["message"], row["attempt"], row["lane"], row["source"]) == ("started", 1, "low", "consumer")


def test_since_leaves_out_what_is_older(jobline, write):
    write("consumer", line(1, "first"), line(60, "second"))
    since = (MADE + timedelta(seconds=30)).isoformat()

    assert jobline("logs", ID, "--since", since).stdout.count("\n") == 1


def test_a_workflows_parts_are_shown_when_asked_for(jobline, write):
    write("consumer", line(1, "own"), line(2, "part", OTHER, workflow=ID))

    assert "part" not in jobline("logs", ID).stdout
    assert "part" in jobline("logs", ID, "--children").stdout


def test_following_goes_on_until_the_job_has_ended_and_takes_what_comes_late(jobline, write, monkeypatch):
    write("consumer", line(1, "started", attempt=1))
    later = [
        lambda: write("consumer", line(2, "somebody else's", OTHER, action="succeeded")),
        lambda: write("consumer", line(3, "succeeded", action="succeeded")),
        lambda: write("ticker", line(4, "late")),
    ]
    monkeypatch.setattr(talk, "sleep", lambda _: later.pop(0)())

    told = jobline("logs", ID, "--follow")

    assert [row.split()[-1] for row in told.stdout.splitlines()] == ["started", "succeeded", "late"]
    assert not later


def test_half_a_line_waits_for_its_other_half(write):
    whole = line(1, "started")
    files = Files(LOGS, Wanted(job_id=ID))
    write("consumer", whole[:50])
    assert files.more() == []

    write("consumer", whole[50:], line(2, "again"))

    assert [one.fields["message"] for one in files.more()] == ["started", "again"]
    assert files.more() == []


def test_what_a_task_logged_cannot_play_tricks_on_the_terminal(jobline, write):
    write("consumer", line(1, HOSTILE, error=HOSTILE))

    assert harmless(jobline("logs", ID).output)
    assert harmless(jobline("logs", ID, "--json").output)


def test_a_job_without_lines_is_not_found_and_what_is_no_id_was_typed_wrongly(jobline, write):
    none = jobline("logs", ID)
    assert none.exit_code == 3
    assert "--stage" in none.stderr

    for wrong in ("nonsense", ID.lower(), '01KDWPVNG0AAAAAAAAAAAAA"}a'):
        assert jobline("logs", wrong).exit_code == 2


def test_where_nothing_ever_ran_it_says_where_to_go(jobline):
    told = jobline("logs", ID)

    assert told.exit_code == 2
    assert "--stage dev" in told.stderr


class TestOnAws:
    @pytest.fixture
    def groups(self, monkeypatch):
        """The log groups of stage dev: `groups(function, lines)` adds to one."""
        no_account(monkeypatch)
        with mock_aws():
            import boto3

            from infra.names import Names

            names, logs = Names(app="jobline", stage="dev").log_groups, boto3.client("logs")
            for group in names.values():
                logs.create_log_group(logGroupName=group)
                logs.create_log_stream(logGroupName=group, logStreamName="one")

            def add(function, *lines):
                events = [
                    {"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": text}
                    for text in lines
                ]
                logs.put_log_events(logGroupName=names[function], logStreamName="one", logEvents=events)

            yield add

    def test_every_functions_group_is_asked_and_lambdas_own_words_are_left_out(self, jobline, groups):
        groups("api_handler", line(0, "accepted"))
        groups("consume_low", "START RequestId: 1 Version: $LATEST\n", line(1, "started", attempt=1))
        groups("tick", line(2, "other", OTHER))

        told = jobline("logs", ID, "--stage", "dev", "--json")

        rows = [json.loads(row) for row in told.stdout.splitlines()]
        assert [(row["source"], row["message"]) for row in rows] == [
            ("api_handler", "accepted"),
            ("consume_low", "started"),
        ]

    def test_following_tells_nothing_twice(self, jobline, groups, monkeypatch):
        groups("consume_low", line(1, "started", attempt=1))
        later = [lambda: groups("consume_low", line(2, "succeeded", action="succeeded")), lambda: None]
        monkeypatch.setattr(talk, "sleep", lambda _: later.pop(0)())

        told = jobline("logs", ID, "--stage", "dev", "--follow")

        assert [row.split()[-1] for row in told.stdout.splitlines()] == ["started", "succeeded"]

    def test_events_without_an_id_are_known_again_as_well(self):
        event = {"timestamp": 1, "message": line(1, "started")}

        class Logs:
            def get_paginator(self, _name):
                return self

            def paginate(self, **_asked):
                return [{"events": [event]}]

        asked = CloudWatch(Logs(), {"tick": "/aws/lambda/tick"}, Wanted(job_id=ID))

        assert [len(asked.more()), len(asked.more())] == [1, 0]

    def test_what_aws_refuses_is_said_with_what_it_takes(self, jobline, monkeypatch):
        no_account(monkeypatch)
        with mock_aws():  # no groups at all
            told = jobline("logs", ID, "--stage", "dev")

        assert told.exit_code == 1
        assert "logs:FilterLogEvents" in told.stderr
        assert jobline("logs", ID, "--stage", "nowhere").exit_code == 1

    def test_the_question_is_put_in_cloudwatchs_words(self):
        assert pattern(Wanted(job_id=ID)) == f'{{ ($.job_id = "{ID}") }}'
        assert (
            pattern(Wanted(job_id=ID, children=True)) == f'{{ ($.job_id = "{ID}") || ($.workflow = "{ID}") }}'
        )


def test_an_ids_time_is_the_jobs():
    assert MADE.year == 2026
    assert made_at("Z" * 26) is None  # beyond all calendars
