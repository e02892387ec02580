"""`jobline topics`: who hears what, and publishing."""

import uuid
from typing import Any
from urllib.parse import quote

import click

from jobline.cli import out
from jobline.cli.group import Usual
from jobline.cli.kinds import Json
from jobline.cli.talk import Talk, talking
from jobline.cli.text import count


@click.group(cls=Usual)
def topics() -> None:
    """Topics: who hears what, and publishing. Without a further word it lists them."""


@topics.command("list")
@talking
def list_(talk: Talk) -> None:
    """List the topics that tasks subscribe to, or that go outside."""
    found = talk.client.call("GET", "/topics")
    rows = (
        (one["topic"], ", ".join(one["tasks"]), "yes" if one["external"] else "") for one in found["topics"]
    )
    talk.show(
        found,
        lambda: out.table(("topic", "tasks", "goes outside"), rows, empty="no task subscribes to any topic"),
    )


@topics.command()
@talking
@click.argument("topic")
@click.argument("payload", type=Json(), default=None, required=False, metavar="[JSON]")
@click.option("--id", "event_id", help="The event's id: the same within 24 hours is the same event.")
def publish(talk: Talk, topic: str, payload: Any, *, event_id: str | None) -> None:
    """Publish an event, and print its id. Each subscriber's job is accepted by then."""
    body = {"payload": payload, "id": event_id or str(uuid.uuid4())}  # with an id it may be sent again
    made = talk.client.call("POST", f"/topics/{quote(topic, safe='')}/events", body)
    talk.show(made, lambda: _made(made))


def _made(made: Any) -> None:
    out.say(made["id"])
    heard = "nobody subscribes" if not made["jobs"] else count(len(made["jobs"]), "job")
    out.say(f"{made['topic']}: {heard}", stderr=True)
    for job in made["jobs"]:
        out.say(f"  {job['id']} {job['task']}", stderr=True)
