"""Which steps of a job are done, by HTTP: when, by which attempt, and not what they came to."""

from datetime import timedelta

import pytest

from chalicelib import current_job
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.steps import _shelf
from chalicelib.pipeline.task import Options
from tests.api.desk import Caller, Desk


@pytest.fixture
def trip(desk: Desk) -> str:
    """The name of a task of two steps that fails between them, once."""
    tries = []

    def book(number: int) -> str:
        step = current_job().step
        flight = step("flight", lambda: f"seat {number}")
        tries.append(number)
        if len(tries) == 1:
            raise ConnectionError("no hotel answers")
        return step("hotel", lambda: f"room for {flight}")

    desk.parts.registry.add(book, "book", Options(backoff=Backoff(base=timedelta(seconds=10))))
    return "book"


def test_steps_are_told_as_they_are_done_and_to_whom_they_belong(desk: Desk, ann: Caller, bob: Caller, trip):
    job = ann.submit(trip, {"number": 7})
    path = f"/jobs/{job}/steps"
    assert ann.get(path).body == {"steps": []}
    begun = desk.world.now()
    desk.work()

    (flight,) = ann.get(path).body["steps"]
    assert (flight["name"], flight["epoch"], flight["bytes"]) == ("flight", 1, len('"seat 7"'))
    assert flight["at"].startswith(f"{begun:%Y-%m-%dT%H:%M}")
    assert "seat" not in ann.get(path).text  # what it came to is the job's own
    assert bob.get(path).status == 404

    desk.world.advance(timedelta(minutes=1))
    desk.work()
    steps = ann.get(path).body["steps"]
    assert [(one["name"], one["epoch"]) for one in steps] == [("flight", 1), ("hotel", 2)]
    assert steps[0] == flight
    assert steps[1]["at"] > flight["at"]
    assert desk.caller("admin", tenant="ops").get(f"{path}?tenant=ann").body["steps"] == steps


def test_a_step_from_before_times_were_kept_has_none(desk: Desk, ann: Caller):
    job = ann.submit()
    shelf = _shelf(desk.store.read(job))
    desk.parts.items.write(Spot(shelf, "old"), Edit(set={"bytes": 2, "json": "{}"}))
    assert ann.get(f"/jobs/{job}/steps").body["steps"] == [
        {"name": "old", "at": None, "epoch": None, "bytes": 2}
    ]


def test_a_job_that_uses_none_has_none_and_one_that_is_not_there_is_404(ann: Caller, desk: Desk):
    job = ann.submit()
    desk.work()
    assert ann.get(f"/jobs/{job}/steps").body == {"steps": []}
    assert ann.get("/jobs/01KDVDNHR0000000000000000A/steps").status == 404
