"""`jobline watch`."""

import click

from jobline.cli.kinds import SPAN
from jobline.cli.talk import Talk, talking
from jobline.cli.watching import follow


@click.command()
@talking
@click.argument("job_id", metavar="ID")
@click.option("--timeout", type=SPAN, help="For how long to follow it at most, such as 30s or 5m.")
def watch(talk: Talk, job_id: str, *, timeout: float | None) -> None:
    """Follow a job until it has ended.

    On a terminal a bar shows state, attempt, progress and when it will be done; elsewhere there is a line for each change. The changes go to
    standard error, what it returned to standard output. With --json each change is a line with the whole job.
    """
    follow(talk.client.handle(job_id).watch(timeout), as_json=talk.as_json)
