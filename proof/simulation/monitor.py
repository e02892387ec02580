"""The invariants of faults.md, section 2, checked at the moment each write takes effect. It knows the law by its own words.

I1 every accepted job has a row. I2 terminal is for ever, but for a redrive. I3 one outcome an epoch, by the claim that holds it. I4 the epoch
only grows. I5 at most max_attempts starts a life, one an epoch. I6 a row behind the watermark is finished or has an appointment. I12 the
sweep's index holds nothing that is finished. I10 message, row and effects are of one tenant. I13 history is a path of the law. Further: `ready` exactly while claimable, `owner` exactly while
running, nobody takes over a live lease or starts a job before it is due, stored payloads are there as long as their rows.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters.memory.payloads import MemoryPayloads
from chalicelib.adapters.memory.store import MemoryStore
from chalicelib.adapters.memory.world import START
from chalicelib.domain.change import Change
from chalicelib.domain.job import Inline, Job, Payload, Sealed, Stored, Wakeup
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.ports import Facts
from chalicelib.pipeline.task import BUILT_IN
from proof.simulation.clockwork import Clockwork, Sandbox
from proof.simulation.control.watch import Control
from proof.simulation.fate import Fate
from proof.simulation.flows.room import Flows
from proof.simulation.judge import wrong_by_looks, wrong_with
from proof.simulation.law import AFTER_WISH, CLAIMS, GIVEN, OUTCOMES, S, Violation
from proof.simulation.profile import PAUSES, SECOND, Profile
from proof.simulation.quotas import Quotas
from proof.simulation.vault import Vault


def _ms(number: int) -> timedelta:
    return timedelta(milliseconds=number)


def _dawdle(profile: Profile) -> int:
    """How long after the last thing that it did a worker may start its task: a call's time, and as long as it may stand still, or the call be under way."""
    stands = any(profile.rates.get(fault) for fault in ("pause_before", "pause_after", "late"))
    return profile.latency * 4 + (max(PAUSES) if stands else 0)


ACROSS = frozenset({"released", "joined"})
"""Whoever leaves a place gives it to another job of the same tenant; whoever ends a child lets its workflow go on."""


def _is_child(row: Job) -> bool:
    return row.cause is not None and row.cause.startswith("workflow:")


class Monitor:
    """Watches one history. The first violation is kept and ends it."""

    def __init__(
        self,
        profile: Profile,
        clock: Clockwork,
        fate: Fate,
        store: MemoryStore,
        payloads: MemoryPayloads,
        limits: Limits,
    ) -> None:
        self.rows = store.rows
        self.marks = store.marks
        self.violation: Violation | None = None
        self.landing = False  #: a call of somebody who has given up on it takes effect now
        self.strict = profile.skew * 2 <= (limits.grace - limits.clock_limit).total_seconds() * 1000
        self.accepted: dict[str, None] = {}  #: ids that were answered for, in order
        self.ever: dict[str, Job] = {}  #: every row as it was put
        self.followers: dict[str, list[str]] = {}  #: parent -> ids of the rows that its effects put
        self.owed: list[tuple[str, str]] = []  #: (parent, follower's id) of every outbox ever written
        self.forgotten: dict[str, Job] = {}  #: rows that TTL deleted
        self.lost_payloads: set[str] = set()
        self.given_back: dict[str, set[int]] = {}  #: epochs that used up no attempt
        self.starts: dict[str, list[int]] = {}  #: epochs at which handlers started
        self.active: dict[str, Sandbox] = {}  #: owner token -> where it was claimed
        self.wished: set[str] = set()  #: claims made after the wish to cancel: nothing may start under them
        self.answered_at: dict[str, datetime] = {}  #: when somebody was first told of it
        #: from when to when no tick ran, as it really came about
        self.outage: tuple[datetime, datetime] | None = None
        self.zombies = bool(
            getattr(profile, "zombies", False)
        )  #: whether invocations that are over may go on
        self.ticking = 0  #: ticks at work
        self.world: Any = None
        self._profile = profile
        self._clock = clock
        self._fate = fate
        self._payloads = payloads
        self.behind: dict[str, bool] = {}
        self._limit = limits.clock_limit
        self.wide = _ms(profile.skew * 2 + 2 * SECOND)
        self.dawdle = _ms(_dawdle(profile))
        self.control = Control(self)
        self.flows = Flows(self)
        self.vault = Vault(self)
        self.quotas = Quotas(self)

    @property
    def true_time(self) -> datetime:
        """The time, whatever anybody's clock says."""
        return START + _ms(self._clock.now)

    def seen(self, what: str) -> None:
        """Something that must happen in some history."""
        self._fate.hit(what)

    @property
    def untroubled(self) -> bool:
        """Whether nothing has gone wrong so far, and nothing was meant to."""
        return not self._fate.struck and not self._profile.modes

    def body(self, job_id: str, payload: Payload) -> bytes | None:
        """A payload as it lies there; None: it is gone."""
        if isinstance(payload, Inline):
            return payload.json.encode()
        if isinstance(payload, Sealed):
            return payload.body
        found: bytes | None = self._payloads.bodies.get((job_id, payload.sha256))
        return found

    def text(self, job_id: str, payload: Payload) -> str | None:
        """What a payload says, sealed or not; None: it is gone."""
        body = self.body(job_id, payload)
        return None if body is None else self.vault.text(self.ever[job_id], body)

    # ------------------------------------------------------------------------------------------------ what is reported

    def bug(self, error: BaseException) -> None:
        """An exception that is none of the pipeline's own."""
        self.fail("BUG", f"{type(error).__name__}: {error}", error)

    def fail(self, name: str, words: str, cause: BaseException | None = None) -> None:
        if self.violation is None:
            self.violation = Violation(name, words)
            self._clock.stop()
            self.violation.__cause__ = cause

    def _must(self, holds: bool, name: str, words: str, job: Job | None = None) -> None:  # noqa: FBT001
        if not holds:
            label = f"{job.task}[{job.id[-6:]}] " if job else ""
            self.fail(name, label + words)

    # ------------------------------------------------------------------------------------------------------- the rows

    def created(self, row: Job, box: Sandbox) -> None:
        """A row was put. If its id is old by then, a listing that the watermark waits for may have missed it: its putter
        answers for it by the second look at the clock. Else the sweep does, whatever becomes of the putter.
        """
        self._must(row.id not in self.ever, "EFFECT", "a row was put twice", row)
        self._must(
            row.epoch == 0 and row.attempts == 0 and not row.history,
            "I13",
            "does not begin at its beginning",
            row,
        )
        self.ever[row.id] = row
        age = START + _ms(self._clock.now + box.skew) - time_of(row.id)
        self.behind[row.id] = age >= self._limit
        if row.cause is not None and ":" not in row.cause:
            self.followers.setdefault(row.cause, []).append(row.id)
            self._must(
                row.tenant == self.ever[row.cause].tenant, "I10", "follows a job of another tenant", row
            )
        self._shape(row)
        self.vault.written(None, row, "", box)
        self._told(row)
        self.quotas.created(row)
        self.control.created(row, by_hand=box.kind == "by-hand")
        self.flows.created(row)

    def _told(self, row: Job) -> None:
        """Who follows a job is told what it came to."""
        parent = self.rows.get(row.cause or "")
        if parent is None or parent.id in self.lost_payloads or row.id in self.lost_payloads:
            return
        args = self.text(row.id, row.args)
        told = None if args is None else json.loads(args).get("job")
        came = None if parent.result is None else self.text(parent.id, parent.result)
        if isinstance(told, dict) and told.get("id") == parent.id:
            result = None if came is None else json.loads(came)
            self._must(told["result"] == result, "TOLD", f"is told {told['result']} of {result}", row)

    def _ahead(self, job_id: str) -> bool:
        mark = self.marks.get("fast" if self.strict else "slow")
        return mark is None or time_of(job_id) > mark

    def written(self, old: Job | None, new: Job, label: str, box: Sandbox) -> None:
        """A guarded write took effect."""
        if old is None:
            self.fail("I1", "a write made a row")
            return
        self._tenancy(old, label, box)
        for name, words in wrong_with(old, new, label):
            self._must(False, name, words, old)
        if label in CLAIMS:
            self._claim(old, new, label, box)
        elif label in OUTCOMES:
            self._outcome(old, new, label, box)
        elif label in GIVEN:
            self._given_back(old, new, label, box)
        elif label == "postponed":
            self._postponed(old, new, box)
        elif label == "outbox_cleared":
            for effect in old.outbox:
                self.answered(effect.id)
        self._shape(new)
        self._swept(new)
        self.vault.written(old, new, label, box)
        self.control.written(old, new, label)
        self.flows.written(old, new, label, box)

    def foreign_written(self, new: Job, change: Change) -> None:
        """A write to a row that only newer code can read: it may make an appointment, by what all versions agree on, and no more."""
        changed = {*change.set, *change.add, *change.remove, *(("history",) if change.history else ())}
        self._must(
            changed <= {"attention", "attention_at"}, "NEWER", f"{sorted(changed)} of newer code's row", new
        )

    def _tenancy(self, row: Job, label: str, box: Sandbox) -> None:
        """I10: who acts in a tenant's name touches that tenant's jobs, and what follows from them, alone."""
        if box.tenant is not None:
            self._must(box.tenant == row.tenant, "I10", f"{label} in the name of {box.tenant}", row)
        if box.given is not None:
            named = (row.tenant, row.id) in box.given or (row.tenant, row.cause) in box.given
            if label in ACROSS or _is_child(row):
                named = named or any(row.tenant == tenant for tenant, _ in box.given)
            self._must(named, "I10", f"{label} by a message of another tenant", row)

    def sent(self, wakeup: Wakeup) -> None:
        """A message is to be sent: I10, its tenant is its job's."""
        row = self.ever.get(wakeup.job_id)
        if row is not None:
            self._must(row.tenant == wakeup.tenant, "I10", f"a message in the name of {wakeup.tenant}", row)

    def _claim(self, old: Job, new: Job, label: str, box: Sandbox) -> None:
        now = self.true_time
        self._must(
            new.owner is not None and new.owner not in self.active, "I3", "an owner's token serves twice", new
        )
        self.active[str(new.owner)] = box
        if old.cancel_requested is not None:
            self.wished.add(str(new.owner))
        if old.due is not None:
            self._must(old.due <= now + self.wide, "DUE", f"claimed {old.due - now} before it is due", old)
        if label == "reclaimed" and old.lease is not None:
            self._must(old.lease <= now + self.wide, "LEASE", "a live lease was taken over", old)

    def _outcome(self, old: Job, new: Job, label: str, box: Sandbox) -> None:
        if old.state is S.RUNNING:
            self._right(old, new, label, box)
            done = [e.event for e in old.history if e.epoch == old.epoch and e.event in OUTCOMES]
            self._must(not done, "I3", f"{label} after {done} in epoch {old.epoch}", old)
        if label == "succeeded":
            self._result(new)
        if label == "retry_scheduled":
            self._must(new.attempts < new.max_attempts, "I5", "a retry without attempts left", new)
        for effect in new.outbox:
            self.owed.append((new.id, effect.id))
        follower = {"succeeded": new.on_success, "died": new.on_failure}.get(label)
        owes = (follower is not None) + (new.webhook is not None)
        self._must(len(new.outbox) == owes, "EFFECT", f"{label} owes {len(new.outbox)}", new)
        if label == "died":
            self._note_death(new)

    def _right(self, old: Job, new: Job, label: str, box: Sandbox) -> None:
        """Who ends an attempt holds its claim, or its lease is over; after the wish to cancel not every end will do."""
        by = new.history[-1].by
        if by:
            self._must(by == old.owner, "I3", f"{label} by {by}, owner is {old.owner}", old)
            mine = self.active.get(by) is box
            self._must(mine, "I3", f"{label} by another sandbox than the claim's", old)
        else:
            over = old.lease is not None and old.lease <= self.true_time + self.wide
            self._must(over, "LEASE", f"{label} over a live lease", old)
        if old.cancel_requested is not None:
            self._must(label in AFTER_WISH, "CANCEL", f"{label} after the wish to cancel", old)

    def _given_back(self, old: Job, new: Job, label: str, box: Sandbox) -> None:
        """Only the holder gives a job back. Who waits for a turn has started nothing; what was started and goes on elsewhere is no start lost."""
        self._must(bool(new.history[-1].by), "I3", f"{label} by nobody", old)
        self._right(old, new, label, box)
        if label == "parked":
            started = old.epoch in self.starts.get(old.id, ())
            self._must(not started, "TURN", "parked after its handler had started", old)
        self.given_back.setdefault(old.id, set()).add(old.epoch)

    def _postponed(self, old: Job, new: Job, box: Sandbox) -> None:
        """Rule 9 of the sweep: who looks away from a job that could go on has woken it. (A write that was decided before the job was due, and
        lands so late that the new time has come too, looks away from nothing.)
        """
        now = self.true_time
        later = new.next_check is not None and old.next_check is not None and new.next_check > old.next_check
        later = later and new.next_check is not None and new.next_check > now
        waits = old.state in {S.QUEUED, S.RETRYING} and (old.due is None or old.due <= now - self.wide)
        left = old.state is S.RUNNING and old.lease is not None and old.lease <= now - self.wide
        if later and (waits or left) and not self._moved_since(old, now):
            self._must(old.id in box.woken, "WAKE", "looked away from without waking it", old)

    def _moved_since(self, row: Job, now: Any) -> bool:
        """Whether it may have come into its state while somebody looked at it."""
        return bool(row.history) and row.history[-1].at > now - _ms(10 * 60 * SECOND)

    def _note_death(self, new: Job) -> None:
        if new.reason == "worker_lost":
            self._fate.hit("F23")
        elif new.attempts == new.max_attempts > 1:
            self._fate.hit("F22")

    def _result(self, new: Job) -> None:
        body = None if new.result is None else self.text(new.id, new.result)
        there = (
            body is not None or new.id in self.lost_payloads
        )  # it may vanish between its put and the row that names it
        self._must(there, "PAYLOAD", "succeeded without a result", new)
        if body is not None and not new.task.startswith(BUILT_IN) and new.awaits is None:
            self._must(
                json.loads(body).get("epoch") == new.epoch,
                "I3",
                f"epoch {new.epoch} has the result {body[:40]}",
                new,
            )

    def _shape(self, row: Job) -> None:
        """What must hold of every row at any time."""
        for name, words in wrong_by_looks(row):
            self._must(False, name, words, row)
        self._kept(row)

    def _kept(self, row: Job) -> None:
        """Stored payloads are there, and for as long as the row is."""
        for payload in (row.args, row.result):
            if isinstance(payload, Stored) and row.id not in self.lost_payloads:
                until = self._payloads.keep_until.get((row.id, payload.sha256))
                self._must(until is not None, "PAYLOAD", "a stored payload is not there", row)
                if until is not None and row.forget is not None:
                    self._must(
                        row.forget <= until, "PAYLOAD", f"kept until {until}, the row until {row.forget}", row
                    )
        if row.key and row.forget is not None:
            held = time_of(row.id) + _ms(24 * 3600 * SECOND)
            self._must(row.forget >= held, "KEY", "forgotten before its key is over", row)

    # -------------------------------------------------------------------------------------------------- the watermark

    def _swept(self, row: Job) -> None:
        """I6: whoever is answered for, or was there when the watermark passed, is finished or has an appointment."""
        if row.finished or row.attention is not None or self._ahead(row.id):
            return
        if self.behind.get(row.id) and row.id not in self.accepted:
            return  # put behind the mark by somebody who has not answered for it yet: the second look is still to come
        self.fail("I6", f"{row.task}[{row.id[-6:]}] {row.state} behind the watermark without an appointment")

    def moved(self, name: str) -> None:
        """A watermark moved."""
        if (name == "fast") is self.strict:
            for row in self.rows.values():
                self._swept(row)

    def answered(self, job_id: str) -> None:
        """Somebody was told that this job is accepted, or an effect counts as done."""
        self.accepted.setdefault(job_id)
        self.answered_at.setdefault(job_id, self.true_time)
        row = self.rows.get(job_id)
        if row is None:
            self._must(job_id in self.forgotten, "I1", f"{job_id[-6:]} was accepted and has no row")
        else:
            self._swept(row)

    # --------------------------------------------------------------------------------------------------- the attempts

    def started(self, facts: Facts, box: Sandbox) -> None:
        """A handler starts."""
        row = self.rows.get(facts.id)
        starts = self.starts.setdefault(facts.id, [])
        self._must(facts.epoch not in starts, "I5", f"[{facts.id[-6:]}] two handlers in epoch {facts.epoch}")
        starts.append(facts.epoch)
        if row is None:
            return
        self._must(row.tenant == facts.tenant, "I10", f"started in the name of {facts.tenant}", row)
        redriven = max((e.epoch for e in row.history if e.event == "redriven"), default=0)
        given = self.given_back.get(facts.id, ())
        life = [epoch for epoch in starts if epoch > redriven and epoch not in given]
        self._must(len(life) <= row.max_attempts, "I5", f"{len(life)} starts of {row.max_attempts}", row)
        claim = next((e for e in row.history if e.epoch == facts.epoch and e.event in CLAIMS), None)
        self._must(
            claim is not None and self.active.get(claim.by) is box, "I3", "a handler without a claim", row
        )
        if claim is not None:
            self._must(claim.by not in self.wished, "CANCEL", "started after the wish to cancel", row)
        if row.epoch == facts.epoch:
            self.control.started(row)
            self.flows.started(row)
            self.control.parts.begins(row, facts.state)

    # ------------------------------------------------------------------------------------------- what refusals reveal

    def refused(self, row: Job | None, label: str, change: Change) -> None:
        """A write was refused: for the matrix."""
        if row is None:
            return
        self.flows.refused(row, label)
        hit = self._fate.hit
        mine = change.history[-1].by if change.history else ""
        epoch = change.history[-1].epoch if change.history else 0
        moved_on = row.epoch > epoch or (bool(row.owner) and row.owner != mine)
        if label == "claimed" and row.state is S.RUNNING and row.epoch == epoch and row.owner != mine:
            hit("F20")
        if label in {"succeeded", "retry_scheduled"} and moved_on:
            hit("F25" if label == "succeeded" else "F26")
            if self.landing:
                hit("F27")
            if any(e.event == "redriven" and e.epoch > epoch for e in row.history):
                hit("F28")
