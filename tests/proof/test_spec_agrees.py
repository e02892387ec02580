"""What the specification says of the verbs is what they do: each verb, run from every row that the search reaches."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.adapters import memory
from chalicelib.domain.change import allowed, apply
from chalicelib.domain.errors import NotPossible
from chalicelib.domain.events import Parked, Requeued
from chalicelib.domain.guards import Unwished
from chalicelib.domain.job import Failure, Inline, Wakeup
from chalicelib.domain.lifecycle import change
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline import appointments, verdict
from chalicelib.pipeline.accept import accept
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.claim import claim
from chalicelib.pipeline.ids import make_id
from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.outcome import Raised
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.task import Registry
from proof.spec import clock
from proof.spec.appointments import Appointments
from proof.spec.canon import IDLE
from proof.spec.core import LATER, LEASE, Core
from proof.spec.invariants import GIVES
from proof.spec.law import CLAIMABLE, MAX_ATTEMPTS, OVER, SHORTENING, Row, at, decode, encode, name
from proof.spec.rules import Rules
from proof.spec.search import Search
from proof.spec.watermark import LIMIT

SECOND = timedelta(seconds=1)
MINE = 7
ID = make_id(at(0), b"0123456789")


class World(memory.HeldWorld):
    """The specification's tokens."""

    def token(self) -> str:
        return f"t{MINE}"


def stage(row, t):
    """A pipeline in which this row is all there is, at this time."""
    limits = Limits(clock_limit=SECOND * LIMIT, wake_grace=SECOND, wake_cap=SECOND)
    parts = memory.parts(world=World(start=at(t)), registry=Registry(), limits=limits)
    if row is not None:
        parts.store.rows[ID] = replace(decode(row), id=ID)
    return parts


def now_is(parts, row):
    """The row as it is now. The core has no appointments, the search of those has its own tests; a `life` is in no table."""
    return plain(encode(parts.store.rows[ID], row.life))


def plain(row):
    return row._replace(check=-1, life=0)


WHOLE = {"plain": {}, "control": {"gives": 1, "replaces": 1, "redrives": 0, "checkpoints": True}}


@pytest.fixture(scope="module", params=WHOLE)
def core(request):
    search = Search(Core(Rules(), jobs=1, faults=1, **WHOLE[request.param]), budget=60)
    assert search.run().complete
    return search


@pytest.fixture(scope="module")
def rows(core):
    return sorted({row for state in core.states for row in state[0]})


def test_a_row_of_the_specification_holds_all_that_the_law_reads(core, rows):
    law = core.model.law
    changes = {write: law.change(write) for _, write in list(law._known)[::60]}
    for row in rows[::3]:
        job = decode(row)
        assert encode(job, row.life) == row
        for write, made in changes.items():
            after = apply(made, job)
            assert allowed(made, job) is (law.write(row, write) is not None)
            if write[0] not in SHORTENING:
                again = decode(encode(after, row.life))
                for field in (
                    "state",
                    "epoch",
                    "attempts",
                    "ready",
                    "owner",
                    "lease",
                    "due",
                    "outbox",
                    "attention",
                ):
                    assert getattr(again, field) == getattr(after, field), (write, field)


@pytest.mark.parametrize("t", [0, LATER])
@pytest.mark.parametrize("stale", [False, True])
def test_a_claim_does_what_the_specification_says(core, rows, t, stale):
    model = core.model
    for row in rows:
        parts = stage(row, t)
        epoch = row.ready if row.ready >= 0 and not stale else row.epoch + 3
        job = claim(Wakeup(tenant="t", job_id=ID, epoch=epoch), lease=at(LEASE), parts=parts)
        expected = model.law.write(row, ("claimed", epoch, MINE, t, LEASE))
        due = row.state in CLAIMABLE and row.due <= t
        lapsed = row.state == "RUNNING" and row.lease < t
        if expected is None and (due or lapsed):
            write = next(write for _, write in model._rights(row, MINE))
            expected = model.law.write(row, write)
        assert now_is(parts, row) == plain(expected or row), row
        assert (job is not None) is (expected is not None and expected.state == "RUNNING")


def test_a_settlement_does_what_the_specification_says(core):
    model = core.model
    seen = set()
    for state in core.states:
        for worker in state[1]:
            if worker[0] == "run" and (state[0][0], worker) not in seen:
                seen.add((state[0][0], worker))
                _settle_each_way(model, state[0][0], worker)
    assert len(seen) > 50


def _settle_each_way(model, row, worker):
    _, _, epoch, token, attempts, wish = worker
    snapshot = Row(
        state="RUNNING",
        epoch=epoch,
        attempts=attempts,
        ready=-1,
        owner=(epoch, token),
        wish=wish,
        lease=LEASE,
    )
    job = replace(decode(snapshot), id=ID)
    events = {}
    for event in _events(job, decode(row).history):
        kinds = {"retry_scheduled": "retried", "cancelled": "gave_in", "expired": "came_late"}
        events[kinds.get(event.name, event.name)] = event
    outcomes = {write[0]: write for _, write in model._outcomes(epoch, token, attempts, wish)}
    outcomes |= {write[0]: write for _, _, write, _ in model._gives(worker, (1,) * 5)}
    optional = {"came_late"} if not wish else {"came_late", *GIVES}  # who knows of a wish gives nothing back
    assert set(outcomes) | optional == set(events) | optional
    for kind, write in outcomes.items():
        if kind in GIVES and row.wish:
            continue
        parts = stage(row, 0)
        answer = settle(job, events[kind], until=at(5), parts=parts)
        after, waits = row, ("settle", 0, write, token)
        while waits != IDLE:
            new = model.law.write(after, waits[2])
            waits = model._answered(waits, waits[2], new, after)
            after = new or after
        assert now_is(parts, row) == plain(after), (row, worker, kind)
        assert answer is not None or after == row


def _events(job, kept):
    """All that the verdict may be on this attempt."""
    yield verdict.success(job, Inline(json="1"), None, at(0))
    for again in (True, False):
        raised = Raised(failure=Failure(type="E", message="e"), again=again, after=SECOND * LEASE)
        yield verdict.after_raise(job, raised, Backoff(), None, at(0), 0.5)
    yield verdict.expiry(job, at(0))
    mine = Unwished(owner=job.owner)
    yield Parked(at=at(0), guard=mine, gate="slots", check=at(LEASE), kept=kept)
    yield Requeued(
        at=at(0), guard=mine, epoch=job.epoch, why="continued", kept=kept, due=at(LEASE), check=None
    )


def test_a_cancellation_does_what_the_specification_says(core, rows):
    for row in rows:
        parts = stage(row, 0)
        cancel(ID, tenant="t", parts=parts)
        expected = row
        if row.state not in OVER and not row.wish:
            kind = "wished" if row.state == "RUNNING" else "cancelled"
            expected = core.model.law.write(row, (kind, row.state, row.epoch, 0))
        assert now_is(parts, row) == plain(expected)


def test_a_redrive_does_what_the_specification_says(core, rows):
    for row in rows:
        parts = stage(row, 0)
        if row.state != "DEAD":
            with pytest.raises(NotPossible):
                redrive(ID, tenant="t", parts=parts)
            continue
        redrive(ID, tenant="t", parts=parts)
        expected = core.model.law.write(row, ("redriven", row.epoch, MINE, 0, LEASE))
        assert encode(parts.store.rows[ID], expected.life) == expected._replace(check=1)
        assert len(parts.queue.messages) == 1


def test_who_keeps_an_appointment_does_what_the_specification_says(monkeypatch):
    monkeypatch.setattr(appointments, "SEND_AHEAD", SECOND)
    model = Appointments(Rules(), faults=0, redrives=0, attempts=2, cancels=1, skew=0)
    search = Search(model, budget=30, liveness=False)
    search.run()
    rows = sorted({state[2] for state in search.states if state[2].check >= 0 and state[2].lease < clock.END})
    assert len(rows) > 50
    for row in rows:
        for t in range(clock.END):
            _look(model, row, t)


def _look(model, row, t):
    parts = stage(row, t)
    plan = appointments.look(ID, until=at(t + 60), parts=parts)
    if row.finished or row.check > t:
        assert plan is None
        return
    state = (t, (0, 0), row, True, (), (IDLE,), (IDLE,), (), (0, 0, 0), 0)
    act = next(iter(model._look(state, 0, "tick", t))).state[6][0]
    message = act[1] if act[0] == "wake" else act[3] if len(act) > 3 else None
    write = act[2] if act[0] == "wake" else act[1]
    assert (plan.wakeup is None) is (message is None), row
    if message is not None:
        assert plan.wakeup.epoch == message[0], row
        assert clock.later(t, int(plan.wakeup.delay.total_seconds())) == message[1], row
    job = parts.store.rows[ID]
    after = apply(change(plan.event), job) if plan.event is not None else job
    real, said = encode(after, row.life), model.law.write(row, write)
    assert real._replace(check=min(real.check, clock.END)) == said, (row, t)


@pytest.mark.parametrize("age", [0, 1, 2, 9])
@pytest.mark.parametrize(
    "found", [None, Row(), Row(state="SUCCEEDED", ready=-1, epoch=1, attempts=1), Row(check=1)]
)
def test_whoever_puts_or_finds_a_row_looks_at_the_clock_again(age, found):
    parts = stage(found, age)
    accept([replace(decode(Row()), id=ID)], parts=parts)
    late = age >= LIMIT and (found is None or not found.finished)
    there = found is not None and found.check >= 0
    assert (parts.store.rows[ID].next_check is not None) is (late or there)


def test_an_owner_is_written_as_the_pipeline_writes_it():
    parts = stage(Row(), 0)
    job = claim(Wakeup(tenant="t", job_id=ID, epoch=0), lease=at(LEASE), parts=parts)
    assert job.owner == name((1, MINE))
    assert job.max_attempts == MAX_ATTEMPTS
