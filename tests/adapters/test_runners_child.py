"""What holds for tasks in child processes alone."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chalicelib.adapters.runners.child import ChildRunner
from chalicelib.adapters.runners.fate import in_words
from chalicelib.pipeline.outcome import RESULT_BYTES, Raised, Returned
from tests.adapters.calls import PATIENCE, start
from tests.adapters.watching import children as children_of
from tests.adapters.watching import descriptors, watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

SECONDS = PATIENCE.total_seconds()
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("how", "words", "fingerprint"),
    [
        ("exit", "ended with exit code 3 before it answered", "child-exit-3"),
        ("kill", "was killed by SIGKILL", "child-sigkill"),
        ("segfault", "was killed by SIGSEGV", "child-sigsegv"),
    ],
)
def test_a_child_that_dies_is_an_outcomein_words(children, how, words, fingerprint):
    started = start(children, "child_die", how=how)
    outcome = started.outcome()
    assert (outcome.failure.type, outcome.failure.fingerprint, outcome.again) == (
        "ChildDied",
        fingerprint,
        True,
    )
    assert words in outcome.failure.message
    assert started.line.next() == (None, "last words")


def test_the_tasks_policy_says_whether_a_dead_child_is_worth_another_attempt(children):
    assert start(children, "child_die_for_good", how="exit").outcome().again is False


@pytest.mark.parametrize(
    ("fate", "words"),
    [
        ("0", "exit code 0"),
        ("-6", "SIGABRT"),
        ("-63", "signal 63"),
        ("!Resource temporarily unavailable", "could not be forked: Resource temporarily"),
        ("", "forked from ended"),
    ],
)
def test_every_fate_has_words(fate, words):
    assert words in in_words(fate)[0]


def test_large_arguments_and_results_pass(children):
    value = "ü" * (RESULT_BYTES // 2 - 1)
    outcome = start(children, "child_echo", value=value).outcome()
    assert isinstance(outcome, Returned)
    assert outcome.json == f'"{value}"'


def test_a_result_that_is_too_large_does_not_leave_the_child(children):
    outcome = start(children, "child_grow", size=RESULT_BYTES).outcome()
    assert (outcome.failure.type, outcome.again) == ("ResultNotJson", False)
    assert f"{RESULT_BYTES + 2:,} bytes" in outcome.failure.message


def test_stopping_kills_the_child_and_its_children_before_it_returns(children):
    started = start(children, "child_with_a_grandchild", wait=True)
    grandchild, child = map(int, started.line.next()[1].split())
    gone = watch(grandchild)
    started.execution.stop()
    assert not Path(f"/proc/{child}").exists(), "killed, and reaped"
    assert gone()
    assert started.outcome().failure.fingerprint == "child-sigkill"


def test_when_memory_runs_out_the_child_goes_first(children):
    started = start(children, "child_with_a_grandchild", wait=True)
    child = started.line.next()[1].split()[1]
    assert Path(f"/proc/{child}/oom_score_adj").read_text() == "1000\n"
    started.execution.stop()


def test_what_a_task_leaves_behind_ends_with_it(children):
    started = start(children, "child_with_a_grandchild", wait=False)
    grandchild = int(started.line.next()[1].split()[0])
    gone = watch(grandchild)
    assert started.outcome() == Returned(json='"left it behind"')
    assert gone()


def test_a_fork_of_the_task_has_no_line_and_cannot_hold_ours(children, capfd):
    started = start(children, "child_with_a_grandchild", wait=False, fork=True)
    grandchild = int(started.line.next()[1].split()[0])
    gone = watch(grandchild)
    assert started.outcome() == Returned(json='"left it behind"')
    assert gone()
    assert started.execution._gone.wait(SECONDS)
    assert started.line.said.empty()


def test_a_task_stopped_before_its_child_was_forked_never_runs(registry):
    # Given a template that is still busy importing
    runner = ChildRunner(("tests.adapters.cases_in_child",), registry)
    started = start(runner, "child_with_a_grandchild", wait=True)
    while runner._nest._template is None:
        assert not started.execution._gone.wait(0.001)
    template = runner._nest._template[0].pid
    os.kill(template, signal.SIGSTOP)
    # When the attempt is over before the child was born, or just then
    threading.Timer(0.05, os.kill, (template, signal.SIGCONT)).start()
    started.execution.stop()
    # Then the task has not begun, or not got far
    assert started.outcome().failure.fingerprint in ("child-sigkill", "child-exit-0")
    assert children_of(template) == []


def test_a_hundred_children_leave_no_file_and_no_zombie(children):
    first = start(children, "child_echo", value=0)
    assert first.outcome() == Returned(json="0")
    assert first.execution._gone.wait(SECONDS)
    before = descriptors()
    executions = [start(children, "child_echo", value=number) for number in range(50)]
    executions += [start(children, "child_die", how="exit") for _ in range(25)]
    executions += [start(children, "child_stuck") for _ in range(25)]
    for started in executions[75:]:
        started.execution.stop()
    for started in executions:
        started.outcome()
        assert started.execution._gone.wait(SECONDS)
    assert descriptors() <= before
    template = children._nest._template[0].pid
    assert children_of(template) == []
    assert [state for _, state in children_of(os.getpid()) if state == "Z"] == []


def test_words_are_whole_whenever_the_soft_limit_comes(children):
    for words in (1, 5, 20):
        started = start(children, "child_chatter")
        for _ in range(words):
            started.line.next()
        started.execution.soften()
        outcome = started.outcome()
        assert isinstance(outcome, Returned), outcome
        assert json.loads(outcome.json).startswith("said ")


def test_a_log_line_asks_nothing_during_which_a_soft_limit_would_be_dropped(children):
    assert start(children, "child_records_ask_nobody").outcome() == Returned(json="true")


def test_a_child_that_has_answered_and_does_not_go_is_killed(children, monkeypatch):
    monkeypatch.setattr("chalicelib.adapters.runners.child.DEATH_SECONDS", 0.05)
    started = start(children, "child_linger")
    assert started.outcome() == Returned(json='"done"')
    assert started.execution._gone.wait(SECONDS)


@pytest.mark.parametrize("words", ["progress", "log", "raised", "unheard of"])
def test_strange_words_of_a_child_are_no_harm(children, words):
    assert start(children, "child_strange", words=words).outcome() == Returned(json='"all the same"')


def test_every_child_has_its_own_luck(children):
    assert len({start(children, "child_luck").outcome().json for _ in range(5)}) == 5


def test_a_dead_template_fails_its_children_and_is_replaced(children):
    started = start(children, "child_with_a_grandchild", wait=True)
    grandchild, child = map(int, started.line.next()[1].split())
    gone = watch(child)
    os.kill(children._nest._template[0].pid, signal.SIGKILL)
    assert started.outcome().failure.fingerprint == "child-template"
    assert gone(), "a child does not outlive its template"
    os.kill(grandchild, signal.SIGKILL)  # nobody was left to do that
    assert start(children, "child_echo", value=1).outcome() == Returned(json="1")


def test_the_template_can_be_started_before_the_first_task(registry):
    runner = ChildRunner(("tests.adapters.cases_in_child",), registry)
    runner.warm()
    runner.warm()
    template = runner._nest._template
    assert start(runner, "child_echo", value=1).outcome() == Returned(json="1")
    assert runner._nest._template is template


def test_a_template_that_cannot_start_is_an_outcome(registry, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    outcome = start(ChildRunner((), registry), "child_echo", value=1).outcome()
    assert (outcome.failure.fingerprint, outcome.again) == ("child-not-started", True)


def test_a_module_that_cannot_be_imported_is_named(registry):
    outcome = start(ChildRunner(("no_such_module",), registry), "child_echo", value=1).outcome()
    assert (outcome.failure.type, outcome.again) == ("ModuleNotFoundError", True)
    assert outcome.failure.message == "No module named 'no_such_module'"


def test_a_task_that_the_child_does_not_know_is_rejected(registry):
    outcome = start(ChildRunner((), registry), "child_echo", value=1).outcome()
    assert (outcome.failure.type, outcome.again, outcome.rejected) == ("UnknownTask", True, True)


def test_the_parents_levels_hold_in_the_child(children, caplog):
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.ERROR, logger="jobline.task.child_log")
    start(children, "child_log", message="here").outcome()
    assert [record.levelname for record in caplog.records if record.name == "jobline.task.child_log"] == [
        "ERROR"
    ]


@pytest.mark.parametrize(
    "how",
    [
        ["-c", "import tests.adapters.one_child"],
        ["-m", "tests.adapters.one_child"],
        ["tests/adapters/one_child.py"],
    ],
    ids=["-c", "-m", "script"],
)
def test_children_start_from_any_main_and_do_not_run_it_again(how):
    done = subprocess.run(
        [sys.executable, *how],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("main is") == 1
    assert "from the child" in done.stdout.splitlines()[-1]


def test_children_do_not_outlive_a_worker_that_was_killed():
    with subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.one_child", "stay"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        worker.stdout.readline()
        pids = [int(word) for word in worker.stdout.readline().split()]
        gone = [watch(pid) for pid in pids]
        worker.kill()
        assert len(pids) == 3
        assert all(ended() for ended in gone), "grandchild, child and template"


def test_a_worker_that_ends_takes_its_children_with_it():
    with subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.one_child", "stay"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as worker:
        worker.stdout.readline()
        gone = [watch(int(word)) for word in worker.stdout.readline().split()]
        worker.stdout.readline()
        worker.send_signal(signal.SIGINT)
        assert worker.wait(SECONDS) != 0
        assert all(ended() for ended in gone)


def test_an_outcome_that_the_parent_cannot_make_is_still_one(registry):
    # arguments that are no JSON come from no store; if they do come, the attempt is told all the same
    outcome = start(ChildRunner((), registry), "child_echo", value={1, 2}).outcome()
    assert isinstance(outcome, Raised)
