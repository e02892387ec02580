"""A process that is at work when its function changes ends after its work, and never before."""

import subprocess
import sys

import pytest
from ministack.core import lambda_runtime

from e2e import emulator


class Worker:
    """As the emulator's: a process, and whether it is at work."""

    def __init__(self, *, in_use):
        self.in_use = in_use
        self._proc = self.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
        self.discarded = False

    def _discard_tmpdir(self):
        self.discarded = True

    @property
    def ended(self):
        return self.process.poll() is not None


@pytest.fixture
def make():
    made = []

    def worker(**facts):
        made.append(Worker(**facts))
        return made[-1]

    yield worker
    for each in made:
        each.process.kill()
        each.process.wait(10)


def test_who_is_idle_ends_at_once_and_who_is_busy_when_it_is_done(make):
    idle, busy = make(in_use=False), make(in_use=True)

    emulator.kill_workers([idle, None, busy])

    assert (idle.ended, idle.discarded) == (True, True)
    assert (busy.ended, busy.discarded) == (False, False)

    emulator.release_worker(busy)

    assert (busy.ended, busy.discarded) == (True, True)


def test_a_worker_whose_function_did_not_change_stays(make):
    worker = make(in_use=True)

    emulator.release_worker(worker)

    assert not worker.ended
    assert not worker.in_use


def test_the_emulator_has_what_is_mended():
    """In a process of its own, as the mending is for good."""
    program = """
from e2e import emulator
emulator.install()
from ministack.core import lambda_runtime
from ministack.services import lambda_svc
assert lambda_svc.release_worker is emulator.release_worker
assert lambda_runtime.kill_workers is emulator.kill_workers
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=280)
    assert lambda_runtime.kill_workers is not emulator.kill_workers
