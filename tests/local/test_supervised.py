"""A process that is kept running, on children that need no process."""

import threading

import pytest

from jobline.local import supervised
from jobline.local.supervised import DidNotStart, Supervised
from tests.support.waiting import until


class FakeChild:
    """Dies when it is told to."""

    log = "the.log"

    def __init__(self, pid, *, ready=True):
        self.pid = pid
        self._ready = ready
        self._dead = threading.Event()
        self._status = 0

    @property
    def running(self):
        return not self._dead.is_set()

    def wait_ready(self, seconds):
        return self._ready

    def die(self, status):
        self._status = status
        self._dead.set()

    def wait(self):
        assert self._dead.wait(10)
        return self._status

    def stop(self, grace):
        if self.running:
            self.die(-15)
        return self._status

    def tail(self, lines=8):
        return "last words"


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(supervised, "pause_before", lambda *_, **__: 0.001)

    class World:
        children, said, failing = [], [], []

        def start(self):
            if self.failing:
                raise self.failing.pop()
            self.children.append(FakeChild(pid=len(self.children) + 1))
            return self.children[-1]

    world = World()
    world.process = Supervised("consumer", world.start, say=world.said.append, ready_within=1)
    world.children.clear()
    world.said.clear()
    yield world
    world.process.stop(0)


def test_every_death_is_told_and_followed_by_a_start(world):
    world.process.launch()
    world.process.await_ready()

    for number, (status, words) in enumerate(
        [(-9, "was killed by SIGKILL"), (3, "ended with status 3")], start=1
    ):
        world.children[-1].die(status)
        until(lambda number=number: len(world.said) == number)
        assert world.said[-1].startswith(
            f"consumer (pid {number}) {words}; started another: pid {number + 1}"
        )

    assert world.said[1].endswith("\nlast words")
    assert world.process.restarts == 2


def test_a_successor_that_cannot_be_started_is_tried_again(world):
    world.process.launch()
    world.process.await_ready()
    world.failing.append(OSError("no memory"))

    world.children[-1].die(-9)

    until(lambda: world.process.pid == 2)
    until(lambda: len(world.said) == 2)
    assert "no other could be started: no memory" in world.said[0]


def test_after_a_stop_nothing_is_started_again(world):
    world.process.launch()
    world.process.await_ready()

    world.process.stop(0)

    assert len(world.children) == 1
    assert not world.children[0].running
    assert not world.said


def test_one_that_is_not_ready_is_reported(world):
    world.process._start = lambda: FakeChild(1, ready=False)
    world.process.launch()

    with pytest.raises(DidNotStart, match="the consumer is not ready; it said last:\nlast words"):
        world.process.await_ready()
