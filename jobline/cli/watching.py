"""A job being followed: a bar on a terminal, a line for each change elsewhere, a document for each change with --json."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jobline.cli import out
from jobline.cli.show_job import error, progress
from jobline.cli.text import safe, short
from jobline.client.job import Job
from jobline.client.plans import value_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


def follow(changes: Iterable[Job], *, as_json: bool) -> None:
    """Show each change, then how it ended. Raises `JobNotSucceeded`."""
    last = list(_shown(changes, as_json=as_json))[-1]
    value = value_of(last)
    if not as_json:
        out.lines(short(value, 10_000) if value is not None else "null")


def _shown(changes: Iterable[Job], *, as_json: bool) -> Iterator[Job]:
    console = out.console(stderr=True)
    if as_json:
        for job in changes:
            out.print_json_line(dict(job.document))
            yield job
    elif console.is_terminal:
        yield from _live(changes, console)
    else:
        for job in changes:
            out.say(_line(job), stderr=True)
            yield job


def _live(changes: Iterable[Job], console: "Console") -> Iterator[Job]:
    with bar(console) as shown:
        row = shown.add_task("", total=None, note="")
        for job in changes:
            told = job.progress or {}
            fraction = 1.0 if job.state == "SUCCEEDED" else told.get("fraction")
            shown.update(
                row,
                total=None if fraction is None else 1.0,
                completed=fraction or 0.0,
                description=f"{safe(job.task)} {safe(job.state)}{_attempt(job.document)}",
                note=safe(progress(job.document)) if job.progress else "",
            )
            yield job


@contextmanager
def bar(console: "Console") -> "Iterator[Progress]":
    """Bars with words before them, and behind them their notes."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        yield shown


def _line(job: Job) -> str:
    """One change."""
    parts = [
        job.state + _attempt(job.document),
        progress(job.document) if job.progress and job.state == "RUNNING" else "",
        error(job.document) if job.error and job.state in {"RETRYING", "DEAD"} else "",
    ]
    return " ".join(part for part in parts if part)


def _attempt(document: Any) -> str:
    return (
        f" (attempt {document['attempts']} of {document['max_attempts']})" if document["attempts"] > 1 else ""
    )
