"""Adding sales up. Whole cents, and sums that can be merged in any order: so pieces give what the whole would."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

COLUMNS = 5
QUOTED = 5
"""So many broken rows are quoted, for whoever has to mend them."""


@dataclass(kw_only=True)
class Sums:
    """What some rows came to. `cents` by month and region, `units` by product."""

    rows: int = 0
    cents: dict[str, dict[str, int]] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    broken: int = 0
    quoted: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All cents."""
        return sum(sum(regions.values()) for regions in self.cents.values())

    @property
    def regions(self) -> list[str]:
        """All regions, in their order."""
        return sorted({region for regions in self.cents.values() for region in regions})

    def add(self, month: str, region: str, product: str, units: int, cents: int) -> None:
        """One more row."""
        self.rows += 1
        regions = self.cents.setdefault(month, {})
        regions[region] = regions.get(region, 0) + cents
        self.units[product] = self.units.get(product, 0) + units

    def note(self, line: str, why: str) -> None:
        """One more row that cannot be read: no reason to lose all the others."""
        self.broken += 1
        if len(self.quoted) < QUOTED:
            self.quoted.append(f"{line[:80]!r}: {why}")


def add_up(lines: Iterable[str]) -> Sums:
    """What these lines of a table come to."""
    sums = Sums()
    for line in lines:
        try:
            day, region, product, units, price = _cells(line)
            date.fromisoformat(day)
            sums.add(day[:7], region, product, int(units), int(units) * _cents(price))
        except (ValueError, csv.Error) as error:
            sums.note(line, str(error))
    return sums


def merged(parts: Iterable[Sums]) -> Sums:
    """What they come to together; months, regions and products in their order."""
    all_ = Sums()
    for one in parts:
        all_.rows += one.rows
        all_.broken += one.broken
        all_.quoted = [*all_.quoted, *one.quoted][:QUOTED]
        for month, regions in one.cents.items():
            mine = all_.cents.setdefault(month, {})
            for region, cents in regions.items():
                mine[region] = mine.get(region, 0) + cents
        for product, units in one.units.items():
            all_.units[product] = all_.units.get(product, 0) + units
    all_.cents = {month: dict(sorted(all_.cents[month].items())) for month in sorted(all_.cents)}
    all_.units = dict(sorted(all_.units.items()))
    return all_


def money(cents: int) -> str:
    """`1,234.50`."""
    return f"{cents // 100:,}.{cents % 100:02d}"


def _cells(line: str) -> list[str]:
    cells = next(csv.reader([line], strict=True), []) if '"' in line else line.split(",")
    if len(cells) != COLUMNS:
        raise ValueError(f"{len(cells)} cells, not {COLUMNS}")
    if not cells[1]:
        raise ValueError("no region")
    return cells


def _cents(price: str) -> int:
    whole, _, part = price.partition(".")
    if len(part) != 2:
        raise ValueError(f"no price: {price!r}")
    return 100 * int(whole) + int(part)
