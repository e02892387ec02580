"""`jobline plan`: what so many jobs would cost, and when they would be done."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import click

from jobline.cli import out
from jobline.cli.kinds import SPAN
from jobline.cli.talk import Talk, talking
from jobline.cli.text import local, span


@click.command()
@talking
@click.argument("task")
@click.option("--count", type=click.IntRange(1, 1_000_000_000), required=True, help="So many jobs.")
@click.option("--last", type=SPAN, help="Of how long the history is that it goes by. By default: seven days.")
@click.option("--run", type=SPAN, help="How long an attempt runs, in the stead of the history: 250ms, 3s.")
@click.option("--args-bytes", type=click.IntRange(0), help="Bytes of JSON of each job's arguments.")
@click.option("--result-bytes", type=click.IntRange(0), help="Bytes of JSON of each job's result.")
@click.option(
    "--a-request", type=click.IntRange(1, 1000), help="Jobs that one request submits. By default: 1000."
)
@click.option(
    "--table-units", type=int, help="Write units a second that the table takes. By default: a new one's 4000."
)
@click.option(
    "--tenant", help="By another tenant's history, or '*': everybody's. Takes an administrator's key."
)
def plan(talk: Talk, *, task: str, last: float | None, run: float | None, **given: Any) -> None:
    """Say what so many jobs of a task would cost, and when they would be done.

    It goes by how long the task's own jobs ran, how often they failed, its limits, its lane and what waits there. What else it takes
    for granted is printed below.
    """
    query = {
        **given,
        "last": None if last is None else int(last),
        "run_ms": None if run is None else round(run * 1000),
    }
    asked = {name: value for name, value in query.items() if value is not None}
    found = talk.client.call("GET", f"/tasks/{quote(task, safe='')}/plan", **asked)
    talk.show(found, lambda: _show(found))


def _show(found: Mapping[str, Any]) -> None:
    at = "" if found["done_at"] is None else f", at {local(found['done_at'])} if all were submitted now"
    out.facts(
        f"{found['count']:,} jobs of {found['task']}, in lane {found['lane']}",
        [
            ("cost", f"${found['dollars']:,.4f}"),
            ("done in", f"{span(found['seconds'])}{at}"),
            ("limited by", found["limited_by"]),
            (
                "billed",
                f"{found['invocations']:,} invocations, {span(found['billed_ms'] / 1000)} of consumers",
            ),
        ],
    )
    lines = [(one["what"], f"{one['dollars']:.4f}", one["how"]) for one in found["lines"]]
    out.table(("what", "$", "made of"), lines, empty="nothing")
    limits = [(one["what"], span(one["seconds"]), one["how"]) for one in found["limits"]]
    out.table(("limit", "alone takes", "for"), limits, empty="no limit")
    out.say("It takes for granted that", stderr=True)
    for line in found["assumptions"]:
        out.say(f"  {line}", stderr=True)
    out.say(f"List prices of {found['prices']['region']}, {found['prices']['as_of']}.", stderr=True)
