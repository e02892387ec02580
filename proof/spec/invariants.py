"""What must hold, said independently of the law: of every write that takes effect, and of every row. Names as in the list of invariants.

I2 terminal is for ever, but for a redrive. I3 one outcome an epoch, by the claim that holds the row. I4 the epoch grows by one with every
claim, redrive and replacement, and never else. I5 at most max_attempts claims a life, but for those that were given back. I12 the sweep's index holds nothing that is finished. I13
every write follows the arrows below. READY: `ready` is there exactly while the job may be claimed. OWNER: `owner` exactly while it runs.
CANCEL: after a wish nothing but a success or a cancellation.
LIFE: what was meant for a life before the redrive does nothing to this one. EFFECT: only what is over owes something.
"""

from proof.spec.law import CLAIMABLE, CLAIMS, MAX_ATTEMPTS, NONE, OVER, Row, Write

OPEN = frozenset({"QUEUED", "SCHEDULED", "RUNNING", "RETRYING"})
RUNNING = frozenset({"RUNNING"})
ARROWS: dict[str, tuple[frozenset[str], str | None]] = {
    "claimed": (CLAIMABLE, "RUNNING"),
    "reclaimed": (RUNNING, "RUNNING"),
    "renewed": (RUNNING, "RUNNING"),
    "succeeded": (RUNNING, "SUCCEEDED"),
    "retried": (RUNNING, "RETRYING"),
    "died": (RUNNING, "DEAD"),
    "lost": (RUNNING, "DEAD"),
    "gave_in": (RUNNING, "CANCELLED"),
    "lost_wished": (RUNNING, "CANCELLED"),
    "came_late": (RUNNING, "EXPIRED"),
    "expired": (frozenset({"QUEUED", "SCHEDULED"}), "EXPIRED"),
    "wished": (RUNNING, "RUNNING"),
    "cancelled": (OPEN - RUNNING, "CANCELLED"),
    "redriven": (frozenset({"DEAD"}), "QUEUED"),
    "released": (frozenset({"SCHEDULED"}), "QUEUED"),
    "parked": (RUNNING, "SCHEDULED"),
    "requeued": (RUNNING, "QUEUED"),
    "checkpointed": (RUNNING, "RUNNING"),
    "replaced": (frozenset({"QUEUED"}), "QUEUED"),
    "appointed": (OPEN | OVER, None),
    "postponed": (OPEN | OVER, None),
    "cleared": (OVER, None),
}
GIVES = frozenset({"parked", "requeued"})
FENCED = frozenset(
    {"renewed", "checkpointed", "succeeded", "retried", "died", "gave_in", "came_late", *GIVES}
)
KEEPING = frozenset({"renewed", "checkpointed", "reclaimed", "appointed", "postponed"})
AFTER_WISH = frozenset({"succeeded", "gave_in", "lost_wished", "came_late", *KEEPING})
GROWING = frozenset({*CLAIMS, "redriven", "replaced"})


def judge(old: Row, new: Row, write: Write, *, shapes: bool = True) -> str | None:
    """The invariant that this write breaks by taking effect. `shapes` False: only what it does to others, not what the row then looks like."""
    kind = write[0]
    sources, target = ARROWS[kind]
    if old.state in OVER and kind not in {"redriven", "appointed", "postponed", "cleared"}:
        return f"I2: {kind} after {old.state}"
    if kind in FENCED and (old.owner != (write[1], write[2]) or old.epoch != write[1]):
        return f"I3: {kind} by a claim that does not hold the row"
    if kind in {"lost", "lost_wished", "reclaimed", "replaced"} and old.epoch != write[1]:
        return f"I3: {kind} of an epoch that is over"
    if old.state not in sources:
        return f"I13: {kind} from {old.state}"
    if new.state != (target or old.state):
        return f"I13: {kind} leads to {new.state}"
    if new.epoch != old.epoch + (kind in GROWING):
        return f"I4: {kind} moves the epoch from {old.epoch} to {new.epoch}"
    if kind in CLAIMS and new.epoch - new.life > MAX_ATTEMPTS:
        return f"I5: claim number {new.epoch - new.life} of a job with {MAX_ATTEMPTS} attempts"
    if kind in GIVES and new.attempts != old.attempts - 1:
        return f"I5: {kind} moves the attempts from {old.attempts} to {new.attempts}"
    if kind in {"cancelled", "expired"} and write[2] < old.life:
        return f"LIFE: {kind} takes effect in a later life than it was meant for"
    if old.wish and kind not in AFTER_WISH:
        return f"CANCEL: {kind} after the wish to cancel"
    return shape(new) if shapes else None


def shape(row: Row) -> str | None:
    """The invariant that this row breaks by itself."""
    claimable, running = row.state in CLAIMABLE, row.state == "RUNNING"
    if row.ready != (row.epoch if claimable else -1):
        return f"READY: {row.state} with ready={row.ready} in epoch {row.epoch}"
    if claimable and row.attempts >= MAX_ATTEMPTS:
        return "READY: claimable without attempts left"
    if (row.owner != NONE) is not running or (row.lease >= 0) is not running:
        return f"OWNER: {row.state} with owner={row.owner} lease={row.lease}"
    if row.outbox and row.state not in OVER:
        return f"EFFECT: {row.state} with an outbox"
    if row.check >= 0 and row.finished:
        return f"I12: {row.state} and finished, but in the sweep's index"
    if row.dead is not (row.state == "DEAD" and not row.outbox and row.check < 0):
        return f"I12: {row.state} and {'' if row.dead else 'not '}in the index of the dead"
    if row.state == "SCHEDULED" and row.check < 0:
        return "I6: SCHEDULED without an appointment"
    return None
