"""Draw docs/lifecycle.md's diagram and tables from the lifecycle table: `python -m press.lifecycle`, or `--check` to compare only."""

import sys
from collections.abc import Iterable
from pathlib import Path

from chalicelib.domain.job import TERMINAL, State
from chalicelib.domain.lifecycle import TRANSITIONS, Transition

PAGE = Path(__file__).parents[1] / "docs" / "lifecycle.md"
BEGIN = "<!-- drawn from chalicelib/domain/lifecycle.py by `make docs`; edit the table there -->"
END = "<!-- end of what is drawn -->"


def mermaid() -> str:
    """The states and the arrows between them, as a Mermaid state diagram."""
    lines = ["```mermaid", "stateDiagram-v2"]
    for transition in TRANSITIONS:
        if transition.target is not None:
            lines += [
                f"    {source} --> {transition.target}: {transition.event.name}"
                for source in _sources(transition)
            ]
    lines += [f"    {state} --> [*]" for state in State if state in TERMINAL]
    return "\n".join([*dict.fromkeys(lines), "```"])


def _sources(transition: Transition) -> Iterable[str]:
    return [state.value for state in State if state in transition.sources] or ["[*]"]


def table() -> str:
    """Every transition: from, event, to, by what right, and why."""
    rows = ["| from | event | to | by right of | what it is |", "|---|---|---|---|---|"]
    for transition in TRANSITIONS:
        target = transition.target or "(stays)"
        rows.append(
            f"| {_named(transition)} | {transition.event.name} | {target} | {transition.guard.__name__} | {transition.why} |"
        )
    return "\n".join(rows)


def _named(transition: Transition) -> str:
    if transition.sources == frozenset(State):
        return "any unfinished"
    return ", ".join(state.value for state in State if state in transition.sources) or "(no row)"


def drawn(page: str) -> str:
    """The page with its drawn part made anew. Raises ValueError if the marks are gone."""
    before, mark, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"{PAGE.name} has lost its marks {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{mermaid()}\n\n{table()}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the page, or with --check exit 1 if it is not what would be written."""
    page = PAGE.read_text()
    wanted = drawn(page)
    if "--check" in arguments:
        if page != wanted:
            print(f"docs/{PAGE.name} is not what the table says: run `make docs`", file=sys.stderr)
        return int(page != wanted)
    PAGE.write_text(wanted)
    print(f"drew {len(TRANSITIONS)} transitions into docs/{PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
