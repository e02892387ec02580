"""The store and the queue, watched. Every transition and every message passes here, so each is told once: to log, metrics and trace.

The verbs and the real adapters know nothing of it. What is told is what was recorded: a write whose reply was lost is told when its
own mark is found.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.change import Change
from chalicelib.domain.job import Entry, Job, Wakeup
from chalicelib.pipeline.life import ACCEPTED, Told, told, written_by
from chalicelib.pipeline.ports import (
    JobQueue,
    JobStore,
    LaneDepth,
    Metrics,
    Refused,
    Slice,
    Tracer,
    Written,
)

log = logging.getLogger("jobline.life")


class ObservedStore:
    """A `JobStore` whose every transition is told."""

    def __init__(self, store: JobStore, tracer: Tracer, metrics: Metrics) -> None:
        self._store = store
        self._tracer = tracer
        self._metrics = metrics

    def create(self, job: Job) -> Job | None:
        """Put the row; told if this call put it."""
        there = self._store.create(job)
        if there is None:
            self._count(job, ACCEPTED)
            _log(job, ACCEPTED, None)
        return there

    def write(self, job_id: str, change: Change) -> Written | Refused:
        """Record the change; told if it is a transition and stands in the row."""
        answer = self._store.write(job_id, change)
        entry = written_by(change)
        if entry is not None and answer.job is not None and _stands(entry, answer):
            self._tell(answer.job, entry)
        return answer

    def _tell(self, job: Job, entry: Entry) -> None:
        said = told(job, entry)
        self._count(job, said)
        facts: dict[str, str | float] = {"job_id": job.id, "task": job.task, "attempt": job.attempts}
        if job.workflow is not None:
            facts["workflow"] = job.workflow
        if said.ended:
            facts["outcome"] = said.word
        if said.ended or said.word == "started":
            self._tracer.note(fault=said.bad, epoch=entry.epoch, **facts)
        _log(job, said, entry)

    def _count(self, job: Job, said: Told) -> None:
        for measure, value in said.measures.items():
            self._metrics.add(measure, value, lane=job.lane, task=job.task, tenant=job.tenant)

    # What only reads or moves marks passes through.

    def read(self, job_id: str) -> Job | None:
        """As the port says."""
        return self._store.read(job_id)

    def unattended(self, after: datetime, until: datetime) -> Slice:
        """As the port says."""
        return self._store.unattended(after, until)

    def newest(self, before: str, since: datetime) -> Iterator[Job]:
        """As the port says."""
        return self._store.newest(before, since)

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """As the port says."""
        return self._store.due(now, limit)

    def dead(self, after: str | None, limit: int) -> tuple[Sequence[Job], str | None]:
        """As the port says."""
        return self._store.dead(after, limit)

    def watermark(self, name: str) -> datetime | None:
        """As the port says."""
        return self._store.watermark(name)

    def move_watermark(self, name: str, seen: datetime | None, to: datetime) -> bool:
        """As the port says."""
        return self._store.move_watermark(name, seen, to)


def _stands(entry: Entry, answer: Written | Refused) -> bool:
    """Whether the entry is in the row: written now, or before, by a call whose reply was lost. Only a writer's mark can tell that."""
    if isinstance(answer, Written):
        return True
    return bool(entry.by) and answer.job is not None and entry in answer.job.history


def _log(job: Job, said: Told, entry: Entry | None) -> None:
    """One line a transition. What went wrong is named by its type alone: an exception's words may quote the arguments."""
    extra: dict[str, object] = {
        **job.log_fields(),
        "action": said.word,
        "state": job.state.value,
        "lane": job.lane,
    }
    if entry is not None:
        extra["epoch"] = entry.epoch
    extra |= {measure: round(value) for measure, value in said.measures.items() if measure.unit != "Count"}
    if said.bad and job.error is not None:
        extra |= {"error_type": job.error.type, "fingerprint": job.error.fingerprint}
    if said.word == "died" and job.reason is not None:
        extra["reason"] = job.reason.value
    level = logging.WARNING if said.word == "died" else logging.INFO
    which = f", attempt {job.attempts} of {job.max_attempts}" if job.attempts else ""
    log.log(level, "%s: %s%s", job.label(), said.word, which, extra=extra)


class ObservedQueue:
    """A `JobQueue` whose every message carries the trace in which it was sent."""

    def __init__(self, queue: JobQueue, tracer: Tracer) -> None:
        self._queue = queue
        self._tracer = tracer

    def send(self, wakeups: Sequence[Wakeup]) -> Sequence[Wakeup]:
        """Send them, each as part of this trace. Returns those that were not sent, as they were given."""
        with self._tracer.span("send"):
            self._tracer.note(messages=len(wakeups))
            if len(wakeups) == 1:
                self._tracer.note(job_id=wakeups[0].job_id)
            header = self._tracer.header()
            if header is None:
                return self._queue.send(wakeups)
            return self._queue.send([replace(one, trace=one.trace or header) for one in wakeups])

    def extend(self, lane: str, receipt: str, visibility: timedelta) -> None:
        """As the port says."""
        self._queue.extend(lane, receipt, visibility)

    def depths(self) -> Sequence[LaneDepth]:
        """As the port says."""
        return self._queue.depths()
