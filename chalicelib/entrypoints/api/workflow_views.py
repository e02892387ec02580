"""Looking at workflows: the tree, the children, the results, the picture. What a request may read is bounded; it tells what it could not see."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chalicelib.domain.errors import InvalidInput, NotPossible, PayloadMissing
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.domain.workflow import Chain, Group, Map, Node, Step
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.cursor import unwrap, wrap
from chalicelib.entrypoints.api.document import ROOM, brief, loaded, rfc3339
from chalicelib.entrypoints.api.request import Request
from chalicelib.entrypoints.api.workflow_shape import (
    BoxDocument,
    ChildPage,
    CountsDocument,
    GraphDocument,
    NodeDocument,
    ResultDocument,
    ResultPage,
    ShortError,
    WorkflowDocument,
)
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.query import PAGE
from chalicelib.pipeline.sealed_text import closed_words, opened_words
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.workflows.children_page import children_page
from chalicelib.pipeline.workflows.count import Counts
from chalicelib.pipeline.workflows.found import find_workflow
from chalicelib.pipeline.workflows.mermaid import mermaid
from chalicelib.pipeline.workflows.picture import Box, picture
from chalicelib.pipeline.workflows.reads import OutOfReads, Reads
from chalicelib.pipeline.workflows.results_page import Listed, results_of
from chalicelib.pipeline.workflows.seen import Seen, seen

DEFAULT_PAGE = 50
MERMAID = "text/vnd.mermaid"
TEXTS = (MERMAID, "text/plain")

_KINDS: dict[type[Node], Literal["step", "chain", "group", "map"]] = {
    Step: "step",
    Chain: "chain",
    Group: "group",
    Map: "map",
}


class ChildrenQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which of the children."""

    state: State | None = None
    limit: Annotated[int, Meta(ge=1, le=PAGE)] = DEFAULT_PAGE
    cursor: Annotated[str | None, Meta(description="the cursor of the page before, with the same state")] = (
        None
    )


class ResultsQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which of the results."""

    limit: Annotated[int, Meta(ge=1, le=PAGE)] = DEFAULT_PAGE
    cursor: Annotated[str | None, Meta(description="the cursor of the page before")] = None


class GraphQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """In which form."""

    format: Annotated[
        Literal["json", "mermaid"] | None,
        Meta(description=f"json by default, or what Accept prefers of application/json and {MERMAID}"),
    ] = None


def show_workflow(request: Request) -> Answer:
    """The tree."""
    row, tree = _seen(request)
    body: WorkflowDocument = {
        "id": row.id,
        "task": row.task,
        "state": row.state.value,
        "cancel_requested": row.cancel_requested is not None,
        "part_of": row.workflow,
        "tags": list(row.tags),
        "created_at": rfc3339(time_of(row.id)),
        "finished_at": rfc3339(row.history[-1].at) if row.state in TERMINAL and row.history else None,
        "reason": None if row.reason is None else row.reason.value,
        "error": _error(opened_words(row, request.parts)),
        "complete": _complete(tree),
        "tree": _node(tree),
    }
    return Answer(status=200, body=body)


def list_children(request: Request) -> Answer:
    """A page of children."""
    query: ChildrenQuery = request.query
    row = find_workflow(request.name("id"), tenant=request.tenant, parts=request.parts)
    start = _start(query.cursor)
    with _known(row):
        page = children_page(
            row, start=start, limit=query.limit, state=query.state, reads=Reads(request.parts)
        )
    body: ChildPage = {
        "children": [
            {"number": child.number, "job": None if child.job is None else brief(child.job, request.parts)}
            for child in page.children
        ],
        "cursor": _cursor(page.following),
    }
    return Answer(status=200, body=body)


def list_results(request: Request) -> Answer:
    """A page of results."""
    query: ResultsQuery = request.query
    row = find_workflow(request.name("id"), tenant=request.tenant, parts=request.parts)
    start = _start(query.cursor)
    found = results_of(row, start=start, limit=query.limit, parts=request.parts)
    if isinstance(found, Listed):
        results: list[ResultDocument] = [
            {"number": number, "result": value} for number, value in enumerate(found.values, start=start)
        ]
        body: ResultPage = {"results": results, "cursor": _cursor(found.following)}
        return Answer(status=200, body=body)
    results, room = [], ROOM
    for number, job in enumerate(found.jobs, start=start):
        whole, left = _result(number, job, room, request)
        if whole.get("result_stored", {}).get("why") == "too_large" and results:
            return Answer(status=200, body={"results": results, "cursor": _cursor(number)})
        results.append(whole)
        room = left - 200
    body = {"results": results, "cursor": _cursor(found.following)}
    return Answer(status=200, body=body)


def show_graph(request: Request) -> Answer:
    """What a picture needs, or the picture's text."""
    query: GraphQuery = request.query
    wanted = query.format or ("mermaid" if _prefers_text(request.header("Accept")) else "json")
    _, tree = _seen(request)
    drawn = picture(tree)
    if wanted == "mermaid":
        return Answer(status=200, body=mermaid(drawn), content_type=f"{MERMAID}; charset=utf-8")
    body: GraphDocument = {
        "nodes": [_box(box) for box in drawn.boxes],
        "edges": [
            {"from": arrow.start, "to": arrow.end, "kind": "becomes" if arrow.becomes else "then"}
            for arrow in drawn.arrows
        ],
        "complete": _complete(tree),
    }
    return Answer(status=200, body=body)


def _seen(request: Request) -> tuple[Job, Seen]:
    row = find_workflow(request.name("id"), tenant=request.tenant, parts=request.parts)
    with _known(row):
        return row, seen(row, reads=Reads(request.parts))


@contextmanager
def _known(row: Job) -> Iterator[None]:
    """What it was to do has to be known."""
    try:
        yield
    except (PayloadMissing, InvalidInput) as error:
        raise NotPossible(f"nobody knows any more what {row.label()} was to do: {error}") from error
    except OutOfReads as error:
        raise NotPossible(f"{row.label()} has had too many lives to be looked at") from error


def _complete(tree: Seen) -> bool:
    return all(one.looked and (one.counts is None or one.counts.exact) for one in tree.walk())


def _node(one: Seen) -> NodeDocument:
    node = one.node
    task = node.task if isinstance(node, Step) else node.step.task if isinstance(node, Map) else None
    return {
        "path": one.path,
        "kind": _KINDS[type(node)],
        "task": task,
        "job": None if one.job is None else one.job.id,
        "state": None if one.state is None else one.state.value,
        "looked": one.looked,
        "error": None if one.job is None else _error(closed_words(one.job)),
        "counts": _counts(one.counts),
        "nodes": [_node(below) for below in one.nodes],
        "became": None if one.became is None else _node(one.became),
    }


def _counts(counts: Counts | None) -> CountsDocument | None:
    if counts is None:
        return None
    return {
        "total": counts.total,
        "ended": counts.ended,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "exact": counts.exact,
    }


def _error(job: Job) -> ShortError | None:
    return None if job.error is None else {"type": job.error.type, "message": job.error.message}


def _box(box: Box) -> BoxDocument:
    return {
        "id": box.id,
        "kind": box.kind,
        "label": box.label,
        "path": box.path,
        "job": box.job,
        "state": None if box.state is None else box.state.value,
        "looked": box.looked,
        "counts": _counts(box.counts),
    }


def _result(number: int, job: Job | None, room: int, request: Request) -> tuple[ResultDocument, int]:
    """One child's result if it fits, and the room that is left."""
    told: ResultDocument = {
        "number": number,
        "result": None,
        "job": None if job is None else job.id,
        "state": None if job is None else job.state.value,
    }
    if job is None:
        return told, room
    found, left = loaded(job.result, result_of(job), room, request.parts)
    if isinstance(found, dict):
        return {**told, "result_stored": found}, left
    return {**told, "result": found}, left


def _prefers_text(accept: str | None) -> bool:
    """Whether Accept names one of our texts, and JSON neither before it nor at all."""
    kinds = [part.partition(";")[0].strip().lower() for part in (accept or "").split(",")]
    return any(kind in TEXTS for kind in kinds) and "application/json" not in kinds


def _start(cursor: str | None) -> int:
    place = unwrap(cursor)
    if place is None:
        return 0
    if not (place.isascii() and place.isdecimal() and len(place) < 10):
        raise InvalidInput("cursor", "not one that a page gave")
    return int(place)


def _cursor(following: int | None) -> Any:
    return wrap(None if following is None else str(following))
