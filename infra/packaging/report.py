"""All that is to say of a package: for a person, or as JSON."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.packaging import libraries, ours, sizes
from infra.packaging.bundle import Bundle
from infra.packaging.wheels import fetched


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was found."""

    bundle: Bundle
    wheels: list[str]
    faults: list[str]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "zip": str(self.bundle.path),
            "sha256": hashlib.sha256(self.bundle.path.read_bytes()).hexdigest(),
            "runtime": self.bundle.target.runtime,
            "architecture": self.bundle.target.architecture,
            "handlers": sorted(self.bundle.functions),
            "wheels": self.wheels,
            "packages": {top: asdict(size) for top, size in sizes.by_package(self.bundle).items()},
            "total": asdict(sizes.total(self.bundle)),
            "faults": self.faults,
        }


def judge(bundle: Bundle, *, root: Path) -> Report:
    """Open it and look at everything. Raises NotLocked."""
    with fetched(root / "requirements.txt", bundle.target) as wheels:
        wanted = libraries.contents(wheels)
        names = [wheel.name for wheel in wheels]
    found = [
        *libraries.faults(bundle, wanted),
        *ours.faults(bundle, root=root, libraries=set(wanted)),
        *sizes.faults(sizes.total(bundle), sizes.most(bundle)),
    ]
    return Report(bundle=bundle, wheels=names, faults=found)


def show(report: Report) -> None:
    """Print it; the last line says how it went."""
    console = Console(highlight=False, soft_wrap=True)
    bundle, whole, most = report.bundle, sizes.total(report.bundle), sizes.most(report.bundle)
    table = Table(
        title=f"{bundle.path}, for {bundle.target.runtime} on {bundle.target.architecture}",
        title_justify="left",
        show_footer=True,
    )
    table.add_column("package", footer="the zip")
    for name, sum_ in (("files", whole.files), ("unzipped", whole.unzipped), ("zipped", whole.zipped)):
        table.add_column(name, justify="right", footer=f"{sum_:,}")
    for top, size in sizes.by_package(bundle).items():
        table.add_row(top, *(f"{figure:,}" for figure in (size.files, size.unzipped, size.zipped)))
    console.print(table)
    for wheel in report.wheels:
        console.print(f"  locked: {wheel}")
    for fault in report.faults:
        console.print(f"  [red]wrong:[/] {fault}", soft_wrap=True)
    console.print(
        f"package zipped={whole.zipped} of {most.zipped} unzipped={whole.unzipped} of {most.unzipped} "
        f"functions={len(bundle.functions)} faults={len(report.faults)}"
    )
