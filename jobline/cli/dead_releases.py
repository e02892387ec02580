"""`jobline dead releases`: dead jobs given another life step by step."""

from typing import Any
from urllib.parse import quote

import click

from jobline.cli import out
from jobline.cli.group import Usual
from jobline.cli.talk import Talk, talking
from jobline.cli.text import ago, count, local, short

COLUMNS = ("id", "state", "task", "redriven", "succeeded", "died", "made", "why")


def preview(talk: Talk, asked: dict[str, Any], *, whole: bool) -> bool:
    """Show what a release would do. Whether there is anything to be done."""
    ahead = talk.client.call("POST", "/dead/releases", {**asked, "dry_run": True})
    if whole:
        talk.show(ahead, lambda: _ahead(ahead))
    else:
        _ahead(ahead)
    return bool(ahead["jobs"])


def begin(talk: Talk, asked: dict[str, Any]) -> None:
    """Make a release: once, since two would be two."""
    made = talk.client.call("POST", "/dead/releases", asked, once=True)
    talk.show(made, lambda: _begun(made))


def _begun(made: Any) -> None:
    out.say(made["id"])
    out.say(f"jobline dead releases show {made['id']}      says how far it is", stderr=True)


def _ahead(ahead: Any) -> None:
    at_least = "at least " if ahead["more"] else ""
    rows = (
        (one["id"], one["task"], one["error"], one["problem"]["detail"] if "problem" in one else _args(one))
        for one in ahead["sample"]
    )
    out.table(("id", "task", "error", "arguments"), rows, empty="no such dead jobs")
    if ahead["jobs"]:
        out.say(f"{at_least}{count(ahead['jobs'], 'job')}: first one, then ten, then the others", stderr=True)


def _args(one: Any) -> str:
    return short(one["args"], 80) if "args" in one else "as they are"


@click.group(cls=Usual)
def releases() -> None:
    """Redrives step by step: one, ten, then all at a rate. `jobline dead redrive --canary` makes one.

    Without a further word it lists them.
    """


@releases.command("list")
@talking
def list_(talk: Talk) -> None:
    """List the last fifty, the newest first."""
    found = talk.client.call("GET", "/dead/releases")
    rows = (
        (
            one["id"],
            one["state"],
            one["task"] or "any",
            one["redriven"],
            one["succeeded"],
            one["died"],
            ago(one["created_at"]),
            one["why"],
        )
        for one in found["releases"]
    )
    talk.show(found, lambda: out.table(COLUMNS, rows, empty="no releases"))


@releases.command()
@talking
@click.argument("release_id", metavar="ID")
def show(talk: Talk, release_id: str) -> None:
    """Show how far a release is."""
    found = talk.client.call("GET", _path(release_id))
    talk.show(found, lambda: _show(found))


def _turning(verb: str, told: str) -> None:
    @releases.command(verb, help=told)
    @talking
    @click.argument("release_id", metavar="ID")
    @click.option("--why", default="", help="For whoever looks at it later.")
    def turn(talk: Talk, release_id: str, *, why: str) -> None:
        found = talk.client.call("POST", f"{_path(release_id)}/{verb}", {"why": why} if why else None)
        talk.show(found, lambda: _show(found))


_turning("pause", "Pause a release: what was redriven goes on, nothing more is.")
_turning("resume", "Go on with a paused release.")
_turning("stop", "Stop a release for good.")


def _path(release_id: str) -> str:
    return f"/dead/releases/{quote(release_id, safe='')}"


def _show(one: Any) -> None:
    out.facts(
        f"release {one['id']}",
        [
            ("state", f"{one['state']}{', ' + one['why'] if one['why'] else ''}"),
            ("of", one["task"] or "any task"),
            ("print", one["fingerprint"]),
            ("reason", one["reason"]),
            ("made", f"{local(one['created_at'])} by {one['by']}"),
            ("wave", one["wave"]),
            ("rate", f"{one['rate']} a minute, stops when more than {one['stop_at']} % die again"),
            (
                "redriven",
                f"{one['redriven']:,}: {one['succeeded']:,} succeeded, {one['died']:,} died, {one['open']:,} open",
            ),
            ("skipped", one["skipped"] or ""),
            ("refused", f"{one['refused']:,}: {one['refusal']}" if one["refused"] else ""),
            ("change", "" if one["change"] is None else short(one["change"])),
        ],
    )
