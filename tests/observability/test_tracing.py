"""Who is traced, and what is handed on: the tracer before any exporter."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.crew import ThreadCrew
from chalicelib.adapters.tracing import Header, Tracing, invocation_trace, tracer
from chalicelib.pipeline.nobody import NOBODY_TRACES

A, B = "1-67891233-00000000000000000000000a", "1-67891233-00000000000000000000000b"
P = "53995c3f42cd8ad8"
SAMPLED_A = f"Root={A};Parent={P};Sampled=1"
SAMPLED_B = f"Root={B};Parent={P};Sampled=1"
UNSAMPLED_B = f"Root={B};Parent={P};Sampled=0"


class Remembering:
    """An exporter that remembers what it was asked to open."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.notes: list[dict[str, Any]] = []

    @contextmanager
    def inside(self, invocation: Header) -> Iterator[Header]:
        self.opened.append("invocation")
        yield invocation

    @contextmanager
    def joined(self, name: str, sender: Header) -> Iterator[Header]:
        self.opened.append(f"{name} in {sender.trace_id[-1]}")
        yield Header(trace_id=sender.trace_id, parent="0" * 16, sampled=True)

    @contextmanager
    def span(self, name: str) -> Iterator[Header]:
        self.opened.append(name)
        yield Header(trace_id=A, parent="1" * 16, sampled=True)

    def note(self, *, fault: bool, **facts: str | float) -> None:
        self.notes.append({"fault": fault, **facts})


class Setting:
    """A tracer, what Lambda says, and how often the exporter was loaded."""

    def __init__(self, header: str | None, *, missing: bool = False) -> None:
        self.exporter = Remembering()
        self.loads = 0
        self.missing = missing
        self.environment = {} if header is None else {"_X_AMZN_TRACE_ID": header}
        self.tracer = Tracing(self._load, self.environment)

    def _load(self) -> Remembering:
        self.loads += 1
        if self.missing:
            raise ModuleNotFoundError("No module named 'aws_xray_sdk'")
        return self.exporter


def journey(tracer: Tracing, carried: str | None = None) -> list[str | None]:
    """One invocation that handles one message and sends one; the headers on the way."""
    with tracer.invocation(), tracer.span("batch"):
        before = tracer.header()
        with tracer.span("job", carried=carried):
            tracer.note(job_id="j1")
            return [before, tracer.header(), tracer.trace_id()]


def test_what_nobody_sampled_loads_nothing_and_is_handed_on_as_it_came():
    here = Setting(f"Root={A};Parent={P};Sampled=0")
    assert journey(here.tracer) == [f"Root={A};Parent={P};Sampled=0"] * 2 + [A]
    assert journey(here.tracer, UNSAMPLED_B)[1:] == [UNSAMPLED_B, B]
    assert here.loads == 0


def test_a_sampled_invocation_is_traced_and_the_exporter_loaded_once():
    here = Setting(SAMPLED_A)
    journey(here.tracer)
    assert journey(here.tracer)[1] == f"Root={A};Parent={'1' * 16};Sampled=1"
    assert here.loads == 1
    assert here.exporter.opened == ["invocation", "batch", "job"] * 2
    assert here.exporter.notes[0] == {"fault": False, "job_id": "j1"}


def test_a_sampled_message_is_traced_where_it_was_sent_whatever_its_batch_is():
    for invocation in (SAMPLED_A, f"Root={A};Parent={P};Sampled=0", None):
        here = Setting(invocation)
        _, header, trace = journey(here.tracer, SAMPLED_B)
        assert here.exporter.opened[-1] == "job in b"
        assert (header, trace) == (f"Root={B};Parent={'0' * 16};Sampled=1", B)


def test_an_unsampled_message_of_a_sampled_batch_is_traced_with_the_batch():
    here = Setting(SAMPLED_A)
    journey(here.tracer, UNSAMPLED_B)
    assert here.exporter.opened == ["invocation", "batch", "job"]


def test_each_invocation_is_judged_anew():
    # given a warm process whose first invocation was sampled
    here = Setting(SAMPLED_A)
    journey(here.tracer)
    here.exporter.opened.clear()
    here.environment["_X_AMZN_TRACE_ID"] = UNSAMPLED_B
    assert journey(here.tracer)[2] == B
    assert here.exporter.opened == []


def test_outside_an_invocation_nothing_is_known():
    here = Setting(SAMPLED_A)
    journey(here.tracer)
    here.tracer.note(job_id="j1")
    assert (here.tracer.header(), here.tracer.trace_id()) == (None, None)
    with here.tracer.span("alone"):
        assert here.tracer.header() is None


def test_a_missing_library_is_told_once_and_fails_no_job(caplog: pytest.LogCaptureFixture):
    here = Setting(SAMPLED_A, missing=True)
    assert journey(here.tracer)[1] == SAMPLED_A
    journey(here.tracer)
    assert here.loads == 1
    assert [record.action for record in caplog.records] == ["not_traced"]  # type: ignore[attr-defined]


def test_an_exception_passes_through_and_closes_what_was_open():
    here = Setting(SAMPLED_A)
    with pytest.raises(KeyError), here.tracer.invocation(), here.tracer.span("batch"):
        raise KeyError
    assert here.tracer.header() is None


def test_threads_that_help_know_the_trace_of_whom_they_help():
    here = Setting(UNSAMPLED_B)
    with here.tracer.invocation():
        assert set(ThreadCrew(4).each(lambda _: here.tracer.trace_id(), range(20))) == {B}


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "nonsense",
        f"Root={A[:-1]};Parent={P};Sampled=1",
        f"Root={A}\r\nX;Parent={P}",
        f"Root={A.upper()};Parent={P}",
        "Root=" + "x" * 10_000,
    ],
)
def test_what_is_no_header_is_none(text: str | None):
    assert Header.read(text) is None


def test_a_header_is_read_with_what_others_add_to_it():
    read = Header.read(f"Self=1-x;Root={A};Parent={P};Sampled=1;Lineage=a87bd80c:0|68fd508a:5")
    assert read == Header(trace_id=A, parent=P, sampled=True)
    assert Header.read(SAMPLED_A) == read
    assert read is not None
    assert read.text() == SAMPLED_A


def test_a_header_without_a_parent_can_be_handed_on_but_not_be_joined():
    read = Header.read(f"Root={A};Sampled=1")
    assert read == Header(trace_id=A, parent=None, sampled=False)
    assert read.text() == f"Root={A};Sampled=0"


@given(st.text())
def test_no_text_from_a_message_breaks_the_reading(text: str):
    found = Header.read(text)
    assert found is None or Header.read(found.text()) == found


def test_lambdas_own_trace_is_known_at_the_door():
    assert invocation_trace({"_X_AMZN_TRACE_ID": SAMPLED_A}) == A
    assert invocation_trace({}) is None


def test_without_a_daemon_nobody_takes_spans_but_headers_go_on():
    # given a developer's machine, to which somebody sends a sampled header
    here = tracer("jobline-local", {"_X_AMZN_TRACE_ID": SAMPLED_A})
    assert journey(here)[1] == SAMPLED_A
    assert "aws_xray_sdk" not in sys.modules or here._exporter is None


def test_where_nobody_traces_nothing_is_known():
    with NOBODY_TRACES.invocation(), NOBODY_TRACES.span("x", carried=SAMPLED_A):
        NOBODY_TRACES.note(job_id="j1")
        assert (NOBODY_TRACES.header(), NOBODY_TRACES.trace_id()) == (None, None)


def test_importing_the_app_loads_neither_the_sdk_nor_what_it_needs():
    # given what Lambda's init phase imports and builds
    program = """
import sys, app
from chalicelib import wiring
wiring.parts()
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("aws_xray_sdk", "wrapt", "jsonschema")))
"""
    environment = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_X_AMZN_TRACE_ID": SAMPLED_A,
        "LAMBDA_TASK_ROOT": "/var/task",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=280,
        check=True,
    )
    assert done.stdout == "[]\n"
