"""Turning requests into accepted jobs: checked by the task's signature, keyed if a key was given, then accepted."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from chalicelib.domain.errors import InvalidInput, JoblineError
from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.accept import accept
from chalicelib.pipeline.alike import alike, says_the_same
from chalicelib.pipeline.asked import Asked, Made, Submitted, job_of
from chalicelib.pipeline.budgets.door import within_budgets
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.check_how import check_how
from chalicelib.pipeline.keyed import bound
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.quota import within_quotas
from chalicelib.pipeline.task import Submission


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRequest:
    """What a caller asks for: a task by name, its arguments by name as JSON values, and how to submit it."""

    task: str
    args: Mapping[str, Any]
    how: Submission = field(default_factory=Submission)


def enqueue(requests: Sequence[JobRequest], *, parts: Parts) -> list[Job | Exception]:
    """Accept each request on its own. Each answer is its job, or the error that kept it out; one bad request harms no other.

    Errors are `CallerError`s to be mended by the caller, or `Unavailable`: the same request with the same key may be sent again.
    """
    answers = submit(requests, parts=parts)
    return [answer.job if isinstance(answer, Submitted) else answer for answer in answers]


def submit(requests: Sequence[JobRequest], *, parts: Parts) -> list[Submitted | Exception]:
    """As `enqueue`, and told of each job whether the request made it."""
    lots = _lots(requests, parts)
    done = parts.crew.each(lambda lot: [_turn(asked, parts) for asked in lot.values()], lots)
    found: dict[int, Job | Submitted | Exception] = {}
    for lot, answers in zip(lots, done, strict=True):
        each = [answers] * len(lot) if isinstance(answers, Exception) else answers
        found.update(zip(lot, each, strict=True))
    jobs: dict[str, Job] = {}  # without the doubles that one key makes within one batch: the first is put
    for place in sorted(found):
        answer = found[place]
        if isinstance(answer, Job):
            jobs.setdefault(answer.id, answer)
    rows = dict(zip(jobs, accept(list(jobs.values()), parts=parts), strict=True))
    return [_expected(_answer(found[place], jobs, rows)) for place in sorted(found)]


Lot = Mapping[int, Asked | Exception]
"""Requests by their place in the batch."""


def _lots(requests: Sequence[JobRequest], parts: Parts) -> list[Lot]:
    """What can be dealt with side by side. Requests that are alike to their task come one after the other, in their order."""
    lots: dict[object, dict[int, Asked | Exception]] = defaultdict(dict)
    for place, asked in enumerate(_let_in([_prepared(one, parts) for one in requests], parts)):
        spot = asked.spot if isinstance(asked, Asked) else None
        lots[place if spot is None else spot][place] = asked
    return list(lots.values())


def _let_in(asked: Sequence[Asked | Exception], parts: Parts) -> list[Asked | Exception]:
    """Those that no spent budget stops, and then no quota."""
    return within_quotas(within_budgets(asked, parts), parts)


def _prepared(request: JobRequest, parts: Parts) -> Asked | Exception:
    """The request in order, its spot known, or what is wrong with it."""
    try:
        asked = prepare(request, parts)
        _ = asked.spot  # found once; a value that can be no part of a key is told here
    except JoblineError as error:
        return error
    return asked


def _turn(asked: Asked | Exception, parts: Parts) -> Job | Submitted | Exception:
    """The job to be put, the one that answers, or the request's own error; a bug of ours rises."""
    try:
        if isinstance(asked, Exception):
            return asked
        if asked.spot is not None:
            return alike(asked, asked.spot, parts)
        return job_of(asked, parts, job_id=bound(asked, asked.job_id, parts))
    except JoblineError as error:
        return error


def _answer(
    turn: Job | Submitted | Exception, jobs: Mapping[str, Job], rows: Mapping[str, Job | Exception]
) -> Submitted | Exception:
    """What the request is told, given the jobs that were put and the rows that are there."""
    if not isinstance(turn, Job):
        return turn
    row = rows[turn.id]
    if isinstance(row, Exception):
        return row
    first = jobs[turn.id] is turn and says_the_same(row, turn)
    mine = first if turn.key is None else row.key == turn.key
    return Submitted(job=row, made=Made.NEW if mine else Made.EXISTING)


def _expected(answer: Submitted | Exception) -> Submitted | Exception:
    """A request's own error is its answer; a bug of ours rises."""
    if isinstance(answer, Submitted | JoblineError):
        return answer
    raise answer


def prepare(request: JobRequest, parts: Parts) -> Asked:
    """Check the request. Raises `InvalidInput` that names the argument."""
    task = WORKFLOW if request.task == WORKFLOW.name else parts.registry[request.task]
    if not isinstance(request.args, Mapping):
        raise InvalidInput("args", "not an object of named arguments")
    text = strict_json.write_readable(dict(request.args), name="args", limit=MAX_BODY)
    task.signature.check(request.args)
    check_how(request.how, task, parts)
    if task is WORKFLOW:
        from chalicelib.pipeline.workflows.checking import check_workflow  # the rarer kind

        check_workflow(request.args, tenant=request.how.tenant, parts=parts)
    plain = "" if request.how.key is None else request_hash(request)
    return Asked(
        task=task,
        args=request.args,
        text=text,
        how=request.how,
        job_id=parts.world.job_id(),
        digest=parts.sealer.digest(plain) if plain else "",
        plain=plain,
    )


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
    if how.events is not None:  # only then, so that what older code hashed is still the same
        given.append(["events", *sorted(how.events)])
    given += [] if how.webhook is None else [f"webhook {how.webhook}"]
    return hashlib.sha256(strict_json.write(given).encode()).hexdigest()[:32]
