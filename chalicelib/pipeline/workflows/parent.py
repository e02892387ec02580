"""An attempt of a job that has children: a workflow's, or of a task that returned one. It makes them and waits, or goes on with their results."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib.domain.errors import (
    InvalidInput,
    JobCancelled,
    JoblineError,
    MachineryError,
    PayloadMissing,
    UnknownTask,
)
from chalicelib.domain.events import Event
from chalicelib.domain.job import Job
from chalicelib.domain.workflow import Chain, Group, Map, OnError, Step
from chalicelib.pipeline import strict_json, verdict
from chalicelib.pipeline.built_in import UNKNOWN_TASK, WORKFLOW
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.outcome import Raised, failure
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import place
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.workflows import chain, group
from chalicelib.pipeline.workflows.became import became
from chalicelib.pipeline.workflows.checking import check_workflow
from chalicelib.pipeline.workflows.children import Given, child_job, put
from chalicelib.pipeline.workflows.depth import check_depth
from chalicelib.pipeline.workflows.gather import ChildFailed, gather
from chalicelib.pipeline.workflows.lineage import Lineage, lineage
from chalicelib.pipeline.workflows.places import Position, group_awaited, lives
from chalicelib.pipeline.workflows.reading import read_node
from chalicelib.pipeline.workflows.sequel import Sequel


def proceed(job: Job, args: dict[str, Any], *, until: datetime, parts: Parts) -> Event | Sequel:
    """Do what is next. `until`: the attempt's end. Raises `Unavailable`."""
    now, luck = parts.world.now(), parts.world.luck()
    own = WORKFLOW.options.backoff
    try:
        return _proceed(job, args, until, parts)
    except JobCancelled:
        return verdict.cancellation(job, None, None, now)
    except UnknownTask as error:
        unknown = Raised(failure=failure(error), again=True, rejected=True)
        return verdict.after_raise(job, unknown, UNKNOWN_TASK, None, now, luck)
    except PayloadMissing as error:
        return verdict.after_missing_payload(job, failure(error), own, now, luck)
    except MachineryError:
        raise
    except ChildFailed as error:
        told = replace(failure(error), traceback="", fingerprint=error.fingerprint or "child-failed")
        return verdict.after_raise(job, Raised(failure=told, again=False), own, None, now, luck)
    except JoblineError as error:
        wrong = Raised(failure=failure(error), again=False, rejected=isinstance(error, InvalidInput))
        return verdict.after_raise(job, wrong, own, None, now, luck)
    except Exception as error:  # noqa: BLE001 - a bug of ours must not take the worker's other jobs with it, and may be mended by a deploy
        return verdict.after_raise(job, Raised(failure=failure(error), again=True), own, None, now, luck)


def _proceed(job: Job, args: dict[str, Any], until: datetime, parts: Parts) -> Event | Sequel:
    if job.task != WORKFLOW.name:
        line = Lineage(life=lives(job)[0])
        return _stepped(job, Chain(nodes=(_NOTHING,)), None, line, parts)  # its one child is there already
    node = read_node(args["workflow"])
    line = lineage(job, args, parts=parts)
    given = Given(args["input"]) if "input" in args else None
    if isinstance(node, Chain):
        return _stepped(job, node, given, line, parts)
    if isinstance(node, Group | Map):
        return _grouped(job, node, given, line, until, parts)
    return _stepped(job, Chain(nodes=(node,)), given, line, parts)


_NOTHING = Group(nodes=())
"""What a task returned is not in its row; its child's row has it."""


def become(job: Job, text: str, *, parts: Parts) -> Event | Sequel:
    """A task has returned a workflow, as JSON: it waits for that, and its result is that one's. Raises `Unavailable`."""
    now, luck = parts.world.now(), parts.world.luck()
    try:
        value = strict_json.read(text.encode(), name="workflow", limit=MAX_BODY)
        node = check_workflow({"workflow": value}, tenant=job.tenant, parts=parts)
        check_depth(job, parts=parts)
        life = lives(job)[0]
        position = Position(parent=job.id, life=life.number, number=0, step=True)
        since = None if isinstance(node, Step) else became(job, parts=parts)
        put([child_job(job, node, None, position, life.began, since=since, parts=parts)], parts=parts)
    except InvalidInput as error:  # an unknown task too
        wrong = Raised(failure=failure(error), again=False, rejected=True)
        return verdict.after_raise(job, wrong, WORKFLOW.options.backoff, None, now, luck)
    return _waiting(job, chain.Begun(position=position, steps=1), parts)


def _stepped(job: Job, node: Chain, given: Given | None, line: Lineage, parts: Parts) -> Event | Sequel:
    found = chain.step_on(job, node, given, line, parts=parts)
    return _success(job, found, parts) if isinstance(found, str) else _waiting(job, found, parts)


def _waiting(job: Job, begun: chain.Begun, parts: Parts) -> Sequel:
    event = verdict.wait_for(job, begun.position.awaited, begun.steps, parts.world.now())
    return Sequel(event, lambda row: chain.look(row, parts=parts))


def _grouped(
    job: Job, node: Group | Map, given: Given | None, line: Lineage, until: datetime, parts: Parts
) -> Event | Sequel:
    hasty = node.policy.on_error is OnError.FAIL
    if job.awaits is not None:
        text = gather(job, node, line, parts=parts)
        if text is not None:
            return _success(job, text, parts)
        children = job.children or 0  # called too soon: nobody may, and nobody is harmed
    else:
        made = group.fan_out(job, node, given, line, until=until, parts=parts)
        if made is None:
            return verdict.continuation(job, None, parts.limits.wake_grace, parts.world.now())
        children = made.children
    event = verdict.wait_for(job, group_awaited(line.life.number), children, parts.world.now())
    return Sequel(event, partial(group.close, hasty=hasty, parts=parts))


def _success(job: Job, text: str, parts: Parts) -> Event:
    until = parts.world.now() + job.keep
    result = patience(parts)(place, text, whose=result_of(job), due=until, parts=parts)
    return verdict.success(job, result, None, parts.world.now())
