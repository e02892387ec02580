"""`jobline lanes`: how much waits in each, and pausing them."""

from typing import Any
from urllib.parse import quote

import click

from jobline.cli import out
from jobline.cli.group import Usual
from jobline.cli.talk import Talk, talking
from jobline.cli.text import ago


@click.group(cls=Usual)
def lanes() -> None:
    """Lanes: how much waits in each, and pausing them. Without a further word it lists them."""


@lanes.command("list")
@talking
def list_(talk: Talk) -> None:
    """Show how much waits in each lane, about, and which are paused."""
    found = talk.client.call("GET", "/lanes")
    rows = (
        (one["lane"], one["waiting"], one["delayed"], one["in_flight"], _paused(one))
        for one in found["lanes"]
    )
    columns = ("lane", "waiting", "delayed", "in flight", "paused")
    talk.show(found, lambda: out.table(columns, rows, empty="no lanes"))


@lanes.command()
@talking
@click.argument("lane")
@click.option("--yes", is_flag=True, help="Do not ask.")
def pause(talk: Talk, lane: str, *, yes: bool) -> None:
    """Let a lane's jobs wait, of all tenants. Takes an administrator's key."""
    talk.agreed(f"Pause {lane} for all tenants?", yes=yes)
    told = talk.client.call("POST", f"/lanes/{quote(lane, safe='')}/pause")
    talk.show(
        told,
        lambda: out.say(
            f"{told['lane']} is paused: within a minute or so it takes no more jobs; those that run go on"
        ),
    )


@lanes.command()
@talking
@click.argument("lane")
def resume(talk: Talk, lane: str) -> None:
    """Let a paused lane's jobs run. Takes an administrator's key."""
    told = talk.client.call("POST", f"/lanes/{quote(lane, safe='')}/resume")
    talk.show(told, lambda: out.say(f"{told['lane']} runs, within a minute or so"))


def _paused(one: Any) -> str:
    return (
        f"since {ago(one['paused']['since'])} by {one['paused']['by']}".replace("since now", "now")
        if one["paused"]
        else ""
    )
