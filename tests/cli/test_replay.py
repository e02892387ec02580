"""`jobline replay`: the recorded input once more, here, with nothing recorded of it."""

import asyncio
import io
import json
import os
import sys
from typing import Annotated, Any

import pytest

from chalicelib import Secret, current_job
from chalicelib.pipeline import secret
from chalicelib.pipeline.task import Options, Registry
from jobline.cli import replay as command
from jobline.cli.connection import write_state
from jobline.cli.exits import Failure
from jobline.cli.main import main
from tests.support.wire import URL

MOOD = {"angry": True}


def moody(why: str) -> str:
    """Fails while it is angry: the code is mended by changing its mood."""
    if MOOD["angry"]:
        raise ValueError(why)
    return f"no {why}"


def says(what: str) -> dict[str, Any]:
    job = current_job()
    job.progress(0.5, what)
    print("printed")
    kept = job.step("kept", what.upper)
    return {"attempt": job.attempt, "replay": job.replay, "kept": kept, "id": job.id}


def numbered(most: int) -> Any:
    for number in range(most):
        yield {"number": number}
    return "counted"


async def later(value: int) -> int:
    await asyncio.sleep(0)
    return value + 1


def doubled(values: list[dict]) -> list[int]:
    return [one["n"] * 2 for one in values]


def starts(value: int) -> str:
    REGISTERED["add"].delay(value)
    return "started another"


def signs_in(user: str, password: Annotated[str, Secret]) -> str:
    return f"{user} {len(password)}"


REGISTERED: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def here(desk, monkeypatch):
    """The tasks of the desk are those that the command finds in this folder."""
    MOOD["angry"] = True
    registry = desk.parts.registry
    for function in (moody, says, numbered, later, starts, signs_in):
        registry.add(function, None, Options(max_attempts=1))
    registry.add(doubled, None, Options(max_attempts=1, batch=True))
    REGISTERED["add"] = registry["add"]
    monkeypatch.setattr("chalicelib.wiring.load_tasks", lambda _modules: registry)
    monkeypatch.setattr(command, "HERE", command.HERE | {"api.test"})


@pytest.fixture
def ended(typed, desk):
    """The id of a job that was submitted so, and has ended."""

    def ended(*words):
        job_id = typed("submit", *words).stdout.strip()
        desk.work()
        return job_id

    return ended


@pytest.fixture
def debugged(monkeypatch, capsys):
    """Replay that job in the debugger and type these lines: how it ended, and what was on the screen.

    Not by click's runner, which takes care that a debugger gets the real terminal.
    """
    watched = sys.gettrace()

    def debugged(job_id, *lines):
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        with pytest.raises((SystemExit, Failure)) as ended:
            main.main(["replay", job_id, "--debug"], standalone_mode=False)
        return ended.value, capsys.readouterr().out

    yield debugged
    sys.settrace(watched)


def told(result) -> dict[str, Any]:
    return json.loads(result.stdout)


def test_what_failed_there_fails_here_the_same_way(typed, ended):
    job_id = ended("moody", "why=no luck")

    again = typed("replay", job_id)

    assert again.exit_code == 1
    assert "ValueError: no luck" in again.stdout
    assert "jobline/replay" not in again.stdout, "our frames are of no use to the author"
    assert "the recorded error is the same, from the same place" in again.stderr


def test_once_the_code_is_mended_it_returns_and_says_what_was_recorded(typed, ended):
    job_id = ended("moody", "why=no luck")
    MOOD["angry"] = False

    again = typed("replay", job_id)

    assert again.exit_code == 0
    assert again.stdout.strip() == '"no no luck"'
    assert "recorded is ValueError: no luck" in again.stderr


def test_nothing_of_it_is_recorded_or_sent(typed, ended, desk):
    job_id = ended("starts", "value=1")
    desk.work()  # what it started
    before = dict(desk.store.rows)

    again = told(typed("replay", job_id, "--json"))
    desk.work()

    assert again["submitted"] == ["add"]
    assert desk.store.rows == before


def test_the_task_knows_which_job_it_is_and_that_this_is_a_replay(typed, ended):
    job_id = ended("says", "what=hello")

    again = typed("replay", job_id, "--json")
    facts = told(again)

    assert facts["result"] == {"attempt": 1, "replay": True, "kept": "HELLO", "id": job_id}
    assert facts["recorded"]["result"]["replay"] is False
    assert facts["same"] is False  # `replay` differs
    assert facts["progress"] == [{"fraction": 0.5, "message": "hello"}]
    assert facts["steps"] == ["kept"]
    assert "printed" in again.stderr, "what a task prints is no part of the answer"


@pytest.mark.parametrize(
    ("words", "result"),
    [
        (("numbered", "most=3"), "counted"),
        (("later", "value=1"), 2),
        (("doubled", "n=4"), 8),
        (("add", "a=1", "b=2"), 3),
    ],
    ids=["generator", "coroutine", "batch", "plain"],
)
def test_every_kind_of_task_is_replayed(typed, ended, words, result):
    again = told(typed("replay", ended(*words), "--json"))

    assert (again["outcome"], again["result"], again["same"]) == ("returned", result, True)


def test_an_argument_may_be_another_one(typed, ended):
    again = told(typed("replay", ended("add", "a=1", "b=2"), "--set", "b=5", "--json"))

    assert (again["result"], again["same"]) == (6, False)


def test_what_stands_for_a_secret_is_what_the_api_shows():
    assert command.HIDDEN == secret.HIDDEN


def test_checkpoints_stay_here(typed, ended):
    assert told(typed("replay", ended("numbered", "most=3"), "--json"))["checkpoints"] == 3


def test_a_job_that_has_no_outcome_yet_is_replayed_without_a_comparison(typed):
    job_id = typed("submit", "add", "a=1", "b=2").stdout.strip()

    again = told(typed("replay", job_id, "--json"))

    assert (again["result"], again["same"]) == (3, None)


@pytest.mark.parametrize(
    ("words", "stops_at"),
    [
        (("moody", "why=x"), "moody()"),
        (("numbered", "most=1"), "numbered()"),
        (("later", "value=1"), "later()"),
    ],
    ids=["plain", "generator", "coroutine"],
)
def test_the_debugger_stops_on_the_tasks_first_line_and_can_be_left_there(ended, debugged, words, stops_at):
    error, screen = debugged(ended(*words), "q")

    assert stops_at in screen.split("(Pdb)")[0]
    assert isinstance(error, Failure)
    assert "the debugger was left" in error.message
    assert sys.gettrace() is None


def test_the_debugger_opens_where_it_failed(ended, debugged):
    error, screen = debugged(ended("moody", "why=deep"), "c", "p 'why is', why", "q")

    assert "('why is', 'deep')" in screen
    assert "ValueError: deep" in screen
    assert isinstance(error, SystemExit)
    assert error.code == 1


class TestRefused:
    def test_jobline_s_own_work(self, typed, desk):
        job_id = typed("workflow", "submit", '{"chain": [{"task": "add", "args": {"a": 1}}]}').stdout.strip()

        refused = typed("replay", job_id)

        assert refused.exit_code == 1
        assert "jobline workflow children" in refused.stderr

    def test_a_task_that_is_not_known_here(self, typed, ended, desk, monkeypatch):
        job_id = ended("add", "a=1")
        monkeypatch.setattr("chalicelib.wiring.load_tasks", lambda _modules: Registry())

        refused = typed("replay", job_id)

        assert refused.exit_code == 2
        assert "--tasks MODULE" in refused.stderr

    def test_modules_that_are_not_here(self, typed, ended, monkeypatch):
        def missing(modules):
            raise ModuleNotFoundError(f"No module named {modules[0]!r}")

        job_id = ended("add", "a=1")
        monkeypatch.setattr("chalicelib.wiring.load_tasks", missing)

        refused = typed("replay", job_id, "--tasks", "elsewhere.tasks")

        assert refused.exit_code == 2
        assert "No module named 'elsewhere.tasks'" in refused.stderr

    def test_arguments_that_are_gone(self, typed, desk):
        job_id = typed("submit", "echo", "--args", json.dumps({"value": "x" * 5000})).stdout.strip()
        desk.payloads.bodies.clear()

        refused = typed("replay", job_id)

        assert refused.exit_code == 1
        assert "its arguments are gone (5,0" in refused.stderr

    def test_arguments_that_no_longer_fit(self, typed, ended, desk, monkeypatch):
        job_id = ended("add", "a=1", "b=2")
        other = Registry()
        other.add(lambda a: a, name="add", options=Options())
        monkeypatch.setattr("chalicelib.wiring.load_tasks", lambda _modules: other)

        refused = typed("replay", job_id)

        assert refused.exit_code == 1
        assert "args" in refused.output

    def test_secret_arguments_which_have_to_be_given_here(self, typed, ended):
        job_id = ended("signs_in", "user=ann", "password=opensesame")

        refused = typed("replay", job_id)
        again = typed("replay", job_id, "--set", "password=opensesame", "--json")

        assert refused.exit_code == 2
        assert "--set password=VALUE" in refused.stderr
        assert told(again)["result"] == "ann 10"

    def test_the_debugger_has_nothing_to_say_to_a_program(self, typed, ended):
        assert typed("replay", ended("add", "a=1"), "--debug", "--json").exit_code == 2


def test_a_job_from_elsewhere_is_asked_about_first(typed, ended, monkeypatch):
    monkeypatch.setattr(command, "HERE", frozenset())
    job_id = ended("add", "a=1")

    assert typed("replay", job_id, input="n\n").exit_code == 1
    assert typed("replay", job_id, "--json").exit_code == 2
    assert typed("replay", job_id, "--yes").exit_code == 0


def test_a_job_of_up_in_this_folder_gets_that_stages_cloud(typed, ended, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://somewhere.test")
    write_state({"api_url": URL, "environment": {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}})

    assert typed("replay", ended("add", "a=1")).exit_code == 0
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
