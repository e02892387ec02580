"""`jobline load`."""

import math
from typing import Any
from urllib.parse import urlsplit

import click

from jobline.cli import out
from jobline.cli.kinds import SPAN, arguments, with_arguments
from jobline.cli.loading import Found, Wish, run
from jobline.cli.talk import Talk, talking
from jobline.cli.watching import bar
from jobline.client.http import LOCAL


@click.command()
@talking
@with_arguments
@click.option(
    "--jobs", type=click.IntRange(1, 100_000), default=100, show_default=True, help="So many in all."
)
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 1000),
    default=20.0,
    show_default=True,
    help="So many a second, at most.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="So many requests at once, at most.",
)
@click.option(
    "--timeout",
    type=SPAN,
    default=300.0,
    show_default="5m",
    help="For how long to wait for the last of them.",
)
@click.option("--lane", help="In this lane instead of the task's own.")
@click.option("--yes", is_flag=True, help="Do not ask where it is not this machine.")
def load(
    talk: Talk,
    task: str,
    pairs: tuple[str, ...],
    *,
    given: dict[str, Any] | None,
    jobs: int,
    rate: float,
    concurrency: int,
    timeout: float,
    lane: str | None,
    yes: bool,
) -> None:
    """Submit many jobs at a rate, wait for all, and say whether any was lost.

    Each is a request of its own, the first alone. Latency is from a job's acceptance to its end, by the API's own times. They all have one tag,
    so that `jobline list --tag` and `jobline cancel --tag` find them.

    \b
    Ends with a line such as
    accepted=100 refused=0 succeeded=100 failed=0 unfinished=0 lost=0 p50=0.120s p95=0.450s
    and with exit status 1 unless all of them were accepted and succeeded.
    """  # noqa: D301 - \b is click's: keep these lines as they are
    if urlsplit(talk.connection.url).hostname not in LOCAL:
        talk.agreed(f"Submit {jobs:,} jobs, {rate:g} a second?", yes=yes)
    wish = Wish(
        task=task,
        args=arguments(pairs, given),
        jobs=jobs,
        rate=rate,
        concurrency=concurrency,
        timeout=timeout,
        lane=lane,
    )
    with bar(out.console(stderr=True)) as shown:
        rows = {name: shown.add_task(name, total=jobs, note="") for name in ("submitted", "ended")}
        found = run(talk.client, wish, tell=lambda what, number: shown.update(rows[what], completed=number))
    summary = _summary(found)
    talk.show(summary, lambda: _people(found, summary))
    if not found.fine:
        raise SystemExit(1)


def _summary(found: Found) -> dict[str, Any]:
    return {
        "tag": found.tag,
        "accepted": found.accepted,
        "refused": sum(found.refused.values()),
        "refusals": dict(found.refused.most_common(10)),
        "succeeded": found.succeeded,
        "failed": found.failed,
        "unfinished": found.unfinished,
        "lost": len(found.lost),
        "lost_ids": found.lost[:100],
        "p50": percentile(found.latencies, 50),
        "p95": percentile(found.latencies, 95),
        "seconds": round(found.seconds, 3),
    }


def _people(found: Found, summary: dict[str, Any]) -> None:
    out.say(f"tag {found.tag}, {found.seconds:.1f} s in all", stderr=True)
    for why, number in found.refused.most_common(5):
        out.say(f"  {number:,} times: {why}", stderr=True)
    for job_id in found.lost[:20]:
        out.say(f"  lost: {job_id}", stderr=True)
    names = ("accepted", "refused", "succeeded", "failed", "unfinished", "lost")
    counts = " ".join(f"{name}={summary[name]}" for name in names)
    out.say(f"{counts} p50={_seconds(summary['p50'])} p95={_seconds(summary['p95'])}")


def percentile(values: list[float], per_cent: int) -> float | None:
    """The smallest value that so many per cent do not exceed."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * per_cent / 100) - 1)]


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}s"
