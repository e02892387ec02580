"""The right by which a write is made: each guard is the condition of one kind of writer, as clauses on the row."""

from datetime import datetime

from chalicelib.domain.change import Before, Clause, Equals, Missing
from chalicelib.domain.job import State
from chalicelib.domain.lean import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """Nobody has put the row yet."""

    def clauses(self) -> tuple[Clause, ...]:
        """No clause: the store's `create` itself tests that there is no row."""
        return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """The job may be claimed, and nobody has claimed it since this epoch."""

    epoch: int

    def clauses(self) -> tuple[Clause, ...]:
        """One equality: `ready` is there only while the job may be claimed."""
        return (Equals("ready", self.epoch),)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mine:
    """The writer's own claim still holds. The fence of every write after the claim."""

    owner: str

    def clauses(self) -> tuple[Clause, ...]:
        """One equality: `owner` is there only while the job runs, and holds the epoch and a token of this claim alone."""
        return (Equals("owner", self.owner),)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unwished:
    """The writer's own claim still holds and nobody has asked to cancel: a failure after that is a cancellation."""

    owner: str

    def clauses(self) -> tuple[Clause, ...]:
        """The fence, and no wish."""
        return (Equals("owner", self.owner), Missing("cancel_requested"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Lapsed:
    """The job runs under a lease that is over: its worker was lost, or is too late."""

    epoch: int
    now: datetime

    def clauses(self) -> tuple[Clause, ...]:
        """The same attempt still, and its lease before now."""
        return (Equals("state", State.RUNNING), Equals("epoch", self.epoch), Before("lease", self.now))


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """The row has not moved on since the writer read it."""

    state: State
    epoch: int

    def clauses(self) -> tuple[Clause, ...]:
        """State and epoch as read: together they change with every transition but a renewal."""
        return (Equals("state", self.state), Equals("epoch", self.epoch))


Guard = Absent | Ready | Mine | Unwished | Lapsed | Seen
