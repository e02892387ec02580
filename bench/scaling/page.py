"""The results for people: the tables of docs/scaling.md, and charts."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from bench.plot import svg
from bench.scaling.bill import daily, dollars
from bench.scaling.ceilings import ceilings
from bench.scaling.lane import Waits
from bench.scaling.limits import Limits, Settings
from bench.scaling.load import Scenario
from bench.scaling.stage import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
BEGIN, END = "<!-- made by `python -m bench.scaling --write` -->", "<!-- end of what is made -->"
TASKS = (0.01, 0.1, 1.0, 10.0, 60.0)

Runs = Sequence[tuple[Scenario, Outcome]]


def tables(runs: Runs, limits: Limits, *, words: bool = True) -> str:
    """All of them, as Markdown; `words`: with what each load is."""
    return "\n".join([*_ceilings(limits), "", *_runs(runs, words=words), "", *_daily()])


def page_with(text: str, made: str) -> str:
    """The page with this between its two marks."""
    return re.sub(
        f"({re.escape(BEGIN)}\n).*?({re.escape(END)})",
        lambda m: f"{m[1]}{made}\n{m[2]}",
        text,
        flags=re.DOTALL,
    )


def charts(runs: Runs) -> Mapping[str, str]:
    """A chart of what waits for each load, its variants as lines; and one of the cost. By file name, as SVG."""
    loads: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for scenario, outcome in runs:
        load, _, variant = scenario.name.partition("/")
        points = [(second / 60, waiting) for second, waiting, *_ in outcome.curve]
        loads.setdefault(load, {})[variant or "as it is"] = points
    return {
        f"scaling-{load}.svg": svg(f"{load}: jobs that wait", "minutes", lines)
        for load, lines in loads.items()
    }


def _ceilings(limits: Limits) -> list[str]:
    settings = Settings()
    kinds = ["door", "partition keys", "consumers"]
    rows = [
        "| a task takes | " + " | ".join(kinds) + " | the ceiling is |",
        "|---:|" + "---:|" * len(kinds) + "---|",
    ]
    for seconds in TASKS:
        found = {one.what: one for one in ceilings(limits, settings, task_seconds=seconds)}
        lowest = min(kinds, key=lambda what: found[what].jobs)
        rows.append(
            f"| {seconds:g} s | "
            + " | ".join(f"{found[what].jobs:,.0f}" for what in kinds)
            + f" | {lowest} |"
        )
    head = "**Jobs a second that each part carries for good** (one job a request, 1,000 consumers):"
    return [head, "", *rows]


def _runs(runs: Runs, *, words: bool) -> list[str]:
    rows = [
        "| load | done after its end by | first held up by | held up most by | most wait | wait, half and 95 % | dead | a job costs |",
        "|---|---:|---|---|---:|---:|---:|---:|",
    ]
    for scenario, outcome in runs:
        rows.append(
            f"| **{scenario.name}**{': ' + scenario.words if words else ''} | {_after(scenario, outcome)} | {outcome.first or '–'} | {_most(outcome)} | "
            f"{outcome.most_waiting:,.0f} | {_waits(outcome)} | {outcome.dead:,.0f} | {dollars(outcome.spent) / outcome.accepted * 1e6:.2f} |"
        )
    return ["**Loads, second by second** (dollars are for a million jobs, without logs):", "", *rows]


def _after(scenario: Scenario, outcome: Outcome) -> str:
    if outcome.drained is None:
        return "never"
    return str(timedelta(seconds=max(0, outcome.drained - scenario.until)))


def _most(outcome: Outcome) -> str:
    if not outcome.bound:
        return "–"
    what = max(outcome.bound, key=lambda name: outcome.bound[name])
    return f"{what}, {timedelta(seconds=outcome.bound[what])}"


def _waits(outcome: Outcome) -> str:
    """Of the flow that is meant, and of another if there is one."""
    shown = list(outcome.waits.items())[:2]
    words = [_pair(waits) if len(shown) == 1 else f"{name} {_pair(waits)}" for name, waits in shown]
    return "; ".join(words)


def _pair(waits: Waits) -> str:
    return f"{waits.quantile(0.5)} and {waits.quantile(0.95)} s"


def _daily() -> list[str]:
    rows = [
        "| jobs a day | a second | a month | a million jobs | in batches of 1,000 |",
        "|---:|---:|---:|---:|---:|",
    ]
    for one in daily():
        alone, batches = one.per_million
        rows.append(
            f"| {one.jobs:,} | {one.jobs / 86400:,.2f} | ${one.month_alone:,.2f} | ${alone:,.2f} | ${batches:,.2f} |"
        )
    return [
        "**What a job costs as they grow in number** (a stage's own cost in it; tasks of 0.1 s):",
        "",
        *rows,
    ]
