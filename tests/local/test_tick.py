"""The tick: again and again, never twice at once."""

import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from jobline.local import tick
from jobline.local.invoke import Function, Stuck
from jobline.local.tick import scheduled_event, tick_every
from tests.support.waiting import until

EVERY = 0.002  # seconds


def ticking(handler, *, timeout=10.0, every=EVERY):
    stop = threading.Event()
    function = Function("tick", handler, timeout=timeout)
    thread = threading.Thread(
        target=tick_every, args=(every, function), kwargs={"region": "eu-west-1", "stop": stop}, daemon=True
    )
    thread.start()

    def end():
        stop.set()
        thread.join(10)
        assert not thread.is_alive()

    return end


def test_it_runs_again_and_again_also_after_failures():
    events = []

    def handler(event, context):
        events.append(event)
        if len(events) % 2:
            raise RuntimeError("broken")

    end = ticking(handler)
    until(lambda: len(events) >= 5)
    end()

    assert {event["detail-type"] for event in events} == {"Scheduled Event"}
    assert len({event["id"] for event in events}) == len(events)


def test_a_slow_one_is_not_joined_by_a_second():
    at_once, most, runs = [], [], []

    def handler(event, context):
        at_once.append(1)
        most.append(len(at_once))
        begun = time.monotonic()
        until(lambda: time.monotonic() > begun + 10 * EVERY)  # ten others fall due meanwhile
        at_once.pop()
        runs.append(1)

    end = ticking(handler)
    until(lambda: len(runs) >= 4)
    end()

    assert max(most) == 1


def test_one_that_never_ends_is_not_joined_either_and_ends_the_ticker(monkeypatch):
    monkeypatch.setattr(tick, "OVERDUE_AT_MOST", 2)
    go_on, runs = threading.Event(), []

    def handler(event, context):
        runs.append(1)
        go_on.wait(10)

    with pytest.raises(Stuck):
        tick_every(0.001, Function("tick", handler, timeout=0.01), region="eu-west-1", stop=threading.Event())

    assert runs == [1]
    go_on.set()


def test_the_event_is_eventbridges():
    at = datetime(2026, 1, 2, 4, 5, 6, 789, tzinfo=timezone(timedelta(hours=1)))

    event = scheduled_event("jobline-local-tick", at, region="eu-west-1")

    assert event["time"] == "2026-01-02T03:05:06Z"
    assert datetime.fromisoformat(event["time"]).tzinfo == UTC
    assert event["source"] == "aws.events"
    assert event["resources"] == ["arn:aws:events:eu-west-1:000000000000:rule/jobline-local-tick"]
