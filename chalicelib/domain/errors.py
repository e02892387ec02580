"""Everything Jobline raises on purpose, branched by who has to act.

JoblineError
 +-- CallerError              the caller: mend the request and send it again
 |    +-- InvalidInput        an argument is wrong; `argument` names it
 |    |    +-- UnknownTask    no task of that name is registered
 |    |    +-- TooLarge       more bytes than a job may carry
 |    +-- NotFound            no such job for this tenant
 |    +-- Conflict            the request contradicts what is recorded
 |    |    +-- KeyReused      the idempotency key was used for another request
 |    |    +-- NotPossible    the job's state does not allow this (redrive of a job that is not dead, ...)
 |    |    +-- NotUnique      a job with the same key is there, and the task refuses another
 |    |    +-- OverQuota      the tenant may not have so much; waiting alone does not mend it
 |    +-- Throttled           the task or the tenant accepts no more now; `after` says when it does again
 |    |    +-- OverBudget     a budget is spent; its day or month is over `after`
 |    +-- Denied              the API key or token is missing, wrong, expired or lacks the scope
 +-- TaskError                the task's author: raised inside, or because of, a task
 |    +-- TaskMisdeclared     the decorator's arguments contradict each other; raised at import
 |    +-- LaneMisdeclared     a lane in chalicelib/lanes.py is none that AWS could make; raised at import
 |    +-- SoftTimeLimitExceeded   raised inside a task whose soft time limit has passed
 |    +-- Retry               raised by a task that wants another attempt, `after` some time
 |    +-- JobCancelled        raised inside a task by `check_cancelled()`
 |    +-- ResultNotJson       a task returned something that JSON cannot hold
 |    +-- WrongOutcomes       a batch task returned no list, or one of another length than it was given
 |    +-- DeliveryFailed      a webhook's receiver did not take the message, or could not be reached
 |    +-- EndpointGone        a webhook's endpoint was deleted, is switched off, or says that it is gone
 |    +-- ChildDied           the child process of a `cpu=True` task ended without an answer
 +-- MachineryError           SQS, by delivering the message again, or the next tick
 |    +-- Unavailable         a service refused or did not answer; try again with jitter
 |    +-- ServiceRefused      a service said no for a reason that waiting does not mend: no right, no such queue
 |    +-- KeyUnavailable      the key of sealed payloads cannot be used now: no answer, no right, switched off; what needs it waits
 |    +-- NewerRow            the row was written by newer code; this code leaves it alone
 |    +-- NewerMessage        the message was sent by newer code; this code gives it back
 |    +-- PayloadMissing      a stored payload is gone or is not the one that was stored
 +-- TransitionRefused        nobody: a lifecycle bug, the move is not in the table
"""

from datetime import timedelta

MAX_DELAY = timedelta(days=366)
"""The longest wait that a job can have: stored arguments are kept longer than that (docs/decisions/0003-payloads.md)."""

MAX_RETRY_WAIT = timedelta(days=1)
"""The longest wait before another attempt. With at most 50 attempts a job so ends well before its stored arguments expire."""


class JoblineError(Exception):
    """Base of all errors that Jobline raises on purpose."""


class CallerError(JoblineError):
    """The caller has to change the request."""


class InvalidInput(CallerError):
    """An argument is wrong. `argument` is its name as the caller wrote it, for example `args.width` or `delay`."""

    def __init__(self, argument: str, why: str) -> None:
        super().__init__(f"{argument}: {why}")
        self.argument = argument
        self.why = why


class UnknownTask(InvalidInput):
    """No task of that name is registered."""

    def __init__(self, name: str) -> None:
        super().__init__("task", f"no task is called {name!r}")


class TooLarge(InvalidInput):
    """More bytes than a job may carry."""


class NotFound(CallerError):
    """No such job for this tenant."""


class Conflict(CallerError):
    """The request contradicts what is recorded."""


class KeyReused(Conflict):
    """The idempotency key was used before for another request."""


class NotPossible(Conflict):
    """The job's state does not allow this."""


class NotUnique(Conflict):
    """A job with the same key is there already, and its task refuses another. `job_id` names it."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} has the same key, and the task takes one at a time")
        self.job_id = job_id


class OverQuota(Conflict):
    """The tenant may not have so much, or so many. `quota` names which of its limits says so."""

    def __init__(self, quota: str, why: str) -> None:
        super().__init__(f"{why} (quota {quota})")
        self.quota = quota


class Throttled(CallerError):
    """The task, or the tenant, has as many jobs accepted as it may, or the API key made as many requests. `after`: until the next."""

    def __init__(
        self, limit: int, per: timedelta, after: timedelta, *, who: str = "the task accepts {} jobs"
    ) -> None:
        said = who.format(limit)
        super().__init__(f"{said} in {per.total_seconds():g} s; the next in {after.total_seconds():g} s")
        self.after = after


class OverBudget(Throttled):
    """A budget that stops submissions is spent: nothing is accepted on its account until its day or month is over, or it is raised."""

    def __init__(self, whose: str, dollars: float, period: str, after: timedelta) -> None:
        CallerError.__init__(
            self,
            f"the budget of {whose} for {period}, ${dollars:g}, is spent; the next in {after.total_seconds():.0f} s",
        )
        self.after = after


class Denied(CallerError):
    """The credential is missing, wrong, expired, revoked or lacks the scope."""

    def __init__(self, why: str, *, known: bool, challenge: str = "") -> None:
        super().__init__(why)
        #: True when the caller is known but may not do this (403); False when the credential itself failed (401).
        self.known = known
        #: What WWW-Authenticate says of it beside the realm (RFC 6750, section 3): a bearer token's refusals have a name.
        self.challenge = challenge


class TaskError(JoblineError):
    """The task's author has to act."""


class TaskMisdeclared(TaskError):
    """The arguments of `@task` contradict each other or the function."""


class LaneMisdeclared(TaskError):
    """A lane of chalicelib/lanes.py cannot be: a figure is out of range, a name is there twice."""


class SoftTimeLimitExceeded(TaskError):
    """Raised inside a task whose soft time limit has passed, so that it can tidy up before the hard one."""

    def __init__(self, message: str = "the task's soft time limit has passed") -> None:
        super().__init__(message)


class Retry(TaskError):
    """Raise it inside a task to have another attempt: `raise Retry(after=30)`. It uses up an attempt like any failure.

    `after` is a timedelta or seconds; None means the task's own backoff.
    """

    def __init__(
        self, message: str = "the task asked for another attempt", *, after: timedelta | float | None = None
    ) -> None:
        super().__init__(message)
        wait = timedelta(seconds=after) if isinstance(after, int | float) else after
        if wait is not None and not timedelta(0) <= wait <= MAX_RETRY_WAIT:
            raise ValueError(f"after: {after!r} is not between 0 and {MAX_RETRY_WAIT.days} day")
        self.after = wait


class JobCancelled(TaskError):
    """Raised by `check_cancelled()` inside a task whose job somebody wants cancelled."""


class ResultNotJson(TaskError):
    """A task returned something that JSON cannot hold."""


class WrongOutcomes(TaskError):
    """A batch task returned no list, or one of another length than it was given: nobody can tell whose outcome is whose."""


class DeliveryFailed(TaskError):
    """A webhook's receiver did not take the message, or could not be reached. It is tried again."""


class EndpointGone(TaskError):
    """A webhook's endpoint was deleted, is switched off, or says that it is gone: no attempt will reach it."""


class ChildDied(TaskError):
    """The child process of a `cpu=True` task ended without an answer (killed, out of memory, `os._exit`)."""


class MachineryError(JoblineError):
    """Our own machinery failed: the message is to be delivered again."""


class Unavailable(MachineryError):
    """A service refused or did not answer. Whether the call took effect is unknown."""


class ServiceRefused(MachineryError):
    """A service said no for a reason that waiting does not mend: a missing right, a missing table or queue, a bad setting."""


class KeyUnavailable(MachineryError):
    """The key that payloads are sealed with cannot be used: KMS does not answer, says no, or the key is switched off."""


class NewerRow(MachineryError):
    """The row holds a state or an attribute that this code does not know."""


class NewerMessage(MachineryError):
    """The message is of a version that this code does not know."""


class PayloadMissing(MachineryError):
    """A stored payload is gone, or its SHA-256 is not the recorded one."""


class TransitionRefused(JoblineError):
    """The lifecycle table has no such move."""
