"""Many jobs in one request, each answered for itself and in its place."""

from chalicelib.domain.errors import Unavailable
from tests.api.desk import Caller, Desk


def test_good_and_bad_are_answered_each_for_itself(desk: Desk, ann: Caller):
    # given a batch with every kind of request
    good = {"task": "add", "args": {"a": 1}}
    jobs = [
        good,
        {"task": "nothing"},
        {"task": "add", "args": {"a": "x"}},
        {**good, "delay": 60},
        {**good, "tenant": "bob"},
        {**good, "at": "never"},
        "add",
        None,
        {**good, "idempotency_key": "k"},
        {**good, "idempotency_key": "k"},
        {"task": "add", "args": {"a": 2}, "idempotency_key": "k"},
        {**good, "idempotency_key": ""},
        {**good, "tags": ["a", 1]},
    ]

    # when it is submitted
    reply = ann.post("/jobs/batch", {"jobs": jobs})

    # then the whole is well, and each has its own status and names its own argument
    assert reply.status == 200
    entries = reply.body["jobs"]
    assert [(entry["status"], entry.get("problem", {}).get("argument")) for entry in entries] == [
        (202, None),
        (422, "task"),
        (422, "args.a"),
        (202, None),
        (422, "tenant"),
        (422, "at"),
        (422, "job"),
        (422, "job"),
        (202, None),
        (202, None),
        (409, None),
        (422, "idempotency_key"),
        (422, "tags[1]"),
    ]
    assert entries[8]["job"]["id"] == entries[9]["job"]["id"]
    assert entries[10]["problem"]["type"].endswith(":key-reused")
    assert len(desk.store.rows) == 3


def test_a_thousand_jobs_are_accepted_in_order(desk: Desk, ann: Caller):
    reply = ann.post(
        "/jobs/batch", {"jobs": [{"task": "add", "args": {"a": number}} for number in range(1000)]}
    )
    assert [entry["job"]["args"]["a"] for entry in reply.body["jobs"]] == list(range(1000))
    assert len(desk.store.rows) == len(desk.queue.messages) == 1000


def test_a_key_of_a_batch_is_the_key_of_a_single_job(ann: Caller):
    job = {"task": "add", "args": {"a": 1}}
    single = ann.post("/jobs", job, headers={"Idempotency-Key": "k"}).body
    entry = ann.post("/jobs/batch", {"jobs": [{**job, "idempotency_key": "k"}]}).body["jobs"][0]
    assert entry == {"status": 202, "job": single}


def test_a_job_of_an_old_key_that_has_ended_says_so(desk: Desk, ann: Caller):
    batch = {"jobs": [{"task": "add", "args": {"a": 1}, "idempotency_key": "k"}]}
    ann.post("/jobs/batch", batch)
    desk.work()
    entry = ann.post("/jobs/batch", batch).body["jobs"][0]
    assert (entry["status"], entry["job"]["state"], entry["job"]["result"]) == (200, "SUCCEEDED", 2)


def test_jobs_that_a_service_fails_for_are_told_to_try_again_and_the_others_are_accepted(
    desk: Desk, ann: Caller, monkeypatch
):
    # given a table that does not take rows of one task
    create = desk.store.create

    def flicker(job):
        if job.task == "echo":
            raise Unavailable("PutItem: secret-host-17 is throttled")
        return create(job)

    monkeypatch.setattr(desk.store, "create", flicker)

    # when a batch has both
    entries = ann.post("/jobs/batch", {"jobs": [{"task": "echo"}, {"task": "add", "args": {"a": 1}}]}).body[
        "jobs"
    ]

    # then one is to be sent again, without a word about our insides
    assert [entry["status"] for entry in entries] == [503, 202]
    assert "secret-host" not in str(entries[0])


def test_a_batch_is_not_waited_for(ann: Caller):
    reply = ann.post(
        "/jobs/batch", {"jobs": [{"task": "add", "args": {"a": 1}}]}, headers={"Prefer": "wait=20"}
    )
    assert reply.body["jobs"][0]["status"] == 202
    assert "Preference-Applied" not in reply.headers
