"""`jobline logs`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from jobline import home
from jobline.cli import out, talk
from jobline.cli.connection import read_state
from jobline.cli.exits import NOT_FOUND, USAGE, Failure
from jobline.cli.kinds import SINCE
from jobline.cli.text import safe
from jobline.logs.files import Files
from jobline.logs.line import Line, Source, Wanted, made_at

DEFAULT = Path("build/local/logs")  # of `jobline up`, also after its end
LOOK_EVERY = {"files": 0.3, "CloudWatch": 3.0}  # seconds
COLOURS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("--follow", "-f", is_flag=True, help="Go on until the job has ended.")
@click.option("--since", type=SINCE, help="Only lines since this time, or since so long ago (5m).")
@click.option("--children", is_flag=True, help="Of a workflow: the lines of its parts, too.")
@click.option("--stage", help="A stage of .chalice/config.json, on AWS; else what `jobline up` runs here.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON for each, with all its fields.")
def logs(
    job_id: str, *, follow: bool, since: datetime | None, children: bool, stage: str | None, as_json: bool
) -> None:
    """Print a job's log lines: of all its attempts, and of what else was done about it.

    Of `jobline up` they are read from its files, in the same folder. With --stage from CloudWatch, with the credentials that the aws command would
    take: `logs:FilterLogEvents` on the stage's log groups; an API key gives no logs. What a task prints is not in them; what it logs is.
    """
    if made_at(job_id) is None:
        raise Failure(f"{job_id!r} is no job's id", status=USAGE, then="`jobline list` shows some.")
    wanted = Wanted(job_id=job_id, children=children, since=since)
    source, where = (files(wanted), "files") if stage is None else (cloudwatch(stage, wanted), "CloudWatch")
    count = 0
    for line in _lines(source, wanted, follow=follow, every=LOOK_EVERY[where]):
        count += 1
        _show(line, as_json=as_json)
    if not count:
        then = f"They come some seconds late; an older job's may be gone. They were looked for in {where}" + (
            "; --stage NAME looks on AWS." if stage is None else "."
        )
        raise Failure(f"there are no lines about {job_id}", status=NOT_FOUND, then=then)


def _lines(source: Source, wanted: Wanted, *, follow: bool, every: float) -> Iterator[Line]:
    """To the end of what is there; or until the job has ended, and once more for what comes late."""
    over = not follow
    while True:
        last = over
        for line in source.more():
            yield line
            over = over or (line.ends and line.fields.get("job_id") == wanted.job_id)
        if last:
            return
        talk.sleep(every)


def _show(line: Line, *, as_json: bool) -> None:
    told = line.fields
    if as_json:
        out.print_json_line({**told, "source": line.source})
        return
    attempt, level = told.get("attempt"), str(told.get("level", ""))
    whose = f"{safe(str(told.get('task', '')))} " if told.get("workflow") else ""
    start = f"{safe(line.at[11:23])}  {'#' + safe(str(attempt)) if attempt else '':<4}"
    said = str(told.get("message", "")).removeprefix(f"{told.get('task')}[{told.get('job_id')}]: ")
    words = f"{safe(level):<8} {whose}{safe(said)}"
    click.echo(f"{start}{click.style(words, fg=COLOURS.get(level))}")
    if told.get("error"):
        for row in safe(str(told["error"]).rstrip(), lines=True).split("\n"):
            click.echo(f"    {row}")


def files(wanted: Wanted) -> Files:
    folder = Path(str(read_state().get("log_dir") or DEFAULT))
    if not folder.is_dir():
        then = "Go to the folder where `jobline up` runs, or name a stage on AWS: --stage dev."
        raise Failure("there are no logs of `jobline up` here", status=USAGE, then=then)
    return Files(folder, wanted)


def cloudwatch(stage: str, wanted: Wanted) -> Source:
    """The stage's. Raises Failure where it cannot be asked; so does its `more`."""
    home.enter()
    from botocore.exceptions import BotoCoreError, ClientError

    from infra.config import NotReady, load
    from infra.config import stage as read_stage
    from infra.place import Nowhere, Place
    from jobline.logs.cloudwatch import CloudWatch

    @contextmanager
    def told() -> Iterator[None]:
        try:
            yield
        except (NotReady, Nowhere, ClientError, BotoCoreError, OSError) as error:
            then = "It takes a project's folder, AWS credentials, and logs:FilterLogEvents on /aws/lambda/APP-STAGE*."
            raise Failure(f"{stage}: {error}", then=then) from error

    class Asked:
        """Says on a terminal which group is being asked: on much-used stages each takes seconds."""

        def __init__(self, make: Callable[[Callable[[str], None]], Any]) -> None:
            self._told: Callable[[str], None] | None = None
            self._source = make(self._note)

        def more(self) -> list[Line]:
            console = out.console(stderr=True)
            if not console.is_terminal:
                with told():
                    return list(self._source.more())
            with console.status("asking CloudWatch") as status, told():
                self._told = lambda name: status.update(f"asking CloudWatch: {name}")
                return list(self._source.more())

        def _note(self, name: str) -> None:
            if self._told is not None:
                self._told(name)

    with told():
        names = read_stage(stage, load()).names
        client = Place().client("logs")
    return Asked(lambda note: CloudWatch(client, names.log_groups, wanted, asking=note))
