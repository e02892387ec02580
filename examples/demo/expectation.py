"""What a run expects of one job, stated before the job is submitted."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a job may end."""

    SUCCESS = "success"
    DEATH = "death"
    #: For files that nobody has vetted: success, or a death that its own task decided on.
    EITHER = "either"


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """How a job should end, and after how many attempts at least."""

    outcome: Outcome = Outcome.SUCCESS
    #: The type of the error that a dead job should have died of.
    error: str | None = None
    #: More than 1 for what is in trouble on purpose: ending sooner would mean that the trouble was never met.
    attempts: int = 1


SUCCEEDS = Expectation()
EITHER = Expectation(outcome=Outcome.EITHER)


def dies_of(error: str, attempts: int = 1) -> Expectation:
    """Death by an error of this type."""
    return Expectation(outcome=Outcome.DEATH, error=error, attempts=attempts)


def succeeds_after(attempts: int) -> Expectation:
    """Success, but not before this many attempts."""
    return Expectation(attempts=attempts)
