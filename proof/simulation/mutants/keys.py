"""Broken acceptance: answers without rows, keys that stand for two jobs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from chalicelib.domain.job import Job
from chalicelib.pipeline import accept, enqueue, keyed, verdict
from proof.simulation.mutants.registry import Patch, mutant


@mutant(
    "the answer is given for the message, whatever became of the row",
    rates={"error": 0.08, "lost": 0.02},
    throttled=(0, 60_000),
)
def message_before_row() -> Sequence[Patch]:
    def hasty(jobs: Sequence[Job], *, parts: Any) -> list[Job | Exception]:
        wakeups = [w for job in jobs if (w := accept._first_wakeup(job, parts)) is not None]  # noqa: SLF001
        parts.queue.send(wakeups)
        rows = parts.crew.each(lambda job: accept._put(job, parts), jobs)  # noqa: SLF001
        return [row if isinstance(row, Job) else job for row, job in zip(rows, jobs, strict=True)]

    return [(enqueue, "accept", hasty)]


@mutant("the idempotency key is written after the row", keyed=True)
def key_after_row() -> Sequence[Patch]:
    old, hold = enqueue.enqueue, keyed.bound

    def late(requests: Any, *, parts: Any) -> Any:
        answers = old(requests, parts=parts)
        for request, answer in zip(requests, answers, strict=True):
            if isinstance(answer, Job) and request.how.key is not None:
                hold(enqueue.prepare(request, parts), answer.id, parts)
        return answers

    from proof.simulation import people

    return [(people, "enqueue", late), (enqueue, "bound", lambda _asked, job_id, _parts: job_id)]


@mutant("a keyed job may be forgotten before its key", tasks=("brief",), keyed=True)
def forgotten_before_key() -> Sequence[Patch]:
    return [(verdict, "forget_at", lambda job, now, **_: now + job.keep)]


@mutant("a key is over after a minute", keyed=True, rates={"crash_after": 0.08, "lost": 0.08})
def key_over_soon() -> Sequence[Patch]:
    return [(keyed, "KEY_LIFE", timedelta(minutes=1))]


@mutant("a key stands for whatever is asked under it", keyed=True)
def key_for_any_request() -> Sequence[Patch]:
    return [(enqueue, "request_hash", lambda _: "same")]
