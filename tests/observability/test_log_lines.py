"""A log line is one JSON object, whatever is in it; it says which job, and tells no secrets."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters import json_log
from chalicelib.adapters.crew import ThreadCrew
from chalicelib.adapters.memory.world import START
from chalicelib.pipeline.context import running
from chalicelib.pipeline.ports import Facts
from tests.observability import journey as trip
from tests.observability.conftest import Journey

NASTY = "\r\n\x1b[31m\x00\x85\u2028\u2029\x7f\ud800\"}{'"


class Paper:
    """A logger that writes on paper."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(json_log.JsonFormatter())
        self.log = logging.Logger("test", logging.DEBUG)  # noqa: LOG001 - one that nobody else has
        self.log.addHandler(handler)

    @property
    def lines(self) -> list[dict[str, Any]]:
        written = self.stream.getvalue()
        assert written.isascii()
        assert all(character.isprintable() or character == "\n" for character in written)
        return [json.loads(line, parse_constant=_no_json) for line in written.splitlines()]


def _no_json(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> Paper:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    return Paper()


def test_a_line_has_a_sentence_for_people_and_fields_for_machines(paper: Paper):
    paper.log.info("job %s started", "j1", extra={"job_id": "j1", "attempt": 2, "none": None})
    [line] = paper.lines
    assert line["message"] == "job j1 started"
    assert (line["level"], line["logger"]) == ("INFO", "test")
    assert (line["job_id"], line["attempt"], line["none"]) == ("j1", 2, None)
    assert line["at"].endswith("Z")


@pytest.mark.parametrize(
    "write",
    [
        lambda log: log.info(NASTY),
        lambda log: log.info("%s", NASTY),
        lambda log: log.info("x", extra={"field": NASTY}),
        lambda log: log.info("x", extra={NASTY: "x"}),
        lambda log: log.info("x", extra={"deep": {NASTY: [NASTY, {NASTY: NASTY}]}}),
        lambda log: log.error("x", exc_info=ValueError(NASTY)),
        lambda log: log.info("x", extra={"bytes": NASTY.encode("utf-8", "replace")}),
    ],
    ids=["message", "argument", "field", "name of a field", "deep inside", "exception", "bytes"],
)
def test_no_text_can_end_a_line_or_colour_a_screen(paper: Paper, write: Callable[[logging.Logger], None]):
    write(paper.log)
    assert len(paper.lines) == 1


TEXT = st.text(st.characters(), max_size=50)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.binary(max_size=20)),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXT, inner)),
    max_leaves=20,
)
NAMES = TEXT.filter(lambda name: name not in {"message", "asctime", *logging.makeLogRecord({}).__dict__})


@given(TEXT, st.dictionaries(NAMES, VALUES, max_size=5))
def test_anything_at_all_is_one_line_of_json(message: str, fields: dict[str, Any]):
    paper = Paper()
    paper.log.info("%s", message, extra=fields)
    assert len(paper.lines) == 1


class Unspeakable:
    """A value whose str() is broken."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    "write",
    [
        lambda log: log.info("%s and %s", *["secret"]),
        lambda log: log.info("%d", "secret"),
        lambda log: log.info("%s", Unspeakable()),
        lambda log: log.info(Unspeakable()),
        lambda log: log.info("x", extra={"field": Unspeakable()}),
    ],
)
def test_a_line_that_cannot_be_said_is_said_without_its_values(
    paper: Paper, capsys: pytest.CaptureFixture[str], write: Callable[[logging.Logger], None]
):
    # when what is logged does not fit its template, which Python's logging would complain of in many lines with all values
    write(paper.log)

    # then there is one line still
    assert len(paper.lines) == 1
    assert "secret" not in paper.stream.getvalue()
    assert capsys.readouterr().err == ""


def test_a_line_stays_small_whatever_it_is_given(paper: Paper):
    much = "x" * 10**5
    paper.log.error(
        much,
        extra={f"{much[:200]}{number}": [much] * 10 for number in range(100)},
        exc_info=ValueError(much),
    )
    deep = {str(number): {"deep": "\U0001f9b6" * 10**5} for number in range(100)}
    paper.log.info("x", extra={"field": deep, "job_id": "j1"})
    assert max(len(line) for line in paper.stream.getvalue().splitlines()) <= json_log.LINE_CHARS
    first, second = paper.lines
    assert len(first["message"]) == json_log.FIELD_CHARS
    assert second["job_id"] == "j1"
    assert second["cut"] > json_log.LINE_CHARS


def test_fields_cannot_pose_as_the_line_s_own(paper: Paper):
    paper.log.info("true", extra={"level": "CRITICAL", "logger": "another", "at": "yesterday"})
    [line] = paper.lines
    assert (line["level"], line["logger"], line["message"]) == ("INFO", "test", "true")
    assert line["at"] != "yesterday"


def test_what_is_bound_is_on_every_line_within_on_whatever_thread(paper: Paper):
    # given work on many threads, each item bound to another trace
    def work(number: int) -> None:
        with json_log.bound(trace_id=f"t{number}", nothing=None):
            paper.log.info("working", extra={"number": number})

    with json_log.bound(request_id="r", trace_id="outer"):
        ThreadCrew(4).each(work, range(20))
        paper.log.info("done")
    paper.log.info("outside")

    # then each line has its own, and all have the request's
    *inside, done, outside = paper.lines
    assert {(line["request_id"], line["trace_id"]) for line in inside} == {
        ("r", f"t{number}") for number in range(20)
    }
    assert all(line["trace_id"] == f"t{line['number']}" for line in inside)
    assert done["trace_id"] == "outer"
    assert not {"request_id", "trace_id", "nothing"} & outside.keys()


def test_any_line_that_a_task_causes_names_its_job(paper: Paper):
    # given a library that knows nothing of jobs
    facts = Facts(id="j1", task="work", tenant="ann", attempt=2, max_attempts=5, epoch=5, deadline=START)
    with running(facts, line=None):  # nobody speaks on it
        paper.log.info("from a library")
    paper.log.info("afterwards")
    inside, afterwards = paper.lines
    assert (inside["job_id"], inside["task"]) == (facts.id, facts.task)
    assert (inside["attempt"], inside["epoch"]) == (2, 5)
    assert "job_id" not in afterwards


@pytest.fixture
def bare_root() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    yield root
    root.handlers[:], root.level = kept


def test_lambdas_own_handler_is_replaced_once(bare_root: logging.Logger):
    bare_root.handlers[:] = [logging.StreamHandler()]
    json_log.configure()
    json_log.configure()
    [handler] = bare_root.handlers
    assert isinstance(handler.formatter, json_log.JsonFormatter)


@pytest.mark.slow
def test_the_whole_output_of_a_journey_tells_no_secret(unsampled: Journey, sampled: Journey):
    # given secrets in arguments, results, exceptions, headers, the environment and a message that is none of ours
    for journey in (unsampled, sampled):
        said = journey.logged + journey.printed + "".join(journey.sent)
        assert "succeeded" in said
        for secret in (trip.SECRET, trip.ENVIRONMENT_SECRET, trip.HEADER_SECRET):
            assert secret not in said
        assert "jl_" not in said  # how API keys begin


@pytest.mark.slow
def test_the_log_tells_a_jobs_life(unsampled: Journey):
    lives = {
        task: [line["action"] for line in unsampled.lines if _tells(line) and line["job_id"] == job_id]
        for task, job_id in unsampled.facts["jobs"].items()
    }
    assert lives["visit"] == ["accepted", "started", "succeeded", "dead_letter"]
    assert lives["stumble"] == ["accepted", "started", "retried", "started", "died"]
    assert lives["cancelled"] == ["accepted", "cancelled"]


def _tells(line: dict[str, Any]) -> bool:
    return "action" in line and "job_id" in line


@pytest.mark.slow
def test_every_line_about_a_job_says_which_and_where(unsampled: Journey):
    about = [line for line in unsampled.lines if "job_id" in line]
    assert about
    for line in about:
        assert {"task", "attempt", "epoch", "tenant", "trace_id", "request_id"} <= line.keys(), line
    died = next(line for line in about if line.get("action") == "died")
    assert (died["error_type"], died["reason"], died["level"]) == ("ValueError", "failed", "WARNING")
    own = [line for line in about if line["logger"] == "errands"]
    assert [line["task"] for line in own] == ["visit"]
