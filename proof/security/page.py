"""The page of a run at random: what was asked of each operation, what was answered, how often each reader was fed."""

from collections.abc import Iterable, Mapping

from chalicelib.domain.lean import dataclass

Answers = Mapping[str, Mapping[str, int]]
"""By operation, and by status: how many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """One reader, fed by the fuzzer."""

    name: str
    runs: int
    reached: int  #: of its branches, what the fuzzer counts as such
    good: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """All that one run counted."""

    command: str
    commit: str
    began: str
    seconds: float
    answers: Answers
    readers: tuple[Reader, ...]
    kinds: tuple[str, ...]  #: of findings, each with its first case
    last_line: str

    def markdown(self) -> str:
        """The page."""
        asked = sum(sum(one.values()) for one in self.answers.values())
        fed = sum(one.runs for one in self.readers)
        return "\n".join(
            [
                "# At random",
                "",
                f"Written by `{self.command}` on {self.began}, on commit {self.commit}.",
                "",
                f"{asked:,} requests to {len(self.answers)} operations, {len(self.readers)} readers fed {fed:,} times, {self.seconds:,.0f} s.",
                "",
                "## What the readers were fed",
                "",
                "Reached: branches of the reader's code that the fuzzer saw taken. Nothing but a refusal in the reader's own words, or a value that holds together, is right.",
                "",
                *_table(
                    ("reader", "times", "reached", "right"),
                    ((one.name, one.runs, one.reached, one.good) for one in self.readers),
                ),
                "",
                "## What was asked and answered",
                "",
                "Right requests and wrong ones, drawn from the OpenAPI document, two ids and names of three of something that is there. Each answer is held against the document: its status, its type, its body.",
                "",
                *self._operations(),
                "",
                "## What was found",
                "",
                *(self.kinds or ("Nothing.",)),
                "",
                "```text",
                self.last_line,
                "```",
                "",
            ]
        )

    def _operations(self) -> list[str]:
        statuses = sorted({status for one in self.answers.values() for status in one})
        whole = {status: sum(one.get(status, 0) for one in self.answers.values()) for status in statuses}
        rows = [(f"`{name}`", one) for name, one in sorted(self.answers.items())]
        return _table(
            ("operation", "asked", *statuses),
            (
                (name, sum(one.values()), *(one.get(status, "") for status in statuses))
                for name, one in [*rows, ("all", whole)]
            ),
        )


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    head = tuple(head)
    lines = [_line(head), "|---|" + "---:|" * (len(head) - 1)]
    return [*lines, *(_line(row) for row in rows)]


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(_cell(one) for one in cells) + " |"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "all" if value else "**no**"
    return f"{value:,}" if isinstance(value, int) else str(value)
