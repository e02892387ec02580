"""A workflow's list of results, a page at a time: from the list itself, or from the children's rows where a manifest stands for it."""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.errors import InvalidInput, NotPossible, PayloadMissing
from chalicelib.domain.job import Job, State
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import fetch
from chalicelib.pipeline.query import get
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.workflows.found import arguments_of
from chalicelib.pipeline.workflows.kin import Kin
from chalicelib.pipeline.workflows.lineage import lineage
from chalicelib.pipeline.workflows.manifest import is_manifest
from chalicelib.pipeline.workflows.places import PAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """Values of the list itself."""

    values: Sequence[Any]
    following: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lying:
    """Children whose results lie in their rows, or where these say; None: the row is gone."""

    jobs: Sequence[Job | None]
    following: int | None


def results_of(row: Job, *, start: int, limit: int, parts: Parts) -> Listed | Lying:
    """The results from that number on. Raises `NotPossible` when there is no list of them, `Unavailable`."""
    if row.state is not State.SUCCEEDED or row.result is None:
        raise NotPossible(f"{row.label()} is {row.state}, only a SUCCEEDED one has a result")
    try:
        text = patience(parts)(fetch, row.result, whose=result_of(row), parts=parts)
    except PayloadMissing as error:
        raise NotPossible(f"the result of {row.label()} is gone") from error
    value = strict_json.read(text.encode(), name="result", limit=MAX_BODY)
    if is_manifest(value):
        return _lying(value["manifest"], row.tenant, start, limit, parts)
    if not isinstance(value, list):
        raise NotPossible(f"the result of {row.label()} is no list: GET /jobs/{row.id} has it whole")
    return Listed(values=value[start : start + limit], following=_next(start + limit, len(value)))


def _lying(said: dict[str, Any], tenant: str, start: int, limit: int, parts: Parts) -> Lying:
    """The manifest may be of a workflow within this one."""
    workflow = get(said["workflow"], tenant=tenant, parts=parts)
    if workflow.task != WORKFLOW.name:
        raise NotPossible(f"its manifest names {workflow.id}, which is no workflow")
    try:
        line = lineage(workflow, arguments_of(workflow, parts=parts), parts=parts).all
    except (PayloadMissing, InvalidInput) as error:
        raise NotPossible(f"nobody knows any more how workflow {workflow.id} was run") from error
    lives = [life for life in line if life.workflow != workflow.id or life.number <= said["life"]]
    end = min(start + min(limit, PAGE), said["children"])
    kin = Kin(lives, parts=parts)
    found = parts.crew.each(kin.row_of, kin.ids(start, end))
    jobs: list[Job | None] = []
    for one in found:
        if isinstance(one, Exception):
            raise one
        jobs.append(one)
    return Lying(jobs=jobs, following=_next(end, said["children"]))


def _next(start: int, end: int) -> int | None:
    return start if start < end else None
