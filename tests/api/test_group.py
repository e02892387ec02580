"""Ordered groups over HTTP: `group` in the body."""

from chalicelib.domain.flow import Ordered
from chalicelib.pipeline.task import Options
from tests.api.desk import Caller, Desk, echo


def test_jobs_of_one_group_wait_for_each_other(desk: Desk, ann: Caller):
    desk.parts.registry.add(echo, "book", Options(ordered=Ordered(key=("value",))))
    first = ann.submit("book", {"value": "a"}, group="g")
    second = ann.submit("book", {"value": "b"}, group="g")
    assert [desk.row(job).state for job in (first, second)] == ["QUEUED", "SCHEDULED"]
    desk.work()
    desk.work()
    assert [desk.row(job).state for job in (first, second)] == ["SUCCEEDED", "SUCCEEDED"]


def test_a_batch_keeps_its_order(desk: Desk, ann: Caller):
    desk.parts.registry.add(echo, "book", Options(ordered=Ordered()))
    answer = ann.post("/jobs/batch", {"jobs": [{"task": "book", "args": {"value": n}} for n in range(9)]})
    tickets = [desk.row(one["job"]["id"]).ticket for one in answer.body["jobs"]]
    assert tickets == list(range(1, 10))


def test_a_group_for_a_task_without_order_is_refused_by_name(ann: Caller):
    reply = ann.post("/jobs", {"task": "echo", "args": {}, "group": "g"})
    assert (reply.status, reply.argument) == (422, "group")
