"""Everybody who asks for something through the API: clients that submit and ask again, cancellers, operators who redrive."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters.memory.queue import DEAD_LETTERS
from chalicelib.domain.errors import (
    JoblineError,
    KeyReused,
    MachineryError,
    NotFound,
    NotPossible,
    NotUnique,
    Throttled,
    TooLarge,
)
from chalicelib.domain.job import TERMINAL, Job, State, Wakeup
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.dead_list import dead_groups, dead_jobs
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.messages import encode
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.query import Search, search
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.strict_json import write
from chalicelib.pipeline.task import Submission
from proof.simulation.clockwork import Fiber
from proof.simulation.cloud import Cloud
from proof.simulation.control.planners import Planners
from proof.simulation.profile import SECOND, TENANTS, Request

REFUSALS = (NotUnique, Throttled)
API_TIMEOUT = 29 * SECOND


@dataclass(kw_only=True)
class Asked:
    """What became of one request, as its client knows it."""

    request: Request
    ids: list[str] = field(default_factory=list)  #: the id of each answer
    open: int = 0
    since: datetime | None = (
        None  #: when it was asked first; by its key a request that is repeated is the same one
    )


@dataclass(kw_only=True)
class Operation:
    """A call of a verb and its answer, for the history checker."""

    verb: str
    job_id: str
    answer: Job | Exception | None
    at: int


class People:
    """The clients and operators of one history."""

    def __init__(self, cloud: Cloud, parts: Parts) -> None:
        self.cloud = cloud
        self.parts = parts
        self.asked = [Asked(request=request) for request in cloud.profile.requests]
        self.operations: list[Operation] = []
        self.pending = 0  #: things that somebody will still do

    def come(self) -> None:
        """Let everybody do what they will do."""
        profile = self.cloud.profile
        Planners(self, self.parts).come()
        if profile.batched:
            self.at(0, self._submit_all)
        for asked in self.asked:
            for _ in range(asked.request.twins + (not profile.batched)):
                self.at(asked.request.at, lambda asked=asked: self._submit(asked, 0))
            if asked.request.other:
                self.at(asked.request.at + 2 * SECOND, lambda asked=asked: self._submit_other(asked))
        for when, number, twice in profile.cancels:
            self.at(when, lambda number=number, twice=twice: self._cancel(number, 3 if twice else 0))
        for when, number, what in profile.intrusions:
            self.at(when, lambda number=number, what=what: self._intrude(number, what))
        for when in profile.redrives:
            self.at(when, lambda when=when: self._redrive(when))

    def at(self, when: int, what: Any) -> None:
        """Somebody will do this then."""
        self.pending += 1

        def then() -> None:
            self.pending -= 1
            what()

        self.cloud.clock.at(when, then)

    # ----------------------------------------------------------------------------------------------------- submitting

    def _submit(self, asked: Asked, number: int) -> None:
        request = asked.request
        if asked.open and request.key:
            self.cloud.seam.fate.hit("F08")
        asked.open += 1
        wanted = JobRequest(task=request.task, args=self._args(request), how=_how(request))

        since = asked.since if asked.since and request.key else self.cloud.monitor.true_time
        asked.since = since

        def body() -> Any:
            return enqueue([wanted], parts=self.parts)[0]

        def over(fiber: Fiber) -> None:
            self._enqueued(asked, fiber.value, since)

        self.cloud.sandbox("api", body, ends=API_TIMEOUT, then=over)
        self.at(self.cloud.clock.now + API_TIMEOUT + SECOND, lambda: self._again(asked, number))

    def _submit_all(self) -> None:
        """All requests in one call. Who gets no answer asks again for himself."""
        wanted = [
            JobRequest(task=a.request.task, args=self._args(a.request), how=_how(a.request))
            for a in self.asked
        ]

        since = self.cloud.monitor.true_time
        for asked in self.asked:
            asked.since = since

        def over(fiber: Fiber) -> None:
            for asked, answer in zip(self.asked, fiber.value or (), strict=False):
                self._enqueued(asked, answer, since)

        self.cloud.sandbox("api", lambda: enqueue(wanted, parts=self.parts), ends=API_TIMEOUT, then=over)
        for asked in self.asked:
            asked.open += 1
            later = lambda asked=asked: self._again(asked, 0)  # noqa: E731
            self.at(self.cloud.clock.now + API_TIMEOUT + SECOND, later)

    @staticmethod
    def _args(request: Request) -> dict[str, Any]:
        if request.flow:
            return {"workflow": json.loads(request.flow)}
        args: dict[str, Any] = {"script": request.script}
        if request.group:
            args["group"] = request.group
        if request.body:
            frame = len(write({**args, "pad": ""}))
            return {**args, "pad": "x" * (request.body - frame)}
        return {**args, "pad": "x" * request.pad} if request.pad else args

    def _enqueued(self, asked: Asked, answer: Any, since: datetime) -> None:
        monitor = self.cloud.monitor
        if asked.request.body and isinstance(answer, Job | TooLarge):
            self.cloud.seam.fate.hit("F66")
            if isinstance(answer, TooLarge) is not (asked.request.body > MAX_BODY):
                monitor.fail("LIMIT", f"arguments of {asked.request.body} bytes: {answer}")
            if isinstance(answer, TooLarge):
                return
        if isinstance(answer, Job):
            asked.ids.append(answer.id)
            if answer.tenant != asked.request.tenant:
                monitor.fail("I10", f"{asked.request.tenant} was given a job of {answer.tenant}")
            if asked.request.key and len(set(asked.ids)) > 1:
                monitor.fail("KEY", f"one key, several jobs: {sorted(set(asked.ids))}")
            monitor.answered(answer.id)
            pad = "x" * asked.request.pad
            monitor.control.answered(answer, pad, since, keyed=asked.request.key is not None)
        elif isinstance(answer, REFUSALS) and asked.request.group:
            monitor.seen(type(answer).__name__)
        elif not isinstance(answer, MachineryError):
            monitor.bug(answer)

    def _again(self, asked: Asked, number: int) -> None:
        """A client that got no answer asks again, with the same key."""
        asked.open -= 1
        request = asked.request
        if request.key and not asked.ids and number < len(request.retries):
            self.at(self.cloud.clock.now + request.retries[number], lambda: self._submit(asked, number + 1))

    def _submit_other(self, asked: Asked) -> None:
        request = asked.request
        wanted = JobRequest(task=request.task, args={"script": "ok", "pad": "other"}, how=_how(request))

        def over(fiber: Fiber) -> None:
            answer = fiber.value
            if isinstance(answer, KeyReused):
                self.cloud.seam.fate.hit("F09")
            elif isinstance(answer, Job):
                if asked.ids:
                    self.cloud.monitor.fail("KEY", "another request was taken for the same")
                self.cloud.monitor.answered(answer.id)

        if asked.ids:
            self.cloud.sandbox(
                "api", lambda: enqueue([wanted], parts=self.parts)[0], ends=API_TIMEOUT, then=over
            )

    # ------------------------------------------------------------------------------------------------------ operating

    def _cancel(self, number: int, again: int) -> None:
        rows = [row for row in self.cloud.monitor.rows.values() if not row.cause]
        if not rows:
            return
        row = rows[number % len(rows)]
        if self.cloud.busy:
            self.cloud.seam.fate.hit("F47")

        def body() -> Any:
            try:
                return cancel(row.id, tenant=row.tenant, parts=self.parts)
            except NotFound as error:
                return error

        def over(fiber: Fiber) -> None:
            if fiber.failure is None:
                self._note("cancel", row.id, fiber.value)

        self.cloud.sandbox("api", body, ends=API_TIMEOUT, then=over)
        if again:
            self.at(self.cloud.clock.now + 3 * SECOND, lambda: self._cancel(number, again - 1))

    def _redrive(self, when: int) -> None:
        def body() -> None:
            many = 40 if any(asked.request.flow for asked in self.asked) else 10
            for job in list(dead_jobs(limit=many, parts=self.parts)):
                answer: Any
                try:
                    answer = redrive(job.id, tenant=job.tenant, parts=self.parts)
                except JoblineError as error:
                    answer = error
                self._note("redrive", job.id, answer)
            if when == self.cloud.profile.redrives[-1]:
                self._look_around(TENANTS[0])

        self.cloud.sandbox("operator", body, ends=API_TIMEOUT)

    def _look_around(self, tenant: str) -> None:
        found = search(Search(tenant=tenant), parts=self.parts).jobs
        groups = dead_groups(tenant=tenant, scan=10, parts=self.parts).groups
        seen = [job.tenant for job in found]
        seen += [self.cloud.monitor.ever[group.example].tenant for group in groups]
        if set(seen) - {tenant}:
            self.cloud.monitor.fail("I10", f"{tenant} sees jobs of {sorted(set(seen))}")

    def _intrude(self, number: int, what: str) -> None:
        """Somebody names a job of another tenant: by a message that he made up, or through the API."""
        monitor = self.cloud.monitor
        rows = list(monitor.rows.values())
        if not rows:
            return
        row = rows[number % len(rows)]
        other = next(name for name in TENANTS if name != row.tenant)
        self.cloud.seam.fate.hit("I10")
        if what in {"message", "dead letter"}:
            body = encode(Wakeup(tenant=other, job_id=row.id, epoch=row.epoch))
            self.cloud.queue.put(row.lane if what == "message" else DEAD_LETTERS, body)
            return
        verb = cancel if what == "cancel" else redrive

        def body_of_call() -> None:
            try:
                answer = verb(row.id, tenant=other, parts=self.parts)
            except NotFound:
                return
            except MachineryError:
                return  # a call that found nobody to answer it says nothing about anybody's job either
            except JoblineError as error:
                monitor.fail("I10", f"{other} is told of a job of {row.tenant}: {error}")
                return
            monitor.fail("I10", f"{other} may {what} a job of {row.tenant}: {answer.state}")

        box = self.cloud.sandbox("api", body_of_call, ends=API_TIMEOUT)
        box.tenant = other

    def _note(self, verb: str, job_id: str, answer: Any) -> None:
        self.operations.append(Operation(verb=verb, job_id=job_id, answer=answer, at=self.cloud.clock.now))
        monitor = self.cloud.monitor
        if isinstance(answer, Exception) and not isinstance(answer, MachineryError | NotFound | NotPossible):
            monitor.bug(answer)
        if verb == "cancel" and isinstance(answer, Job):
            wished = answer.state is State.RUNNING and answer.cancel_requested is not None
            if not (answer.state in TERMINAL or wished):
                monitor.fail("CANCEL", f"cancel answered with {answer.state} and no wish")


def _how(request: Request) -> Submission:
    return Submission(
        delay=timedelta(milliseconds=request.delay) if request.delay else None,
        expires=timedelta(milliseconds=request.expires) if request.expires else None,
        max_attempts=request.max_attempts,
        key=request.key,
        tenant=request.tenant,
    )
