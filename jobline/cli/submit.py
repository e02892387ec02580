"""`jobline submit`: one job, or one for each line of a file."""

from datetime import datetime
from typing import Any

import click

from jobline.cli import out
from jobline.cli.bulk import submit_lines
from jobline.cli.kinds import MOMENT, SPAN, arguments, with_arguments
from jobline.cli.talk import Talk, talking
from jobline.cli.watching import follow
from jobline.client.job import NewJob
from jobline.client.plans import value_of


@click.command()
@talking
@with_arguments
@click.option(
    "--from",
    "source",
    type=click.File("rb"),
    metavar="FILE",
    help="A job for each line of this file (- is standard input): its arguments as a JSON object.",
)
@click.option(
    "--key",
    help="An idempotency key: the same key and request mean the same job, for 24 hours. With --from, line 7 has KEY-7.",
)
@click.option("--delay", type=SPAN, help="Not before so long from now, such as 90s or 2h.")
@click.option("--at", type=MOMENT, help="Not before this time, such as 2026-01-31T09:30:00Z.")
@click.option("--expires", type=SPAN, help="Not to be started after so long from now.")
@click.option("--lane", help="In this lane instead of the task's own.")
@click.option(
    "--max-attempts", type=click.IntRange(1), help="So many attempts instead of the task's own number."
)
@click.option("--tag", "tags", multiple=True, help="A word to find it by; may be repeated.")
@click.option("--group", help="Of a task with ordered groups: which one.")
@click.option("--event", "events", multiple=True, help="A moment of it that is published; may be repeated.")
@click.option("--webhook", help="The id of the endpoint that is told how it ends.")
@click.option("--wait", is_flag=True, help="Wait until it has ended, and print what it returned.")
@click.option("--watch", is_flag=True, help="Follow it until it has ended, as `jobline watch` does.")
@click.option("--timeout", type=SPAN, help="For how long to wait or to follow it at most.")
def submit(
    talk: Talk,
    task: str,
    pairs: tuple[str, ...],
    *,
    given: dict[str, Any] | None,
    source: Any,
    key: str | None,
    wait: bool,
    watch: bool,
    timeout: float | None,
    delay: float | None,
    at: datetime | None,
    expires: float | None,
    tags: tuple[str, ...],
    events: tuple[str, ...],
    **how: Any,
) -> None:
    """Submit a job and print its id, or one for each line of a file.

    A VALUE is JSON where it is (5, true, '"5"', '[1, 2]'), and otherwise a text.

    \b
    jobline submit resize url=https://example.com/a.png width=200
    jobline submit resize --args @args.json --tag nightly --delay 2h
    jobline submit resize url=... --watch
    jobline submit resize width=200 --from urls.jsonl --key tonight
    """  # noqa: D301 - \b is click's: keep these lines as they are
    if source is not None and (wait or watch):
        raise click.UsageError("--from submits many: --wait and --watch are for one")
    if wait and watch:
        raise click.UsageError("give one of --wait and --watch")
    if delay is not None and at is not None:
        raise click.UsageError("give one of --delay and --at")
    new = NewJob(
        task=task,
        args=arguments(pairs, given),
        key=key,
        delay=delay,
        at=at,
        expires=expires,
        tags=tags,
        events=events or None,
        **how,
    )
    if source is not None:
        submit_lines(talk, new, source)
    else:
        _submit_one(talk, new, wait=wait, watch=watch, timeout=timeout)


def _submit_one(talk: Talk, new: NewJob, *, wait: bool, watch: bool, timeout: float | None) -> None:
    handle = talk.client.submit_job(new)
    if watch:
        out.say(handle.id, stderr=True)
        follow(handle.watch(timeout), as_json=talk.as_json)
    elif wait:
        out.say(handle.id, stderr=True)
        with out.working("waiting for it"):
            job = handle.wait(timeout)
        if talk.as_json:
            out.print_json(dict(job.document))
        value = value_of(job)
        if not talk.as_json:
            out.print_json(value)
    else:
        talk.show(dict(handle.job.document), lambda: out.say(handle.id))
