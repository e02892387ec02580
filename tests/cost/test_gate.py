"""What a change may not add to a plain job, in counts: bytes, calls, imports, function calls, memory left behind. Times are for `make measures`.

Each bound is what was counted when it was written, with a little room; whoever needs more changes it here, and says why in the commit.
"""

import gc
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from moto import mock_aws

from bench.cold_start.start import CLIENTS
from bench.measures.memory import Working
from bench.meter import Meter, metering
from bench.run import arguments, as_found
from bench.stage import stage
from chalicelib.domain.job import Job, Wakeup
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.messages import encode
from tests.contract.backends import one_at_a_time
from tests.cost.test_cold_start import imported

# ------------------------------------------------------------------------------------------------------------------ bytes

ROW_BYTES = {"QUEUED": 450, "RUNNING": 515, "SUCCEEDED": 840}
"""With arguments of 300 bytes, a result of as many, and the whole history. A KiB is a write unit."""

MESSAGE_BYTES = 75


def test_a_plain_jobs_row_has_no_more_bytes_than_it_had(on_moto):
    found = on_moto[0].row_bytes
    assert {state: size for state, size in found.items() if size > ROW_BYTES[state]} == {}


def test_a_message_is_a_wakeup_and_no_more():
    wakeup = Wakeup(tenant="default", job_id="01KDWPVNG0FMNSVKE1CC0RQBKJ", epoch=0, lane="default")
    assert len(encode(wakeup)) <= MESSAGE_BYTES


# ------------------------------------------------------------------------------------------------------------------ calls


@pytest.fixture(scope="module")
def calls() -> dict[str, Counter[str]]:
    """Calls by what made them, on moto: with everything known that a warm function knows."""
    meter, found = Meter(), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with mock_aws(), one_at_a_time(), metering(meter), stage() as there:
            as_found(there.parts)

            def counted(name: str, act: Callable[[], object]) -> None:
                with meter.during(name):
                    act()
                phase = meter.phases.get(name, {})
                found[name] = Counter({operation: tally.calls for operation, tally in phase.items()})

            def submit(jobs: int) -> list[Job | Exception]:
                return enqueue([JobRequest(task="plain", args=arguments())] * jobs, parts=there.parts)

            for jobs in (1, 10, 25):
                counted(f"enqueue {jobs}", partial(submit, jobs))
            [job] = submit(1)
            assert isinstance(job, Job)
            counted("read a job", lambda: there.parts.store.read(job.id))
    return found


@pytest.mark.parametrize(("jobs", "sends"), [(1, 1), (10, 1), (25, 3)])
def test_enqueueing_puts_each_row_and_sends_messages_in_tens(calls, jobs, sends):
    assert calls[f"enqueue {jobs}"] == {"dynamodb.PutItem": jobs, "sqs.SendMessageBatch": sends}


def test_looking_at_a_job_is_one_read(calls):
    assert calls["read a job"] == {"dynamodb.GetItem": 1}


# ---------------------------------------------------------------------------------------------------------------- imports

MODULES = {"app": 440, "consume_default": 425, "tick": 440, "dead_letters": 425}
"""That a function's start brings in, the parts and the tasks included, over those of a bare interpreter."""


@pytest.mark.parametrize("function", [name for name in CLIENTS if name in MODULES])
def test_a_function_imports_no_more_than_it_did(function):
    start = f"import os; os.environ['_HANDLER'] = 'app.{function}'; import app; from chalicelib import wiring; wiring.parts()"
    assert len(imported(start) - imported("")) <= MODULES[function]


# ------------------------------------------------------------------------------------------- what the processor has to do

FUNCTION_CALLS = 500
"""Of Python, for a job: accepted, received, claimed, run and settled on twins, in a batch of ten with statistics. It stands for the time."""

BLOCKS = 1.0
"""Blocks of memory that a job may leave behind."""

KNOWN = time_of.cache_parameters()["maxsize"]
"""Ids whose times are remembered: until so many jobs have come, memory grows."""


@pytest.fixture
def unlogged() -> Iterator[None]:
    """No line is written: what one costs, and who keeps it, depends on what the tests before this one have set up."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


@pytest.mark.usefixtures("unlogged")
def test_a_job_takes_no_more_function_calls_than_it_did():
    working, count = Working(), [0]
    for _ in range(3):
        working.batch()  # what is imported and remembered once

    def called(_frame: object, event: str, _what: object) -> None:
        count[0] += event == "call"

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        for _ in range(5):
            working.batch()
    finally:
        sys.setprofile(before)
    assert count[0] / 50 <= FUNCTION_CALLS


@pytest.mark.usefixtures("unlogged")
def test_a_job_leaves_nothing_behind_in_memory():
    working = Working()
    for _ in range(KNOWN // 10 + 5):
        working.batch()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(50):
        working.batch()
    gc.collect()
    assert (sys.getallocatedblocks() - before) / 500 <= BLOCKS
