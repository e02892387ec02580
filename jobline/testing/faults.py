"""What can go wrong at a side effect, and a schedule: which of it goes wrong where, as a short text like `1:crash_after 3:lost`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.pipeline.task import Kind, Task


class Fault(StrEnum):
    """What happens at one side effect of a task. All of it happens in the cloud, most of it every day."""

    CRASH_BEFORE = "crash_before"
    CRASH_AFTER = "crash_after"
    LOST = "lost"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    SOFT_TIMEOUT = "soft_timeout"
    OVERTAKEN = "overtaken"
    DOUBLED = "doubled"

    @property
    def words(self) -> str:
        """What it does, for a timeline."""
        return _WORDS[self]

    def can_happen_to(self, task: Task[..., object]) -> bool:
        """Whether this can happen to an attempt of such a task.

        Only a thread can be overtaken: it cannot be stopped at its time limit, and goes on beside the next attempt. A coroutine is
        cancelled then, a child process killed.
        """
        if self is Fault.OVERTAKEN:
            return task.kind is Kind.THREAD
        return self is not Fault.SOFT_TIMEOUT or task.options.soft_time_limit is not None


_WORDS = {
    Fault.CRASH_BEFORE: "the process was killed before it",
    Fault.CRASH_AFTER: "done, and the process was killed right after it",
    Fault.LOST: "done, but the reply was lost: the task saw an error",
    Fault.REFUSED: "not done: the task saw an error",
    Fault.TIMEOUT: "done, but no reply came before the time limit",
    Fault.SOFT_TIMEOUT: "done, but no reply came before the soft time limit, which was raised here",
    Fault.OVERTAKEN: "done late: the attempt had stood still before it, past its time limit",
    Fault.DOUBLED: "done; meanwhile the message came once more",
}

_ONE = re.compile(r"(?P<number>[1-9][0-9]*):(?P<fault>[a-z_]+)")


@dataclass(frozen=True)
class Schedule:
    """Faults by the number of the effect that they strike. Effects are counted through all attempts; 1 is the first."""

    faults: tuple[tuple[int, Fault], ...] = ()

    @classmethod
    def read(cls, text: str) -> "Schedule":
        """What `str` of a schedule says. Raises ValueError."""
        faults: dict[int, Fault] = {}
        for word in text.split():
            found = _ONE.fullmatch(word)
            if found is None or found["fault"] not in list(Fault):
                known = ", ".join(Fault)
                raise ValueError(f"schedule: {word!r} is not a number, a colon and one of {known}")
            faults[int(found["number"])] = Fault(found["fault"])
        return cls(tuple(sorted(faults.items())))

    def __str__(self) -> str:
        """Its text form; empty when nothing goes wrong."""
        return " ".join(f"{number}:{fault}" for number, fault in self.faults)

    def __len__(self) -> int:
        """How many faults it has."""
        return len(self.faults)

    @property
    def by_number(self) -> Mapping[int, Fault]:
        """The fault that strikes each effect."""
        return dict(self.faults)

    def then(self, number: int, fault: Fault) -> "Schedule":
        """This one, and one fault more."""
        return Schedule((*self.faults, (number, fault)))
