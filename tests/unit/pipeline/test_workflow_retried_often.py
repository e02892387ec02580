"""What has succeeded once is still known after any number of retries: its result stands in its place."""

import pytest

from chalicelib.domain.job import State
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.workflows.flow import chain, group
from tests.support.drive import drain

OFTEN = 25


class Fragile:
    def __init__(self, stage):
        self.stage, self.ran, self.broken = stage, [], True
        self.sound = stage.task(self._sound, "sound")
        self.fragile = stage.task(self._fragile, "fragile", max_attempts=1)

    def _sound(self, x: int) -> int:
        self.ran.append(x)
        return x

    def _fragile(self) -> int:
        if self.broken:
            raise ValueError("not yet")
        return 3

    def retried(self, flow):
        """The result of the workflow after many retries, of which only the last one can succeed."""
        job = self.stage.submit("jobline.workflow", {"workflow": flow.json()})
        drain(self.stage.parts)
        for left in range(OFTEN, 0, -1):
            self.broken = left > 1
            assert self.stage.row(job).state is State.DEAD
            self.stage.advance(minutes=1)
            redrive(job.id, tenant="default", parts=self.stage.parts)
            drain(self.stage.parts)
        row = self.stage.row(job)
        assert row.state is State.SUCCEEDED, row.error
        return load(row.result, whose=result_of(row), parts=self.stage.parts)


@pytest.fixture
def fragile(stage):
    return Fragile(stage)


def test_a_group_still_has_the_results_of_its_first_life(stage, fragile):
    found = fragile.retried(
        group([fragile.sound.s(1), fragile.fragile.s(), fragile.sound.s(2)], on_error="ignore", min_success=3)
    )
    assert found == [1, 3, 2]
    assert sorted(fragile.ran) == [1, 2]


def test_a_chain_still_goes_on_where_it_failed(stage, fragile):
    assert fragile.retried(chain(fragile.sound.s(1), fragile.fragile.si())) == 3
    assert fragile.ran == [1]


def test_so_does_a_group_within_a_chain(stage, fragile):
    inner = group([fragile.sound.s(1), fragile.fragile.s()], on_error="ignore", min_success=2)
    assert fragile.retried(chain(inner, fragile.sound.map())) == [1, 3]
    assert fragile.ran.count(1) == 2
