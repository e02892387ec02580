"""The end of a run in the terminal: figures, the retried, the dead, what was checked, where the outputs lie."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from examples.demo.figures import Row
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
    table = Table(title="Jobs", title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=True)
    table.add_column("work")
    unended = ["no outcome"] if total.other else []
    for column in ("submitted", "succeeded", "retried", "dead", *unended, "latency p50", "p95", "max"):
        table.add_column(column, justify="right")
    for row in kinds:
        table.add_row(*_cells(row, others=bool(unended)))
    table.add_section()
    table.add_row(*_cells(total, others=bool(unended)), style="bold")
    return table


def retried_table(lines: Sequence[Line]) -> Table:
    """The jobs that needed more than one attempt, those with the same trouble in one row."""
    table = Table(title="Retried", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for column in ("jobs", "work", "for example", "attempts", "in the end", "because of"):
        table.add_column(
            column, justify="right" if column in ("jobs", "attempts") else "left", overflow="fold"
        )
    alike: dict[tuple[str, int, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        alike[line.kind, line.attempts, line.state, ", ".join(line.troubles)].append(line)
    for (kind, attempts, state, because), group in _first(alike.items()):
        end = Text(state.lower(), style="green" if state == "SUCCEEDED" else "red")
        table.add_row(
            str(len(group)), kind, Text(group[0].about), str(attempts), end, Text(because or "a lost worker")
        )
    return table


def dead_table(lines: Sequence[Line], folder: str) -> Table:
    """The jobs that gave up and why, those that say the same in one row. Paths are shown from the input folder on."""
    unexpected = sum(line.wrong is not None for line in lines)
    title = f"Dead ({unexpected} jobs of these should not be)" if unexpected else "Dead, as it should be"
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for column in ("jobs", "work", "reason", "attempts", "error", "which says"):
        table.add_column(
            column, justify="right" if column in ("jobs", "attempts") else "left", overflow="fold"
        )
    alike: dict[tuple[str, str, str, int, bool], list[Line]] = defaultdict(list)
    for line in lines:
        alike[line.kind, line.error or "", line.reason or "", line.attempts, line.wrong is not None].append(
            line
        )
    for (kind, error, reason, attempts, wrong), group in _first(sorted(alike.items())):
        name, _, words = error.partition(": ")
        said = Text(
            _naming(words.replace(f"{folder}/", ""), group[0].about), style="bold red" if wrong else ""
        )
        table.add_row(str(len(group)), kind, reason, str(attempts), Text(name), said)
    if len(alike) > MOST_ROWS:
        table.caption = f"and {len(alike) - MOST_ROWS} more rows: see the report"
    return table


def _naming(words: str, about: str) -> str:
    """The sentence, with the file or page that it is about in front unless it names that itself."""
    return words if about.partition(" at ")[0] in words else f"{about}: {words}"


def _cells(row: Row, *, others: bool) -> list[str]:
    counts = [row.retried, row.dead, *([row.other] if others else [])]
    times = ["" if value is None else f"{value:.2f} s" for value in (row.p50, row.p95, row.max)]
    return [
        row.kind,
        str(row.submitted),
        str(row.succeeded),
        *(str(count or "-") for count in counts),
        *times,
    ]


def _first(things: Iterable[T]) -> list[T]:
    return list(things)[:MOST_ROWS]
