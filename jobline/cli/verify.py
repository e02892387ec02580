"""`jobline verify`."""

import click

from jobline.cli.exits import FAILED, USAGE, Failure
from jobline.cli.logs import cloudwatch, files
from jobline.cli.talk import Talk, talking
from jobline.cli.text import safe
from jobline.logs.line import Line, Wanted, made_at
from jobline.verify.law import broken
from jobline.verify.witness import contradicted, unwitnessed


@click.command()
@talking
@click.argument("job_id", metavar="ID")
@click.option(
    "--stage",
    help="Its log is CloudWatch's, of this stage of .chalice/config.json; else what `jobline up` keeps here.",
)
@click.option("--no-log", is_flag=True, help="Hold the history against the law alone.")
@click.option("--strict", is_flag=True, help="What no log line tells of is a disagreement, too.")
def verify(talk: Talk, job_id: str, *, stage: str | None, no_log: bool, strict: bool) -> None:
    """Hold a job's history against the law and the log, and tell what disagrees.

    The law is the table of transitions; the log tells each of them once more. The row is read with the API key, the log with AWS credentials, as `jobline logs` does. Who can write the table, and not the log, is found out.

    \b
    Exit status: 0 nothing disagrees; 1 something does.
    """  # noqa: D301 - \b is click's: keep this line as it is
    if made_at(job_id) is None:
        raise Failure(f"{job_id!r} is no job's id", status=USAGE, then="`jobline list` shows some.")
    document = dict(talk.client.job(job_id).document)
    lines = None if no_log else _lines(job_id, stage)
    disagree = list(broken(document))
    silent: list[str] = []
    if lines:
        disagree += contradicted(document, lines)
        silent = list(unwitnessed(document, lines))
    told = {
        "job": job_id,
        "entries": len(document["history"]),
        "lines": None if lines is None else len(lines),
        "disagree": disagree,
        "not_witnessed": silent,
        "holds": not disagree and not (strict and (silent or not lines)),
    }
    talk.show(told, lambda: _people(told))
    if not told["holds"]:
        raise SystemExit(FAILED)


def _lines(job_id: str, stage: str | None) -> list[Line]:
    wanted = Wanted(job_id=job_id)
    source = files(wanted) if stage is None else cloudwatch(stage, wanted)
    return list(source.more())


def _people(told: dict[str, object]) -> None:
    def each(name: str) -> list[str]:
        found = told[name]
        return [safe(str(one)) for one in found] if isinstance(found, list) else []

    for words in each("disagree"):
        click.secho(f"disagrees: {words}", fg="red")
    for words in each("not_witnessed"):
        click.secho(f"no log line tells of: {words}", fg="yellow")
    if told["lines"] == 0:
        click.secho(
            "the log has no line about it: gone by its retention, or not written by a function", fg="yellow"
        )
    witness = "held against the law alone" if told["lines"] is None else f"and {told['lines']} log lines"
    click.echo(f"{told['entries']} entries, {witness}: {'holds' if told['holds'] else 'does not hold'}")
