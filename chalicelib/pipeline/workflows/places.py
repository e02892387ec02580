"""Where a child stands in its workflow, and the id that follows from it: whoever makes the child again makes the same one.

A workflow has a life for each time that it was redriven; the children of one life are no other's. A chain has steps, one after the other;
a group has children in pages.
"""

from datetime import datetime
from hashlib import sha256

from chalicelib.domain.history import OTHER_ARGUMENTS
from chalicelib.domain.job import PART_OF, Entry, Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.ids import RANDOM_BYTES, is_id, make_id, time_of

PAGE = 100
"""How many children of a group are made, marked and looked after together. The item that holds their marks stays within the 1 KiB that
DynamoDB writes for one unit."""

_STEP, _CHILD = ".", "-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """A child's place: which workflow's, in which of its lives, and its number. `step`: of a chain, which waits for this child alone."""

    parent: str
    life: int
    number: int
    step: bool

    @property
    def cause(self) -> str:
        """As the child's row says it."""
        return f"{PART_OF}{self.parent}/{self.life}{_STEP if self.step else _CHILD}{self.number}"

    @property
    def awaited(self) -> str:
        """As the row of a workflow says it that waits for it."""
        return step_awaited(self.life, self.number) if self.step else group_awaited(self.life)

    @property
    def page(self) -> int:
        """The number of its page."""
        return self.number // PAGE

    def job_id(self, at: datetime) -> str:
        """The child's id. `at` is the time of the page or the life that it belongs to."""
        digest = sha256(f"{self.parent}.{self.life}.{self.number}".encode()).digest()
        return make_id(at, digest[:RANDOM_BYTES])


def step_awaited(life: int, number: int) -> str:
    """What a chain waits for."""
    return f"{life}{_STEP}{number}"


def group_awaited(life: int) -> str:
    """What a group waits for."""
    return f"{life}{_CHILD}"


def position(job: Job) -> Position | None:
    """Where the job stands in a workflow; None: it is no workflow's child."""
    if job.cause is None or not job.cause.startswith(PART_OF):
        return None
    parent, _, place = job.cause.removeprefix(PART_OF).partition("/")
    step = _STEP in place
    life, _, number = place.partition(_STEP if step else _CHILD)
    if not (is_id(parent) and life.isdecimal() and number.isdecimal()):
        return None
    return Position(parent=parent, life=int(life), number=int(number), step=step)


def life_awaited(row: Job) -> int:
    """Which life's children the workflow waits for, or came back from."""
    return int((row.awaits or "0").rstrip(_CHILD).partition(_STEP)[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """One of a workflow's lives: its number, which is the epoch that it began with, and when its first attempt began."""

    workflow: str
    number: int
    began: datetime


def life_of(job: Job) -> int:
    """In which of its lives the workflow is: the epoch of its last redrive, 0 before any."""
    return next((entry.epoch for entry in reversed(job.history) if entry.event == "redriven"), 0)


def lives(job: Job) -> list[Life]:
    """The workflow's lives as far as its history tells, the newest first. One that no attempt has seen is none."""
    found: list[Life] = []
    number: int | None = 0
    for entry in job.history:
        if entry.event == "redriven":
            number = entry.epoch
            if entry.note.startswith(OTHER_ARGUMENTS):  # another workflow, to which nothing earlier belongs
                found = []
        elif entry.event in _CLAIMS and number is not None:
            found.append(Life(workflow=job.id, number=number, began=_no_earlier(job, entry)))
            number = None
    return found[::-1]


_CLAIMS = frozenset({"claimed", "reclaimed"})


def _no_earlier(job: Job, claim: Entry) -> datetime:
    """A child is not accepted before its workflow was, whatever the clocks say."""
    return max(claim.at, time_of(job.id))
