"""`jobline status`, `result`, `list` and `retry`: about jobs that are there."""

from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

import click

from jobline.cli import out, show_job
from jobline.cli.exits import NOT_ENDED, Failure
from jobline.cli.kinds import SINCE, SPAN, Json, pair, rfc3339
from jobline.cli.show_job import whole
from jobline.cli.talk import Talk, talking
from jobline.client.plans import value_of

STATES = (
    "QUEUED",
    "SCHEDULED",
    "RUNNING",
    "RETRYING",
    "WAITING",
    "SUCCEEDED",
    "DEAD",
    "CANCELLED",
    "EXPIRED",
)
STATE = click.Choice(STATES, case_sensitive=False)
PAGE = 100  # jobs of one request


@click.command()
@talking
@click.argument("job_id", metavar="ID")
def status(talk: Talk, job_id: str) -> None:
    """Show a job: its state, its history, its error."""
    document = dict(talk.client.job(job_id).document)
    talk.show(document, lambda: whole(document))


@click.command()
@talking
@click.argument("job_id", metavar="ID")
@click.option("--wait", is_flag=True, help="Wait until it has ended.")
@click.option("--timeout", type=SPAN, help="For how long to wait at most, such as 30s or 5m.")
def result(talk: Talk, job_id: str, *, wait: bool, timeout: float | None) -> None:
    """Print what a job returned, as JSON."""
    handle = talk.client.handle(job_id)
    if not handle.job.ended and not wait and timeout is None:
        then = f"`jobline result {job_id} --wait` waits for it."
        raise Failure(f"{handle!r} has not ended", status=NOT_ENDED, then=then)
    with out.working(f"waiting for {handle!r}"):
        ended = handle.wait(timeout)
    out.print_json(value_of(ended))


@click.command("list")
@talking
@click.option("--state", type=STATE, metavar="STATE", help=f"Those in this state: {', '.join(STATES)}.")
@click.option("--task", help="Those of this task.")
@click.option("--tag", help="Those with this tag.")
@click.option(
    "--since", type=SINCE, help="Those made since this time, or since so long ago (2h). By default: 7d."
)
@click.option("--until", type=SINCE, help="Those made before this time, or before so long ago.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most so many.")
def list_(
    talk: Talk,
    *,
    state: str | None,
    task: str | None,
    tag: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> None:
    """List jobs, the newest first. With --json: a job a line."""
    filters = {"state": state, "task": task, "tag": tag, "since": rfc3339(since), "until": rfc3339(until)}
    found = talk.client.jobs(**filters, limit=min(limit + 1, PAGE))
    if talk.as_json:
        for job in islice(found, limit):
            out.print_json_line(dict(job.document))
        return
    some = [job.document for job in islice(found, limit + 1)]
    show_job.table(some[:limit], empty="no such jobs")
    if len(some) > limit:
        out.say(f"There are more: --limit {limit * 10}", stderr=True)


@click.command()
@talking
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="With this argument changed; may be repeated.",
)
@click.option(
    "--args", "args", type=Json(dict), metavar="JSON", help="With these arguments in the stead of all it has."
)
def retry(
    talk: Talk, job_ids: tuple[str, ...], *, changes: tuple[str, ...], args: dict[str, Any] | None
) -> None:
    """Give dead jobs another life, with other arguments if need be.

    For many that died of one cause: `jobline dead redrive`.
    """
    body = other_arguments(changes, args)
    for job_id in job_ids:
        made = talk.client.call("POST", f"/jobs/{quote(job_id, safe='')}/retry", body or None, once=True)
        if talk.as_json:
            out.print_json_line(made)
        else:
            out.say(f"{made['id']} is {made['state']} again")


def other_arguments(changes: tuple[str, ...], args: dict[str, Any] | None) -> dict[str, Any]:
    """The fields that give a dead job other arguments. Raises UsageError."""
    if changes and args is not None:
        raise click.UsageError("--set changes arguments, --args replaces all: give one of them")
    if args is not None:
        return {"args": args}
    pairs = [pair(one) for one in changes]
    # A JSON pointer writes ~ and / in a name as ~0 and ~1.
    patch = [
        {"op": "add", "path": "/" + name.replace("~", "~0").replace("/", "~1"), "value": value}
        for name, value in pairs
    ]
    return {"patch": patch} if patch else {}
