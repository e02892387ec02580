"""`jobline cancel`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import click

from jobline.cli import out
from jobline.cli.jobs import STATE
from jobline.cli.kinds import SINCE, rfc3339
from jobline.cli.talk import Talk, talking
from jobline.cli.text import ago, count

AT_ONCE = 100  # jobs of one request
SHOWN = 20  # jobs before a question; --dry-run shows all
OUTCOMES = {
    "cancelled": "is cancelled",
    "asked": "runs, and has been asked to stop",
    "too_late": "had ended before",
}


@click.command()
@talking
@click.argument("job_ids", metavar="[ID]...", nargs=-1)
@click.option(
    "--state", type=STATE, metavar="STATE", help="All in this state; `jobline list --help` names the states."
)
@click.option("--task", help="All of this task.")
@click.option("--tag", help="All with this tag.")
@click.option(
    "--since",
    type=SINCE,
    help="With a filter: those made since this time, or since so long ago (2h). By default: 7d.",
)
@click.option(
    "--until", type=SINCE, help="With a filter: those made before this time, or before so long ago."
)
@click.option(
    "--limit", type=click.IntRange(1), default=1000, show_default=True, help="With a filter: at most so many."
)
@click.option("--dry-run", is_flag=True, help="With a filter: only show which would be cancelled.")
@click.option("--yes", is_flag=True, help="With a filter: do not ask.")
def cancel(
    talk: Talk,
    job_ids: tuple[str, ...],
    *,
    state: str | None,
    task: str | None,
    tag: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    dry_run: bool,
    yes: bool,
) -> None:
    """Cancel jobs: by their ids, or all that a filter takes.

    By a filter it first shows which, and asks; those that the filter takes when you answer are cancelled. A job that runs is asked to stop.
    """
    wanted = {"state": state, "task": task, "tag": tag}
    filtered = any(wanted.values())
    if bool(job_ids) == filtered:
        raise click.UsageError("give ids, or one of --task, --tag and --state")
    if not filtered:
        _by_id(talk, job_ids)
        return
    talk.may_ask(yes=yes or dry_run)
    body = {**wanted, "since": rfc3339(since), "until": rfc3339(until)}
    body = {name: value for name, value in body.items() if value is not None}
    if dry_run or not yes:
        with out.working("looking which they are"):
            pages = list(_pages(talk, body, limit, dry_run=True))
        found, more = [job for page in pages for job in page["found"]], pages[-1]["cursor"] is not None
        if dry_run:
            talk.show({"dry_run": True, "found": found, "more": more}, lambda: _found(found, more=more))
            return
        _found(found[:SHOWN], more=more or len(found) > SHOWN)
        if not found:
            return
        talk.agreed(f"Cancel {count(len(found), 'job')}?", yes=False)
    _by_filter(talk, body, limit)


def _by_id(talk: Talk, job_ids: tuple[str, ...]) -> None:
    for job_id in job_ids:
        job = talk.client.call("POST", f"/jobs/{quote(job_id, safe='')}/cancel")
        if talk.as_json:
            out.print_json_line(job)
            continue
        tell_receipt(job)


def tell_receipt(job: Any) -> None:
    """What became of a job that somebody wants cancelled."""
    told = job["receipt"]
    out.say(f"{job['id']} {OUTCOMES[told['outcome']]}: {job['state']}")
    if told["running_since"]:
        out.say(f"  it began {ago(told['running_since'])}")


def _by_filter(talk: Talk, body: dict[str, Any], limit: int) -> None:
    done: list[Any] = []
    refused: list[Any] = []
    more = False
    with out.working("cancelling"):
        for page in _pages(talk, body, limit, dry_run=False):
            done += page["cancelled"]
            refused += page["refused"]
            more = page["cursor"] is not None
    talk.show(
        {"dry_run": False, "cancelled": done, "refused": refused, "more": more},
        lambda: out.say(_told(done, refused)),
    )
    if more and not talk.as_json:
        out.say("There may be more: again, or with a higher --limit.", stderr=True)
    if refused:
        raise SystemExit(1)


def _told(done: list[Any], refused: list[Any]) -> str:
    counts = {name: sum(one["receipt"]["outcome"] == name for one in done) for name in OUTCOMES}
    words = [f"{counts['cancelled']:,} cancelled"]
    words += [f"{counts['asked']:,} asked to stop"] if counts["asked"] else []
    words += [f"{counts['too_late']:,} had ended before"] if counts["too_late"] else []
    words += (
        [f"{len(refused):,} could not be, such as {refused[0]['id']}: {refused[0]['problem']['detail']}"]
        if refused
        else []
    )
    return ", ".join(words)


def _pages(talk: Talk, body: dict[str, Any], limit: int, *, dry_run: bool) -> Iterator[Any]:
    """Answers, until nothing is left to look through or so many were found."""
    cursor, left = None, limit
    while left > 0:
        asked = {**body, "limit": min(left, AT_ONCE), "dry_run": dry_run}
        page = talk.client.call(
            "POST", "/jobs/cancel", asked if cursor is None else {**asked, "cursor": cursor}
        )
        yield page
        left -= len(page["found"]) + len(page["cancelled"]) + len(page["refused"])
        cursor = page["cursor"]
        if cursor is None:
            return


def _found(found: list[Any], *, more: bool) -> None:
    rows = ((one["id"], one["task"], one["state"]) for one in found)
    out.table(("id", "task", "state"), rows, empty="no such jobs that could be cancelled")
    if more:
        out.say("and more", stderr=True)
