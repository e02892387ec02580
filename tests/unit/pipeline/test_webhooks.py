"""Webhooks: signed, retried on their own, dead in sight; the job itself never feels its receiver's troubles."""

import base64
import json
import logging
from datetime import timedelta
from email.utils import format_datetime

import pytest
from standardwebhooks import Webhook

from chalicelib.domain.errors import (
    DeliveryFailed,
    InvalidInput,
    NotFound,
    NotPossible,
    TaskMisdeclared,
    Unavailable,
)
from chalicelib.domain.job import Reason, State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.deliver import LONGEST_WISH
from chalicelib.pipeline.notify import test_delivery as send_test
from chalicelib.pipeline.ports import Receipt
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.signing import make_secret, sign, signatures
from chalicelib.pipeline.webhooks import (
    MOST,
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    endpoint_of,
    endpoints,
    rotate_secret,
)
from tests.support.drive import drain, replay, run_until_quiet, tick
from tests.support.faults import Crash, How, Trap, trapped
from tests.support.rows import DAY, HOUR, SECOND
from tests.support.stage import Stage

URL = "https://hooks.example.org/jobline?token=planted-in-the-url"


class Receiver:
    """Somebody who listens at URL, and answers as told: statuses, whole receipts, or exceptions; 200 when there is nothing left."""

    def __init__(self, stage):
        self.stage = stage
        self.answers = []
        self.parts = stage.parts
        stage.parts.courier.answers["hooks.example.org"] = self.answer
        self.endpoint = create_endpoint(URL, tenant="default", parts=stage.parts)

    def answer(self, parcel):
        said = self.answers.pop(0) if self.answers else 200
        if isinstance(said, Exception):
            raise said
        return Receipt(status=said) if isinstance(said, int) else said

    @property
    def got(self):
        return self.parts.courier.delivered

    def messages(self):
        return [json.loads(parcel.body) for parcel in self.got]

    def job(self):
        (found,) = [row for row in self.stage.store.rows.values() if row.task == "jobline.webhook"]
        return found


@pytest.fixture
def receiver(stage):
    return Receiver(stage)


def verified(parcel, secret):
    """What the receiver's own library says of it; the clock that it looks at is this machine's."""
    now = int(parcel.headers["webhook-timestamp"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("standardwebhooks.webhooks.datetime", _Clock(now))
        return Webhook(secret).verify(parcel.body, dict(parcel.headers))


class _Clock:
    """Stands in for `datetime` in the library: it is now when the message was sent."""

    def __init__(self, now):
        self._now = now

    def now(self, *, tz):
        from datetime import datetime

        return datetime.fromtimestamp(self._now, tz)

    def __getattr__(self, name):
        from datetime import datetime

        return getattr(datetime, name)


# ------------------------------------------------------------------------------------------------------------ signatures


def test_the_signature_is_that_of_the_published_example():
    # https://github.com/standard-webhooks/standard-webhooks, as its libraries have it in their tests
    made = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body='{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("body", ["", "{}", '{"a":"Füße 🦶"}', "x" * 100_000])
def test_each_signature_is_that_of_the_receivers_library(body):
    old, new = make_secret(b"1"), make_secret(b"2")
    made = signatures((new, old), message_id="msg_1", timestamp=1614265330, body=body).split(" ")
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(1614265330, UTC)
    assert made == [Webhook(secret).sign("msg_1", at, body) for secret in (new, old)]


def test_secrets_are_32_bytes_of_chance():
    made = {make_secret(str(number).encode()) for number in range(100)}
    assert len(made) == 100
    assert {len(base64.b64decode(one.removeprefix("whsec_"))) for one in made} == {32}


# -------------------------------------------------------------------------------------------------------------- delivery


def test_the_endpoint_that_a_job_names_is_told_how_it_ended(stage, receiver):
    stage.works()
    job = stage.submit(webhook=receiver.endpoint.id)
    run_until_quiet(stage.parts)
    (parcel,) = receiver.got
    assert parcel.url == URL
    message = verified(parcel, receiver.endpoint.secret)
    assert (message["type"], message["timestamp"]) == ("job.succeeded", "2026-01-01T12:00:00.000Z")
    assert message["data"]["id"] == job.id
    assert message["data"]["result"] == "done"
    assert parcel.headers["webhook-id"] == f"msg_{receiver.job().id}"
    assert (receiver.job().cause, receiver.job().result.json) == (job.id, '{"status":200}')


def test_a_task_may_name_the_endpoint_of_all_its_jobs(stage, receiver):
    stage.works(webhook=receiver.endpoint.id)
    stage.submit()
    run_until_quiet(stage.parts)
    assert len(receiver.got) == 1
    with pytest.raises(TaskMisdeclared, match="webhook"):
        stage.works("other", webhook="https://hooks.example.org")


def test_an_endpoint_is_told_of_the_ends_that_it_asked_for(stage, receiver):
    every = create_endpoint(
        URL, tenant="default", events=("succeeded", "dead", "cancelled", "expired"), parts=stage.parts
    )
    stage.works()
    stage.fails("fail", max_attempts=1)
    for endpoint in (receiver.endpoint, every):
        stage.submit(webhook=endpoint.id)
        stage.submit("fail", webhook=endpoint.id)
        cancel(stage.submit(delay=HOUR, webhook=endpoint.id).id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    stage.submit(webhook=every.id, expires=SECOND)
    stage.advance(seconds=2)
    run_until_quiet(stage.parts)
    types = [message["type"] for message in receiver.messages()]
    assert sorted(types) == sorted(["job.succeeded", "job.dead"] * 2 + ["job.cancelled", "job.expired"])


def test_a_death_is_told_with_its_reason(stage, receiver):
    stage.fails("fail", max_attempts=1, error=lambda: ValueError("no"))
    stage.submit("fail", webhook=receiver.endpoint.id)
    run_until_quiet(stage.parts)
    data = receiver.messages()[0]["data"]
    assert (data["state"], data["reason"], data["error"]) == (
        "DEAD",
        "failed",
        {"type": "ValueError", "message": "no"},
    )


def test_a_large_result_is_left_out(stage, receiver):
    stage.works(result="x" * 1000)
    stage.submit(webhook=receiver.endpoint.id)
    run_until_quiet(stage.parts)
    assert receiver.messages()[0]["data"]["result_left_out"] is True


@pytest.mark.parametrize(
    "trouble", [500, 503, 404, 400, 301, 302, 199, DeliveryFailed("no answer within 5 s")]
)
def test_a_receiver_in_trouble_is_asked_again_later_and_the_job_does_not_feel_it(stage, receiver, trouble):
    # F71
    stage.works()
    receiver.answers = [trouble] * 5
    job = stage.submit(webhook=receiver.endpoint.id)
    drain(stage.parts)
    before = stage.row(job)
    assert before.finished
    assert receiver.job().state is State.RETRYING
    run_until_quiet(stage.parts)
    assert stage.row(job) == before
    assert receiver.job().state is State.SUCCEEDED
    assert len(receiver.got) == 6
    assert len({parcel.headers["webhook-id"] for parcel in receiver.got}) == 1
    assert len({parcel.body for parcel in receiver.got}) == 1
    # and each message says when it was sent, so that a receiver can refuse old ones
    for parcel in receiver.got:
        verified(parcel, receiver.endpoint.secret)
    assert len({parcel.headers["webhook-timestamp"] for parcel in receiver.got}) > 1


def test_a_receiver_that_stays_away_for_days_has_its_own_dead_job_which_can_be_redriven(stage, receiver):
    stage.works()
    receiver.answers = [500] * 15
    stage.submit(webhook=receiver.endpoint.id)
    began = stage.world.now()
    run_until_quiet(stage.parts)
    dead = receiver.job()
    assert (dead.state, dead.attempts, dead.reason) == (State.DEAD, 15, Reason.FAILED)
    assert dead.error.message == "the endpoint answered 500"
    assert timedelta(hours=5) < stage.world.now() - began < timedelta(hours=33)
    # when it is back
    redrive(dead.id, tenant="default", parts=stage.parts)
    run_until_quiet(stage.parts)
    assert receiver.job().state is State.SUCCEEDED
    assert len({parcel.headers["webhook-id"] for parcel in receiver.got}) == 1


def test_a_receiver_that_is_gone_is_never_asked_again(stage, receiver):
    stage.works()
    receiver.answers = [410]
    stage.submit(webhook=receiver.endpoint.id)
    run_until_quiet(stage.parts)
    assert (receiver.job().state, receiver.job().attempts) == (State.DEAD, 1)
    assert "410" in endpoint_of(receiver.endpoint.id, tenant="default", parts=stage.parts).disabled
    # and nothing is made for it any more
    stage.submit(webhook=receiver.endpoint.id)
    run_until_quiet(stage.parts)
    assert len(receiver.got) == 1
    # until somebody switches it on again, and redrives what was not told
    change_endpoint(receiver.endpoint.id, tenant="default", enabled=True, parts=stage.parts)
    redrive(receiver.job().id, tenant="default", parts=stage.parts)
    run_until_quiet(stage.parts)
    assert receiver.job().state is State.SUCCEEDED


def test_a_410_of_the_former_url_does_not_switch_off_the_new_one(stage, receiver):
    stage.works()

    def moves_then_says_gone(parcel):
        change_endpoint(
            receiver.endpoint.id, tenant="default", url="https://new.example.org/", parts=stage.parts
        )
        return Receipt(status=410)

    stage.parts.courier.answers["hooks.example.org"] = moves_then_says_gone
    stage.submit(webhook=receiver.endpoint.id)
    run_until_quiet(stage.parts)
    assert endpoint_of(receiver.endpoint.id, tenant="default", parts=stage.parts).disabled is None


@pytest.mark.parametrize(
    ("asks", "wait"),
    [
        ("7200", 7200),
        ("0", 0),
        ("99999999999999", LONGEST_WISH.total_seconds()),
        ("a date", 3600),
        ("a past date", 0),
    ],
)
def test_a_receiver_may_ask_for_a_pause_within_bounds(stage, receiver, asks, wait):
    stage.works()
    dates = {"a date": HOUR, "a past date": -DAY}
    if asks in dates:
        asks = format_datetime(stage.world.now() + dates[asks], usegmt=True)
    receiver.answers = [Receipt(status=503, retry_after=asks)]
    stage.submit(webhook=receiver.endpoint.id)
    stage.works("other")
    began = stage.world.now()
    drain(stage.parts)
    if wait:
        assert receiver.job().due == began + timedelta(seconds=wait)
    run_until_quiet(stage.parts)
    assert receiver.job().state is State.SUCCEEDED


LONG_YEAR = f"Wed, 01 Jan {10**20} 00:00:00 GMT"
NO_ZONE = "Wed, 01 Jan 2026 00:00:00 -0000"


@pytest.mark.parametrize(
    "asks", ["", "soon", "-1", "1.5", "١", "Wed, 99 Foo 2026", "1e9", LONG_YEAR, NO_ZONE]
)
def test_a_pause_that_cannot_be_read_is_not_there(stage, receiver, asks):
    stage.works()
    receiver.answers = [Receipt(status=503, retry_after=asks)]
    stage.submit(webhook=receiver.endpoint.id)
    drain(stage.parts)
    assert receiver.job().error.type == "DeliveryFailed"
    run_until_quiet(stage.parts)
    assert receiver.job().state is State.SUCCEEDED


def test_an_address_that_leads_inside_today_is_not_asked_and_tried_again(stage, receiver):
    stage.works()
    receiver.answers = [InvalidInput("url", "leads to an address that is not public")]
    stage.submit(webhook=receiver.endpoint.id)
    drain(stage.parts)
    assert receiver.job().state is State.RETRYING
    assert receiver.job().error.message == "the address leads to an address that is not public"
    run_until_quiet(stage.parts)
    assert receiver.job().state is State.SUCCEEDED


# --------------------------------------------------------------------------------------------------------------- crashes


def test_an_end_is_told_by_one_message_whoever_dies_while_it_is_owed(stage, receiver):
    stage.works()
    job = stage.submit(webhook=receiver.endpoint.id)
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
    assert len(receiver.got) == 1
    replay(stage.parts)
    assert len(receiver.got) == 1


def test_a_worker_that_dies_after_the_delivery_delivers_the_same_message_again(stage, receiver):
    stage.works()
    stage.submit(webhook=receiver.endpoint.id)
    write = stage.store.write

    def dies_before_it_can_say_so(job_id, change):
        if receiver.got:
            stage.store.write = write
            raise Crash
        return write(job_id, change)

    stage.store.write = dies_before_it_can_say_so
    run_until_quiet(stage.parts)
    assert len(receiver.got) == 2
    assert receiver.got[0].body == receiver.got[1].body
    assert receiver.got[0].headers["webhook-id"] == receiver.got[1].headers["webhook-id"]


def test_shelves_that_do_not_answer_leave_the_message_to_the_tick(stage, receiver):
    stage.works()
    job = stage.submit(webhook=receiver.endpoint.id)
    read = stage.parts.items.read
    stage.parts.items.read = lambda spot: (_ for _ in ()).throw(Unavailable("down"))
    drain(stage.parts)
    assert stage.row(job).outbox
    stage.parts.items.read = read
    stage.lose_messages()
    stage.advance(minutes=4)
    tick(stage.parts)
    run_until_quiet(stage.parts)
    assert len(receiver.got) == 1


# ------------------------------------------------------------------------------------------------------------- endpoints


def test_a_new_endpoint_has_a_secret_and_its_defaults(stage):
    made = create_endpoint(URL, tenant="acme", description="billing", parts=stage.parts)
    assert made == endpoint_of(made.id, tenant="acme", parts=stage.parts)
    assert made.secret.startswith("whsec_")
    assert (made.events, made.description, made.disabled) == (("succeeded", "dead"), "billing", None)
    assert made.created == stage.world.now()
    assert [one.id for one in endpoints(tenant="acme", parts=stage.parts)] == [made.id]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"url": "http://hooks.example.org/"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"events": ()}, "events"),
        ({"events": ("started",)}, "events"),
        ({"description": "x" * 201}, "description"),
        ({"description": "a\nb"}, "description"),
    ],
)
def test_what_is_wrong_with_an_endpoint_is_named(stage, receiver, wrong, named):
    with pytest.raises(InvalidInput) as refused:
        create_endpoint(**{"url": URL, "tenant": "default", "parts": stage.parts, **wrong})
    assert refused.value.argument == named
    with pytest.raises(InvalidInput):
        change_endpoint(receiver.endpoint.id, tenant="default", parts=stage.parts, **wrong)


def test_another_tenants_endpoint_is_nobodys(stage, receiver):
    ours = {"tenant": "default", "parts": stage.parts}
    theirs = {"tenant": "acme", "parts": stage.parts}
    for verb in (endpoint_of, change_endpoint, rotate_secret, delete_endpoint):
        with pytest.raises(NotFound):
            verb(receiver.endpoint.id, **theirs)
        with pytest.raises(NotFound):
            verb("wh_0000000000", **ours)
        with pytest.raises(NotFound):
            verb("../apikey", **ours)
    stage.works()
    with pytest.raises(InvalidInput, match="webhook"):
        stage.submit(webhook=receiver.endpoint.id, tenant="acme")
    with pytest.raises(InvalidInput, match="webhook"):
        stage.submit(webhook="wh_0000000000")
    assert endpoints(**theirs) == []


def test_there_is_an_end_to_the_number_of_endpoints(stage):
    for _ in range(MOST):
        create_endpoint(URL, tenant="acme", parts=stage.parts)
    with pytest.raises(NotPossible):
        create_endpoint(URL, tenant="acme", parts=stage.parts)
    first = endpoints(tenant="acme", parts=stage.parts)[0]
    delete_endpoint(first.id, tenant="acme", parts=stage.parts)
    create_endpoint(URL, tenant="acme", parts=stage.parts)


def test_while_a_secret_is_changed_receivers_may_know_either(stage, receiver):
    old = receiver.endpoint.secret
    new = rotate_secret(receiver.endpoint.id, tenant="default", overlap=HOUR, parts=stage.parts).secret
    assert new != old
    stage.works()
    stage.submit(webhook=receiver.endpoint.id)
    run_until_quiet(stage.parts)
    for secret in (old, new):
        assert verified(receiver.got[0], secret)
    # and afterwards the new one alone
    stage.advance(hours=1)
    stage.submit(webhook=receiver.endpoint.id)
    run_until_quiet(stage.parts)
    assert verified(receiver.got[1], new)
    assert len(receiver.got[1].headers["webhook-signature"].split(" ")) == 1


def test_a_change_of_secret_whose_reply_was_lost_is_made_once(stage, receiver):
    write, lost = stage.parts.items.write, []

    def loses_the_reply(spot, edit):
        answer = write(spot, edit)
        if not lost:
            lost.append(answer)
            raise Unavailable("no answer")
        return answer

    stage.parts.items.write = loses_the_reply
    new = rotate_secret(receiver.endpoint.id, tenant="default", parts=stage.parts)
    assert lost
    assert new.secret == endpoint_of(receiver.endpoint.id, tenant="default", parts=stage.parts).secret
    assert new.old_secret == receiver.endpoint.secret
    # and a new endpoint's likewise
    lost.clear()
    made = create_endpoint(URL, tenant="default", parts=stage.parts)
    assert lost
    assert endpoint_of(made.id, tenant="default", parts=stage.parts) == made


def test_two_who_change_a_secret_at_once_do_not_lose_one_that_was_shown(stage, receiver):
    write = stage.parts.items.write

    def another_was_faster(spot, edit):
        stage.parts.items.write = write
        rotate_secret(receiver.endpoint.id, tenant="default", parts=stage.parts)
        return write(spot, edit)

    stage.parts.items.write = another_was_faster
    with pytest.raises(NotPossible):
        rotate_secret(receiver.endpoint.id, tenant="default", parts=stage.parts)


def test_a_deleted_endpoint_leaves_no_secret_and_nothing_that_is_late_makes_it_again(stage, receiver):
    stage.works()
    receiver.answers = [500]
    stage.submit(webhook=receiver.endpoint.id)
    drain(stage.parts)
    writes = []
    write = stage.parts.items.write
    stage.parts.items.write = lambda spot, edit: (writes.append((spot, edit)), write(spot, edit))[1]
    change_endpoint(receiver.endpoint.id, tenant="default", description="x", parts=stage.parts)
    rotate_secret(receiver.endpoint.id, tenant="default", parts=stage.parts)
    delete_endpoint(receiver.endpoint.id, tenant="default", parts=stage.parts)
    for spot, edit in writes:  # everything lands once more
        write(spot, edit)
    assert endpoints(tenant="default", parts=stage.parts) == []
    assert "whsec_" not in str(stage.parts.items.shelves)
    # and what was on its way to it dies
    run_until_quiet(stage.parts)
    assert (receiver.job().state, receiver.job().error.type) == (State.DEAD, "EndpointGone")


def test_a_test_message_is_a_job_that_can_be_looked_at(stage, receiver):
    job = send_test(receiver.endpoint, parts=stage.parts)
    run_until_quiet(stage.parts)
    assert verified(receiver.got[0], receiver.endpoint.secret)["type"] == "webhook.test"
    assert stage.row(job).state is State.SUCCEEDED


# --------------------------------------------------------------------------------------------------------------- secrecy


def test_no_secret_and_no_query_of_a_url_is_in_any_row_log_or_error(stage, receiver, caplog):
    caplog.set_level(logging.DEBUG)
    old = receiver.endpoint
    new = rotate_secret(old.id, tenant="default", parts=stage.parts)
    stage.works()
    stage.fails("fail", max_attempts=1)
    receiver.answers = [500, 302, 410, DeliveryFailed("the connection failed (ConnectionResetError)")]
    for task in ("work", "fail", "work"):
        stage.submit(task, webhook=old.id)
    run_until_quiet(stage.parts)
    told = "\n".join([caplog.text, str(list(stage.store.rows.values())), repr(new), repr(receiver.got)])
    for secret in (old.secret, new.secret, old.secret.removeprefix("whsec_"), "planted-in-the-url"):
        assert secret not in told
    assert receiver.got, "something was sent"


def test_a_job_without_a_webhook_costs_what_it_always_did(stage, receiver):
    stage.works()
    stage.submit()
    run_until_quiet(stage.parts)
    assert stage.store.writes == 3


# ---------------------------------------------------------------------------------------- every call goes wrong once


@pytest.mark.parametrize("how", How)
def test_one_fault_anywhere_costs_no_message_and_makes_no_second_one(how):
    sprung = []
    for at in range(1, 60):
        stage = Stage(seed=at)
        receiver = Receiver(stage)
        stage.works(events=("succeeded",))
        heard = []
        stage.task(_hears(heard), "hear", topics=("job.*",))
        job = stage.submit(webhook=receiver.endpoint.id)
        # given one call of all those that follow, by whomever, that goes wrong
        trap, whole = Trap(how=how, at=at), stage.parts
        stage.parts = trapped(whole, trap)
        drain(stage.parts)
        stage.parts = whole
        # when the rest goes well
        run_until_quiet(stage.parts)
        # then the job has one end, one message tells of it, perhaps twice, and one subscriber heard of it
        assert stage.row(job).state is State.SUCCEEDED, trap.sprung
        assert receiver.job().state is State.SUCCEEDED, trap.sprung
        assert len({parcel.headers["webhook-id"] for parcel in receiver.got}) == 1, trap.sprung
        assert len({event["id"] for event in heard}) == 1, trap.sprung
        before = len(receiver.got)
        replay(stage.parts)
        assert len(receiver.got) == before
        if trap.sprung is None:
            break
        sprung.append(trap.sprung)
    else:
        raise AssertionError("the story never ends")
    assert {"items.read", "store.create", "store.write", "queue.send"} <= set(sprung)


def _hears(heard):
    def hear(event):
        heard.append(event)

    return hear
