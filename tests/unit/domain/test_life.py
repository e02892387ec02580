"""Any life, by chance: whoever comes in whatever order, the row stays in order. (A state machine of events made from what each has seen.)"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain import events as e
from chalicelib.domain.change import allowed, apply
from chalicelib.domain.errors import TransitionRefused
from chalicelib.domain.guards import Lapsed, Mine, Ready, Seen, Unwished
from chalicelib.domain.job import State
from chalicelib.domain.lifecycle import change
from tests.support.facts import event_for, guard_for
from tests.support.invariants import check_row, check_write
from tests.support.rows import FAILURE, MINUTE, NOW, OWED, queued, scheduled

OUTBOXES = st.sampled_from([(), (OWED,)])


class Life(RuleBasedStateMachine):
    """One row, and writers each of whom acts on some row that was there once: the present one, or an older one."""

    @initialize(state=st.sampled_from([State.QUEUED, State.SCHEDULED]), attempts=st.integers(1, 3))
    def accepted(self, state, attempts):
        self.now = NOW
        self.row = (queued if state is State.QUEUED else scheduled)(max_attempts=attempts)
        self.past = [self.row]
        self.ends = 0

    def write(self, event) -> bool:
        """Write it if the law and the condition let it; whether they did."""
        try:
            made = change(event)
        except TransitionRefused:
            return False
        if not allowed(made, self.row):
            return False
        before, self.row = self.row, apply(made, self.row)
        check_write(before, self.row)
        self.past.append(self.row)
        return True

    def seen(self, data):
        """The row as this writer read it: often the present one, sometimes an older one."""
        return data.draw(st.sampled_from([*self.past[-4:], self.row, self.row]), label="as read")

    @rule(minutes=st.integers(0, 3))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(data=st.data())
    def a_message_comes(self, data):
        read = self.seen(data)
        token = f"t{len(self.past)}"
        self.write(event_for(e.Claimed, Ready(epoch=read.epoch), read, self.now, token=token))

    @rule(data=st.data())
    def somebody_finds_the_lease_over(self, data):
        read = self.seen(data)
        right = Lapsed(epoch=read.epoch, now=self.now)
        if read.cancel_requested:
            self.write(event_for(e.Cancelled, right, read, self.now))
        elif read.attempts >= read.max_attempts:
            self.write(event_for(e.Died, right, read, self.now, outbox=data.draw(OUTBOXES)))
        else:
            self.write(event_for(e.Reclaimed, right, read, self.now, token=f"t{len(self.past)}"))

    @rule(data=st.data(), outbox=OUTBOXES)
    def an_attempt_returns(self, data, outbox):
        read = self.seen(data)
        if read.owner is not None:
            self.write(event_for(e.Succeeded, Mine(owner=read.owner), read, self.now, outbox=outbox))

    @rule(data=st.data(), outbox=OUTBOXES, appoint=st.booleans())
    def an_attempt_fails(self, data, outbox, appoint):
        read = self.seen(data)
        if read.owner is None:
            return
        right = Unwished(owner=read.owner)
        if read.attempts < read.max_attempts:
            failed = event_for(e.RetryScheduled, right, read, self.now, wait=MINUTE, appoint=appoint)
        else:
            failed = event_for(e.Died, right, read, self.now, outbox=outbox)
        if not self.write(failed):
            self.write(event_for(e.Cancelled, Mine(owner=read.owner), read, self.now))

    @rule(data=st.data(), outbox=OUTBOXES)
    def an_attempt_gives_up(self, data, outbox):
        read = self.seen(data)
        if read.owner is not None:
            self.write(event_for(e.Died, Unwished(owner=read.owner), read, self.now, outbox=outbox))

    @rule(data=st.data())
    def an_attempt_says_that_it_is_alive(self, data):
        read = self.seen(data)
        if read.owner is not None:
            self.write(event_for(e.Renewed, Mine(owner=read.owner), read, self.now))

    @rule(data=st.data())
    def somebody_cancels(self, data):
        read = self.seen(data)
        kind = e.CancelRequested if read.state is State.RUNNING else e.Cancelled
        self.write(event_for(kind, guard_for(Seen, read, self.now), read, self.now))

    @rule(
        data=st.data(),
        kind=st.sampled_from([e.Released, e.Appointed, e.Postponed, e.Expired, e.OutboxCleared]),
    )
    def the_tick_comes(self, data, kind):
        read = self.seen(data)
        self.write(event_for(kind, guard_for(Seen, read, self.now), read, self.now))

    @rule(data=st.data())
    def an_attempt_came_after_the_deadline(self, data):
        read = self.seen(data)
        if read.owner is not None and len(read.history) == 1:
            self.write(event_for(e.Expired, Mine(owner=read.owner), read, self.now))

    @precondition(lambda self: self.row.state is State.DEAD)
    @rule(data=st.data())
    def a_person_redrives_it(self, data):
        read = self.seen(data)
        if read.state is State.DEAD:
            redriven = event_for(
                e.Redriven, guard_for(Seen, read, self.now), read, self.now, token=f"r{len(self.past)}"
            )
            self.write(replace(redriven, kept=read.history))

    @invariant()
    def the_row_is_in_order(self):
        if hasattr(self, "row"):
            check_row(self.row)

    @invariant()
    def no_older_reader_can_write_what_another_has_overtaken(self):
        if not hasattr(self, "row"):
            return
        for old in self.past[:-1]:
            if old.owner is None or old.owner == self.row.owner:
                continue
            late = e.Succeeded(
                at=self.now,
                guard=Mine(owner=old.owner),
                result=old.args,
                forget=self.now,
            )
            failed = e.RetryScheduled(
                at=self.now,
                guard=Unwished(owner=old.owner),
                epoch=old.epoch,
                due=self.now,
                error=FAILURE,
                check=None,
            )
            assert not allowed(change(late), self.row)
            assert not allowed(change(failed), self.row)


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyLife = Life.TestCase
