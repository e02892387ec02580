"""The table that is added up: sales of a year, made up from a seed, with the rows in it that every large table has."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from examples.demo.dice import dice
from examples.sales.pieces import HEADER

FIRST = date(2025, 1, 1)
DAYS = 365
REGIONS = ("north", "east", "south", "west")
PRODUCTS = ("bench", "chair", "lamp", "shelf", "table, oak", "stool, 3 legs")
BROKEN = (
    "2025-02-30,north,chair,1,10.00",
    "2025-03-01,,chair,1,10.00",
    "2025-03-01,west,lamp,one,10.00",
    "2025-03-01,west,lamp,1,n/a",
    "2025-03-01,west",
    "",
)
EVERY = 5_000
"""Of so many rows one is broken."""


def write(path: Path, *, rows: int, seed: int) -> int:
    """Write the table; its size in bytes. The same rows and seed make the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = _lines(rows, seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER + "\n")
        while some := list(islice(lines, 10_000)):
            file.write("\n".join(some) + "\n")
    return path.stat().st_size


def _lines(rows: int, seed: int) -> Iterator[str]:
    rng = dice(seed)
    days = [(FIRST + timedelta(days=n)).isoformat() for n in range(DAYS)]
    products = [f'"{name}"' if "," in name else name for name in PRODUCTS]
    for number in range(rows):
        if number % EVERY == EVERY - 1:
            yield BROKEN[number // EVERY % len(BROKEN)]
        else:
            day = days[int(DAYS * rng.random() ** 0.8)]  # more towards the end of the year
            what = int(len(products) * rng.random())
            cents = 100 * (what + 1) + int(9_900 * rng.random())
            yield (
                f"{day},{REGIONS[int(4 * rng.random() ** 1.5)]},{products[what]},{1 + int(5 * rng.random())},"
                f"{cents // 100}.{cents % 100:02d}"
            )
