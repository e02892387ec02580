"""What a feature costs beyond a plain job: `python -m bench.features [--json]`, or at the end of `make cost`.

Each feature is used as its page in docs/ says, on the real adapters before an emulator, in virtual time, and every call to the table is
counted. Messages are counted as they are sent; how many share a request depends on the load, so requests are not.
"""

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import (
    uses,
    uses_alike,
    uses_lanes,
    uses_long,
    uses_redrive,
    uses_schedules,
    uses_statistics,
    uses_topics,
    uses_webhooks,
    uses_workflows,
)
from bench.figures import Sum, total
from bench.ground import FEATURES, Feature, Ground
from bench.meter import Meter, metering
from bench.run import SET_UP, NotAsPlanned
from bench.stage import emulated, stage
from chalicelib import wiring
from chalicelib.pipeline.parts import Parts

USES = (
    uses,
    uses_alike,
    uses_lanes,
    uses_long,
    uses_redrive,
    uses_schedules,
    uses_topics,
    uses_webhooks,
    uses_workflows,
    uses_statistics,
)
"""Where the features are used. Importing these puts their rows on the list, in this order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one use came to. `write_units` includes the index's."""

    feature: str
    write_units: float
    index_units: float
    read_units: float
    calls: float
    messages: float


def count(one: Feature, parts: Parts, meter: Meter) -> Cost:
    """Use it on ground of its own, counted."""
    ground = Ground(parts, meter)
    mark: list[int] = []

    def begin() -> None:
        ground.drain()
        mark.append(ground.queue.sent)
        meter.phase = one.name

    before, used = wiring.use(ground.parts), 0
    try:
        used = one.use(ground, begin)
    finally:
        meter.phase = SET_UP
        wiring.use(before)
    if not mark or not used:
        raise NotAsPlanned(f"{one.name}: nothing was counted")
    found: Sum = total(meter.phases[one.name].items()).over(used)
    return Cost(
        feature=one.name,
        write_units=found.write_units,
        index_units=found.index_units,
        read_units=found.read_units,
        calls=found.calls,
        messages=(ground.queue.sent - mark[0]) / used,
    )


def costs(names: Sequence[str] = ()) -> list[Cost]:
    """Every feature's, or those of these names, in whatever cloud the environment says. Puts a meter on all clients that it makes."""
    meter = Meter()
    wanted = [one for one in FEATURES if not names or one.name in names]
    with metering(meter), stage() as found:
        return [count(one, found.parts, meter) for one in wanted]


@contextmanager
def _cloud() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="jobline-cost-") as folder, emulated(Path(folder)):
        yield


def show(found: Sequence[Cost]) -> None:
    """A row a feature."""
    table = Table(
        title="What features cost, each time that they are used", title_justify="left", title_style="bold"
    )
    table.add_column("")
    for name in ("write units", "of them index", "read units", "calls", "messages"):
        table.add_column(name, justify="right")
    for cost in found:
        figures = (cost.write_units, cost.index_units, cost.read_units, cost.calls, cost.messages)
        table.add_row(
            cost.feature, *(f"{figure:.2f}".removesuffix("0").removesuffix(".0") for figure in figures)
        )
    Console(width=118, highlight=False).print(table)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="bench.features", description="Count what each feature costs beyond a plain job."
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args(arguments)
    with _cloud():
        found = costs()
    if given.json:
        print(json.dumps([asdict(cost) for cost in found], indent=2))
    else:
        show(found)
    return 0


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # jobs die here as they are meant to
    sys.exit(main())
