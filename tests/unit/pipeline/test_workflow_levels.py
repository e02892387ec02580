"""Workflows that tasks return, level after level: retrying does only what has not succeeded, however deep it is. docs/workflows.md"""

import pytest

from chalicelib.domain.job import State
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.workflows.flow import group
from tests.support.drive import check_end, drain, replay


class Mine:
    """Levels, each dug by the one above it: `dig` returns the next one's workflow. Some stones break the pick."""

    def __init__(self, stage):
        self.stage = stage
        self.hard: set[str] = set()
        self.ran: list[str] = []
        self.stones = 3
        self.dig = stage.task(self._dig, "dig", max_attempts=1)
        self.pick = stage.task(self._pick, "pick", max_attempts=1)

    def _dig(self, found: list[str], level: int, deepest: int):
        self.ran.append(f"dig {level}")
        if f"dig {level}" in self.hard:
            raise ValueError(f"level {level} is rock")
        if level == deepest:
            return found
        stones = group(self.pick.s(f"{level}.{n}") for n in range(self.stones))
        return stones | self.dig.s(level + 1, deepest)

    def _pick(self, stone: str) -> str:
        self.ran.append(stone)
        if stone in self.hard:
            raise ValueError(f"{stone} is rock")
        return stone

    def submit(self, deepest: int):
        return self.stage.submit("dig", {"found": [], "level": 0, "deepest": deepest})

    def again(self, job) -> list[str]:
        """Retry it; what ran then."""
        before = len(self.ran)
        redrive(job.id, tenant="default", parts=self.stage.parts)
        drain(self.stage.parts)
        return sorted(self.ran[before:])


@pytest.fixture
def mine(stage):
    return Mine(stage)


# The last stone of a level is the one that breaks the pick: a stone after it might not be picked at all, which is no success to be kept.


def test_what_succeeded_in_a_workflow_that_a_task_returned_is_not_done_again(stage, mine):
    mine.hard = {"0.2"}
    job = mine.submit(1)
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD

    # the task itself runs again: it might return another workflow now
    assert mine.again(job) == ["0.2", "dig 0"]

    mine.hard = set()
    assert mine.again(job) == ["0.2", "dig 0", "dig 1"]
    row = stage.row(job)
    assert load(row.result, whose=result_of(row), parts=stage.parts) == ["0.0", "0.1", "0.2"]
    replay(stage.parts)
    check_end(stage.parts)


def test_what_succeeded_in_any_of_its_levels_is_not_done_again(stage, mine):
    mine.hard = {"2.2"}
    job = mine.submit(4)
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD

    for hard, stones in (
        ({"2.2"}, ["2.2"]),
        ({"dig 3"}, ["2.2"]),
        ({"3.2"}, ["3.0", "3.1", "3.2"]),
        (set(), ["3.2"]),
    ):
        mine.hard = hard
        assert [one for one in mine.again(job) if not one.startswith("dig")] == stones
    row = stage.row(job)
    assert load(row.result, whose=result_of(row), parts=stage.parts) == ["3.0", "3.1", "3.2"]
    replay(stage.parts)
    check_end(stage.parts)


def test_members_of_a_group_that_became_workflows_keep_what_succeeded_in_them(stage, mine):
    def shaft(name: str):
        return group(mine.pick.s(f"{name}{n}") for n in range(2))

    shaft = stage.task(shaft, "shaft")
    mine.hard = {"b1"}
    wanted = group([shaft.s("a"), shaft.s("b"), shaft.s("c")], on_error="ignore", min_success=3)
    job = stage.submit("jobline.workflow", {"workflow": wanted.json()})
    drain(stage.parts)
    assert sorted(mine.ran) == ["a0", "a1", "b0", "b1", "c0", "c1"]

    assert mine.again(job) == ["b1"]
    mine.hard = set()
    assert mine.again(job) == ["b1"]
    assert stage.row(job).state is State.SUCCEEDED


def test_a_task_that_returns_another_workflow_when_it_is_retried_has_that_one_done_whole(stage, mine):
    mine.hard = {"0.2"}
    job = mine.submit(1)
    drain(stage.parts)

    mine.hard, mine.stones = set(), 4
    assert mine.again(job) == ["0.0", "0.1", "0.2", "0.3", "dig 0", "dig 1"]
    assert stage.row(job).state is State.SUCCEEDED
