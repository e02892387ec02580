"""F55 and F50 at size: many ends at once make one join; a fan-out of a thousand that dies at any page has exactly its children."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.job import State, Wakeup
from chalicelib.pipeline.execute import execute
from chalicelib.pipeline.workflows import places
from proof.fan_in import FanIn, fan_in, there, wrong
from tests.support.faults import Crash, How, Trap, trapped
from tests.support.stage import Stage

FINE = FanIn(children=100, threads=8, fires=1, tries=1, marks=100, notes=1, refused=0, seconds=1.0)


def test_two_fires_and_too_many_calls_are_wrong():
    assert list(wrong(FINE)) == []
    assert list(wrong(replace(FINE, fires=2))) == ["2 fires"]
    assert list(wrong(replace(FINE, refused=400))) == ["4.02 calls a child that were for nothing"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_five_hundred_children_that_end_in_32_threads_make_one_join():
    with there() as parts:
        found = fan_in(500, 32, parts)
    assert list(wrong(found)) == []
    assert found.marks >= 500


@pytest.mark.parametrize("how", [How.CRASH_BEFORE, How.CRASH_AFTER])
@pytest.mark.parametrize("port", ["items.write", "store.create", "queue.send"])
@pytest.mark.parametrize(
    "page",
    [
        page if page in {0, 9} else pytest.param(page, marks=[pytest.mark.slow, pytest.mark.long])
        for page in range(10)
    ],
)
def test_a_fan_out_of_a_thousand_that_dies_in_any_page_has_exactly_its_children(how, port, page):
    # given a workflow of ten pages whose worker dies in one of them: at its item, in the middle of its rows, at its messages
    stage = Stage(seed=page)
    stage.task(lambda x: x, "item")
    tree = {"map": {"task": "item", "into": "x"}, "items": list(range(1000))}
    job = stage.submit("jobline.workflow", {"workflow": tree})
    at = {"items.write": page + 1, "store.create": page * 100 + 50, "queue.send": page + 1}[port]
    trap = Trap(how=how, at=at, only=lambda name: name == port)
    with suppress(Crash):
        _attempt(stage, job, 0, trapped(stage.parts, trap))
    assert trap.sprung == port
    # when others take over
    stage.advance(minutes=20)
    _attempt(stage, job, 0, stage.parts)
    # then it waits for a thousand, each in its place, none twice
    assert stage.row(job).state is State.WAITING
    found = [places.position(row) for row in stage.store.rows.values() if row.cause]
    assert sorted(one.number for one in found) == list(range(1000))


def _attempt(stage, job, epoch, parts):
    wakeup = Wakeup(tenant=job.tenant, job_id=job.id, epoch=epoch, lane=job.lane)
    execute(wakeup, ends=stage.world.now() + timedelta(minutes=10), receipt=None, parts=parts)
