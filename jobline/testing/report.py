"""What was tried on a task, and held."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was tried, and held."""

    task: str
    effects: tuple[str, ...]  #: those of a run in which nothing goes wrong
    singles: int  #: schedules of one fault
    pairs: int  #: schedules of two
    possible_pairs: int

    @property
    def schedules(self) -> int:
        """How many schedules were played."""
        return 1 + self.singles + self.pairs

    def __str__(self) -> str:
        count = len(self.effects)
        return (
            f"{self.task}: the invariant held in all {self.schedules} schedules (1 without a fault, {self.singles} with one, "
            f"{self.pairs} of {self.possible_pairs} with two) around {count} effect{'' if count == 1 else 's'}: {', '.join(self.effects)}"
        )
