"""The results of a group or a map, one by one, however many they are: a page of them is read at a time. `chalicelib.results`"""

from collections.abc import Iterator
from typing import Any

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.context import contexts_here
from chalicelib.pipeline.handle import JobHandle
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.workflows.manifest import Results, is_manifest
from chalicelib.pipeline.workflows.places import PAGE


def results_of(given: object, *, tenant: str | None, parts: Parts) -> Iterator[Any]:
    """What `chalicelib.results` does. Raises `InvalidInput`, `NotFound`, `JobNotSucceeded`, TimeoutError, `Unavailable`."""
    if isinstance(given, JobHandle):
        tenant, given = given.tenant, given.result(timeout=0)
    if is_manifest(given):
        return _paged(Results(given, tenant=tenant or _tenant_here(), parts=parts))
    if isinstance(given, list | tuple):
        return iter(given)
    raise InvalidInput(
        "results", f"{type(given).__name__} is neither a list of results, nor a manifest of them"
    )


def _paged(found: Results) -> Iterator[Any]:
    start: int | None = 0
    while start is not None:
        page, start = found.take(start, PAGE)
        yield from page


def _tenant_here() -> str:
    """Whose the running job is: a manifest among its arguments is no way to another tenant's results. Outside a task: "default"."""
    tenants = {job.tenant for job in contexts_here()} or {"default"}
    if len(tenants) > 1:
        raise InvalidInput("tenant", "missing: the jobs of this batch are those of several tenants")
    return tenants.pop()
