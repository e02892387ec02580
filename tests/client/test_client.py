"""What both clients promise."""

from datetime import timedelta

import httpx
import pytest

from jobline.client import (
    ApiError,
    Client,
    ClientError,
    JobNotSucceeded,
    NewJob,
    NotFound,
    Refused,
    Throttled,
    Unreachable,
)
from tests.support.wire import Answer


def test_a_job_is_submitted_and_its_result_waited_for(client):
    handle = client.submit("add", a=2, b=3)
    assert handle.job.state == "QUEUED"
    assert handle.result(timeout=10) == 5
    assert handle.job.ended


def test_a_job_that_fails_says_how(client):
    with pytest.raises(JobNotSucceeded, match="DEAD: ValueError: no") as caught:
        client.submit("fail", why="no").result(timeout=10)
    assert caught.value.job.error["type"] == "ValueError"


def test_waiting_ends_in_time(client, pauses):
    handle = client.submit_job(NewJob(task="add", args={"a": 1}, delay=3600))
    with pytest.raises(TimeoutError, match="still SCHEDULED"):
        handle.result(timeout=30)
    assert sum(pauses) == pytest.approx(30, abs=0.1)
    assert len(pauses) < 30


@pytest.mark.parametrize(
    "trouble",
    [
        "lost",
        httpx.ConnectError("refused"),
        Answer(503, json={"title": "later"}),
        Answer(502, text="<html>"),
        Answer(429, headers={"Retry-After": "2"}, json={"title": "slow down"}),
        Answer(200, text="<html>not ours</html>"),
    ],
    ids=str,
)
def test_a_submission_that_got_no_answer_is_sent_again_and_makes_one_job(client, wire, desk, trouble, pauses):
    wire.troubles = [trouble, trouble]
    handle = client.submit("add", a=1)
    assert len(desk.store.rows) == 1
    assert [method for method, _, _ in wire.seen] == ["POST"] * 3
    assert len({headers["idempotency-key"] for _, _, headers in wire.seen}) == 1
    assert len(pauses) == 2
    assert handle.id in desk.store.rows


def test_two_submissions_are_two_jobs(client, desk):
    assert client.submit("add", a=1).id != client.submit("add", a=1).id
    assert len(desk.store.rows) == 2


def test_it_gives_up_in_the_end_and_says_what_it_was(client, wire):
    wire.troubles = [httpx.ConnectError("refused")] * 100
    with pytest.raises(Unreachable, match="POST /jobs: ConnectError: refused"):
        client.submit("add", a=1)
    assert len(wire.seen) < 10
    wire.troubles = [Answer(503, json={"detail": "the table is away"})] * 100
    with pytest.raises(ApiError, match="503 the table is away"):
        client.submit("add", a=1)


def test_a_limit_that_holds_for_long_is_told_and_not_waited_for(client, wire, pauses):
    wire.troubles = [Answer(429, headers={"Retry-After": "600"}, json={"detail": "x", "retry_after": 600})]
    with pytest.raises(Throttled) as caught:
        client.submit("add", a=1)
    assert caught.value.retry_after == 600
    assert pauses == []


def test_what_is_wrong_is_named_and_sent_once(client, wire):
    with pytest.raises(Refused, match="Expected `int`") as caught:
        client.submit("add", a="x")
    assert (caught.value.status, caught.value.argument) == (422, "args.a")
    assert len(wire.seen) == 1


def test_a_job_that_is_not_there_is_not_found(client):
    with pytest.raises(NotFound):
        client.job("01KDWVY2G00123456789ABCDEF")


@pytest.mark.parametrize("job_id", ["", ".", "..", "../dead", "a/b", "a?b", "jöb"])
def test_what_could_be_another_path_is_no_job_and_not_asked_for(client, wire, job_id):
    with pytest.raises(NotFound, match="there is no job"):
        client.job(job_id)
    assert wire.seen == []


def test_many_are_submitted_in_batches_each_with_its_own_answer(client, wire, desk):
    news = (NewJob(task="add", args={"a": n if n != 7 else "seven"}) for n in range(25))
    answers = client.submit_many(news, batch=10)
    assert len(answers) == 25
    assert isinstance(answers[7], Refused)
    assert len(desk.store.rows) == 24
    assert [path for _, path, _ in wire.seen] == ["/jobs/batch"] * 3


def test_a_batch_without_an_answer_is_sent_again_and_makes_no_job_twice(client, wire, desk):
    wire.troubles = ["lost"]
    client.submit_many(NewJob(task="add", args={"a": n}) for n in range(5))
    assert len(desk.store.rows) == 5


def test_a_batch_of_no_size_is_refused(client):
    with pytest.raises(ValueError, match="batch: 0"):
        client.submit_many([NewJob(task="add")], batch=0)


def test_map_gives_the_results_in_order(client):
    assert client.map("add", [{"a": n, "b": n} for n in range(5)], timeout=60) == [0, 2, 4, 6, 8]


def test_map_raises_what_kept_a_job_out(client):
    with pytest.raises(Refused):
        client.map("add", [{"a": 1}, {"a": "x"}])


def test_as_completed_gives_each_when_it_has_ended(client):
    late = client.submit_job(NewJob(task="add", args={"a": 1}, delay=20))
    soon = client.submit("add", a=2)
    done = client.as_completed([late, soon], timeout=60)
    assert [one.id for one in done] == [soon.id, late.id]
    assert {one.job.state for one in done} == {"SUCCEEDED"}


def test_watching_shows_each_change_and_ends_with_the_end(client):
    handle = client.submit_job(NewJob(task="add", args={"a": 1}, delay=5))
    states = [job.state for job in handle.watch(timeout=60)]
    assert states == ["QUEUED", "SUCCEEDED"]


def test_all_pages_of_jobs_are_gone_through(client):
    ids = [client.submit("add", a=n).id for n in range(7)]
    assert {job.id for job in client.jobs(limit=2, task="add")} == set(ids)
    assert client.jobs(state="DEAD") == []


def test_a_job_is_cancelled_and_one_that_is_dead_is_retried(client):
    waiting = client.submit_job(NewJob(task="add", args={"a": 1}, delay=60))
    assert waiting.cancel().state == "CANCELLED"
    dead = client.submit("fail", why="no")
    assert dead.wait().state == "DEAD"
    assert dead.retry().state == "QUEUED"
    with pytest.raises(Refused, match="only a DEAD job"):
        waiting.retry()


def test_a_result_that_is_not_in_the_answer_is_no_none(client, wire, desk):
    handle = client.submit("echo", value="x")
    document = {**handle.job.document, "state": "SUCCEEDED", "result": None}
    document["result_stored"] = {"bytes": 5_000_000, "sha256": "ab", "why": "too_large"}
    wire.troubles = [Answer(200, json=document)]
    with pytest.raises(ClientError, match="5,000,000 bytes"):
        handle.result()


@pytest.mark.parametrize(
    ("url", "key", "why"),
    [
        ("ftp://x", "k", "url"),
        ("nonsense", "k", "url"),
        ("http://example.org", "k", "in the clear"),
        ("https://example.org", "", "key"),
        ("https://example.org", "k\n", "key"),
    ],
)
def test_an_address_or_a_key_that_cannot_be_one_is_refused(url, key, why):
    with pytest.raises(ValueError, match=why):
        Client(url, key=key)


def test_it_needs_nothing_of_what_ships():
    import subprocess
    import sys

    code = (
        "import sys, jobline.client; print([m for m in sys.modules if m.split('.')[0] in "
        "{'chalicelib', 'boto3', 'botocore', 'chalice', 'msgspec', 'flask', 'quart', 'django'}])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_any_other_route_may_be_asked_for_its_document(client):
    assert [lane["lane"] for lane in client.call("GET", "/lanes")["lanes"]][:1] == ["high"]
    made = client.call("POST", "/schedules", {"id": "s", "task": "add", "args": {"a": 1}, "every": 60})
    assert [one["id"] for one in client.pages("/schedules", "schedules", limit=1)] == [made["id"]]


def test_what_may_not_happen_twice_is_not_sent_again(client, wire):
    client.call("POST", "/schedules", {"id": "s", "task": "add", "args": {"a": 1}, "every": 60})
    wire.troubles = ["lost"]

    with pytest.raises(Unreachable, match="whether it took effect is unknown"):
        client.call("POST", "/schedules/s/fire", once=True)

    assert [path for _, path, _ in wire.seen].count("/schedules/s/fire") == 1


def test_an_answer_without_a_body_is_an_answer(client, wire):
    wire.troubles = [Answer(204)]

    assert client.call("DELETE", "/webhooks/x") is None
    assert len(wire.seen) == 1


def test_statistics_are_asked_for_as_times_and_spans_or_as_the_api_has_them(client, desk):
    now = desk.world.now()
    found = client.stats(since=now - timedelta(hours=2), until=now, step=timedelta(minutes=5), task="add")
    assert (found["step"], found["task"], found["tenant"]) == (300, "add", "ann")

    again = client.stats(since=found["since"], until=found["until"], step=300, task="add")
    assert again == found
    assert client.stats()["step"] == 60


def test_statistics_of_others_are_not_shown(client):
    with pytest.raises(ApiError) as refused:
        client.stats(tenant="*")
    assert refused.value.status == 403
