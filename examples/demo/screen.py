"""What a person sees while a run goes on: moving bars on a terminal, a line now and then anywhere else."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from examples.demo.api import Document
from examples.demo.order import Order
from examples.demo.tally import Tally, tally, total

Show = Callable[[Mapping[str, Document]], None]

ALL = "all jobs"
LABEL = 11  # columns for the words on the left
QUIET = 2.0  # seconds between two lines where nothing can be drawn over


class Screen:
    """Writes to one console; whether it is a terminal decides how progress is shown."""

    def __init__(self, console: Console, now: Callable[[], float] = time.monotonic) -> None:
        self.console = console
        self._now = now
        self._started = now()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._now() - self._started

    def note(self, label: str, words: str, style: str = "") -> None:
        """One line: what is happening, or where something is."""
        self.console.print(
            f"  {label.ljust(LABEL)}", end="", style="bold cyan", markup=False, highlight=False
        )
        self.console.print(words, style=style, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def following(self, orders: Mapping[str, Order]) -> Iterator[Show]:
        """Gives the function that shows how far these orders, by job id, are."""
        if self.console.is_terminal:
            with Bars(self.console, orders, self._now).showing() as show:
                yield show
        else:
            lines = Lines(self, orders, self._now)
            yield lines.show


class Bars:
    """A bar for each kind of work and one for all, redrawn in place."""

    def __init__(self, console: Console, orders: Mapping[str, Order], now: Callable[[], float]) -> None:
        self._orders = orders
        self._now = now
        self._started = now()
        self._progress = Progress(
            TextColumn("  {task.description:<15}"),
            BarColumn(bar_width=30, complete_style="green", finished_style="green"),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[words]}"),
            console=console,
        )
        self._rows: dict[str, TaskID] = {}

    @contextmanager
    def showing(self) -> Iterator[Show]:
        """The bars are on the screen while this lasts, and stay as they were last."""
        counts = tally(self._orders, {})
        for kind, count in [*counts.items(), *([(ALL, total(counts))] if len(counts) > 1 else [])]:
            self._rows[kind] = self._progress.add_task(kind, total=count.total, words="")
        with self._progress:
            yield self.show

    def show(self, seen: Mapping[str, Document]) -> None:
        """Draw what is known now."""
        counts = tally(self._orders, seen)
        for kind, count in counts.items():
            self._progress.update(
                self._rows[kind], completed=count.ended, words=coloured(count) + self._said(kind, seen)
            )
        if ALL in self._rows:
            whole = total(counts)
            rate = whole.ended / max(0.1, self._now() - self._started)
            self._progress.update(self._rows[ALL], completed=whole.ended, words=f"{rate:.1f} jobs/s")
        self._progress.refresh()

    def _said(self, kind: str, seen: Mapping[str, Document]) -> str:
        """What a job that is alone in its kind says of its progress; several at once would only flicker."""
        mine = [job_id for job_id, order in self._orders.items() if order.kind == kind]
        progress = seen.get(mine[0], {}).get("progress") if len(mine) == 1 else None
        return f"  [dim]{escape(progress['message'])}[/]" if progress else ""


class Lines:
    """For files, pipes and CI: a line when something changed, but not more often than every two seconds, and the last."""

    def __init__(self, screen: Screen, orders: Mapping[str, Order], now: Callable[[], float]) -> None:
        self._screen = screen
        self._orders = orders
        self._now = now
        self._next = now()
        self._last: Mapping[str, Tally] = {}

    def show(self, seen: Mapping[str, Document]) -> None:
        """Print a line if it is time for one."""
        counts = tally(self._orders, seen)
        whole = total(counts)
        ended = whole.ended == whole.total
        if counts == self._last or (self._now() < self._next and not ended):
            return
        self._last, self._next = counts, self._now() + QUIET
        self._screen.note(f"{self._screen.elapsed:.1f} s", line(counts))


def line(counts: Mapping[str, Tally]) -> str:
    """All that the bars show, in a line: `212/331 ended (200 ok, 12 dead) | thumbnails 60/106 | ...`."""
    whole = total(counts)
    kinds = (
        [f"{kind} {count.ended}/{count.total}" for kind, count in counts.items()]
        if len(counts) > 1
        else [*counts]
    )
    return " | ".join([f"{whole.ended}/{whole.total} ended ({whole.words() or 'all waiting'})", *kinds])


def coloured(count: Tally) -> str:
    """The counts that are not zero, as rich markup."""
    parts = {
        f"[green]{count.succeeded} ok[/]": count.succeeded,
        f"[yellow]{count.retrying} retrying[/]": count.retrying,
        f"[red]{count.dead} dead[/]": count.dead,
        f"[dim]{count.running} running[/]": count.running,
    }
    return "  ".join(words for words, number in parts.items() if number)


def shown(path: Path) -> str:
    """A path as a person would type it here: relative to the current folder if it lies inside."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
