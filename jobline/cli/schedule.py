"""`jobline schedule`: jobs by the clock."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import click

from jobline.cli import out
from jobline.cli.group import Usual
from jobline.cli.kinds import MOMENT, SPAN, arguments, rfc3339, with_arguments
from jobline.cli.talk import Talk, talking
from jobline.cli.text import ago, local, short, span


@click.group(cls=Usual)
def schedule() -> None:
    """Schedules: jobs by the clock, by cron with a time zone, every so often, or once.

    Without a further word it lists them.
    """


@schedule.command("list")
@talking
def list_(talk: Talk) -> None:
    """List the schedules by their ids. With --json: one a line."""
    found = talk.client.pages("/schedules", "schedules")
    if talk.as_json:
        for one in found:
            out.print_json_line(one)
        return
    rows = (
        (one["id"], one["task"], rule(one), one["state"], ago(one["next_fire"]), ago(one["last_fire"]))
        for one in found
    )
    out.table(("id", "task", "rule", "state", "next", "last"), rows, empty="no schedules")


@schedule.command()
@talking
@with_arguments
@click.option(
    "--id", "schedule_id", help="Its id, yours to choose: creating the same again is then creating it once."
)
@click.option("--cron", help="Five fields: minute, hour, day of month, month, day of week.")
@click.option("--timezone", help="Of the cron rule, such as Europe/Berlin; else UTC.")
@click.option("--every", type=SPAN, help="Every so often, counted from now, such as 15m.")
@click.option("--at", type=MOMENT, help="Once, at this time, such as 2026-01-31T09:30:00Z.")
@click.option("--catch-up", help="Which fires of an outage are made up for: skip, one, all, all:N; else one.")
def create(
    talk: Talk,
    task: str,
    pairs: tuple[str, ...],
    *,
    given: dict[str, Any] | None,
    schedule_id: str | None,
    every: float | None,
    at: datetime | None,
    **further: str | None,
) -> None:
    """Make a schedule and print its id. Give one of --cron, --every and --at.

    \b
    jobline schedule create report format=pdf --id nightly --cron "0 3 * * *" --timezone Europe/Berlin
    jobline schedule create clean --every 15m
    """  # noqa: D301 - \b is click's: keep these lines as they are
    if sum(one is not None for one in (further["cron"], every, at)) != 1:
        raise click.UsageError("give one of --cron, --every and --at")
    if every is not None and every != int(every):
        raise click.BadParameter("whole seconds only", param_hint="--every")
    how = {"id": schedule_id, "every": None if every is None else int(every), "at": rfc3339(at), **further}
    body = {
        "task": task,
        "args": arguments(pairs, given),
        **{name: one for name, one in how.items() if one is not None},
    }
    made = talk.client.call("POST", "/schedules", body, once=schedule_id is None)
    talk.show(made, lambda: _made(made))


def _made(one: Any) -> None:
    out.say(one["id"])
    out.say(f"{rule(one)}, next {local(one['next_fire'])}", stderr=True)


@schedule.command()
@talking
@click.argument("schedule_id", metavar="ID")
def show(talk: Talk, schedule_id: str) -> None:
    """Show a schedule."""
    found = talk.client.call("GET", _path(schedule_id))
    talk.show(found, lambda: _show(found))


@schedule.command("next")
@talking
@click.argument("schedule_id", metavar="ID")
@click.option("-n", "number", type=click.IntRange(1), default=10, show_default=True, help="So many.")
def next_(talk: Talk, schedule_id: str, *, number: int) -> None:
    """Show when a schedule fires next."""
    found = talk.client.call("GET", f"{_path(schedule_id)}/next", n=number)
    rows = ((at, ago(at)) for at in found["fires"])
    talk.show(
        found, lambda: out.table(("at", "that is"), rows, empty="it does not fire any more, or is paused")
    )


@schedule.command()
@talking
@click.argument("schedule_id", metavar="ID")
def fire(talk: Talk, schedule_id: str) -> None:
    """Submit a job of a schedule now, whatever its rule says, and print the job's id."""
    job = talk.client.call("POST", f"{_path(schedule_id)}/fire", once=True)
    talk.show(job, lambda: out.say(job["id"]))


def _turning(verb: str, told: str) -> None:
    @schedule.command(verb, help=told)
    @talking
    @click.argument("schedule_id", metavar="ID")
    def turn(talk: Talk, schedule_id: str) -> None:
        found = talk.client.call("POST", f"{_path(schedule_id)}/{verb}")
        talk.show(
            found,
            lambda: out.say(
                f"{found['id']} is {found['state']}, next {local(found['next_fire']) or 'never'}"
            ),
        )


_turning("pause", "Let a schedule fire no more until it is resumed.")
_turning("resume", "Let a paused schedule fire again, from now on.")


@schedule.command()
@talking
@click.argument("schedule_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(talk: Talk, schedule_id: str, *, yes: bool) -> None:
    """Delete a schedule. Its jobs that are not due yet are cancelled."""
    talk.may_ask(yes=yes)
    found = talk.client.call("GET", _path(schedule_id))
    talk.agreed(f"Delete {found['id']}: {found['task']}, {rule(found)}?", yes=yes)
    gone = talk.client.call("DELETE", _path(schedule_id))
    talk.show(gone, lambda: out.say(f"{gone['id']} is deleted"))


def rule(one: Any) -> str:
    """When it fires, in words."""
    if one["cron"]:
        return f"{one['cron']} {one['timezone']}"
    return f"every {span(one['every'])}" if one["every"] else f"once, {one['at']}"


def _path(schedule_id: str) -> str:
    return f"/schedules/{quote(schedule_id, safe='')}"


def _show(one: Any) -> None:
    out.facts(
        f"schedule {one['id']}",
        [
            ("state", one["state"]),
            ("rule", rule(one)),
            ("task", one["task"]),
            ("args", short(one["args"])),
            ("next", local(one["next_fire"])),
            ("last", local(one["last_fire"])),
            ("catch up", one["catch_up"]),
            ("declared", "in code: it can be paused here, and changed only there" if one["declared"] else ""),
            ("created", local(one["created_at"])),
        ],
    )
