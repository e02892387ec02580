"""What a job's gates have said of it: it may start, now or at a moment that is near. Apart from the gates, which few jobs have."""

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.parts import Parts

if TYPE_CHECKING:
    from chalicelib.pipeline.waiting_list import Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """The attempt may start. `slots`: what it holds meanwhile, by the gate, its number and the limit then.

    `at`: not before this moment, which is near. Whoever runs it waits for it, and not the gate: a batch whose jobs are all let through
    before the first of them runs would start all of them at the last one's moment.
    """

    slots: "tuple[tuple[Place, int, int], ...]" = ()
    at: datetime | None = None


FREE = Admitted()


def await_moment(admitted: Admitted, *, parts: Parts) -> None:
    """Wait until the attempt may start: two seconds at most."""
    now = parts.world.now()
    if admitted.at is not None and admitted.at > now:
        parts.world.pause(admitted.at - now)
