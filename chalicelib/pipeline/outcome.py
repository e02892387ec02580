"""Running a task's function once and naming what happened. Runs wherever the function runs: on a thread, a loop, in a child."""

import hashlib
import traceback
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from chalicelib.domain.errors import (
    InvalidInput,
    JobCancelled,
    MachineryError,
    ResultNotJson,
    Retry,
    SoftTimeLimitExceeded,
    WrongOutcomes,
)
from chalicelib.domain.job import Failure
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.context import running, running_many
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.ports import Call
from chalicelib.pipeline.signal import JobContinues
from chalicelib.pipeline.signature import to_plain
from chalicelib.pipeline.task import Task
from chalicelib.pipeline.workflows.flow import Flow

if TYPE_CHECKING:
    from chalicelib.pipeline.batch_signature import BatchSignature

OUR_FRAMES = ("/chalicelib/pipeline/", "/chalicelib/adapters/runners/", "/jobline/replay/")
"""Where a traceback passes through us: the task's author has no use for that."""

ROOT = __file__.removesuffix("chalicelib/pipeline/outcome.py")
"""Where the project lies: its own files are named from there, on any machine alike."""

MESSAGE_CHARS = 400
TRACEBACK_CHARS = 2000

RESULT_BYTES = MAX_BODY - 64 * 1024
RESULT_DEPTH = strict_json.MAX_DEPTH - 2
RESULT_VALUES = strict_json.MAX_VALUES - 100
"""A result is a little less than arguments may be: the task that follows is told it as `job["result"]`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """The task returned; this is its result as JSON text."""

    json: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Raised:
    """The task raised. `again`: worth another attempt by the task's policy; `after`: the wait it asked for."""

    failure: Failure
    again: bool
    after: timedelta | None = None
    cancelled: bool = False
    timed_out: bool = False
    rejected: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Continues:
    """The task came to a checkpoint near its attempt's end, and goes on in another one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Becomes:
    """The task returned a workflow, here as JSON text, which takes its place."""

    json: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Several:
    """What happened to each job of a batch task's call, in their order."""

    outcomes: tuple["Outcome", ...]


Outcome = Returned | Raised | Continues | Becomes | Several


def run(task: Task[Any, Any], call: Call) -> Outcome:
    """Run a plain function."""
    try:
        if call.members:
            jobs = Jobs.of(task, call)
            with running_many(jobs.members):
                return jobs.outcomes(task.work(**jobs.args) if jobs.members else [])
        with running(call.facts, call.line):
            return _returned(task.work(**task.signature.check(call.args)))
    except BaseException as error:  # noqa: BLE001 - a task may raise anything, SystemExit too; all of it is an outcome
        return raised(task, error)


async def run_async(task: Task[Any, Any], call: Call) -> Outcome:
    """Run a coroutine function."""
    try:
        if call.members:
            jobs = Jobs.of(task, call)
            with running_many(jobs.members):
                return jobs.outcomes(await task.work(**jobs.args) if jobs.members else [])
        with running(call.facts, call.line):
            return _returned(await task.work(**task.signature.check(call.args)))
    except BaseException as error:  # noqa: BLE001 - as above; a cancelled coroutine is an outcome too
        return raised(task, error)


@dataclass(frozen=True, kw_only=True, slots=True)
class Jobs:
    """The jobs of one call of a batch task: those whose arguments can be read, and the outcomes of those whose cannot."""

    task: Task[Any, Any]
    args: Mapping[str, Any]
    members: tuple[Call, ...]
    refused: Mapping[int, Outcome]

    @classmethod
    def of(cls, task: Task[Any, Any], call: Call) -> "Jobs":
        """Read each job's arguments: one that is wrong harms no other."""
        values, members, refused = [], [], {}
        signature = cast("BatchSignature", task.signature)
        for number, member in enumerate(call.members):
            try:
                values.append(signature.one(member.args))
                members.append(member)
            except InvalidInput as error:
                refused[number] = raised(task, error)
        return cls(task=task, args={signature.parameter: values}, members=tuple(members), refused=refused)

    def outcomes(self, answers: object) -> Several:
        """Each job's own. Raises `WrongOutcomes`."""
        if not isinstance(answers, list | tuple) or len(answers) != len(self.members):
            said = f"{len(answers)} outcomes" if isinstance(answers, list | tuple) else type(answers).__name__
            raise WrongOutcomes(
                f"{self.task.name} returned {said} for {len(self.members)} jobs: a batch task returns a list, "
                "one value or exception for each job, in their order"
            )
        found = iter([self._one(answer) for answer in answers])
        count = len(self.members) + len(self.refused)
        return Several(outcomes=tuple(self.refused.get(n) or next(found) for n in range(count)))

    def _one(self, answer: object) -> Outcome:
        if isinstance(answer, BaseException):
            return raised(self.task, answer)
        if isinstance(answer, Flow):
            return raised(
                self.task, ResultNotJson(f"{answer!r}: a batch task's job cannot become a workflow")
            )
        try:
            return Returned(json=_json(answer))
        except BaseException as error:  # noqa: BLE001 - one result that is no JSON harms no other
            return raised(self.task, error)


def _returned(value: Any) -> Returned | Becomes:
    """What a task gave back: its result, or a workflow. Raises `ResultNotJson`."""
    if isinstance(value, Flow):
        return Becomes(json=_json(value.json()))
    return Returned(json=_json(value))


def _json(value: Any) -> str:
    """The result as JSON text that can be read again, also inside the arguments of the task that follows. Raises `ResultNotJson`."""
    try:
        return strict_json.write_readable(
            to_plain(value), name="result", limit=RESULT_BYTES, depth=RESULT_DEPTH, values=RESULT_VALUES
        )
    except InvalidInput as error:
        raise ResultNotJson(str(error)) from error


def raised(task: Task[Any, Any], error: BaseException) -> Raised | Continues:
    """Name what an exception means for the job. A task group may have wrapped it."""
    if _is(error, JobContinues):
        return Continues()
    return Raised(
        failure=failure(error),
        # What our own machinery refused inside a task says nothing of the task, whatever it is retried on.
        again=isinstance(error, Retry | MachineryError)
        or (not isinstance(error, InvalidInput | ResultNotJson) and task.retry.worth_another(error)),
        after=error.after if isinstance(error, Retry) else None,
        cancelled=_is(error, JobCancelled),
        timed_out=isinstance(error, SoftTimeLimitExceeded),
        rejected=isinstance(error, InvalidInput),
    )


def _is(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether it is of that kind, or a group of nothing else."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(kind)[1] is None
    return isinstance(error, kind)


def failure(error: BaseException) -> Failure:
    """An exception in the words that a row keeps: capped, and with a fingerprint that failures of one cause share."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - the author's own `__str__` may be what is broken
        said = "<its str() failed>"
    # Without columns: they would be lines of carets, made by parsing the source again, in a row that has few bytes to lose.
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__))
    own = [frame for frame in frames if not any(ours in frame.filename for ours in OUR_FRAMES)]
    for frame in own:
        frame.filename = frame.filename.removeprefix(ROOT)
    name = type(error).__name__
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.name}" for frame in own[-5:]]
    text = "".join([*traceback.format_list(own), *traceback.format_exception_only(error)])
    return Failure(
        type=name,
        message=_printable(said)[:MESSAGE_CHARS],
        traceback=_printable(text)[-TRACEBACK_CHARS:],
        fingerprint=hashlib.sha256("|".join([name, *places]).encode("utf-8", "replace")).hexdigest()[:12],
    )


def _printable(text: str) -> str:
    """Text that UTF-8 and DynamoDB can hold."""
    return text.encode("utf-8", "replace").decode()


def to_wire(outcome: Returned | Becomes | Raised | Continues) -> Mapping[str, Any]:
    """An outcome as JSON values, for the pipe of a child process."""
    if isinstance(outcome, Returned):
        return {"returned": outcome.json}
    if isinstance(outcome, Becomes):
        return {"becomes": outcome.json}
    if isinstance(outcome, Continues):
        return {"continues": True}
    found = outcome.failure
    return {
        "raised": [found.type, found.message, found.traceback, found.fingerprint],
        "again": outcome.again,
        "after": None if outcome.after is None else outcome.after.total_seconds(),
        "cancelled": outcome.cancelled,
        "timed_out": outcome.timed_out,
        "rejected": outcome.rejected,
    }


def from_wire(wire: Mapping[str, Any]) -> Returned | Becomes | Raised | Continues:
    """What `to_wire` made."""
    if "returned" in wire:
        return Returned(json=wire["returned"])
    if "becomes" in wire:
        return Becomes(json=wire["becomes"])
    if "continues" in wire:
        return Continues()
    kind, message, trace, fingerprint = wire["raised"]
    return Raised(
        failure=Failure(type=kind, message=message, traceback=trace, fingerprint=fingerprint),
        again=wire["again"],
        after=None if wire["after"] is None else timedelta(seconds=wire["after"]),
        cancelled=wire["cancelled"],
        timed_out=wire["timed_out"],
        rejected=wire["rejected"],
    )
