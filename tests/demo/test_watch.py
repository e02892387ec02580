from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from examples.demo.watch import ENOUGH_MISSES, FEW, TookTooLong, Watch


@dataclass
class Shelf:
    """An API of documents in memory, which counts how it is asked."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def job(self, job_id: str) -> dict[str, Any] | None:
        self.asked.append(job_id)
        return self.jobs.get(job_id)

    def jobs_since(self, since: str) -> Iterator[dict[str, Any]]:
        self.asked.append(f"since {since}")
        return (job for job in list(self.jobs.values()) if job["created_at"] >= since)


@dataclass
class Clock:
    """Time that passes only by pausing; something may happen at each pause."""

    seconds: float = 0.0
    happenings: list[Any] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        self.seconds += seconds
        if self.happenings:
            self.happenings.pop(0)()


def _follow(shelf: Shelf, watch: Watch, clock: Clock, deadline: float = 10.0) -> list[int]:
    shown: list[int] = []
    watch.until_all_ended(
        shelf,
        deadline=deadline,
        show=lambda seen: shown.append(sum(job["state"] == "SUCCEEDED" for job in seen.values())),
        now=clock.now,
        pause=clock.pause,
    )
    return shown


def _shelf(job, count: int, state: str = "QUEUED") -> Shelf:
    return Shelf(jobs={one["id"]: one for one in (job(state, number) for number in range(count))})


def _finish(shelf: Shelf, job, *numbers: int) -> None:
    shelf.jobs.update({one["id"]: one for one in (job("SUCCEEDED", number) for number in numbers)})


def test_it_looks_until_every_job_has_an_outcome(job):
    shelf, watch = _shelf(job, 3), Watch()
    watch.add(list(shelf.jobs.values()))
    clock = Clock(
        happenings=[lambda: _finish(shelf, job, 0, 1), lambda: None, lambda: _finish(shelf, job, 2)]
    )

    assert _follow(shelf, watch, clock) == [0, 2, 2, 3]
    assert watch.unfinished == []


def test_many_jobs_are_read_from_the_list_and_few_one_by_one(job):
    shelf, watch = _shelf(job, FEW + 1), Watch()
    watch.add(list(shelf.jobs.values()))

    watch.look(shelf)
    assert [asked.partition(" ")[0] for asked in shelf.asked] == ["since"]

    _finish(shelf, job, 0, 1)
    watch.look(shelf)
    shelf.asked.clear()
    watch.look(shelf)
    assert sorted(shelf.asked) == sorted(watch.seen)[2:]


def test_a_finished_job_is_not_asked_for_again(job):
    shelf, watch = _shelf(job, 2, "SUCCEEDED"), Watch()
    watch.add(list(shelf.jobs.values()))

    _follow(shelf, watch, Clock())

    assert shelf.asked == []


def test_jobs_of_others_are_passed_over(job):
    shelf, watch = _shelf(job, FEW + 5), Watch()
    mine = list(shelf.jobs.values())[: FEW + 2]
    watch.add(mine)

    watch.look(shelf)

    assert list(watch.seen) == [one["id"] for one in mine]


def test_when_the_time_is_over_it_names_what_hangs(job):
    shelf, watch = _shelf(job, 2), Watch()
    watch.add(list(shelf.jobs.values()))
    _finish(shelf, job, 0)

    with pytest.raises(TookTooLong, match="1 jobs had no outcome") as late:
        _follow(shelf, watch, Clock(), deadline=2.0)

    assert [one["id"] for one in late.value.unfinished] == [job("QUEUED", 1)["id"]]


def test_a_job_that_the_api_does_not_know_is_lost_after_some_looks_and_does_not_hold_up_the_rest(job):
    shelf, watch = _shelf(job, 2), Watch()
    watch.add(list(shelf.jobs.values()))
    _finish(shelf, job, 0)
    gone = job("QUEUED", 1)["id"]
    del shelf.jobs[gone]

    _follow(shelf, watch, Clock())

    assert watch.seen[gone]["state"] == "LOST"
    assert shelf.asked.count(gone) == ENOUGH_MISSES


def test_an_outcome_that_changed_or_vanished_afterwards_is_noticed(job):
    shelf, watch = _shelf(job, 20, "SUCCEEDED"), Watch()
    watch.add(list(shelf.jobs.values()))
    assert watch.changed_since(shelf) == []

    changed, gone = job("DEAD", 3), job("SUCCEEDED", 5)["id"]
    shelf.jobs[changed["id"]] = changed
    del shelf.jobs[gone]

    assert watch.changed_since(shelf) == [changed["id"], gone]
