"""Pub/sub: every subscriber hears each event once, whoever dies while it is published."""

import contextlib
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from chalicelib import Event
from chalicelib.domain.errors import InvalidInput, KeyReused, TaskMisdeclared, TooLarge, Unavailable
from chalicelib.domain.job import State
from chalicelib.pipeline import declare
from chalicelib.pipeline.publish import MOST_OUTSIDE, publish
from chalicelib.pipeline.schedule_jobs import withdraw
from chalicelib.pipeline.task import Options, Registry
from chalicelib.pipeline.topics import check_topic, is_pattern, matches
from tests.support.drive import drain, replay, run_until_quiet, tick
from tests.support.faults import Crash, How, Trap, trapped
from tests.support.rows import DAY, HOUR, MINUTE, SECOND


@dataclass
class Order:
    """What was paid."""

    number: int
    total: str = "0"


class Ears:
    """Subscribers that remember what they heard."""

    def __init__(self, stage):
        self.stage = stage
        self.heard: list[tuple[str, dict]] = []

    def hears(self, name, *topics, **options):
        def hear(event):
            self.heard.append((name, event))

        return self.stage.task(hear, name, topics=topics, **options)

    def __getitem__(self, name):
        return [event for who, event in self.heard if who == name]


@pytest.fixture
def ears(stage):
    return Ears(stage)


def tell(stage, topic="order.paid", payload=None, **options):
    return publish(topic, payload, tenant=options.pop("tenant", "acme"), parts=stage.parts, **options)


# ------------------------------------------------------------------------------------------------------- who hears what


def test_every_subscriber_of_the_topic_runs_once_with_the_event_and_nobody_else_does(stage, ears):
    ears.hears("bill", "order.paid")
    ears.hears("ship", "order.paid")
    ears.hears("mourn", "order.cancelled")
    published = tell(stage, payload={"number": 17}, id="17-paid")
    assert [job.task for job in published.jobs] == ["bill", "ship"]
    run_until_quiet(stage.parts)
    event = {
        "id": "17-paid",
        "topic": "order.paid",
        "payload": {"number": 17},
        "at": "2026-01-01T12:00:00.000Z",
    }
    assert sorted(who for who, _ in ears.heard) == ["bill", "ship"]
    assert ears["bill"] == ears["ship"] == [event]


def test_the_jobs_are_the_tenants_and_say_what_caused_them(stage, ears):
    ears.hears("bill", "order.paid", lane="high", max_attempts=2)
    (job,) = tell(stage, id="17-paid", tenant="acme").jobs
    assert (job.tenant, job.cause, job.lane, job.max_attempts) == ("acme", "event:17-paid", "high", 2)


def test_an_event_without_an_id_gets_one_of_its_own_each_time(stage, ears):
    ears.hears("bill", "order.paid")
    first, second = tell(stage), tell(stage)
    assert first.id != second.id
    run_until_quiet(stage.parts)
    assert [event["id"] for event in ears["bill"]] == [first.id, second.id]


def test_an_event_that_nobody_subscribes_to_is_heard_by_nobody(stage):
    assert tell(stage).jobs == []
    assert stage.store.rows == {}


@pytest.mark.parametrize(
    ("pattern", "topic", "takes"),
    [
        ("order.paid", "order.paid", True),
        ("order.paid", "order.paid.late", False),
        ("order.paid", "orderXpaid", False),
        ("order.*", "order.paid", True),
        ("order.*", "order.paid.late", True),
        ("order.*", "order", False),
        ("order.*", "orders.paid", False),
        ("*", "order.paid", True),
        ("*", "job.dead", True),
    ],
)
def test_a_star_at_the_end_takes_in_all_that_begins_so(pattern, topic, takes):
    assert matches(pattern, topic) is takes


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "a.*.b", "*.a", "a*", "**", "ä", "a b", "a\n", "a" * 101]
)
def test_what_is_no_pattern_is_none(text):
    assert not is_pattern(text)
    with pytest.raises(InvalidInput, match="topic"):
        check_topic(text)


def test_one_task_hears_an_event_once_however_many_of_its_patterns_take_it_in(stage, ears):
    ears.hears("audit", "*", "order.*", "order.paid")
    tell(stage)
    run_until_quiet(stage.parts)
    assert len(ears["audit"]) == 1


# ---------------------------------------------------------------------------------------------------------- what is said


def test_the_payload_comes_as_the_type_that_the_subscriber_names(stage):
    got = []

    def bill(event: Event[Order], copies: int = 1) -> None:
        got.append((event["payload"], copies))

    stage.task(bill, topics=("order.paid",))
    tell(stage, payload=Order(number=17, total="42"))
    run_until_quiet(stage.parts)
    assert got == [(Order(number=17, total="42"), 1)]


def test_a_payload_that_one_subscriber_cannot_take_is_refused_before_anybody_hears_of_it(stage, ears):
    def bill(event: Event[Order]) -> None: ...

    ears.hears("audit", "*")
    stage.task(bill, topics=("order.paid",))
    with pytest.raises(InvalidInput) as refused:
        tell(stage, payload={"number": "17"}, id="17")
    assert refused.value.argument == "payload.number"
    assert "bill" in refused.value.why
    assert stage.store.rows == {}
    # and its id is not used up
    assert tell(stage, payload={"number": 17}, id="17").jobs


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"topic": "order paid"}, "topic"),
        ({"topic": "job.dead"}, "topic"),
        ({"id": ""}, "id"),
        ({"id": "a" * 101}, "id"),
        ({"id": "a\x1fb"}, "id"),
        ({"tenant": "a b"}, "tenant"),
        ({"payload": float("nan")}, "payload"),
        ({"payload": object()}, "payload"),
        ({"payload": "\ud800"}, "payload"),
    ],
)
def test_what_is_wrong_is_named(stage, wrong, named):
    with pytest.raises(InvalidInput) as refused:
        tell(stage, **wrong)
    assert refused.value.argument == named


def test_a_large_payload_is_stored_for_each_subscriber(stage, ears):
    ears.hears("bill", "order.paid")
    tell(stage, payload="x" * 100_000)
    run_until_quiet(stage.parts)
    assert ears["bill"][0]["payload"] == "x" * 100_000


# ------------------------------------------------------------------------------------------------ published once for sure


def test_publishing_again_is_the_same_event(stage, ears):
    ears.hears("bill", "order.paid")
    first = tell(stage, payload=1, id="17")
    stage.advance(hours=23)
    again = tell(stage, payload=1, id="17")
    assert [job.id for job in again.jobs] == [job.id for job in first.jobs]
    assert again.at == first.at
    run_until_quiet(stage.parts)
    assert len(ears["bill"]) == 1


def test_publishing_again_finds_what_ran_long_ago_even_if_its_job_is_soon_forgotten(stage, ears):
    ears.hears("bill", "order.paid", keep=SECOND)
    tell(stage, id="17")
    run_until_quiet(stage.parts)
    stage.advance(hours=23, minutes=59)
    (job,) = tell(stage, id="17").jobs
    assert job.state is State.SUCCEEDED
    assert job.forget > stage.world.now() + timedelta(minutes=30)
    run_until_quiet(stage.parts)
    assert len(ears["bill"]) == 1


def test_after_a_day_an_id_is_free_again(stage, ears):
    ears.hears("bill", "order.paid")
    first = tell(stage, id="17")
    stage.advance(hours=24)
    assert tell(stage, id="17").jobs[0].id != first.jobs[0].id


def test_an_id_used_for_another_event_is_refused(stage, ears):
    ears.hears("bill", "*")
    tell(stage, payload=1, id="17")
    with pytest.raises(KeyReused, match="17"):
        tell(stage, payload=2, id="17")
    with pytest.raises(KeyReused, match="17"):
        tell(stage, "order.sent", payload=1, id="17")
    assert tell(stage, payload=2, id="17", tenant="other").jobs


def test_an_events_id_is_no_idempotency_key(stage, ears):
    ears.hears("bill", "order.paid")
    stage.works()
    tell(stage, id="17")
    assert stage.submit(key="17").task == "work"
    assert stage.submit(key="event17").task == "work"


def test_a_subscriber_that_came_later_is_filled_in_when_the_event_is_published_again(stage, ears):
    ears.hears("bill", "order.paid")
    first = tell(stage, id="17")
    run_until_quiet(stage.parts)
    ears.hears("ship", "order.paid")
    stage.advance(hours=20)
    again = tell(stage, id="17")
    assert [job.task for job in again.jobs] == ["bill", "ship"]
    assert again.jobs[0].id == first.jobs[0].id
    run_until_quiet(stage.parts)
    assert (len(ears["bill"]), len(ears["ship"])) == (1, 1)


@pytest.mark.parametrize("how", How)
def test_whatever_goes_wrong_while_it_is_published_doing_it_again_brings_it_to_each_once(how, monkeypatch):
    from tests.support.stage import Stage

    sprung = []
    for at in range(1, 20):
        stage = Stage(seed=at)
        ears = Ears(stage)
        for name in ("bill", "ship", "store"):
            ears.hears(name, "order.*")
        stage.registry.send_outside(("order.*",))
        trap, whole = Trap(how=how, at=at), stage.parts
        stage.parts = trapped(whole, trap)
        # given a publisher that dies, or hears nothing, in the middle
        with contextlib.suppress(Crash, Unavailable):
            tell(stage, id="17")
        if trap.sprung is None:
            break
        sprung.append(trap.sprung)
        # when it publishes the event once more, minutes later
        stage.parts = whole
        stage.advance(minutes=10)
        tell(stage, id="17")
        run_until_quiet(stage.parts)
        # then each has heard it once
        assert sorted(who for who, _ in ears.heard) == ["bill", "ship", "store"], trap.sprung
        assert len(whole.outlet.heard) == 1
        replay(stage.parts)
        assert len(ears.heard) == 3
    assert {"keys.hold", "store.create", "queue.send"} <= set(sprung)


def test_a_publisher_that_died_leaves_no_event_half_told_unless_it_never_asks_again(stage, ears):
    # given rows for some of the subscribers, and no message sent
    for name in "abc":
        ears.hears(name, "order.paid")
    create, rows = stage.store.create, []

    def dies_at_the_third(job):
        rows.append(job)
        if len(rows) == 3:
            raise Crash
        return create(job)

    stage.store.create = dies_at_the_third
    with pytest.raises(Crash):
        tell(stage, id="17")
    stage.store.create = create
    assert len(stage.store.rows) == 2
    # when nobody asks again, what has a row is run all the same
    run_until_quiet(stage.parts)
    stage.advance(minutes=5)
    tick(stage.parts)
    run_until_quiet(stage.parts)
    assert sorted(who for who, _ in ears.heard) == ["a", "b"]
    # and who asks again fills in the third
    tell(stage, id="17")
    run_until_quiet(stage.parts)
    assert sorted(who for who, _ in ears.heard) == ["a", "b", "c"]


# --------------------------------------------------------------------------------------------------- the world outside


def test_an_external_topic_goes_outside_with_what_to_filter_by(stage, ears):
    stage.registry.send_outside(("order.*",))
    published = tell(stage, payload={"n": 1}, id="17")
    assert [job.task for job in published.jobs] == ["jobline.publish"]
    tell(stage, "invoice.sent")
    run_until_quiet(stage.parts)
    (bulletin,) = stage.parts.outlet.heard
    assert (bulletin.event_id, bulletin.topic, bulletin.tenant) == ("17", "order.paid", "acme")
    assert (
        bulletin.body == '{"id":"17","topic":"order.paid","payload":{"n":1},"at":"2026-01-01T12:00:00.000Z"}'
    )


def test_when_the_world_outside_cannot_be_reached_it_is_told_later_and_then_the_job_is_dead(stage):
    stage.registry.send_outside(("*",))
    publish_out, failures = stage.parts.outlet.publish, []

    def down(bulletin):
        failures.append(bulletin)
        raise Unavailable("SNS is down")

    stage.parts.outlet.publish = down
    (job,) = tell(stage, id="17").jobs
    drain(stage.parts)
    assert stage.row(job).state is State.RETRYING
    stage.parts.outlet.publish = publish_out
    run_until_quiet(stage.parts)
    assert len(stage.parts.outlet.heard) == 1
    # and one that never gets through can be redriven
    stage.parts.outlet.publish = down
    (job,) = tell(stage, id="18").jobs
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.DEAD
    assert stage.row(job).attempts == 10


def test_what_cannot_leave_by_sns_is_refused_at_once(stage):
    stage.registry.send_outside(("order.paid",))
    with pytest.raises(TooLarge, match="payload"):
        tell(stage, payload="x" * MOST_OUTSIDE)
    assert tell(stage, "order.sent", payload="x" * MOST_OUTSIDE)


def test_nobody_but_jobline_can_ask_for_its_own_tasks(stage):
    stage.works()
    for how in ({"task": "jobline.publish"}, {"on_success": "jobline.publish"}):
        with pytest.raises(InvalidInput):
            stage.submit(**how)
    with pytest.raises(TaskMisdeclared, match="name"):
        stage.works("jobline.mine")


# ------------------------------------------------------------------------------------------------ a job's own moments


def moments(ears):
    return [event["topic"].removeprefix("job.") for event in ears["audit"]]


def test_a_job_tells_of_its_moments_when_it_is_asked_to(stage, ears):
    ears.hears("audit", "job.*")
    stage.fails(times=1, events=("accepted", "started", "retried", "succeeded"))
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert sorted(moments(ears)) == ["accepted", "retried", "started", "started", "succeeded"]
    payload = next(event["payload"] for event in ears["audit"] if event["topic"] == "job.succeeded")
    assert payload == {
        "id": job.id,
        "task": "work",
        "state": "SUCCEEDED",
        "attempts": 2,
        "result": "done",
        "error": None,
        "reason": None,
        "progress": None,
        "result_left_out": False,
    }


def test_a_submission_may_ask_for_other_moments_than_its_task(stage, ears):
    ears.hears("audit", "job.*")
    stage.works(events=("accepted", "succeeded"))
    stage.submit(events=("started",))
    stage.submit(events=())
    run_until_quiet(stage.parts)
    assert moments(ears) == ["started"]
    with pytest.raises(InvalidInput, match="events"):
        stage.submit(events=("born",))


def test_a_death_a_cancellation_and_an_expiry_are_told(stage, ears):
    ears.hears("audit", "job.*")
    every = ("dead", "cancelled", "expired")
    stage.fails("fail", max_attempts=1, events=every)
    stage.works(events=every)
    stage.submit("fail")
    drain(stage.parts)
    from chalicelib.pipeline.cancel import cancel

    waiting = stage.submit(delay=HOUR)
    cancel(waiting.id, tenant="default", parts=stage.parts)
    stage.submit(expires=SECOND)
    stage.advance(seconds=2)
    run_until_quiet(stage.parts)
    assert sorted(moments(ears)) == ["cancelled", "dead", "expired"]
    assert all(row.finished for row in stage.store.rows.values())


@pytest.mark.parametrize("delay", [None, 30 * DAY], ids=["queued", "scheduled for next month"])
def test_a_cancellation_is_told_soon_though_its_canceller_died(stage, ears, delay):
    ears.hears("audit", "job.cancelled")
    stage.works(events=("cancelled",))
    job = stage.submit(delay=delay)
    stage.lose_messages()
    from chalicelib.pipeline.cancel import cancel

    create = stage.store.create

    def dies(new):
        stage.store.create = create
        raise Crash

    stage.store.create = dies
    with pytest.raises(Crash):
        cancel(job.id, tenant="default", parts=stage.parts)
    assert stage.row(job).outbox
    stage.advance(minutes=4)
    tick(stage.parts)
    run_until_quiet(stage.parts, within=MINUTE)
    assert moments(ears) == ["cancelled"]


def test_a_cancellation_stands_though_nobody_can_be_told_now(stage, ears):
    ears.hears("audit", "job.cancelled")
    stage.works(events=("cancelled",))
    job = stage.submit(delay=HOUR)
    from chalicelib.pipeline.cancel import cancel

    create = stage.store.create
    stage.store.create = lambda new: (_ for _ in ()).throw(Unavailable("down"))
    assert cancel(job.id, tenant="default", parts=stage.parts).state is State.CANCELLED
    stage.store.create = create
    run_until_quiet(stage.parts)
    assert moments(ears) == ["cancelled"]


def test_an_end_is_told_once_whoever_dies_while_it_is_told(stage, ears):
    ears.hears("audit", "job.succeeded")
    stage.works(events=("succeeded",))
    job = stage.submit()
    write = stage.store.write

    def dies_at_the_clearing(job_id, change):
        if "outbox" in change.remove:
            stage.store.write = write
            raise Crash
        return write(job_id, change)

    stage.store.write = dies_at_the_clearing
    drain(stage.parts)
    assert stage.row(job).outbox
    run_until_quiet(stage.parts)
    assert moments(ears) == ["succeeded"]


def test_a_job_is_none_the_worse_for_a_moment_that_could_not_be_told(stage, ears, caplog):
    ears.hears("audit", "job.started")
    stage.works(events=("started",))
    job = stage.submit()
    create = stage.store.create
    stage.store.create = lambda new: (_ for _ in ()).throw(Unavailable("down"))
    drain(stage.parts)
    stage.store.create = create
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED
    assert moments(ears) == []
    assert "nobody was told that it is started" in caplog.text


def test_a_task_that_hears_of_all_jobs_does_not_hear_of_itself(stage, ears):
    ears.hears("audit", "*", events=("accepted", "started", "succeeded"))
    stage.works(events=("succeeded",))
    stage.submit()
    run_until_quiet(stage.parts)
    assert moments(ears) == ["succeeded"]
    # but of a subscriber's job that an event of somebody's led to
    tell(stage)
    run_until_quiet(stage.parts)
    assert sorted(moments(ears)) == sorted(["succeeded", "order.paid", "accepted", "started", "succeeded"])


def test_submitting_again_with_the_same_key_tells_of_the_same_acceptance(stage, ears):
    ears.hears("audit", "job.accepted")
    stage.works(events=("accepted",))
    stage.submit(key="once")
    stage.advance(seconds=5)
    stage.submit(key="once")
    run_until_quiet(stage.parts)
    assert moments(ears) == ["accepted"]


def test_a_job_that_tells_nothing_costs_what_it_always_did(stage, ears):
    ears.hears("audit", "*")
    stage.works()
    stage.submit()
    run_until_quiet(stage.parts)
    assert stage.store.writes == 3


# ------------------------------------------------------------------------------------------------------------- declaring


@pytest.fixture
def registry(monkeypatch):
    mine = Registry()
    monkeypatch.setattr(declare, "REGISTRY", mine)
    return mine


def test_on_makes_a_task_and_takes_its_options(registry):
    @declare.on("order.paid", "order.*", name="billing", lane="high")
    def bill(event): ...

    assert registry["billing"] is bill
    assert (bill.options.topics, bill.options.lane) == (("order.paid", "order.*"), "high")


def test_on_stands_above_task_and_above_itself(registry):
    @declare.on("order.sent")
    @declare.on("order.paid")
    @declare.task(lane="low")
    def bill(event): ...

    assert registry["bill"] is bill
    assert bill.options == Options(lane="low", topics=("order.paid", "order.sent"))


def test_what_is_declared_wrongly_is_said_at_import(registry):
    def bill(event): ...

    def batched(events: list[dict]): ...

    for wrong in (
        lambda: declare.on()(bill),
        lambda: declare.on("a", batch=True)(batched),
        lambda: declare.on("order paid")(bill),
        lambda: declare.on("a")(lambda: None),
        lambda: declare.on("a")(lambda event, other: None),
        lambda: declare.task(declare.on("a")(bill)),
        lambda: declare.on("a", lane="low")(declare.task(bill)),
        lambda: declare.task(topics="order.paid")(bill),
        lambda: declare.task(events=("born",))(bill),
        lambda: declare.external("a.*.b"),
    ):
        with pytest.raises(TaskMisdeclared):
            wrong()


def test_external_topics_are_kept_once(registry):
    declare.external("order.*", "job.dead")
    declare.external("order.*")
    assert registry.external == ["order.*", "job.dead"]


def test_a_subscribers_options_are_its_jobs(stage, ears):
    task = ears.hears("bill", "order.paid")
    assert replace(task.options, topics=()) == Options()


def test_a_job_that_is_withdrawn_by_its_schedule_tells_that_it_was_cancelled(stage, ears):
    ears.hears("audit", "job.cancelled")
    stage.works(events=("cancelled",))
    job = stage.submit(delay=HOUR)
    assert withdraw(job.id, until=stage.world.now() + MINUTE, parts=stage.parts)
    assert stage.row(job).state is State.CANCELLED
    stage.advance(minutes=1)
    tick(stage.parts)
    run_until_quiet(stage.parts)
    assert moments(ears) == ["cancelled"]
