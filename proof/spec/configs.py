"""Which models are searched, and with what bounds. Each is bounded by faults (crashes, replies that do not come, failed reads), not by steps."""

from collections.abc import Callable, Iterator

from proof.spec.appointments import Appointments
from proof.spec.core import Core
from proof.spec.effects import Effects
from proof.spec.joins import Joins
from proof.spec.keys import Keys
from proof.spec.rules import Rules
from proof.spec.search import Model
from proof.spec.watermark import Watermark

R = Rules()


def _core() -> Iterator[Model]:
    yield Core(R, jobs=1, faults=2)
    yield Core(R, jobs=1, faults=3)
    yield Core(R, jobs=1, faults=1, workers=3)
    yield Core(R, jobs=2, faults=0)
    yield Core(R, jobs=2, faults=1)
    yield from _control()


def _control() -> Iterator[Model]:
    """Jobs that are given back, go on elsewhere, or are replaced."""
    yield Core(R, faults=1, gives=1)
    yield Core(R, faults=2, gives=2, cancels=0, redrives=0)
    yield Core(R, faults=2, replaces=2, redrives=0)
    yield Core(R, faults=1, gives=1, replaces=1, redrives=0)
    yield Core(R, faults=2, gives=1, cancels=0, redrives=0, checkpoints=True)
    yield Appointments(R, faults=1, redrives=0, attempts=2, gives=1, skew=0)
    yield Appointments(R, faults=0, redrives=0, attempts=2, gives=2)


def _sweep() -> Iterator[Model]:
    yield Watermark(R, jobs=1, doors=1, ticks=1, faults=2)
    yield Watermark(R, jobs=1, doors=2, ticks=1, faults=1)
    yield Watermark(R, jobs=1, doors=1, ticks=2, faults=1)
    yield Watermark(R, jobs=2, doors=1, ticks=1, faults=1)
    # The slow pass: clocks that differ by more than the fast one's grace allows.
    yield Watermark(R, jobs=1, doors=1, ticks=1, faults=1, skew=2, grace=3)
    yield Appointments(R, faults=0)
    yield Appointments(R, faults=1, redrives=0, attempts=2)
    yield Appointments(R, faults=1, redrives=1, attempts=2)
    yield Appointments(R, faults=0, redrives=0, attempts=2, cancels=1, ticks=2)
    yield Appointments(R, faults=0, redrives=0, attempts=2, workers=2)


def _effects() -> Iterator[Model]:
    yield Effects(R, faults=1)
    yield Effects(R, faults=2)
    yield Keys(R, faults=2)
    yield Keys(R, faults=3)


def _joins() -> Iterator[Model]:
    yield Joins(R, pages=(0, 0), faults=1)
    yield Joins(R, pages=(0, 1), faults=1, cancels=1)
    yield Joins(R, pages=(0, 0), faults=2)
    yield Joins(R, pages=(0, 0, 1), faults=1)
    yield Joins(R, pages=(0, 1), faults=1, bads=1, hasty=True)
    yield Joins(R, pages=(0, 1), faults=0, redrives=1, bads=1, hasty=True)
    yield Joins(R, pages=(0, 1), faults=0, redrives=1, bads=1)
    yield Joins(R, pages=(0, 0), faults=1, workers=3)
    # Nobody needs the appointment, unless somebody dies in the middle of it or a message is lost.
    yield Joins(R, pages=(0, 0), faults=1, dies="nobody", looks=False)
    yield Joins(R, pages=(0, 0), faults=1, dies="tellers", looks=False)
    yield Joins(R, pages=(0, 0), faults=0, looks=False, hasty=True, bads=1, stuck=True)


CONFIGS: dict[str, Callable[[], Iterator[Model]]] = {
    "core": _core,
    "sweep": _sweep,
    "effects": _effects,
    "joins": _joins,
}

INVARIANTS: dict[str, str] = {
    "core": "I2 I3 I4 I5 I13 READY OWNER CANCEL LIFE LIVE",
    "sweep": "I1 I2 I3 I4 I5 I6 I12 I13 READY OWNER DUE LEASE WAKE LIVE",
    "effects": "I2 I3 I4 I5 I6 I12 I13 READY OWNER EFFECT KEY LIVE",
    "joins": "I2 I7 KIN ORPHAN LIVE",
}
