"""What stands for the results of a group that is too large for a list: where they lie. A map can have it for its items."""

from collections.abc import Mapping, Sequence
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
from chalicelib.pipeline.workflows.children import result_text
from chalicelib.pipeline.workflows.kin import child_row
from chalicelib.pipeline.workflows.lineage import lineage
from chalicelib.pipeline.workflows.places import Life

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


def results_page(
    manifest: Manifest, start: int, most: int, *, tenant: str, parts: Parts
) -> tuple[Sequence[Any], int | None]:
    """The results from there on, and where to go on. Those of children that did not succeed are null.

    Raises `InvalidInput` for a manifest of no workflow of this tenant, `PayloadMissing`, `Unavailable`.
    """
    said = manifest["manifest"]
    workflow = get(said["workflow"], tenant=tenant, parts=parts)
    if workflow.task != WORKFLOW.name:
        raise InvalidInput("manifest", f"job {workflow.id} is no workflow")
    args = patience(parts)(load, workflow.args, job_id=workflow.id, payloads=parts.payloads)
    line = [
        one for one in lineage(workflow, args, parts=parts).all if _is_or_before(one, workflow, said["life"])
    ]
    end = min(start + most, said["children"])

    def value(number: int) -> Any:
        child = child_row(line, number, parts=parts)
        if child is None or child.state is not State.SUCCEEDED:
            return None
        text = result_text(child, parts=parts)
        return strict_json.read(text.encode(), name="result", limit=MAX_BODY)

    found = parts.crew.each(value, range(start, end))
    for one in found:
        if isinstance(one, Exception):
            raise one
    return found, end if end < said["children"] else None


def _is_or_before(one: Life, workflow: Job, life: int) -> bool:
    """Whether it is that life of the workflow, or came before it."""
    return one.workflow != workflow.id or one.number <= life
