"""What a finished job still owes the world: performed idempotently, then cleared. A crash in between leaves it to the sweep."""

import logging
from collections.abc import Callable, Mapping

from chalicelib.domain.errors import NewerRow, UnknownTask
from chalicelib.domain.events import OutboxCleared
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import Effect, Job, State
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline.announce import announce_end
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience

log = logging.getLogger(__name__)


def perform(job: Job, *, parts: Parts) -> bool:
    """Do all that the row owes and clear it. False: something could not be done now; the sweep has or makes an appointment.

    Ids are made from (job, epoch, slot), so whoever does it again makes the same jobs. Raises `Unavailable`.
    """
    for effect in job.outbox:
        try:
            _submit(job, effect, parts)
        except (UnknownTask, NewerRow) as error:
            log.warning(
                "%s: %s cannot be submitted yet: %s", job.label(), effect.slot, error, extra=job.log_fields()
            )
            return False
    died = job.history[-1].at if job.state is State.DEAD else None
    cleared = change(
        OutboxCleared(at=parts.world.now(), guard=Seen(state=job.state, epoch=job.epoch), died=died)
    )
    patience(parts)(parts.store.write, job.id, cleared)
    return True


def _submit(job: Job, effect: Effect, parts: Parts) -> None:
    """Do one of them: submit what it leads to. Raises `UnknownTask`, `Unavailable`."""
    if effect.slot not in _LEADS_TO:
        raise NewerRow(f"{job.label()} owes {effect.slot!r}, which this code does not know")
    _LEADS_TO[effect.slot](job, effect, parts)


def _follow(job: Job, effect: Effect, parts: Parts) -> None:
    from chalicelib.pipeline.follow import follow  # an idle tick performs nothing

    follow(job, effect, parts)


def _notify(job: Job, effect: Effect, parts: Parts) -> None:
    from chalicelib.pipeline.notify import notify  # as above

    notify(job, effect, parts)


_LEADS_TO: Mapping[str, Callable[[Job, Effect, Parts], None]] = {
    "on_success": _follow,
    "on_failure": _follow,
    "event": announce_end,
    "webhook": _notify,
}
"""What each slot means."""
