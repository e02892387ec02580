"""What a group's children came to: the list of their results, or where those lie when they are many; or why the group has failed."""

from collections.abc import Iterator, Sequence

from chalicelib.domain.errors import InvalidInput, JoblineError
from chalicelib.domain.job import Job, State
from chalicelib.domain.workflow import Group, Map, OnError
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.outcome import RESULT_BYTES, RESULT_DEPTH, RESULT_VALUES
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.sealed_text import opened_error
from chalicelib.pipeline.workflows.children import result_text
from chalicelib.pipeline.workflows.failed import Failed
from chalicelib.pipeline.workflows.kin import Kin
from chalicelib.pipeline.workflows.lineage import Lineage
from chalicelib.pipeline.workflows.pages import Page, read_book, read_page
from chalicelib.pipeline.workflows.places import PAGE, life_awaited

MOST_LISTED = 1_000
"""A group of more children has a manifest for its result, whatever their results weigh."""


class ChildFailed(JoblineError):
    """A child ended without success, and the workflow cannot do without it. `fingerprint` is that of the child's own failure."""

    def __init__(self, why: str, fingerprint: str = "") -> None:
        super().__init__(why)
        self.fingerprint = fingerprint


def gather(job: Job, node: Group | Map, line: Lineage, *, parts: Parts) -> str | None:
    """The result as JSON; None: not all of them have ended. Raises `ChildFailed`, `PayloadMissing`, `Unavailable`."""
    life, policy, count = life_awaited(job), node.policy, job.children or 0
    book = read_book(job.id, life, parts=parts)
    if book.spoilt and policy.on_error is OnError.FAIL:
        page = _there(job.id, life, min(book.spoilt), parts)
        first = page.number * PAGE + min(page.bad)
        raise told_of(Kin(line.all, parts=parts).row(first), f"child {first}", parts)
    if not book.complete:
        return None
    bad = _bad(job.id, life, sorted(book.spoilt), parts)
    if count - bad < policy.min_success:
        raise ChildFailed(
            f"{count - bad} of {count} children succeeded, at least {policy.min_success} had to"
        )
    manifest = {"manifest": {"workflow": job.id, "life": life, "children": count, "failed": bad}}
    if count > MOST_LISTED:
        return strict_json.write(manifest)
    texts: list[str] = []
    size = 0
    for text in _texts(line, count, policy.on_error, parts):
        texts.append(text)
        size += len(text)
        if size > RESULT_BYTES:
            return strict_json.write(manifest)
    return _list(texts) or strict_json.write(manifest)


def _bad(parent: str, life: int, spoilt: Sequence[int], parts: Parts) -> int:
    """How many children did not succeed. There may be thousands of such pages."""
    bad = 0
    for first in range(0, len(spoilt), PAGE):
        some = spoilt[first : first + PAGE]
        for page in parts.crew.each(lambda number: _there(parent, life, number, parts), some):
            if isinstance(page, Exception):
                raise page
            bad += len(page.bad)
    return bad


def _list(texts: Sequence[str]) -> str | None:
    """The results as one list, if that can be read again wherever a result may stand."""
    text = f"[{','.join(texts)}]"
    try:
        strict_json.read(
            text.encode(), name="result", limit=RESULT_BYTES, depth=RESULT_DEPTH, values=RESULT_VALUES
        )
    except InvalidInput:
        return None
    return text


def _there(parent: str, life: int, number: int, parts: Parts) -> Page:
    page = read_page(parent, life, number, parts=parts)
    if page is None:
        raise ChildFailed(f"the marks of page {number} are gone: it was ended too long ago")
    return page


def _texts(line: Lineage, count: int, on_error: OnError, parts: Parts) -> Iterator[str]:
    """Each child's result, a page at a time."""
    kin = Kin(line.all, parts=parts)
    for first in range(0, count, PAGE):
        ids = kin.ids(first, min(first + PAGE, count))
        for text in parts.crew.each(lambda job_id: _text(kin.row_of(job_id), on_error, parts), ids):
            if isinstance(text, Exception):
                raise text
            yield text


def _text(child: Job | None, on_error: OnError, parts: Parts) -> str:
    if child is not None and child.state is State.SUCCEEDED:
        return result_text(child, parts=parts)
    if on_error is OnError.IGNORE:
        return "null"
    return strict_json.write(_failure(child, parts))


def _failure(child: Job | None, parts: Parts) -> Failed:
    """What stands in a failed child's place."""
    error = None if child is None else opened_error(child, parts)
    return {
        "id": None if child is None else child.id,
        "state": None if child is None else child.state.value,
        "error": None if error is None else {"type": error.type, "message": error.message},
    }


def told_of(child: Job | None, who: str, parts: Parts) -> ChildFailed:
    """The failure of a workflow whose child ended so."""
    if child is None:
        return ChildFailed(f"{who} is gone")
    error = opened_error(child, parts)
    # What went wrong below is said once, however deep that is.
    if error is not None and error.type == ChildFailed.__name__:
        return ChildFailed(f"{who}: {error.message}", error.fingerprint)
    why = f": {error.type}: {error.message}" if error is not None else ""
    return ChildFailed(
        f"{who}, {child.label()}, is {child.state}{why}", error.fingerprint if error is not None else ""
    )
