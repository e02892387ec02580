"""Cutting a table into pieces that can be read apart: byte ranges that begin and end where a line does.

A line is a row: there are no line breaks inside quotes, which only reading from the very beginning could tell from the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

HEADER = "date,region,product,units,price"
BLOCK = 64 * 1024


class WrongTable(Exception):
    """The file is no table of sales, or not the one any more that was cut."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The bytes from `start` up to `end` of a file that has `size` bytes."""

    path: str
    start: int
    end: int
    size: int


def cut(path: Path, most: int) -> list[Piece]:
    """Up to so many pieces of about the same size: together all rows, none twice. It reads no more than a line at each cut.

    Raises `WrongTable` for a file that does not begin with the header, ValueError for no pieces at all.
    """
    if most < 1:
        raise ValueError(f"{most} pieces")
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.readline(BLOCK).strip() != HEADER.encode():
            raise WrongTable(f"{path.name} does not begin with {HEADER}")
        first = file.tell()
        borders = {first, size}
        for number in range(1, most):
            file.seek(first + (size - first) * number // most)
            file.readline()  # the rest of the line that the cut would have gone through
            borders.add(min(file.tell(), size))
    found = sorted(borders)
    return [Piece(path=str(path), start=start, end=end, size=size) for start, end in pairwise(found)]


def lines(piece: Piece) -> Iterator[str]:
    """The piece's lines, holding no more than one in memory. Raises `WrongTable` if the file is not what it was."""
    path = Path(piece.path)
    if path.stat().st_size != piece.size:
        raise WrongTable(
            f"{path.name} had {piece.size:,} bytes when it was cut, and has {path.stat().st_size:,} now"
        )
    with path.open("rb") as file:
        file.seek(piece.start)
        left = piece.end - piece.start
        while left > 0:
            line = file.readline(left)
            left -= len(line)
            yield line.decode("utf-8", "replace").rstrip("\r\n")
