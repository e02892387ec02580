"""`jobline stats`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from jobline.cli import out
from jobline.cli.kinds import SINCE, SPAN
from jobline.cli.spark import spark
from jobline.cli.talk import Talk, talking
from jobline.cli.text import count, local, span

WIDTH = 60
"""Columns of a row of bars: an hour's minutes."""

COLUMNS = ("", "started", "succeeded", "retried", "died", "cancelled", "run p50", "p95", "wait p95", "$")


@click.command()
@talking
@click.option("--since", type=SINCE, help="Since this time, or since so long ago (6h). By default: an hour.")
@click.option("--until", type=SINCE, help="Until this time, or until so long ago. By default: now.")
@click.option(
    "--step", type=SPAN, help="How long a step of the bars is, such as 1m, 15m, 1h. By default: what fits."
)
@click.option("--task", help="Of this task alone.")
@click.option("--tenant", help="Another tenant's, or '*': all of them. Takes an administrator's key.")
@click.option(
    "--by",
    type=click.Choice(["task", "tenant", "step"]),
    default="task",
    show_default=True,
    help="What the rows are.",
)
def stats(
    talk: Talk,
    *,
    since: datetime | None,
    until: datetime | None,
    step: float | None,
    task: str | None,
    tenant: str | None,
    by: str,
) -> None:
    """Show what jobs came to: outcomes, how long they waited and ran, and what they cost.

    Figures are approximate, percentiles at most 5 % off; dollars are list prices of consumers, writes and messages alone.
    """
    found = talk.client.stats(since=since, until=until, step=step, task=task, tenant=tenant)
    talk.show(found, lambda: _show(found, by))


def _show(found: Mapping[str, Any], by: str) -> None:
    whose = "all tenants" if found["tenant"] is None else found["tenant"]
    of = f", {found['task']} alone" if found["task"] else ""
    out.say(f"{whose}{of}: {found['since'][:16]} to {found['until'][:16]} UTC", stderr=True)
    _bars(found)
    named: Sequence[Mapping[str, Any]] = found["series" if by == "step" else f"{by}s"]
    name: Callable[[Any], str] = (lambda one: one["at"][:16]) if by == "step" else (lambda one: one[by])
    rows = [_row(name(one), one) for one in named]
    if len(rows) != 1 or by == "step":
        rows.append(_row("all", found["totals"]))
    out.table(COLUMNS, rows if found["totals"]["started"] or named else [], empty="nothing ran")
    if found["folded"]:
        out.say("* are tasks or tenants that were too many to be told apart", stderr=True)
    if found["complete_until"] < found["until"]:
        out.say(f"Complete until {local(found['complete_until'])} only: ask for less.", stderr=True)


def _bars(found: Mapping[str, Any]) -> None:
    """What ended a step, and of that what died, over time."""
    since, until = datetime.fromisoformat(found["since"]), datetime.fromisoformat(found["until"])
    steps = max(1, -int(-(until - since).total_seconds() // found["step"]))
    ended, died = [0.0] * steps, [0.0] * steps
    for one in found["series"]:
        place = int((datetime.fromisoformat(one["at"]) - since).total_seconds() // found["step"])
        ended[place] = one["succeeded"] + one["dead"] + one["expired"] + one["cancelled"]
        died[place] = one["dead"] + one["expired"]
    if any(ended):
        each = -(-steps // WIDTH) * found["step"]
        out.lines(
            f"  ended  {spark(ended, WIDTH)}  at most {count(int(max(_sums(ended))), 'job')} in {span(each)}"
        )
    if any(died):
        out.lines(f"  died   {spark(died, WIDTH)}")


def _sums(values: Sequence[float]) -> list[float]:
    each = -(-len(values) // WIDTH)
    return [sum(values[start : start + each]) for start in range(0, len(values), each)]


def _row(name: str, one: Mapping[str, Any]) -> tuple[Any, ...]:
    run, wait = one["run"], one["wait"]
    times = (run["p50"], run["p95"], wait["p95"])
    return (
        name,
        one["started"],
        one["succeeded"],
        one["retried"],
        one["dead"] + one["expired"],
        one["cancelled"],
        *("" if ms is None else span(ms / 1000) for ms in times),
        f"{one['dollars']:.6f}",
    )
