"""Asking for a workflow: its row, and what it was asked to do."""

from typing import Any

from chalicelib.domain.errors import NotFound
from chalicelib.domain.job import Job
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.query import get
from chalicelib.pipeline.sealer import args_of
from chalicelib.pipeline.workflows.sequel import is_parent


def find_workflow(job_id: str, *, tenant: str, parts: Parts) -> Job:
    """The row. Raises `NotFound` for a job that is none as for one that is not there, another tenant's as well; `Unavailable`."""
    try:
        row = get(job_id, tenant=tenant, parts=parts)
    except NotFound:
        row = None
    if row is None or not is_parent(row):
        raise NotFound(f"there is no workflow {job_id[:40]!r}")
    return row


def arguments_of(row: Job, *, parts: Parts) -> dict[str, Any]:
    """A workflow's arguments: its tree, what came before it. Raises `PayloadMissing`, `InvalidInput`, `Unavailable`."""
    found = patience(parts)(load, row.args, whose=args_of(row), parts=parts)
    return found if isinstance(found, dict) else {}
