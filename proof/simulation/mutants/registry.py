"""What a mutant is: a patch of the pipeline in memory, applied for the length of a block and taken back."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain import lifecycle
from chalicelib.domain.change import Change
from proof.simulation import profile as profiles

Patch = tuple[Any, str, Any]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A broken variant. `tilt` makes what it needs more likely; `harmless` is the control's mark."""

    name: str
    why: str
    patches: Callable[[], Sequence[Patch]]
    tilt: dict[str, Any] = field(default_factory=dict)
    harmless: bool = False


MUTANTS: list[Mutant] = []


def mutant(
    why: str, *, harmless: bool = False, **tilt: Any
) -> Callable[[Callable[[], Sequence[Patch]]], Callable[[], Sequence[Patch]]]:
    """Register the patches that a function gives, under its name."""

    def declare(patches: Callable[[], Sequence[Patch]]) -> Callable[[], Sequence[Patch]]:
        name = patches.__name__.strip("_")
        MUTANTS.append(Mutant(name=name, why=why, patches=patches, tilt=tilt, harmless=harmless))
        return patches

    return declare


@contextmanager
def applied(one: Mutant) -> Iterator[None]:
    """The pipeline as the mutant has it, until the end of the block."""
    undo: list[tuple[Any, str, Any]] = []
    tilts = dict(one.tilt)
    try:
        for target, name, new in one.patches():
            if isinstance(target, dict):
                undo.append((target, name, target[name]))
                target[name] = new
            else:
                undo.append((target, name, target.__dict__[name]))
                setattr(target, name, new)
        with profiles.tilted(tilts):
            yield
    finally:
        for target, name, old in reversed(undo):
            if isinstance(target, dict):
                target[name] = old
            else:
                setattr(target, name, old)


def inside(module: Any) -> Any:
    """A module with all that it imports: what it holds under a name is what is patched."""
    return module


WRITES: Any = lifecycle._WRITES  # noqa: SLF001 - the table is what is broken


def write(event: Any, **new: Any) -> Patch:
    """A write of the lifecycle with some parts replaced; each is a value or a function of the old one."""
    old = WRITES[event]

    def written(found: Any) -> Change:
        change = old(found)
        broken: Change = replace(
            change, **{name: part(getattr(change, name), found) for name, part in new.items()}
        )
        return broken

    return WRITES, event, written
