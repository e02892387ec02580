"""What must hold of every row, of every write, and of the whole once it is quiet. Named as the fault list names them.

I1 whatever was accepted has a row · I2 terminal is left only by a redrive · I3 one outcome a life · I4 the epoch never falls · I5 no
more attempts than allowed · I6 a row behind the watermark is finished or has an appointment · I9 once the faults stop, all ends · I10
a message wakes its own tenant's job only · I11 accepted = succeeded + dead + cancelled + expired · I12 no finished row waits in the
index · I13 a history is a path of the table · I14 replaying every message changes nothing
"""

from chalicelib.domain.job import CLAIMABLE, TERMINAL, Entry, Job, State
from chalicelib.domain.lifecycle import TRANSITIONS
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.parts import Parts

COMPLETIONS = frozenset({"succeeded", "died", "cancelled", "expired"})
_STARTS = {
    "released": State.SCHEDULED,
    "claimed": State.QUEUED,
    "cancelled": State.QUEUED,
    "expired": State.QUEUED,
    "redriven": State.DEAD,
    "parked": State.QUEUED,
    "requeued": State.QUEUED,
    "replaced": State.QUEUED,
    "waited": State.RUNNING,
    "joined": State.WAITING,
}
GIVEN_BACK = frozenset({"parked", "requeued"})
"""The claim that came to nothing may be left out of the history."""

SHORTENED = GIVEN_BACK | {"waited"}
"""Writes that leave out of the history what nobody needs any more."""

OTHER_ARGUMENTS = frozenset({"replaced", "redriven"})
_ARROWS = [(t.event.name, t.sources, t.target) for t in TRANSITIONS]


def check_row(job: Job) -> None:
    """What one row says of itself."""
    at = f"{job.state} {job}"
    assert (job.ready is not None) == (job.state in CLAIMABLE), f"`ready` exactly while claimable: {at}"
    assert job.ready in (None, job.epoch), f"`ready` is the epoch: {at}"
    assert (job.owner is not None) == (job.state is State.RUNNING), f"`owner` exactly while it runs: {at}"
    assert (job.lease is not None) == (job.state is State.RUNNING), f"`lease` exactly while it runs: {at}"
    assert job.owner is None or job.owner.startswith(f"{job.epoch}."), f"the owner's epoch is the row's: {at}"
    assert (job.forget is not None) == (job.state in TERMINAL), f"`forget` exactly when it is over: {at}"
    assert (job.result is not None) == (job.state is State.SUCCEEDED), f"a result exactly of a success: {at}"
    assert (job.reason is not None) == (job.state is State.DEAD), f"a reason exactly of a death: {at}"
    assert job.state is not State.WAITING or job.awaits, f"a workflow waits for something: {at}"
    assert (job.attention is None) == (job.attention_at is None), f"an appointment has a time: {at}"
    check_attention(job)
    assert 0 <= job.attempts <= job.max_attempts, f"I5: {at}"
    check_history(job)


def check_attention(job: Job) -> None:
    """I12, and who is in the dead part of the index."""
    dead = job.state is State.DEAD and not job.outbox
    assert (job.attention == "dead") == dead, f"in the dead index exactly when dead and owing nothing: {job}"
    if job.finished and not dead:
        assert job.attention is None, f"I12: finished, and still in the index: {job}"
    if job.state is State.SCHEDULED:
        assert job.attention == "due", f"a scheduled job is in the tick's sight: {job}"


def path(history: tuple[Entry, ...], start: State) -> State:
    """I13: the state that the history leads to. Raises AssertionError where it leaves the table."""
    state = start
    for entry in history:
        if entry.event in GIVEN_BACK and state in CLAIMABLE:
            state = State.RUNNING
        targets = {
            target or state
            for name, sources, target in _ARROWS
            if name == entry.event and (state in sources or not sources)
        }
        assert len(targets) == 1, f"I13: {entry.event} cannot happen to a job that is {state}: {history}"
        state = targets.pop()
    return state


def check_history(job: Job) -> None:
    """I3, I4 and I13. Of a job that was redriven often, the oldest part of the history is cut off."""
    first = job.history[0].event if job.history else ""
    start = job.state if not first else _STARTS.get(first, State.RUNNING)
    led_to = path(job.history, start)
    assert led_to is job.state, f"I13: the history leads to {led_to}, the row is {job.state}: {job.history}"
    epochs = [entry.epoch for entry in job.history]
    assert epochs == sorted(epochs), f"I4: the epoch fell: {job.history}"
    assert not epochs or epochs[-1] == job.epoch, f"I4: the row is behind its history: {job}"
    assert outcomes(job)[-1] == (1 if job.state in TERMINAL else 0), f"I3: {job.history}"
    assert all(count == 1 for count in outcomes(job)[:-1]), f"I3: {job.history}"


def outcomes(job: Job) -> list[int]:
    """How many outcomes each life of the job has."""
    counts = [1 if job.history and job.history[0].event == "redriven" else 0]
    for entry in job.history:
        if entry.event == "redriven":
            counts.append(0)
        counts[-1] += entry.event in COMPLETIONS
    return counts


def check_write(before: Job, after: Job) -> None:
    """What one write may do."""
    assert after.epoch >= before.epoch, f"I4: {before} -> {after}"
    if before.state in TERMINAL and after.state is not before.state:
        assert (before.state, after.state) == (State.DEAD, State.QUEUED), f"I2: {before} -> {after}"
        assert not before.outbox, f"I2: redriven while it still owed: {before}"
        assert after.epoch > before.epoch, f"I4: {before} -> {after}"
    if before.state in TERMINAL and after.state is before.state:
        same = ("result", "error", "reason", "history", "attempts", "epoch", "forget")
        assert [getattr(before, name) for name in same] == [getattr(after, name) for name in same], (
            f"I2: {before} -> {after}"
        )
    cut = len(before.history) - len(after.history) + 1 if after.epoch > before.epoch else 0
    kept = before.history[max(0, cut) :]
    last = after.history[-1].event if after.history else ""
    workflow = (
        last == "redriven" and before.task == "jobline.workflow"
    )  # it knows all its lives by its history
    if last in SHORTENED or workflow:
        rest = iter(before.history)
        assert all(entry in rest for entry in after.history[:-1]), f"nothing is added: {before} -> {after}"
    else:
        assert after.history[: len(kept)] == kept, f"history is kept: {before} -> {after}"
    for name in (
        "id",
        "tenant",
        "task",
        "lane",
        "args",
        "max_attempts",
        "key",
        "tags",
        "cause",
        "gates",
        "events",
        "webhook",
    ):
        if name in {"args", "gates"} and last in OTHER_ARGUMENTS:
            continue
        assert getattr(before, name) == getattr(after, name), f"{name} is for good: {before} -> {after}"


def check_watermark(parts: Parts, name: str = "fast") -> None:
    """I6, of every row that a pass claims to have seen."""
    mark = parts.store.marks.get(name)  # type: ignore[attr-defined]  # a twin's look inside
    rows = parts.store.rows.values()  # type: ignore[attr-defined]
    for job in rows:
        if mark is not None and time_of(job.id) <= mark:
            assert job.finished or job.next_check is not None, f"I6: behind the {name} watermark: {job}"
