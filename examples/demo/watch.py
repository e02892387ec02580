"""Following jobs to their ends, with few requests, and never longer than the run may last."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from examples.demo.api import Document

TERMINAL = frozenset({"SUCCEEDED", "DEAD", "CANCELLED", "EXPIRED"})
# Not a state of Jobline's: what a job is to us that was accepted and that the API, asked again and again, does not know.
LOST = "LOST"
ENOUGH_MISSES = 5

# Up to this many are asked for one by one, which is cheaper than reading through the list of all.
FEW = 12
EVERY = 0.5  # seconds between two looks: a person sees it move, and the API has other things to do
# Clocks may differ a little, and the list is cut by time: look this much further back.
MARGIN = timedelta(seconds=2)


class TookTooLong(Exception):
    """The run's time is over and these jobs have no outcome; `unfinished` holds them as last seen."""

    def __init__(self, unfinished: Sequence[Document]) -> None:
        super().__init__(f"{len(unfinished)} jobs had no outcome when the time was over")
        self.unfinished = unfinished


class Reader(Protocol):
    """The part of the API that watching needs."""

    def job(self, job_id: str) -> Document | None: ...

    def jobs_since(self, since: str) -> Iterable[Document]: ...


@dataclass(kw_only=True)
class Watch:
    """The jobs of a run by id, as last seen. A terminal document is final: it is not asked for again."""

    seen: dict[str, Document] = field(default_factory=dict)
    _misses: Counter[str] = field(default_factory=Counter)

    def add(self, jobs: Sequence[Document]) -> None:
        """Follow these from now on."""
        for job in jobs:
            self.seen.setdefault(job["id"], job)

    @property
    def unfinished(self) -> list[Document]:
        """Those without an outcome, oldest first."""
        return sorted(
            (job for job in self.seen.values() if job["state"] not in TERMINAL | {LOST}),
            key=lambda job: str(job["id"]),
        )

    def look(self, api: Reader) -> None:
        """Read once what may have changed. Jobs of others in the same list are passed over."""
        waiting = {job["id"]: job for job in self.unfinished}
        if len(waiting) <= FEW:
            for job_id in waiting:
                self.seen[job_id] = api.job(job_id) or self._missed(job_id)
            return
        self.seen.update({job["id"]: job for job in _listed(api, waiting.values()) if job["id"] in waiting})

    def changed_since(self, api: Reader) -> list[str]:
        """Read everything once more. The ids of jobs whose recorded outcome is not what it was: there should be none."""
        again = {job["id"]: job for job in _listed(api, self.seen.values())} if self.seen else {}
        return [
            job_id
            for job_id, job in self.seen.items()
            if _outcome(again.get(job_id) or api.job(job_id)) != _outcome(job)
        ]

    def _missed(self, job_id: str) -> Document:
        self._misses[job_id] += 1
        known = self.seen[job_id]
        return {**known, "state": LOST} if self._misses[job_id] >= ENOUGH_MISSES else known

    def until_all_ended(
        self,
        api: Reader,
        *,
        deadline: float,
        show: Callable[[Mapping[str, Document]], None],
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Look until every job has an outcome. Raises `TookTooLong` once `now()` reaches `deadline`."""
        while True:
            self.look(api)
            show(self.seen)
            if not self.unfinished:
                return
            if now() >= deadline:
                raise TookTooLong(self.unfinished)
            pause(EVERY)


def _listed(api: Reader, jobs: Iterable[Document]) -> Iterable[Document]:
    """The list from the oldest of these jobs on; others' jobs are in it too."""
    oldest = min(datetime.fromisoformat(job["created_at"]) for job in jobs)
    return api.jobs_since((oldest - MARGIN).isoformat(timespec="milliseconds").replace("+00:00", "Z"))


def _outcome(job: Document | None) -> tuple[object, ...] | None:
    return None if job is None else (job["state"], job["finished_at"], job["epoch"])
