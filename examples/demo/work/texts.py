"""Word counts."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
TOP = 5


class BrokenText(Exception):
    """The file holds bytes that are no text."""


@dataclass(frozen=True, kw_only=True)
class TextSummary:
    """One text in figures; `top` holds its most frequent words with their counts, most frequent first."""

    lines: int
    words: int
    distinct: int
    bytes: int
    top: list[tuple[str, int]]


def count(source: Path) -> TextSummary:
    """Count the words of a UTF-8 text, without regard to case. Raises `BrokenText` when it is none."""
    words: Counter[str] = Counter()
    lines = size = 0
    with source.open("rb") as file:
        for lines, line in enumerate(file, start=1):
            size += len(line)
            words.update(WORD.findall(_text(source, lines, line).lower()))
    # Ties are broken by the alphabet: two attempts must not give two answers.
    top = sorted(words.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    return TextSummary(lines=lines, words=words.total(), distinct=len(words), bytes=size, top=top)


def _text(source: Path, number: int, line: bytes) -> str:
    if b"\0" in line:
        raise BrokenText(f"{source.name}: line {number} holds a zero byte; this is a binary file")
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise BrokenText(
            f"{source.name}: byte 0x{line[error.start]:02x} in line {number} is not UTF-8"
        ) from error
