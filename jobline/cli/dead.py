"""`jobline dead`: what the dead jobs have in common, and another life for many of them."""

from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

import click

from jobline.cli import out, show_job
from jobline.cli.dead_releases import begin, preview, releases
from jobline.cli.group import Usual
from jobline.cli.jobs import PAGE, other_arguments
from jobline.cli.kinds import Json
from jobline.cli.talk import Talk, talking
from jobline.cli.text import ago, count

F = TypeVar("F", bound=Callable[..., Any])
REASONS = ("failed", "timed_out", "worker_lost", "undecodable", "payload_missing", "rejected")


def filters(command: F) -> F:
    """The options that say which dead jobs."""
    for option in (
        click.option("--reason", type=click.Choice(REASONS), help="Those that died for this reason."),
        click.option(
            "--fingerprint",
            help="Those whose errors have this fingerprint; `jobline dead groups` shows them.",
        ),
        click.option("--task", help="Those of this task."),
    ):
        command = option(command)
    return command


@click.group(cls=Usual, usual="groups")
def dead() -> None:
    """Jobs that gave up: what they have in common, and another life for them.

    Without a further word it shows the groups.
    """


@dead.command()
@talking
def groups(talk: Talk) -> None:
    """Show what the dead jobs have in common, the largest group first."""
    found = together(talk)
    columns = ("jobs", "task", "reason", "last", "fingerprint", "error")
    rows = [
        (one["count"], one["task"], one["reason"], ago(one["last"]), one["fingerprint"], one["error"])
        for one in found["groups"]
    ]
    talk.show(found, lambda: out.table(columns, rows, empty="no dead jobs"))
    if rows and not talk.as_json:
        out.say(
            "jobline dead redrive --fingerprint ... --dry-run      another life for one of these", stderr=True
        )


def together(talk: Talk) -> Any:
    """All groups. An answer is about some of all tenants' dead, so a cause may be told by several."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    answer = talk.client.call("GET", "/dead/groups")
    scanned = answer["scanned"]
    while True:
        for one in answer["groups"]:
            key = (one["task"], one["fingerprint"], one["reason"])
            found[key] = _both(found[key], one) if key in found else one
        if answer["cursor"] is None:
            break
        answer = talk.client.call("GET", "/dead/groups", cursor=answer["cursor"])
        scanned += answer["scanned"]
    groups = sorted(found.values(), key=lambda one: (-one["count"], one["task"], one["fingerprint"]))
    return {"groups": groups, "scanned": scanned, "cursor": None}


def _both(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """One group of two, in the words of the newer one."""
    newer = max(a, b, key=lambda one: str(one["last"]))
    return {**newer, "count": a["count"] + b["count"], "first": min(a["first"], b["first"])}


@dead.command("list")
@talking
@filters
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most so many.")
def list_(talk: Talk, *, limit: int, **wanted: str | None) -> None:
    """List dead jobs. With --json: a job a line."""
    found = talk.client.pages("/dead", "jobs", **wanted, limit=min(limit, PAGE))
    if talk.as_json:
        for job in islice(found, limit):
            out.print_json_line(job)
    else:
        show_job.table(islice(found, limit), empty="no dead jobs")


@dead.command()
@talking
@filters
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="At most so many, without --canary.",
)
@click.option("--dry-run", is_flag=True, help="Only show which it would be.")
@click.option(
    "--canary",
    is_flag=True,
    help="Step by step: one, ten, then all at a rate; it stops by itself when they die again.",
)
@click.option(
    "--rate",
    type=click.IntRange(1),
    default=60,
    show_default=True,
    help="With --canary: jobs a minute at last.",
)
@click.option(
    "--stop-at",
    type=click.IntRange(0, 100),
    default=20,
    show_default=True,
    help="With --canary: stop when more than this per cent die again.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="With --canary: with this argument changed; may be repeated.",
)
@click.option(
    "--args",
    "args",
    type=Json(dict),
    metavar="JSON",
    help="With --canary: with these arguments in the stead of all they have.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def redrive(
    talk: Talk,
    *,
    limit: int,
    dry_run: bool,
    canary: bool,
    rate: int,
    stop_at: int,
    changes: tuple[str, ...],
    args: dict[str, Any] | None,
    yes: bool,
    **wanted: str | None,
) -> None:
    """Give the dead jobs that a filter takes another life. Shows which, and asks.

    \b
    jobline dead redrive --task resize --dry-run
    jobline dead redrive --fingerprint 3f1c... --canary --rate 120
    jobline dead redrive --task resize --canary --set width=200
    """  # noqa: D301 - \b is click's: keep these lines as they are
    talk.may_ask(yes=yes or dry_run)
    other = other_arguments(changes, args)
    chosen = {name: value for name, value in wanted.items() if value is not None}
    if canary:
        asked = {**chosen, "rate": rate, "stop_at": stop_at, **other}
        if (dry_run or not yes) and not preview(talk, asked, whole=dry_run):
            return
        if not dry_run:
            talk.agreed("Begin?", yes=yes)
            begin(talk, asked)
        return
    if other:
        raise click.UsageError("other arguments for many: with --canary only")
    asked = {**chosen, "limit": limit}
    if dry_run or not yes:
        with out.working("looking which they are"):
            ahead = _found(talk, asked)
        if dry_run:
            talk.show(ahead, lambda: _ahead(ahead))
            return
        _ahead(ahead)
        if not ahead["redriven"]:
            return
        talk.agreed(f"Give {count(len(ahead['redriven']), 'job')} another life?", yes=False)
    with out.working("giving them another life"):
        did = talk.client.call("POST", "/dead/redrive", asked)
    talk.show(did, lambda: _did(did))
    if did["refused"]:
        raise SystemExit(1)


def _found(talk: Talk, asked: dict[str, Any]) -> Any:
    """What it would be. Where the first that were looked at are all others' it goes on, and `asked` says where it came to."""
    while True:
        answer = talk.client.call("POST", "/dead/redrive", {**asked, "dry_run": True})
        if answer["redriven"] or not answer["more"] or answer["cursor"] is None:
            return answer
        asked["cursor"] = answer["cursor"]


def _ahead(answer: Any) -> None:
    rows = ((one["id"], one["task"], one["error"]) for one in answer["redriven"])
    out.table(("id", "task", "error"), rows, empty="no such dead jobs")
    _more(answer)


def _did(answer: Any) -> None:
    out.say(f"{count(len(answer['redriven']), 'job')} redriven, {len(answer['refused']):,} refused")
    for one in answer["refused"][:20]:
        out.say(f"  {one['id']}: {one['problem']['detail']}", stderr=True)
    _more(answer)


def _more(answer: Any) -> None:
    if answer["more"]:
        out.say("There are more: --limit takes up to 1,000, or again, or --canary for all.", stderr=True)


dead.add_command(releases)
