"""A paused lane is left alone on one machine, too."""

import threading
from types import SimpleNamespace

from chalicelib.adapters import memory
from chalicelib.domain.errors import Unavailable
from chalicelib.pipeline.lane_control import pause, resume
from jobline.local.invoke import Answered
from jobline.local.pauses import Pauses
from jobline.local.pump import Pump
from tests.local.fake_sqs import FakeSqs


def test_what_is_paused_is_known_until_it_goes_on():
    parts = memory.parts()
    pauses = Pauses(parts.items)
    pauses.read()
    assert not pauses.has("low")

    pause("low", by="ann", parts=parts)
    pauses.read()
    assert (pauses.has("low"), pauses.has("high")) == (True, False)

    resume("low", by="ann", parts=parts)
    pauses.read()
    assert not pauses.has("low")


def test_while_the_table_does_not_answer_what_was_known_holds():
    parts = memory.parts()
    pause("low", by="ann", parts=parts)
    pauses = Pauses(parts.items)
    pauses.read()

    def down(*_, **__):
        raise Unavailable("no table")

    pauses._items = SimpleNamespace(listed=down)
    pauses.read()

    assert pauses.has("low")


def test_a_paused_pump_receives_nothing_and_goes_on_afterwards():
    # given a pump that is paused for three looks
    sqs, stop, looks = FakeSqs("one", "two"), threading.Event(), iter([True, True, True])

    def paused():
        if next(looks, False):
            assert sqs.calls == [], "it asked the queue"
            return True
        return False

    def done(_):
        stop.set()
        return Answered(value=None)

    Pump(sqs, "lane", SimpleNamespace(invoke=done), wait=0, paused=paused).run(stop)

    assert sqs.left == []
