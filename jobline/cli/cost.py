"""`jobline cost`: what jobs cost, by the stage's statistics; with `--jobs`, what so many would, by list prices alone."""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from jobline import home
from jobline.cli import out
from jobline.cli.exits import Failure
from jobline.cli.kinds import SINCE, rfc3339
from jobline.cli.talk import Talk, talking
from jobline.cli.text import count, span

MILLION = 1_000_000

WORDS = ("day", "task", "tenant")


class Words(click.ParamType[Any]):
    """`day,task`: what the rows are told apart by."""

    name = "word[,word]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not set(str(value).split(",")) <= set(WORDS):
            self.fail(
                f"{value!r} is not one or several of {', '.join(WORDS)}, with commas between", param, ctx
            )
        return str(value)


@click.command()
@click.option(
    "--since", type=SINCE, help="Since that day, or since so long ago (30d). By default: seven days."
)
@click.option("--until", type=SINCE, help="Until this time, or until so long ago. By default: now.")
@click.option(
    "--by",
    type=Words(),
    default="task",
    show_default=True,
    help="What the rows are: day, task, tenant, or day,task ...",
)
@click.option("--task", help="Of this task alone.")
@click.option("--tenant", help="Another tenant's, or '*': all of them. Takes an administrator's key.")
@click.option(
    "--jobs", type=click.IntRange(0), help="Not what was: so many plain jobs, each a request of its own."
)
@click.option(
    "--task-ms", type=click.IntRange(1), help="With --jobs: how long your task runs. By default: 100."
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table, for programs.")
@click.option("--profile", metavar="NAME", help="The stage to speak to: one of `jobline profile list`.")
def cost(*, jobs: int | None, task_ms: int | None, as_json: bool, profile: str | None, **asked: Any) -> None:
    """Show what jobs cost, by day, task or tenant; or say what so many would.

    Dollars are list prices, without free tiers, of consumers, writes and messages; they are as exact as the statistics.

    With --jobs no stage is asked: it is an estimate for so many plain jobs with all that belongs to them, API, logs and
    traces too. `jobline plan TASK` goes by what a task really took.
    """
    if jobs is not None or task_ms is not None:
        if any(asked[name] is not None for name in ("since", "until", "task", "tenant")):
            raise click.UsageError("--jobs and --task-ms are for an estimate: they go with --json alone")
        _show_estimate(estimate(MILLION if jobs is None else jobs, task_ms or 100), as_json=as_json)
    else:
        ask: Any = _ask  # `talking` takes these two, and gives a `Talk`
        ask(as_json=as_json, profile=profile, **asked)


@talking
def _ask(
    talk: Talk,
    *,
    since: datetime | None,
    until: datetime | None,
    by: str,
    task: str | None,
    tenant: str | None,
) -> None:
    query = {"since": rfc3339(since), "until": rfc3339(until), "by": by, "task": task, "tenant": tenant}
    given: dict[str, Any] = {name: value for name, value in query.items() if value is not None}
    found = talk.client.call("GET", "/costs", **given)
    talk.show(found, lambda: _show(found))


def _show(found: Mapping[str, Any]) -> None:
    whose = "all tenants" if found["tenant"] is None else found["tenant"]
    of = f", {found['task']} alone" if found["task"] else ""
    prices = found["prices"]
    out.say(f"{whose}{of}: {found['since'][:10]} to {found['until'][:16]} UTC", stderr=True)
    names = found["by"]
    rows = [_row([line[name] for name in names], line) for line in found["lines"]]
    if len(rows) != 1:
        rows.append(_row(["all", *("" for _ in names[1:])], found["total"]))
    columns = (*names, "jobs", "started", "billed", "$", "$ a million")
    out.table(columns, rows if found["lines"] else [], empty="nothing ran")
    if found["left_off"]:
        out.say(f"{count(found['left_off'], 'row')} that cost less are in the sum alone", stderr=True)
    if found["folded"]:
        out.say("* are tasks or tenants that were too many to be told apart", stderr=True)
    if found["complete_until"] < found["until"]:
        out.say(f"Complete until {found['complete_until'][:16]} UTC only: ask for less.", stderr=True)
    out.say(
        f"List prices of {prices['region']}, {prices['as_of']}; API, logs and the idle stage not in it.",
        stderr=True,
    )


def _row(names: list[str], one: Mapping[str, Any]) -> tuple[Any, ...]:
    each = one["per_million"]
    return (
        *names,
        one["ended"],
        one["started"],
        span(one["billed_ms"] / 1000),
        f"{one['dollars']:.6f}",
        "" if each is None else f"{each:.2f}",
    )


def _show_estimate(made: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        out.print_json(made)
        return
    out.say(f"{made['region']}, list prices of {made['as_of']}, without free tiers", stderr=True)
    rows = [(one["what"], f"{one['dollars']:.4f}", one["how"]) for one in made["lines"]]
    out.table(
        ("what", "$", "a million of them"), [*rows, ("all", f"{made['dollars']:.4f}", "")], empty="nothing"
    )
    out.say(
        f"Submitted a thousand at a time: ${made['in_batches']:.4f}. A stage that idles: ${made['idle_month']:.2f} a month.",
        stderr=True,
    )


def estimate(jobs: int, task_ms: int) -> dict[str, Any]:
    """The bill, in dollars. Raises Failure where the price file was not installed."""
    if str(home.source()) not in sys.path:
        sys.path.append(str(home.source()))
    try:
        from bench.bill import Assumed, idle, in_batches, million
        from bench.prices import FILE, Prices

        prices, more = Prices.load(), json.loads(FILE.read_text(encoding="utf-8"))["bill"]
    except (ImportError, OSError) as error:
        raise Failure(
            "the price file is not here", then="It is in the repository: chalicelib/prices.json."
        ) from error
    assumed, share = Assumed(task_ms=task_ms), jobs / MILLION
    lines = sorted(million(prices, more, assumed), key=lambda line: -line.dollars)
    told = [{"what": line.what, "how": line.how, "dollars": round(line.dollars * share, 6)} for line in lines]
    return {
        "as_of": prices.as_of,
        "region": prices.region,
        "jobs": jobs,
        "lines": told,
        "dollars": round(sum(line.dollars for line in lines) * share, 6),
        "in_batches": round(in_batches(prices, lines) * share, 6),
        "idle_month": round(sum(line.dollars for line in idle(prices, more, assumed)), 2),
    }
