"""What a plain job takes of the processor, held by counts: of calls of functions, of JSON written and read, of threads. Times are `python -m bench.cpu`'s."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.once import once

FUNCTIONS = {"consume": 1030, "enqueue": 555}
"""Calls of functions a job on the thread that does the work, direct calls on, as counted on Python 3.11; before this was looked at 1,680 and 1,000."""

ROOM = 1.08
"""Whoever adds a feature may need some. Whoever needs more than this looks at what he made every job pay."""


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    return once("processor", _counted, tmp_path_factory)


def _counted():
    run = subprocess.run(
        [sys.executable, "-m", "bench.cpu.count"],
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.mark.parametrize("what", FUNCTIONS)
def test_a_plain_job_calls_about_as_many_functions_as_it_did(counted, what):
    assert FUNCTIONS[what] / 2 < counted[what]["functions"] <= FUNCTIONS[what] * ROOM


def test_a_consumed_job_writes_and_reads_json_nine_times(counted):
    # Its message, its arguments, its result (written, and read to see that it can be), two log lines, two requests and their
    # answers; and a batch's metrics.
    assert counted["consume"]["json"] <= 9.2


def test_a_submitted_job_writes_and_reads_json_six_times(counted):
    # Its arguments (written, and read to see that they can be), its message, a log line, its row's request and the answer; and of a
    # batch of messages the same.
    assert counted["enqueue"]["json"] <= 6.3


def test_of_botocore_little_is_left_in_a_direct_call(counted):
    # Its client's method, and one event: 11 calls of functions, where a call that is wholly its own takes hundreds.
    assert counted["consume"]["botocore"] <= 2 * 15
    assert counted["consume"]["botocore"] > 0


def test_tasks_use_threads_again(counted):
    # One that has not quite gone back when the next task comes is one more: a few, not one a job.
    assert counted["threads"] <= 0.5


def test_a_plain_job_is_three_writes_and_a_tenth_of_a_message_batch(counted):
    assert counted["requests"] == {
        "PutItem": 1.0,
        "UpdateItem": 2.0,
        "GetItem": 0.0,
        "SendMessageBatch": 0.1,
    }
