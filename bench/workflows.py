"""What workflows cost as they grow: `python -m bench.workflows [--json] [--emulator CHILDREN]`, or `make workflows`.

A map over the lines of an object, at 1,000, 10,000 and 100,000 children, on weighed twins: write units and calls a child, deliveries from the
last child's end to the join, refused writes, seconds. With --emulator the same through the real adapters, SQS and the consumer's own door,
in real time and side by side. The growth is drawn into build/bench/workflows.svg.
"""

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.meter import Meter, metering
from bench.plot import svg
from bench.run import SET_UP, NotAsPlanned, Poller, as_found
from bench.stage import emulated, stage
from bench.weighed import Scale, WeighedItems, WeighedStore
from chalicelib.adapters import memory
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import Options, Registry
from jobline.testing.drive import deliver

COUNTS = (1_000, 10_000, 100_000)
KEY = "inputs/default/numbers.jsonl"
CHART = Path("build/bench/workflows.svg")
GOAL = 5.0
"""Write units a child, at most."""

INVOCATION = timedelta(minutes=15)
"""On the twins time stands still: a fan-out is one attempt's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What one workflow came to. Calls and units are the whole workflow's, submission and join included."""

    where: str
    children: int
    write_units: float
    calls: dict[str, int]
    refused: int
    join_deliveries: int  #: after the delivery in which the last child ended
    fan_out_seconds: float
    seconds: float

    @property
    def units_a_child(self) -> float:
        """The goal is about this."""
        return self.write_units / self.children


def number(x: int) -> int:
    """A child's work."""
    return x


def submitted(children: int, parts: Parts) -> Job:
    """A map over so many lines."""
    parts.inputs.put(KEY, BytesIO(b"".join(b"%d\n" % one for one in range(children))))
    tree = {"map": {"task": number.__name__, "into": "x"}, "object": KEY}
    answer = enqueue([JobRequest(task=WORKFLOW.name, args={"workflow": tree})], parts=parts)[0]
    if not isinstance(answer, Job):
        raise NotAsPlanned(f"not accepted: {answer}") from answer
    return answer


def on_twins(children: int) -> Run:
    """In virtual time, weighed."""
    registry, scale = Registry(), Scale()
    registry.add(number, None, Options())
    at = {"deliveries": 0, "last child": 0, "join": 0}

    def written(row: Job) -> None:
        if row.cause is not None and row.state in TERMINAL:
            at["last child"] = at["deliveries"]
        if row.cause is None and row.state is State.SUCCEEDED:
            at["join"] = at["deliveries"]

    world = memory.HeldWorld()
    parts = replace(
        memory.parts(world=world, registry=registry),
        store=WeighedStore(scale, written),
        items=WeighedItems(scale),
    )
    begun = time.perf_counter()
    job = submitted(children, parts)
    fanned_out = 0.0
    while deliver(parts, "default", left=INVOCATION):
        at["deliveries"] += 1
        fanned_out = fanned_out or time.perf_counter() - begun
    seconds = time.perf_counter() - begun
    _check(parts.store.read(job.id), children)
    scale.calls["read an object"] = getattr(parts.inputs, "reads", 0)
    scale.calls["messages"] = getattr(parts.queue, "sent", 0)
    return Run(
        where="twins",
        children=children,
        write_units=scale.units,
        calls=dict(sorted(scale.calls.items())),
        refused=scale.refused,
        join_deliveries=at["join"] - at["last child"],
        fan_out_seconds=fanned_out,
        seconds=seconds,
    )


def _check(row: Job | None, children: int) -> None:
    if row is None or row.state is not State.SUCCEEDED or row.children != children:
        raise NotAsPlanned(f"the workflow went another way: {row}")


def on_emulator(children: int) -> Run:
    """Through real adapters, in real time, ten messages side by side."""
    meter = Meter()
    with (
        tempfile.TemporaryDirectory(prefix="jobline-bench-") as folder,
        emulated(Path(folder)),
        metering(meter),
        stage() as found,
    ):
        found.parts.registry.add(number, None, Options())
        poller = Poller(found)
        with meter.during(SET_UP):
            as_found(found.parts)
            poller.poll()
        with meter.during("workflow"):
            begun = time.perf_counter()
            job = submitted(children, found.parts)
            poller.bring(1)
            fanned_out = time.perf_counter() - begun
            after = _polled(poller, job, children, found.parts)
            seconds = time.perf_counter() - begun
    tallies = meter.phases["workflow"]
    return Run(
        where="emulator",
        children=children,
        write_units=sum(one.write_units + one.index_units for one in tallies.values()),
        calls={name: one.calls for name, one in sorted(tallies.items())},
        refused=sum(one.refused for one in tallies.values()),
        join_deliveries=after,
        fan_out_seconds=fanned_out,
        seconds=seconds,
    )


def _polled(poller: Poller, job: Job, children: int, parts: Parts) -> int:
    """Poll until the workflow is over; how many deliveries that took after the one that brought the last child's message."""
    handled, after = 0, 0
    for _ in range(2 * children + 1_000):
        before = poller.handled
        poller.poll()
        handled += poller.handled - before
        if handled < children:
            continue
        row = parts.store.read(job.id)
        if row is not None and row.state in TERMINAL:
            _check(row, children)
            return after
        after += 1
    raise NotAsPlanned("the workflow does not end")


def show(runs: Sequence[Run]) -> None:
    """A row a run, and the calls a child of the largest of each kind."""
    console = Console(width=118, highlight=False)
    table = Table(title="A map over the lines of an object", title_justify="left", title_style="bold")
    for name in (
        "where",
        "children",
        "units a child",
        "calls a child",
        "refused",
        "join after",
        "fan-out",
        "all",
    ):
        table.add_column(name, justify="left" if name == "where" else "right")
    for one in runs:
        table.add_row(
            one.where,
            f"{one.children:,}",
            f"{one.units_a_child:.3f}",
            f"{sum(one.calls.values()) / one.children:.2f}",
            f"{one.refused}",
            f"{one.join_deliveries} delivery"
            if one.join_deliveries == 1
            else f"{one.join_deliveries} deliveries",
            f"{one.fan_out_seconds:,.1f} s",
            f"{one.seconds:,.1f} s",
        )
    console.print(table)
    for where in dict.fromkeys(one.where for one in runs):
        largest = max((one for one in runs if one.where == where), key=lambda one: one.children)
        calls = Table(title=f"Calls, {where}, {largest.children:,} children", title_justify="left")
        calls.add_column("operation")
        calls.add_column("calls", justify="right")
        calls.add_column("a child", justify="right")
        for name, count in largest.calls.items():
            calls.add_row(name, f"{count:,}", f"{count / largest.children:.4f}")
        console.print(calls)


def draw(runs: Sequence[Run], path: Path) -> None:
    """The growth, as a chart."""
    twins = [one for one in runs if one.where == "twins"]
    lines = {
        "write units": [(0.0, 0.0), *((one.children, one.write_units) for one in twins)],
        "calls": [(0.0, 0.0), *((one.children, sum(one.calls.values())) for one in twins)],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg("A map's cost by its children", "children", lines), encoding="utf-8")


def wrong(runs: Sequence[Run]) -> list[str]:
    """The goals that were missed, in words: units a child, the join, and growth that is no steeper than the number's."""
    found = []
    for one in runs:
        if one.units_a_child > GOAL:
            found.append(
                f"{one.where}, {one.children:,}: {one.units_a_child:.2f} units a child, more than {GOAL}"
            )
        if one.join_deliveries > 1:
            found.append(f"{one.where}, {one.children:,}: joined after {one.join_deliveries} deliveries")
    twins = [one for one in runs if one.where == "twins"]
    for small, large in pairwise(twins):
        if large.units_a_child > 1.02 * small.units_a_child:
            found.append(f"units a child grow from {small.units_a_child:.3f} to {large.units_a_child:.3f}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status: 1 if a goal is missed."""
    parser = argparse.ArgumentParser(
        prog="bench.workflows", description="Measure what workflows cost as they grow."
    )
    parser.add_argument("--children", type=int, nargs="*", default=COUNTS, help="on the twins")
    parser.add_argument(
        "--emulator", type=int, metavar="CHILDREN", help="so many through an emulator as well"
    )
    parser.add_argument("--chart", type=Path, default=CHART)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    given = parser.parse_args(arguments)
    runs = [on_twins(children) for children in given.children]
    if given.emulator:
        runs.append(on_emulator(given.emulator))
    draw(runs, given.chart)
    missed = wrong(runs)
    if given.json:
        said: list[dict[str, Any]] = [{**asdict(one), "units_a_child": one.units_a_child} for one in runs]
        print(json.dumps(said, indent=2))
    else:
        show(runs)
        print(*(f"goal missed: {one}" for one in missed), f"drawn: {given.chart}", sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # jobs die here as they are meant to
    sys.exit(main())
