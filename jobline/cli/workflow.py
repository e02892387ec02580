"""`jobline workflow`: trees of jobs."""

import uuid
from itertools import islice
from typing import Any
from urllib.parse import quote

import click

from jobline.cli import out, show_job
from jobline.cli.cancelling import tell_receipt
from jobline.cli.jobs import PAGE, STATE
from jobline.cli.kinds import SPAN, Json
from jobline.cli.show_tree import tree
from jobline.cli.talk import Talk, talking


@click.group()
def workflow() -> None:
    """Workflows: jobs one after the other, side by side, or one for each item.

    A workflow is a job too: `jobline status ID`, `watch` and `result` are about the whole.
    """


@workflow.command()
@talking
@click.argument("node", type=Json(dict), metavar="JSON")
@click.option(
    "--key", help="An idempotency key: the same key and request mean the same workflow, for 24 hours."
)
@click.option("--delay", type=SPAN, help="Not before so long from now, such as 90s or 2h.")
@click.option("--tag", "tags", multiple=True, help="A word to find it by; may be repeated.")
def submit(
    talk: Talk, node: dict[str, Any], *, key: str | None, delay: float | None, tags: tuple[str, ...]
) -> None:
    """Submit a workflow and print its id. @FILE reads the tree from a file; docs/workflows.md says how it is written.

    \b
    jobline workflow submit '{"chain": [{"task": "fetch", "args": {"url": "..."}}, {"task": "shrink", "into": "image"}]}'
    """  # noqa: D301 - \b is click's: keep these lines as they are
    body = {
        "workflow": node,
        **({"tags": list(tags)} if tags else {}),
        **({} if delay is None else {"delay": delay}),
    }
    made = talk.client.call("POST", "/workflows", body, key=key or str(uuid.uuid4()))
    talk.show(made, lambda: out.say(made["id"]))


@workflow.command()
@talking
@click.argument("workflow_id", metavar="ID")
def show(talk: Talk, workflow_id: str) -> None:
    """Show a workflow as a tree: how far each part of it is, and what went wrong."""
    found = talk.client.call("GET", _path(workflow_id))
    talk.show(found, lambda: tree(found))


@workflow.command()
@talking
@click.argument("workflow_id", metavar="ID")
def graph(talk: Talk, workflow_id: str) -> None:
    """Print a workflow as a Mermaid flowchart; with --json as boxes and arrows."""
    if talk.as_json:
        out.print_json(talk.client.call("GET", f"{_path(workflow_id)}/graph"))
        return
    for line in talk.client.call("GET", f"{_path(workflow_id)}/graph", format="mermaid").rstrip().split("\n"):
        out.say(line)


@workflow.command()
@talking
@click.argument("workflow_id", metavar="ID")
@click.option("--state", type=STATE, metavar="STATE", help="Those in this state, such as DEAD.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most so many.")
def children(talk: Talk, workflow_id: str, *, state: str | None, limit: int) -> None:
    """List a workflow's children in their order. With --json: one a line."""
    path = f"{_path(workflow_id)}/children"
    found = islice(talk.client.pages(path, "children", state=state, limit=min(limit, PAGE)), limit)
    if talk.as_json:
        for one in found:
            out.print_json_line(one)
    else:
        show_job.table(
            (one["job"] for one in found if one["job"]), empty="no such children that were made yet"
        )


@workflow.command()
@talking
@click.argument("workflow_id", metavar="ID")
def cancel(talk: Talk, workflow_id: str) -> None:
    """Cancel a workflow: what runs goes on to its end, what has not started does not start."""
    job = talk.client.call("POST", f"{_path(workflow_id)}/cancel")
    talk.show(job, lambda: tell_receipt(job))


@workflow.command()
@talking
@click.argument("workflow_id", metavar="ID")
def retry(talk: Talk, workflow_id: str) -> None:
    """Give a dead workflow another life, in which only that is done which has not succeeded."""
    job = talk.client.call("POST", f"{_path(workflow_id)}/retry", once=True)
    talk.show(job, lambda: out.say(f"{job['id']} is {job['state']} again"))


def _path(workflow_id: str) -> str:
    return f"/workflows/{quote(workflow_id, safe='')}"
