"""What stands for the results of a group that is too large for a list: where they lie. A map can have it for its items."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import Job, State
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.query import get
from chalicelib.pipeline.sealer import args_of
from chalicelib.pipeline.workflows.children import result_text
from chalicelib.pipeline.workflows.kin import Kin
from chalicelib.pipeline.workflows.lineage import lineage
from chalicelib.pipeline.workflows.lines import MOST_HELD
from chalicelib.pipeline.workflows.places import PAGE, Life

Manifest = Mapping[str, Any]


def is_manifest(value: object) -> TypeGuard[Manifest]:
    """Whether the value stands for results that lie elsewhere."""
    return (
        isinstance(value, Mapping)
        and set(value) == {"manifest"}
        and isinstance(value["manifest"], Mapping)
        and {name: type(part) for name, part in value["manifest"].items()}
        == {"workflow": str, "life": int, "children": int, "failed": int}
    )


class Results:
    """The results of a workflow's children, from any on. Those of children that did not succeed are null."""

    def __init__(self, manifest: Manifest, *, tenant: str, parts: Parts) -> None:
        """Raises `InvalidInput` for a manifest of no workflow of this tenant, `PayloadMissing`, `NotFound`, `Unavailable`."""
        said = manifest["manifest"]
        workflow = get(said["workflow"], tenant=tenant, parts=parts)
        if workflow.task != WORKFLOW.name:
            raise InvalidInput("manifest", f"job {workflow.id} is no workflow")
        args = patience(parts)(load, workflow.args, whose=args_of(workflow), parts=parts)
        line = lineage(workflow, args, parts=parts).all
        self._kin = Kin([one for one in line if _is_or_before(one, workflow, said["life"])], parts=parts)
        self._children: int = said["children"]
        self._parts = parts

    def take(self, start: int, most: int) -> tuple[list[Any], int | None]:
        """Up to so many from there on, and where to go on, None at the end. Raises `InvalidInput`, `PayloadMissing`, `Unavailable`."""
        end = min(start + most, self._children)
        found: list[Any] = []
        held = 0
        for first in range(start, end, PAGE):
            texts = self._parts.crew.each(self._text, self._kin.ids(first, min(first + PAGE, end)))
            for text in texts:
                if isinstance(text, Exception):
                    raise text
                held += len(text)
                if held > MOST_HELD:
                    raise InvalidInput(
                        "manifest",
                        f"more than {MOST_HELD:,} bytes for the children of one page: make size smaller",
                    )
                found.append(strict_json.read(text.encode(), name="result", limit=MAX_BODY))
        return found, end if end < self._children else None

    def _text(self, job_id: str | None) -> str:
        child = self._kin.row_of(job_id)
        if child is None or child.state is not State.SUCCEEDED:
            return "null"
        return result_text(child, parts=self._parts)


def _is_or_before(one: Life, workflow: Job, life: int) -> bool:
    """Whether it is that life of the workflow, or came before it."""
    return one.workflow != workflow.id or one.number <= life
