"""What one layer of the proof showed, in the one form in which the report takes it from all of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """A broken variant on trial in one layer. `caught`: by what, "" if by nothing. `harmless`: it must pass."""

    mutant: str
    why: str
    caught: str
    harmless: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """One layer's findings. A layer that was not run has none."""

    name: str
    what: str  #: in a sentence, for the report
    figures: Mapping[str, int | float | str]  #: by name, as the layer counts
    seconds: float
    ledger: Counter[str] = field(
        default_factory=Counter
    )  #: accepted, succeeded, dead, ..., lost, recorded_twice
    hits: Counter[str] = field(default_factory=Counter)  #: fault of the matrix -> how often it happened
    failed: Sequence[str] = ()  #: what went wrong, each with the command that shows it again
    tried: Sequence[Tried] = ()
    left: Sequence[str] = ()  #: the mutants that a sample left out

    @property
    def passed(self) -> bool:
        """Nothing went wrong in it. Mutants and faults are judged over all layers."""
        return not (self.failed or self.ledger["lost"] or self.ledger["recorded_twice"])
