"""The sample CSV files: sales, sensor readings and addresses as different programs export them, and three broken ones."""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO

from examples.demo.dice import dice
from examples.demo.samples.sample import Sample

START = datetime(2026, 1, 1, tzinfo=UTC)
CITIES = ["Aarhus", "Bergen", "Cluj", "Dresden", "Épinal", "Gdańsk", "Kraków", "Lyon", "Malmö", "Zürich"]
ITEMS = ["lamp", "desk", "chair", "kettle", "bicycle bell", 'shelf, "tall"', "rug", "clock"]


def tables() -> list[Sample]:
    """Every sample table, the largest first."""
    return [
        Sample(path="tables/sensor_winter.csv", content=partial(_sensors, 1, rows=60_000)),
        *(
            Sample(path=f"tables/sensor_{n:02}.csv", content=partial(_sensors, n, rows=400 * n))
            for n in range(2, 11)
        ),
        *(
            Sample(path=f"tables/sales_{n:02}.csv", content=partial(_sales, n, rows=37 * n))
            for n in range(1, 25)
        ),
        *(
            Sample(path=f"tables/bureau_{n:02}.csv", content=partial(_sales_continental, n, rows=90 + n))
            for n in range(1, 5)
        ),
        Sample(path="tables/only_a_header.csv", content=partial(bytes, b"date,item,amount\n")),
        Sample(path="tables/spreadsheet_export.csv", content=partial(_sales, 31, 120, encoding="utf-16")),
        *BROKEN,
    ]


def _written(rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    file = StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return file.getvalue()


def _sales_rows(seed: int, rows: int) -> Iterable[Sequence[object]]:
    rng = dice(seed)
    yield "date", "order", "city", "item", "pieces", "amount", "refund"
    for row in range(rows):
        day = (START + timedelta(hours=7 * row)).date().isoformat()
        amount = f"{rng.lognormvariate(3.4, 0.8):.2f}"
        refund = amount if rng.random() < 0.04 else ""
        yield (
            day,
            f"A{seed:02}-{row:05}",
            rng.choice(CITIES),
            rng.choice(ITEMS),
            rng.randint(1, 9),
            amount,
            refund,
        )


def _sales(seed: int, rows: int, encoding: str = "utf-8") -> bytes:
    return _written(_sales_rows(seed, rows)).encode(encoding)


def _sales_continental(seed: int, rows: int) -> bytes:
    """As an office suite on the Continent writes it: semicolons, decimal commas and a byte order mark."""
    header, *body = _sales_rows(100 + seed, rows)
    with_commas = [
        [str(cell).replace(".", ",") if n >= 5 else cell for n, cell in enumerate(row)] for row in body
    ]
    return _written([header, *with_commas], delimiter=";").encode("utf-8-sig")


def _sensors(seed: int, rows: int) -> bytes:
    """A reading a minute: a slow random walk, gaps where the sensor was silent, a switch as true and false."""
    rng = dice(1000 + seed)
    degrees, lines = 18.0, [("at", "sensor", "celsius", "humidity", "heating")]
    for minute in range(rows):
        degrees += rng.gauss(0, 0.08) + (18 - degrees) * 0.002
        at = (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
        celsius = "" if rng.random() < 0.01 else f"{degrees:.2f}"
        lines.append(
            (at, f"s{seed:02}", celsius, str(rng.randint(30, 70)), "true" if degrees < 18 else "false")
        )
    return _written(lines).encode()


def _ragged() -> bytes:
    lines = _sales(41, 40).decode().splitlines()
    lines[14] = lines[14].rsplit(",", 2)[0]
    return "\n".join(lines).encode()


def _broken_encoding() -> bytes:
    """Two programs wrote to one file, each in an encoding of its own."""
    return _sales(42, 30) + _sales(43, 30, encoding="cp1250")


BROKEN = [
    Sample(path="tables/broken_empty.csv", content=bytes, dies_of="BrokenTable"),
    Sample(path="tables/broken_encoding.csv", content=_broken_encoding, dies_of="BrokenTable"),
    Sample(path="tables/broken_ragged_rows.csv", content=_ragged, dies_of="BrokenTable"),
]
