"""One call of a task in this thread, with a job's recorded arguments. Nothing that it submits goes anywhere."""

import asyncio
import bdb
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import wiring
from chalicelib.pipeline import outcome as outcomes
from chalicelib.pipeline.outcome import Outcome, Several
from chalicelib.pipeline.ports import Call, Facts
from chalicelib.pipeline.task import Kind, Registry, Task
from chalicelib.pipeline.workflows.manifest import is_manifest
from jobline.replay import debugger
from jobline.replay.notes import Notes
from jobline.testing.memory import Jobline

AN_HOUR = timedelta(hours=1)
"""Where the task has no time limit. Nothing ends a replay but Ctrl-C: `current_job().deadline` has to be some time."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """What happened. `submitted`: the tasks of the jobs that it submitted, into nowhere."""

    outcome: Outcome
    notes: Notes
    submitted: tuple[str, ...]


Pages = Callable[[str], Iterator[Any]]
"""A workflow's results by its id: what `chalicelib.results` is answered with."""


def play(
    document: Mapping[str, Any], *, registry: Registry, pages: Pages, notes: Notes, debug: bool
) -> Played:
    """Run the job's task once. Raises UnknownTask, KeyboardInterrupt, and `bdb.BdbQuit` when the debugger was told to quit."""
    task = registry[document["task"]]
    call = _call(document, task, notes)
    with Jobline(registry=registry) as nowhere, _results(pages):
        outcome = _run(task, call, debug=debug)
        submitted = tuple(job.task for job in nowhere.jobs())
    return Played(outcome=outcome, notes=notes, submitted=submitted)


def _call(document: Mapping[str, Any], task: Task[Any, Any], notes: Notes) -> Call:
    now = datetime.now(UTC)
    facts = Facts(
        id=document["id"],
        task=document["task"],
        tenant=document["tenant"],
        attempt=max(1, document["attempts"]),
        max_attempts=document["max_attempts"],
        epoch=document["epoch"],
        deadline=now + (task.options.time_limit or AN_HOUR),
        workflow=(document.get("workflow") or {}).get("of"),
        replay=True,
    )
    call = Call(task=task.name, args=document["args"], facts=facts, line=notes)
    return replace(call, members=(call,)) if task.options.batch else call


def _run(task: Task[Any, Any], call: Call, *, debug: bool) -> Outcome:
    raised: list[BaseException] = []
    watched = replace(task, function=_watched(task, raised.append, debug=debug))
    if task.kind is Kind.LOOP:
        found = asyncio.run(outcomes.run_async(watched, call))
    else:
        found = outcomes.run(watched, call)
    for error in raised:
        if isinstance(error, KeyboardInterrupt | bdb.BdbQuit):
            raise error
        if debug and isinstance(error, Exception):
            debugger.look_at(_own(error))
    return found.outcomes[0] if isinstance(found, Several) else found


def _watched(
    task: Task[Any, Any], note: Callable[[BaseException], None], *, debug: bool
) -> Callable[..., Any]:
    """The task's work; `note` is told what it raised, with its frames still alive."""
    work = task.work

    @contextmanager
    def watching() -> Iterator[None]:
        with debugger.stopping_in(task.function) if debug else nullcontext():
            try:
                yield
            except BaseException as error:
                note(error)
                raise

    def plain(**args: Any) -> Any:
        with watching():
            return work(**args)

    async def coroutine(**args: Any) -> Any:
        with watching():
            return await work(**args)

    return coroutine if task.kind is Kind.LOOP else plain


def _own(error: BaseException) -> Any:
    """Its traceback from the first frame of the task's author on."""
    trace = error.__traceback__
    while (
        trace is not None
        and trace.tb_next is not None
        and trace.tb_frame.f_globals.get("__name__", "").startswith(("jobline.replay", "chalicelib.pipeline"))
    ):
        trace = trace.tb_next
    return trace


@contextmanager
def _results(pages: Pages) -> Iterator[None]:
    """`chalicelib.results` of a large group is asked of the API that the job is from."""
    before = wiring.results

    def results(given: Any, *, tenant: str | None = None) -> Iterator[Any]:
        return pages(given["manifest"]["workflow"]) if is_manifest(given) else before(given, tenant=tenant)

    wiring.results = results
    try:
        yield
    finally:
        wiring.results = before
