"""The end of a run in the terminal: figures, the retried, the dead, what was checked, where the outputs lie."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from examples.demo.figures import Row
from examples.demo.plan import KINDS
from examples.demo.report import Line, Report
from examples.demo.screen import shown

# A list that scrolls the figures off the screen helps nobody; the whole of it is in the report.
MOST_ROWS = 30
T = TypeVar("T")


def print_report(console: Console, report: Report) -> None:
    """Everything that a person should see, most general first and the verdict last."""
    console.print(kinds_table(report.kinds, report.total))
    if report.retried:
        console.print(retried_table(report.retried))
    if report.dead:
        console.print(dead_table(report.dead, report.folder))
    console.print(Text("Checked", style="bold"))
    for proof in report.proofs:
        console.print(
            Text(f"  {'no ' if proof.wrong else 'yes'}  {proof.claim}", style="red" if proof.wrong else "")
        )
    console.print(Text("\nOutputs", style="bold"))
    for words, path in report.outputs.items():
        console.print(Text(f"  {words.ljust(14)} {shown(Path(path))}"), soft_wrap=True)
    if report.wrong:
        console.print()
    for words in _first(report.wrong):
        console.print(Text(f"WRONG  {words}", style="bold red"), soft_wrap=True)
    if len(report.wrong) > MOST_ROWS:
        console.print(Text(f"WRONG  and {len(report.wrong) - MOST_ROWS} things more", style="bold red"))
    console.print(
        Text(
            f"\n{report.sentence}  ({report.seconds:.1f} s)", style="bold green" if report.ok else "bold red"
        )
    )


def kinds_table(kinds: Sequence[Row], total: Row) -> Table:
    """Counts and latencies. Latency is from acceptance by the API to the recorded outcome: waiting in the queue included."""
    unended = ["no outcome"] if total.other else []
    counts = ("submitted", "succeeded", "retried", "dead", *unended)
    table = _table(
        "Jobs, and seconds from acceptance to outcome", ("work", *counts, "p50", "p95", "max"), left=("work",)
    )
    for row in kinds:
        table.add_row(*_cells(row, others=bool(unended)))
    table.add_section()
    table.add_row(*_cells(total, others=bool(unended)), style="bold")
    return table


def retried_table(lines: Sequence[Line]) -> Table:
    """The jobs that needed more than one attempt, those with the same trouble in one row."""
    left = ("work", "for example", "in the end", "because of")
    table = _table(
        "Retried", ("jobs", "work", "for example", "attempts", "in the end", "because of"), left=left
    )
    alike: dict[tuple[int, str, int, str], list[Line]] = defaultdict(list)
    for line in lines:
        alike[KINDS.index(line.kind), _counted(line.troubles), line.attempts, line.state].append(line)
    for (kind, because, attempts, state), group in _first(sorted(alike.items())):
        end = Text(state.lower(), style="green" if state == "SUCCEEDED" else "red")
        table.add_row(str(len(group)), KINDS[kind], Text(group[0].about), str(attempts), end, Text(because))
    return table


def dead_table(lines: Sequence[Line], folder: str) -> Table:
    """The jobs that gave up and why, those that say the same in one row. Paths are shown from the input folder on."""
    unexpected = sum(line.wrong is not None for line in lines)
    title = f"Dead ({unexpected} jobs of these should not be)" if unexpected else "Dead, as it should be"
    table = _table(title, ("jobs", "work", "reason", "attempts", "error"), left=("work", "reason", "error"))
    alike: dict[tuple[int, str, str, bool], list[Line]] = defaultdict(list)
    for line in lines:
        alike[KINDS.index(line.kind), line.error or "", line.reason or "", line.wrong is not None].append(
            line
        )
    for (kind, error, reason, wrong), group in _first(sorted(alike.items())):
        said = _naming(error.replace(f"{folder}/", ""), group[0].about)
        style = "bold red" if wrong else ""
        table.add_row(str(len(group)), KINDS[kind], reason, _attempts(group), Text(said, style=style))
    if len(alike) > MOST_ROWS:
        table.caption = f"and {len(alike) - MOST_ROWS} more rows: see the report"
    return table


def _table(title: str, columns: Sequence[str], left: Sequence[str]) -> Table:
    """Columns that fit 80 characters: all but the last keep to one line as long as they can."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, justify="left" if column in left else "right", overflow="fold")
    return table


def _counted(troubles: Sequence[str]) -> str:
    """For example: 2 x ServerTrouble, ReadError. An attempt that left no trouble in the history lost its worker."""
    runs = [(name, len(list(same))) for name, same in groupby(troubles)]
    return ", ".join(f"{count} x {name}" if count > 1 else name for name, count in runs) or "a lost worker"


def _attempts(lines: Sequence[Line]) -> str:
    counts = sorted({line.attempts for line in lines})
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]}-{counts[-1]}"


def _naming(words: str, about: str) -> str:
    """The sentence, with the file or page that it is about in front unless it names that itself."""
    return words if about.partition(" at ")[0] in words else f"{about}: {words}"


def _cells(row: Row, *, others: bool) -> list[str]:
    counts = [row.retried, row.dead, *([row.other] if others else [])]
    times = ["" if value is None else f"{value:.2f}" for value in (row.p50, row.p95, row.max)]
    return [
        row.kind,
        str(row.submitted),
        str(row.succeeded),
        *(str(count or "-") for count in counts),
        *times,
    ]


def _first(things: Iterable[T]) -> list[T]:
    return list(things)[:MOST_ROWS]
