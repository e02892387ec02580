"""A process of the stack: started, watched, ended by its id, with all that it started."""

import os
import signal
import textwrap

import pytest

from jobline.local.child import Child, how_it_ended
from tests.local.processes import alive
from tests.support.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def start(tmp_path):
    started = []

    def start(program):
        (tmp_path / "program.py").write_text(textwrap.dedent(program), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        child = Child(
            "program", "program", ["one", "two"], environment=environment, log=tmp_path / "program.log"
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.stop(0)


def test_a_child_says_when_it_is_ready_and_ends_when_asked(start):
    child = start("""
        import sys, threading
        from jobline.local import leash
        print("my arguments:", sys.argv[1:], flush=True)
        leash.ready()
        threading.Event().wait()
    """)

    assert child.wait_ready(15)
    assert child.running
    assert child.tail() == "my arguments: ['one', 'two']"

    assert child.stop(15) == -signal.SIGTERM
    assert not child.running
    assert child.stop(15) == -signal.SIGTERM  # once more does no harm


def test_one_that_ends_without_a_word_is_not_ready(start):
    child = start("raise SystemExit('no')")

    assert not child.wait_ready(15)
    assert child.wait() == 1
    assert child.tail() == "no"


def test_one_that_takes_too_long_is_not_ready_but_runs(start):
    child = start("import threading; threading.Event().wait()")

    assert not child.wait_ready(0.1)
    assert child.running


def test_one_that_will_not_end_is_made_to(start):
    child = start("""
        import signal, threading
        from jobline.local import leash
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        leash.ready()
        while True: threading.Event().wait()
    """)
    assert child.wait_ready(15)

    assert child.stop(0.1) == -signal.SIGKILL


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_killed_child_had_started_ends_with_it(start, by):
    child = start("""
        import subprocess, threading
        from jobline.local import leash
        print(subprocess.Popen(["sleep", "1000"]).pid, flush=True)
        leash.ready()
        threading.Event().wait()
    """)
    assert child.wait_ready(15)
    grandchild = int(child.tail())
    assert alive(grandchild)

    os.kill(child.pid, by)

    assert child.wait() == -by
    until(lambda: not alive(grandchild))


def test_a_child_and_all_that_it_started_end_when_the_parent_lets_go(start):
    child = start("""
        import signal, subprocess, threading
        from jobline.local import leash
        print(subprocess.Popen(["sleep", "1000"]).pid, flush=True)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        leash.ready()
        threading.Event().wait()
    """)
    assert child.wait_ready(15)
    grandchild = int(child.tail())

    child._leash.close()  # what the system does for a parent that is killed

    assert child.wait() == -signal.SIGKILL
    until(lambda: not alive(grandchild))


def test_the_tail_is_of_this_run_alone(start):
    start("print('first')").wait()

    again = start("print('second')")
    again.wait()

    assert again.tail() == "second"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "ended with status 0"),
        (70, "ended with status 70"),
        (-9, "was killed by SIGKILL"),
        (-99, "was killed by signal 99"),
    ],
)
def test_an_exit_status_in_words(status, words):
    assert how_it_ended(status) == words
