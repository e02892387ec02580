"""The verbs, each once: what is asked of the API, in which order, and what is made of the answers."""

import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from jobline.client.batches import BATCH, batches
from jobline.client.errors import ApiError, ClientError, JobNotSucceeded, error_of
from jobline.client.job import Job, NewJob
from jobline.client.talk import TRIES, Ask, Pause, Plan, Say, ask, patience

AHEAD = 1000
"""How many jobs of a `map` may be there whose results nobody has taken."""

FIRST_LOOK, LONGEST_LOOK = 0.1, 2.0
"""Seconds between two looks at a job that has not ended: ever longer."""


def submit(new: NewJob) -> Plan[Job]:
    """POST /jobs, under a key."""
    headers = {"Idempotency-Key": new.key or str(uuid.uuid4())}
    reply = yield from ask(Ask(method="POST", path="/jobs", body=new.body(), headers=headers))
    return Job.of(reply.document)


def submit_many(news: Iterable[NewJob], *, batch: int = BATCH) -> Plan[None]:
    """POST /jobs/batch, as often as it takes; says each job, or the error that kept it out, in the order of the jobs.

    What it holds is one batch: the next jobs are asked for when all of it has been said.
    """
    for texts in batches(news, batch=batch):
        for answer in (yield from _accepted(texts)):
            yield Say(answer)


def _accepted(texts: Sequence[str]) -> Plan[list[Job | ApiError]]:
    """One batch's answers. Those that the API could not take now are sent again, under the same keys."""
    answers: dict[int, Job | ApiError] = {}
    left = list(range(len(texts)))
    for attempt in range(1, TRIES + 1):
        body = f'{{"jobs":[{",".join(texts[index] for index in left)}]}}'.encode()
        reply = yield from ask(Ask(method="POST", path="/jobs/batch", text=body))
        waits: dict[int, float] = {}
        for index, entry in zip(left, reply.document["jobs"], strict=True):
            if "job" in entry:
                answers[index] = Job.of(entry["job"])
                continue
            error = answers[index] = error_of(entry["status"], entry["problem"])
            after = None if error.retry_after is None else str(error.retry_after)
            wait = patience(error.status, after, attempt)
            if wait is not None:
                waits[index] = wait
        left = list(waits)
        if not left or attempt == TRIES:
            break
        yield Pause(max(waits.values()))
    return [answers[index] for index in range(len(texts))]


def get(job_id: str) -> Plan[Job]:
    """GET /jobs/{id}."""
    reply = yield from ask(Ask(method="GET", path=_of(job_id)))
    return Job.of(reply.document)


def cancel(job_id: str) -> Plan[Job]:
    """POST /jobs/{id}/cancel."""
    reply = yield from ask(Ask(method="POST", path=f"{_of(job_id)}/cancel"))
    return Job.of(reply.document)


def retry(job_id: str) -> Plan[Job]:
    """POST /jobs/{id}/retry."""
    reply = yield from ask(Ask(method="POST", path=f"{_of(job_id)}/retry"))
    return Job.of(reply.document)


def _of(job_id: str) -> str:
    """The job's path. What could be another path is no job's id. Raises `NotFound`."""
    if not (job_id.isascii() and job_id.isalnum()):
        raise error_of(404, {"detail": f"there is no job {job_id!r}"})
    return f"/jobs/{job_id}"


def jobs(filters: Mapping[str, Any]) -> Plan[None]:
    """GET /jobs, page after page; says each job, newest first."""
    return pages("/jobs", "jobs", filters, Job.of)


def pages(path: str, within: str, filters: Mapping[str, Any], made: Callable[[Any], Any]) -> Plan[None]:
    """GET a list, page after page; says what is made of each entry of the field `within`."""
    query = {name: value for name, value in filters.items() if value is not None}
    while True:
        reply = yield from ask(Ask(method="GET", path=path, query=query))
        for document in reply.document[within]:
            yield Say(made(document))
        if reply.document["cursor"] is None:
            return
        query["cursor"] = reply.document["cursor"]


def stats(
    since: datetime | str | None,
    until: datetime | str | None,
    step: timedelta | float | None,
    task: str | None,
    tenant: str | None,
) -> Plan[Any]:
    """GET /stats."""
    width = step.total_seconds() if isinstance(step, timedelta) else step
    query = {
        "since": moment(since),
        "until": moment(until),
        "step": None if width is None else int(width),
        "task": task,
        "tenant": tenant,
    }
    return call("GET", "/stats", None, query, once=False, key=None)


def moment(at: datetime | str | None) -> str | None:
    """As the API takes it."""
    return at.isoformat() if isinstance(at, datetime) else at


def call(
    method: str, path: str, body: Any, query: Mapping[str, Any], *, once: bool, key: str | None
) -> Plan[Any]:
    """Any other route: the answer's document."""
    given = {name: value for name, value in query.items() if value is not None}
    headers = {} if key is None else {"Idempotency-Key": key}
    request = Ask(method=method, path=path, body=body, query=given, headers=headers)
    reply = yield from ask(request, once=once)
    return reply.document


def ended(job_id: str, timeout: float | None) -> Plan[Job]:
    """The job once it has ended. Raises TimeoutError."""
    until, wait = _until(timeout), FIRST_LOOK
    while True:
        job = yield from get(job_id)
        if job.ended:
            return job
        yield from _pause(wait, until, f"{job.task}[{job.id}] is still {job.state}")
        wait = min(LONGEST_LOOK, wait * 1.5)


def result(job_id: str, timeout: float | None) -> Plan[Any]:
    """What the job returned. Raises `JobNotSucceeded`, TimeoutError."""
    return value_of((yield from ended(job_id, timeout)))


def value_of(job: Job) -> Any:
    """What a job that has ended returned. Raises `JobNotSucceeded`, `ClientError` when it is too large to be told."""
    if job.state != "SUCCEEDED":
        raise JobNotSucceeded(job)
    stored = job.document.get("result_stored")
    if stored is not None:
        raise ClientError(
            f"{job.task}[{job.id}]: its result of {stored['bytes']:,} bytes is not in the answer: {stored['why']}"
        )
    return job.result


def watch(job_id: str, timeout: float | None) -> Plan[None]:
    """Says the job whenever its state, attempt or progress is another one, the last time when it has ended. Raises TimeoutError."""
    until, last = _until(timeout), None
    while True:
        job = yield from get(job_id)
        seen = (job.state, job.document.get("attempts"), job.progress)
        if seen != last:
            yield Say(job)
            last = seen
        if job.ended:
            return
        yield from _pause(1.0, until, f"{job.task}[{job.id}] is still {job.state}")


def as_completed(job_ids: Iterable[str], timeout: float | None) -> Plan[None]:
    """Says each job when it has ended, whichever is first. Raises TimeoutError."""
    until, wait, left = _until(timeout), FIRST_LOOK, list(dict.fromkeys(job_ids))
    while left:
        still: list[str] = []
        for job_id in left:
            job = yield from get(job_id)
            if job.ended:
                yield Say(job)
            else:
                still.append(job_id)
        wait = FIRST_LOOK if len(still) < len(left) else min(LONGEST_LOOK, wait * 1.5)
        left = still
        if left:
            yield from _pause(wait, until, f"{len(left)} jobs have not ended")


def mapped(
    task: str, items: Iterable[Mapping[str, Any]], timeout: float | None, ahead: int = AHEAD
) -> Plan[None]:
    """Submits a job for each item's arguments; says the results, in the order of the items. Raises the first error.

    At most `ahead` jobs are there whose results have not been said: no further item is asked for meanwhile.
    """
    if ahead < 1:
        raise ValueError(f"ahead: {ahead} is less than 1")
    batch = min(BATCH, (ahead + 1) // 2)
    until, flight = _until(timeout), deque[str]()

    def first() -> Plan[Say]:
        left = None if until is None else max(0.0, until - time.monotonic())
        return Say((yield from result(flight.popleft(), left)))

    for texts in batches((NewJob(task=task, args=item) for item in items), batch=batch):
        while len(flight) > ahead - len(texts):
            yield (yield from first())
        for answer in (yield from _accepted(texts)):
            if isinstance(answer, Exception):
                raise answer
            flight.append(answer.id)
    while flight:
        yield (yield from first())


def _until(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


def _pause(wait: float, until: float | None, words: str) -> Iterator[Any]:
    """Wait, but not beyond the end. Raises TimeoutError at the end."""
    left = wait if until is None else until - time.monotonic()
    if left <= 0:
        raise TimeoutError(words)
    yield Pause(min(wait, left))
