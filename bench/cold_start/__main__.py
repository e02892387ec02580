"""Package, start, compare, print; the last line says whether the goal was met."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from bench.cold_start.figures import GOAL, Compared, compare
from bench.cold_start.room import room
from bench.cold_start.start import CLIENTS, start
from infra.packaging.build import build


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--repeats", default=15, show_default=True, type=click.IntRange(min=1), help="Starts of each.")
@click.option("--function", "functions", multiple=True, type=click.Choice(list(CLIENTS)), help="Only these.")
@click.option(
    "--package", type=click.Path(exists=True, path_type=Path), help="This zip and not one made for it."
)
def main(*, repeats: int, functions: tuple[str, ...], package: Path | None) -> None:
    """Time a cold start of each function from its zip against a bare boto3 handler that makes the same clients."""
    with TemporaryDirectory() as folder, room(package or build(Path(folder), stage="dev").path) as place:
        found = compare(
            lambda function, clients: start(function, clients, place),
            functions or tuple(CLIENTS),
            repeats,
        )
    for name, compared in found.items():
        _check(name, compared)
    console = Console(highlight=False, width=118)
    console.print(_table(found, repeats))
    if (load := os.getloadavg()[0]) > (os.cpu_count() or 1):
        console.print(
            f"The machine was busy (load {load:.0f}): trust the CPU ratio, and repeat this when it is not."
        )
    worst = max(compared.ratio for compared in found.values())
    console.print(f"cold-start worst={worst:.2f} goal={GOAL} met={'yes' if worst <= GOAL else 'no'}")


def _check(name: str, compared: Compared) -> None:
    """Both have done what is compared, and the bare one no more than that."""
    for some in (compared.bare, compared.ours):
        assert all("botocore.client" in one.modules for one in some), f"{name} made no client"
    assert not any("app" in one.modules or "chalicelib" in one.modules for one in compared.bare)


def _table(found: Mapping[str, Compared], repeats: int) -> Table:
    table = Table(
        title=f"Milliseconds until ready, {repeats} starts of each, in turn",
        title_justify="left",
        title_style="bold",
    )
    for name in ("function", "clients"):
        table.add_column(name)
    for name in ("bare min", "ours min", "ratio", "bare med.", "ours med.", "ratio", "CPU ratio", "modules"):
        table.add_column(name, justify="right")
    for name, one in found.items():
        bare, ours = one.modules
        table.add_row(
            name,
            ", ".join(one.clients),
            *_cells(one.least("wall")),
            *_cells(one.middle("wall")),
            f"{one.least('cpu')[2]:.2f}",
            f"{bare} → {ours}",
        )
    return table


def _cells(figures: tuple[float, float, float]) -> list[str]:
    bare, ours, ratio = figures
    return [f"{bare * 1000:.0f}", f"{ours * 1000:.0f}", f"[bold]{ratio:.2f}[/]"]


if __name__ == "__main__":
    main()
