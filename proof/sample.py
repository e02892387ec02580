"""Which broken variants a sample tries: a quarter, always the same, by their names, so that every layer that has one of them tries it."""

from collections.abc import Callable, Iterable
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")

SHARE = 4


def sampled(name: str) -> bool:
    """Whether a sample has this one."""
    return crc32(name.encode()) % SHARE == 2  # among which none takes half a minute by itself


def split(mutants: Iterable[T], named: Callable[[T], str], *, small: bool) -> tuple[list[T], list[str]]:
    """Those to be tried, and the names of those that a sample leaves to the whole proof."""
    wanted, left = [], []
    for one in mutants:
        if small and not sampled(named(one)):
            left.append(named(one))
        else:
            wanted.append(one)
    return wanted, left
