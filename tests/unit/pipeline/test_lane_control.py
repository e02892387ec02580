"""A paused lane: nothing of it is lost, nothing is used up, and when it goes on all of it runs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from chalicelib.adapters.memory import MemoryFeeds
from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.job import State
from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.lane_control import SETTLED, controls, pause, paused_lanes, resume
from chalicelib.pipeline.nobody import NOBODY_FEEDS
from chalicelib.pipeline.ports import Feed
from jobline.testing import drive
from tests.support.stage import Stage

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BY = "ann (k1)"


def ticked(stage: Stage, span: timedelta, every: timedelta = MINUTE) -> None:
    """Time passes, with its ticks and deliveries."""
    for _ in range(int(span / every)):
        stage.world.advance(every)
        drive.tick(stage.parts)
        drive.drain(stage.parts)


def settled(stage: Stage) -> bool:
    """Nobody has to look after any lane."""
    return not stage.parts.items.due(stage.world.now() + DAY, 10)


def test_jobs_of_a_paused_lane_wait_and_others_run(stage: Stage):
    # given a paused lane
    stage.works(lane="low")
    pause("low", by=BY, parts=stage.parts)

    # when jobs are submitted to it, and to another
    waiting, other = stage.submit(), stage.submit(lane="high")
    ticked(stage, HOUR)

    # then the one waits, untouched, and the other ran
    assert stage.row(other).state is State.SUCCEEDED
    row = stage.row(waiting)
    assert (row.state, row.attempts, row.epoch) == (State.QUEUED, 0, 0)


def test_nothing_is_received_and_no_message_is_sent_after_another(stage: Stage):
    # given jobs in a lane that is paused for three days
    stage.works(lane="low")
    pause("low", by=BY, parts=stage.parts)
    jobs = [stage.submit() for _ in range(5)]
    ticked(stage, HOUR)
    ticked(stage, 3 * DAY, every=10 * MINUTE)

    # then each has the one message that it was accepted with, never delivered, and nobody is dead
    assert len(stage.queue.messages) == len(jobs)
    assert {message.receives for message in stage.queue.messages} == {0}
    assert {stage.row(job).state for job in jobs} == {State.QUEUED}


def test_looks_at_what_waits_become_rare(stage: Stage):
    stage.works(lane="low")
    pause("low", by=BY, parts=stage.parts)
    stage.submit()
    before = stage.store.writes

    ticked(stage, DAY)

    assert stage.store.writes - before <= 24 + 10  # one an hour, once it has waited for an hour


@pytest.mark.parametrize("messages", ["there", "expired"])
def test_when_it_goes_on_all_jobs_run_with_their_messages_or_without(stage: Stage, messages):
    # given jobs that waited for five days, longer than a message is kept
    stage.works(lane="low")
    pause("low", by=BY, parts=stage.parts)
    jobs = [stage.submit() for _ in range(5)]
    late = stage.submit(delay=2 * DAY)  # became due while it was paused
    ticked(stage, 5 * DAY, every=10 * MINUTE)
    if messages == "expired":
        stage.queue.messages.clear()

    # when the lane goes on
    resume("low", by=BY, parts=stage.parts)
    ticked(stage, 2 * HOUR)

    # then all ran, each at its first attempt
    rows = [stage.row(job) for job in (*jobs, late)]
    assert {(row.state, row.attempts) for row in rows} == {(State.SUCCEEDED, 1)}
    assert not stage.queue.messages


def test_a_job_that_becomes_due_in_a_paused_lane_gets_its_one_message(stage: Stage):
    stage.works(lane="low")
    pause("low", by=BY, parts=stage.parts)
    job = stage.submit(delay=HOUR)

    ticked(stage, DAY, every=MINUTE)

    assert stage.row(job).state is State.QUEUED
    assert len(stage.queue.messages) == 1


def test_a_worker_that_is_lost_in_a_paused_lane_is_replaced_when_it_goes_on(stage: Stage):
    # given a job whose worker died, in a lane that was paused meanwhile
    stage.works(lane="low")
    job = stage.submit()
    stage.claim(job)
    stage.queue.messages.clear()
    pause("low", by=BY, parts=stage.parts)
    ticked(stage, 3 * HOUR)
    assert not stage.queue.messages

    resume("low", by=BY, parts=stage.parts)
    ticked(stage, 2 * HOUR)

    assert stage.row(job).state is State.SUCCEEDED


def test_a_deadline_passes_in_a_paused_lane_as_in_any(stage: Stage):
    stage.works(lane="low")
    pause("low", by=BY, parts=stage.parts)
    job = stage.submit(expires=HOUR)

    ticked(stage, 3 * HOUR)

    assert stage.row(job).state is State.EXPIRED


def test_who_paused_it_and_since_when_is_on_record_and_a_second_pause_changes_neither(stage: Stage):
    first = pause("low", by=BY, parts=stage.parts)
    stage.world.advance(HOUR)

    again = pause("low", by="bob (k2)", parts=stage.parts)

    assert again == first == controls(stage.parts.items)["low"]
    assert (first.paused, first.by, first.since) == (True, BY, stage.world.now() - HOUR)
    assert paused_lanes(stage.parts) == {"low"}


def test_a_lane_that_was_never_paused_is_resumed_without_a_trace(stage: Stage):
    assert not resume("low", by=BY, parts=stage.parts).paused
    assert controls(stage.parts.items) == {}


def test_there_is_nothing_to_pause_but_lanes(stage: Stage):
    for name in ("dead-letters", "nowhere", ""):
        with pytest.raises(NotFound):
            pause(name, by=BY, parts=stage.parts)


# ------------------------------------------------------------------------------------------------------------ trouble


def test_a_cloud_that_does_not_answer_follows_with_the_tick(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    # given a cloud that takes no orders just now
    feeds = stage.parts.feeds

    def down(*_: Any, **__: Any) -> None:
        raise Unavailable("lambda is down")

    with monkeypatch.context() as patch:
        patch.setattr(feeds, "turn", down)
        assert pause("low", by=BY, parts=stage.parts).paused
        assert feeds.look("low") is Feed.ON

    # when it does again
    ticked(stage, MINUTE)

    # then it follows the record, and is left alone once it has stayed so
    assert feeds.look("low") is Feed.OFF
    assert not settled(stage)
    ticked(stage, SETTLED)
    assert settled(stage)


def test_whoever_pauses_and_dies_has_paused(stage: Stage):
    # given a process that died between the record and the order: as if the order had been lost
    pause("low", by=BY, parts=stage.parts)
    stage.parts.feeds.turn("low", on=True)

    ticked(stage, MINUTE)

    assert stage.parts.feeds.look("low") is Feed.OFF


def test_an_order_that_lands_late_against_a_newer_wish_is_put_right(stage: Stage):
    # given a lane that was paused and went on, and the order to pause that arrives a minute later
    pause("low", by=BY, parts=stage.parts)
    resume("low", by=BY, parts=stage.parts)
    ticked(stage, 2 * MINUTE)
    stage.parts.feeds.turn("low", on=False)

    ticked(stage, SETTLED)

    assert stage.parts.feeds.look("low") is Feed.ON
    ticked(stage, SETTLED)
    assert settled(stage)


def test_a_wish_that_lands_late_does_not_undo_a_newer_one(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    # given a pause, its write on its way twice, that was taken back
    write = stage.parts.items.write
    sent: list[tuple[Spot, Edit]] = []

    def sending(spot: Spot, edit: Edit) -> Any:
        sent.append((spot, edit))
        return write(spot, edit)

    monkeypatch.setattr(stage.parts.items, "write", sending)
    pause("low", by=BY, parts=stage.parts)
    resume("low", by=BY, parts=stage.parts)
    assert sent[0][1].set["paused"] == 1

    # when the write of the pause lands once more
    write(*sent[0])

    # then the lane runs
    assert paused_lanes(stage.parts) == frozenset()


def test_a_wish_whose_reply_is_lost_is_one_wish(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    write = stage.parts.items.write
    lost: list[Any] = []

    def losing(spot: Spot, edit: Edit) -> Any:
        answer = write(spot, edit)
        if not lost:
            lost.append(answer)
            raise Unavailable("no reply")
        return answer

    monkeypatch.setattr(stage.parts.items, "write", losing)

    assert pause("low", by=BY, parts=stage.parts).turn == 1
    assert stage.parts.feeds.look("low") is Feed.OFF or not settled(stage)
    ticked(stage, MINUTE)
    assert stage.parts.feeds.look("low") is Feed.OFF


def test_whoever_is_overtaken_again_and_again_is_told_to_ask_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    # given others who always resume the lane between our reading and our writing
    write = stage.parts.items.write

    def overtaken(spot: Spot, edit: Edit) -> Any:
        write(spot, Edit(set={"paused": 0}, add={"turn": 1}))
        return write(spot, edit)

    monkeypatch.setattr(stage.parts.items, "write", overtaken)
    with pytest.raises(Unavailable, match="changed"):
        pause("low", by=BY, parts=stage.parts)


def test_what_is_being_changed_by_others_is_looked_at_again(stage: Stage):
    feeds = cast("MemoryFeeds", stage.parts.feeds)
    feeds.changing.add("low")
    pause("low", by=BY, parts=stage.parts)
    assert "low" not in feeds.off

    feeds.changing.clear()
    ticked(stage, MINUTE)

    assert stage.parts.feeds.look("low") is Feed.OFF


def test_where_nothing_feeds_the_record_stands_alone(stage: Stage):
    parts = replace(stage.parts, feeds=NOBODY_FEEDS)

    assert pause("low", by=BY, parts=parts).paused
    assert settled(stage)


def test_who_cannot_read_the_record_wakes_as_always(stage: Stage, monkeypatch):
    # given a paused lane with a job whose message is gone, and a table that does not list
    stage.works(lane="low")
    pause("low", by=BY, parts=stage.parts)
    stage.submit()
    stage.queue.messages.clear()

    def down(*_, **__):
        raise Unavailable("no list")

    monkeypatch.setattr(stage.parts.items, "listed", down)
    ticked(stage, 10 * MINUTE)

    assert stage.queue.messages
