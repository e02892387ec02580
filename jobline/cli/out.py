"""What a command prints: tables for people, JSON for programs; colour on a terminal alone, and never with NO_COLOR."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from jobline.cli.text import document, safe

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 400  # columns where no terminal says how many: nothing is cut

STYLES = {
    "SUCCEEDED": "green",
    "RUNNING": "cyan",
    "RETRYING": "yellow",
    "DEAD": "bold red",
    "CANCELLED": "magenta",
    "EXPIRED": "magenta",
}


def console(*, stderr: bool = False) -> "Console":
    """Standard output, or standard error for all that is not the answer itself."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if os.environ.get("NO_COLOR"):
        made = Console(stderr=stderr, highlight=False, markup=False, emoji=False, color_system=None)
    if not made.is_terminal:
        made.width = WIDE
    return made


@contextmanager
def working(words: str) -> Iterator[None]:
    """While something takes its time: a spinner with these words, on a terminal alone."""
    shown = console(stderr=True)
    with shown.status(safe(words)) if shown.is_terminal else nullcontext():
        yield


def say(line: str, *, stderr: bool = False) -> None:
    """A line for people."""
    click.echo(safe(line), err=stderr)


def lines(*each: str) -> None:
    """Lines whose foreign parts are safe already."""
    for line in each:
        click.echo(line)


def print_json(value: Any) -> None:
    """One document."""
    click.echo(document(value))


def print_json_line(value: Any) -> None:
    """One of many, on a line of its own."""
    click.echo(document(value, indent=None))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """Rows under their columns' names. None and "" are empty cells."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        # Where the terminal is too narrow, the last column is cut before all others: it says the most and matters least.
        made.add_column(
            name,
            no_wrap=name != columns[-1],
            overflow="fold" if name == "id" else "ellipsis",
            justify="right" if name in RIGHT else "left",
        )
    for row in rows:
        texts = (safe(_cell(one)) for one in row)
        made.add_row(*(Text(text, STYLES.get(text, ""), no_wrap=True, overflow="ellipsis") for text in texts))
    if made.row_count:
        console().print(made)
    else:
        say(empty, stderr=True)


RIGHT = {
    "waiting",
    "delayed",
    "in flight",
    "jobs",
    "redriven",
    "started",
    "succeeded",
    "retried",
    "died",
    "cancelled",
    "run p50",
    "p95",
    "wait p95",
    "took",
    "$",
    "$ a million",
    "billed",
    "concurrency",
}


def facts(title: str, pairs: Iterable[tuple[str, Any]]) -> None:
    """What is known of one thing, a line each; empty values are left out."""
    from rich.text import Text

    out = console()
    out.print(Text(safe(title), "bold"))
    for name, value in pairs:
        if _cell(value) != "":
            shown = _cell(value)
            out.print(
                Text.assemble((f"  {name:<10} ", "dim"), (safe(shown), STYLES.get(shown, ""))), soft_wrap=True
            )


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
