"""Summaries of CSV files, strict about what is broken: a wrong figure in a summary is worse than none."""

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from io import TextIOWrapper
from pathlib import Path

from examples.demo.work.columns import Column, ColumnReader

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
DELIMITERS = ",;\t|"
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
TELL_EVERY = 5_000  # rows


class BrokenTable(Exception):
    """The file is no table that could be summarised; the sentence says where and why."""


@dataclass(frozen=True, kw_only=True)
class TableSummary:
    """One CSV file in figures."""

    rows: int
    bytes: int
    encoding: str
    delimiter: str
    columns: list[Column]


def summarise(
    source: Path, told: Callable[[float, str], None] = lambda _fraction, _words: None
) -> TableSummary:
    """Read the whole table once. Raises `BrokenTable` when it is empty, ragged, or not text in a known encoding."""
    size = source.stat().st_size
    encoding = _encoding(source)
    try:
        with source.open("rb") as raw, TextIOWrapper(raw, encoding=encoding, newline="") as file:
            first = file.readline()
            if not first.strip():
                raise BrokenTable(f"{source.name} is empty: there is not even a header")
            delimiter = max(DELIMITERS, key=first.count)
            file.seek(0)
            lines = csv.reader(file, delimiter=delimiter, strict=True)
            header = next(lines)
            readers = [ColumnReader(name=name.strip()) for name in header]
            rows = 0
            for rows, cells in enumerate(_rectangular(source, lines, len(header)), start=1):
                for reader, cell in zip(readers, cells, strict=True):
                    reader.take(_with_point(cell) if delimiter == ";" else cell)
                if rows % TELL_EVERY == 0:
                    told(min(1.0, raw.tell() / size), f"{rows:,} rows")
    except UnicodeDecodeError as error:
        raise BrokenTable(_where_not_text(source, encoding)) from error
    except csv.Error as error:
        raise BrokenTable(f"{source.name} is not CSV: {error}") from error
    return TableSummary(
        rows=rows,
        bytes=size,
        encoding=encoding,
        delimiter=delimiter,
        columns=[reader.summary() for reader in readers],
    )


def _encoding(source: Path) -> str:
    with source.open("rb") as file:
        start = file.read(4)
    return next((name for mark, name in MARKS.items() if start.startswith(mark)), "utf-8")


def _rectangular(source: Path, lines: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    """The rows that are not blank. Raises `BrokenTable` at the first one that has not as many cells as the header."""
    for number, cells in enumerate(lines, start=2):
        if len(cells) == width:
            yield cells
        elif cells:
            raise BrokenTable(f"{source.name}: row {number} has {len(cells)} cells, the header has {width}")


def _with_point(cell: str) -> str:
    """Programs that separate by semicolons do so because they write a comma in decimal numbers."""
    return cell.replace(",", ".") if DECIMAL_COMMA.fullmatch(cell) else cell


def _where_not_text(source: Path, encoding: str) -> str:
    """Names the line: a decoder reads ahead in blocks, so its own error does not know where the reader is."""
    if encoding == "utf-8":
        with source.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    return f"{source.name}: byte 0x{line[error.start]:02x} in line {number} is not UTF-8"
    return f"{source.name} starts like {encoding}, but is not"


def to_json(summary: TableSummary) -> bytes:
    """The summary as a file for people: indented, with every letter as it is written."""
    return json.dumps(asdict(summary), indent=1, ensure_ascii=False).encode()
