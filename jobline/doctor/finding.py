"""What a check is, and what it can say: one of four words, what was seen, and perhaps a way to mend it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobline.doctor.live import Live


class Result(StrEnum):
    """From best to worst. UNKNOWN is no verdict: nobody let us look, or nobody answered."""

    OK = "OK"
    UNKNOWN = "UNKNOWN"
    WARN = "WARN"
    FAIL = "FAIL"


ORDER = tuple(Result)


@dataclass(frozen=True, kw_only=True)
class Fix:
    """Something safe to do about it: it changes a setting, never data, and deletes nothing."""

    what: str
    """As an order: "show jobline-dev-high's messages again after 360 s"."""
    do: Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One thing that a check saw."""

    result: Result
    what: str
    fix: Fix | None = None


def ok(what: str) -> Seen:
    """As it should be."""
    return Seen(result=Result.OK, what=what)


def unknown(what: str) -> Seen:
    """It could not be seen; says why."""
    return Seen(result=Result.UNKNOWN, what=what)


def warn(what: str, fix: Fix | None = None) -> Seen:
    """It works, and somebody should know."""
    return Seen(result=Result.WARN, what=what, fix=fix)


def fail(what: str, fix: Fix | None = None) -> Seen:
    """It does not hold."""
    return Seen(result=Result.FAIL, what=what, fix=fix)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that must hold. `why` and `mend` are a sentence each."""

    name: str
    why: str
    mend: str
    look: "Callable[[Live], Iterator[Seen]]"


def check(name: str, *, why: str, mend: str) -> "Callable[[Callable[[Live], Iterator[Seen]]], Check]":
    """Make a check of a function that looks. What it raises is told in examine.py; it need not care."""
    return lambda look: Check(name=name, why=why, mend=mend, look=look)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check came to: the worst of what it saw, in the words of those that are as bad."""

    check: Check
    result: Result
    told: tuple[str, ...]
    fixes: tuple[Fix, ...] = ()

    @property
    def found(self) -> str:
        """All of it."""
        return "; ".join(self.told)

    @property
    def short(self) -> str:
        """Enough, where all is well."""
        more = len(self.told) - 1
        return f"{self.told[0]}, and {more} more" if more else self.told[0]
