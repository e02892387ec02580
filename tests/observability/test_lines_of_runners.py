"""Wherever a task runs, its log lines name the job, the request and the trace."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from chalicelib.adapters import json_log
from chalicelib.adapters.memory.world import START
from chalicelib.adapters.runners import relay
from chalicelib.adapters.runners.child import ChildRunner
from chalicelib.adapters.runners.loop import LoopRunner
from chalicelib.adapters.runners.thread import ThreadRunner
from chalicelib.pipeline.context import running
from chalicelib.pipeline.ports import Facts
from chalicelib.pipeline.task import Registry
from tests.adapters.calls import HeardLine, start
from tests.adapters.cases import register


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(json_log.JsonFormatter())
    kept = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(kept)


@pytest.mark.parametrize("kind", ["thread", "loop", "child"])
def test_a_line_of_a_task_names_all_that_is_known(written: io.StringIO, kind: str):
    # given a task that logs
    registry = register(Registry())
    runner = {
        "thread": lambda: ThreadRunner(registry),
        "loop": lambda: LoopRunner(registry),
        "child": lambda: ChildRunner(("tests.adapters.cases_in_child",), registry),
    }[kind]()

    # when it runs in a request of which the trace is known
    with json_log.bound(request_id="r1", trace_id="t1"):
        start(runner, f"{kind}_log", message="here").outcome()

    # then its lines say so, and which attempt of which job it was
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    own = [line for line in lines if line["message"] == "it is here"]
    assert own
    for line in own:
        assert (line["request_id"], line["trace_id"]) == ("r1", "t1")
        assert {"job_id", "task", "attempt", "epoch"} <= line.keys()


def test_a_library_s_line_in_a_child_is_sent_with_the_jobs_fields():
    # given a record of a logger that knows nothing of jobs, made while a task runs
    record = logging.makeLogRecord({"name": "library", "msg": "hello", "levelno": logging.INFO})
    facts = Facts(id="j1", task="work", tenant="ann", attempt=2, max_attempts=5, epoch=5, deadline=START)
    with running(facts, line=HeardLine()):
        sent = relay.to_wire(record)
    assert sent["extra"] == {"job_id": "j1", "task": "work", "attempt": 2, "epoch": 5, "tenant": "ann"}
