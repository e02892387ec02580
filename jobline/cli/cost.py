"""`jobline cost`."""

import json
import sys
from typing import Any

import click

from jobline import home
from jobline.cli import out
from jobline.cli.exits import Failure

MILLION = 1_000_000


@click.command()
@click.option(
    "--jobs",
    type=click.IntRange(0),
    default=MILLION,
    show_default=True,
    help="So many plain jobs, each a request of its own.",
)
@click.option(
    "--task-ms",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="How long your task runs, in milliseconds.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table, for programs.")
def cost(*, jobs: int, task_ms: int, as_json: bool) -> None:
    """Say what so many jobs cost on AWS, by list prices.

    An estimate from the dated price file that `make cost` uses, without free tiers and without what your task itself uses. What a feature adds is
    on its page of the documentation.
    """
    made = estimate(jobs, task_ms)
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
