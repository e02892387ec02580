"""Turning requests into accepted jobs: checked by the task's signature, keyed if a key was given, then accepted."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.errors import MAX_DELAY, InvalidInput, JoblineError, KeyReused
from chalicelib.domain.job import KEY_LIFE, Job
from chalicelib.lanes import LANES
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.accept import accept, new_job
from chalicelib.pipeline.gates import keyed_by
from chalicelib.pipeline.ids import is_tenant
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import place
from chalicelib.pipeline.ports import KeyClaim
from chalicelib.pipeline.task import MAX_ATTEMPTS, MAX_EXPIRES, Options, Submission, Task

MAX_TAGS = 10
MAX_TAG_CHARS = 64
MAX_KEY_CHARS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRequest:
    """What a caller asks for: a task by name, its arguments by name as JSON values, and how to submit it."""

    task: str
    args: Mapping[str, Any]
    how: Submission = field(default_factory=Submission)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prepared:
    """A request that is in order."""

    task: Task[Any, Any]
    text: str
    request: JobRequest
    job_id: str


def enqueue(requests: Sequence[JobRequest], *, parts: Parts) -> list[Job | Exception]:
    """Accept each request on its own. Each answer is its job, or the error that kept it out; one bad request harms no other.

    Errors are `CallerError`s to be mended by the caller, or `Unavailable`: the same request with the same key may be sent again.
    """
    answers: list[Job | Exception] = list(parts.crew.each(lambda request: _job(request, parts), requests))
    jobs = [job for job in answers if isinstance(job, Job)]
    jobs = _once_each(jobs)
    by_id = {job.id: row for job, row in zip(jobs, accept(jobs, parts=parts), strict=True)}
    return [_expected(by_id[answer.id] if isinstance(answer, Job) else answer) for answer in answers]


def _once_each(jobs: Sequence[Job]) -> list[Job]:
    """Without the doubles that one key makes within one batch."""
    return list({job.id: job for job in jobs}.values())


def _expected(answer: Job | Exception) -> Job | Exception:
    """A row, or a request's own error as its answer; a bug of ours rises."""
    if isinstance(answer, Job | JoblineError):
        return answer
    raise answer


def _job(request: JobRequest, parts: Parts) -> Job:
    prepared = prepare(request, parts)
    now = parts.world.now()
    how = request.how
    if how.key is not None:
        held = _hold(prepared, how.key, now, parts)
        prepared = replace(prepared, job_id=held)
    return new_job(
        prepared.task,
        job_id=prepared.job_id,
        now=now,
        how=how,
        values=request.args,
        args=lambda due: patience(parts)(
            place, prepared.text, job_id=prepared.job_id, due=due, payloads=parts.payloads
        ),
    )


def prepare(request: JobRequest, parts: Parts) -> _Prepared:
    """Check the request. Raises `InvalidInput` that names the argument."""
    task = parts.registry[request.task]
    if not isinstance(request.args, Mapping):
        raise InvalidInput("args", "not an object of named arguments")
    text = strict_json.write_readable(dict(request.args), name="args", limit=MAX_BODY)
    task.signature.check(request.args)
    _check_times(request.how, task.options, parts.world.now())
    _check_choices(request.how, parts)
    if request.how.group is not None and task.options.ordered is None:
        raise InvalidInput(
            "group", f"the jobs of {task.name!r} have no order: it is not declared with ordered="
        )
    return _Prepared(task=task, text=text, request=request, job_id=parts.world.job_id())


def _check_times(how: Submission, options: Options, now: datetime) -> None:
    """Refuse a due time or a deadline that is out of range, by the name of the argument."""
    if how.delay is not None and how.at is not None:
        raise InvalidInput("delay", "give delay or at, not both")
    if how.at is not None and how.at.tzinfo is None:
        raise InvalidInput("at", "a time without a time zone")
    wait = how.at - now if how.at is not None else how.delay or timedelta(0)
    if how.delay is not None and wait < timedelta(0):
        raise InvalidInput("delay", "is negative")
    if wait > MAX_DELAY:
        raise InvalidInput(
            "at" if how.at is not None else "delay", f"is more than {MAX_DELAY.days} days ahead"
        )
    expires = how.expires if how.expires is not None else options.expires
    if expires is not None and not max(wait, timedelta(0)) < expires <= MAX_EXPIRES:
        whose = "" if how.expires is not None else f" (the task's own, {expires})"
        raise InvalidInput("expires", f"is not after the time at which the job is due{whose}")


def _check_choices(how: Submission, parts: Parts) -> None:
    """Refuse any other option that is out of range, by the name of the argument."""
    if not is_tenant(how.tenant):
        raise InvalidInput("tenant", "not 1 to 64 letters, digits, dots, dashes and underscores")
    if how.lane is not None and how.lane not in LANES:
        raise InvalidInput("lane", f"{how.lane!r} is none of {', '.join(LANES)}")
    if how.max_attempts is not None and not 1 <= how.max_attempts <= MAX_ATTEMPTS:
        raise InvalidInput("max_attempts", f"{how.max_attempts} is not between 1 and {MAX_ATTEMPTS}")
    if len(how.tags) > MAX_TAGS:
        raise InvalidInput("tags", f"more than {MAX_TAGS} tags")
    for number, tag in enumerate(how.tags):
        if not 1 <= len(tag) <= MAX_TAG_CHARS or not tag.isprintable():
            raise InvalidInput(f"tags[{number}]", f"not 1 to {MAX_TAG_CHARS} printable characters")
    if how.key is not None and not (1 <= len(how.key) <= MAX_KEY_CHARS and how.key.isprintable()):
        raise InvalidInput("idempotency_key", f"not 1 to {MAX_KEY_CHARS} printable characters")
    if how.group is not None and not (1 <= len(how.group) <= MAX_KEY_CHARS and how.group.isprintable()):
        raise InvalidInput("group", f"not 1 to {MAX_KEY_CHARS} printable characters")
    for option in ("on_success", "on_failure"):
        follower = getattr(how, option)
        if follower is not None and follower not in parts.registry:
            raise InvalidInput(option, f"no task is called {follower!r}")
        if follower is not None and keyed_by(parts.registry[follower], "job"):
            raise InvalidInput(option, f"a key of {follower!r} is made of `job`, which is no plain value")


def _hold(prepared: _Prepared, key: str, now: datetime, parts: Parts) -> str:
    """The id that the key stands for. The key is written before the row, so a crash in between is mended by asking again."""
    how = prepared.request.how
    claim = KeyClaim(
        tenant=how.tenant,
        key=key,
        request_hash=request_hash(prepared.request),
        job_id=prepared.job_id,
        until=now + KEY_LIFE,
    )
    held = patience(parts)(parts.keys.hold, claim, now)
    if held.request_hash != claim.request_hash:
        raise KeyReused(f"the idempotency key {key!r} was used for another request; its job is {held.job_id}")
    return held.job_id


def request_hash(request: JobRequest) -> str:
    """What makes two requests the same: task, arguments and options as the caller gave them, in any order of names."""
    how = request.how
    given: list[Any] = [
        request.task,
        json.dumps(dict(request.args), sort_keys=True),
        str(how.delay),
        str(how.at),
        str(how.expires),
        how.lane,
        how.max_attempts,
    ]
    given += [sorted(how.tags), how.on_success, how.on_failure]
    given += [] if how.group is None else [f"group {how.group}"]
    return hashlib.sha256(strict_json.write(given).encode()).hexdigest()[:32]
