"""How far one stage goes: `python -m bench.scaling [NAME ...] [--json] [--write]`, or `make scaling`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import track

from bench.scaling.bill import dollars
from bench.scaling.ceilings import REMEDIES
from bench.scaling.limits import Limits
from bench.scaling.load import Scenario
from bench.scaling.page import PAGE, charts, page_with, tables
from bench.scaling.scenarios import everything
from bench.scaling.stage import Outcome, Stage

BUILD = Path("build/bench")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    names = {scenario.name: scenario for scenario in everything()}
    parser = argparse.ArgumentParser(
        prog="bench.scaling",
        description="A model of AWS's published limits under loads: what breaks first, and what moves it.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these loads: {', '.join(names)}")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument(
        "--write", action="store_true", help="make the tables of docs/scaling.md and its charts again"
    )
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - set(names):
        parser.error(f"there is no load called {', '.join(sorted(unknown))}")
    if given.write and given.names:
        parser.error("--write is for all loads")
    wanted = [names[name] for name in given.names] or list(names.values())
    screen = Console(stderr=True)
    limits = Limits.load()
    runs = [
        (one, Stage(one, limits).run())
        for one in track(wanted, "loads", console=screen, disable=not screen.is_terminal)
    ]
    made = tables(runs, limits)
    BUILD.mkdir(parents=True, exist_ok=True)
    document = [_document(scenario, outcome) for scenario, outcome in runs]
    (BUILD / "scaling.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (BUILD / "scaling.md").write_text(made + "\n", encoding="utf-8")
    for folder in (BUILD, *([PAGE.parent / "pictures"] if given.write else [])):
        folder.mkdir(exist_ok=True)
        for name, picture in charts(runs).items():
            (folder / name).write_text(picture, encoding="utf-8")
    if given.write:
        PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
    if given.json:
        print(json.dumps(document, indent=1))
        return 0
    Console().print(Markdown(tables(runs, limits, words=False)))
    bound = dict.fromkeys(name for _, outcome in runs for name in outcome.bound)
    Console().print(Markdown("\n".join(f"- **{what}**: {REMEDIES[what]}" for what in bound)))
    return 0


def _document(scenario: Scenario, outcome: Outcome) -> dict[str, Any]:
    return {
        "name": scenario.name,
        "words": scenario.words,
        **{
            name: getattr(outcome, name)
            for name in ("offered", "accepted", "succeeded", "dead", "drained", "first", "bound")
        },
        "throttled": outcome.throttled,
        "most_waiting": outcome.most_waiting,
        "appointed": outcome.appointed,
        "behind_seconds": outcome.most_behind,
        "most_consumers": outcome.most_consumers,
        "waits": {
            name: {"p50": w.quantile(0.5), "p95": w.quantile(0.95)} for name, w in outcome.waits.items()
        },
        "dollars": dollars(outcome.spent),
        "curve": outcome.curve,
    }


if __name__ == "__main__":
    sys.exit(main())
