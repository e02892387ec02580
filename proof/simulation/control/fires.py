"""I8: a schedule's fire time has at most one job that may run. And each fire time has its job, unless the schedule was paused, changed or
deleted, or the catch-up policy leaves it out after an outage. What was answered as paused or deleted starts nothing that is still to come.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.job import Job, State
from chalicelib.pipeline.ids import time_of
from proof.simulation.control.plans import Plan
from proof.simulation.profile import MINUTE

if TYPE_CHECKING:
    from proof.simulation.monitor import Monitor

CAUSE = "schedule:"
OUTAGE = timedelta(minutes=15)
"""From then on a fire that nobody saw is missed."""

MOST = 50
"""So many fires of an outage are made up for, by `all`."""

AHEAD = timedelta(minutes=4)
"""Fires may be decided on so long before their time, and a tick that was there a minute before may have done less than it should."""


class Fires:
    """The jobs that schedules made."""

    def __init__(self, monitor: "Monitor") -> None:
        self.monitor = monitor
        self.plans: dict[tuple[str, str], Plan] = {}
        self.made: dict[tuple[str, str], datetime] = {}  #: when its making was answered
        self.stopped: dict[
            tuple[str, str], datetime
        ] = {}  #: when a pause or a deletion was answered, and nobody has resumed it
        self.unsure: dict[tuple[str, str], int] = defaultdict(
            int
        )  #: who wants it to fire and has no answer: it may come to that late
        self.wanted: dict[
            tuple[str, str], datetime
        ] = {}  #: when somebody last asked for it to go on, or to fire
        self.ended: datetime | None = None  #: when all were deleted, at the end
        self.jobs: dict[tuple[str, str], dict[datetime, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.by_hand: set[str] = set()
        self.started_once: set[str] = set()

    def created(self, row: Job, *, by_hand: bool) -> None:
        """A fire's job was put."""
        if row.cause is None or not row.cause.startswith(CAUSE):
            return
        if by_hand and time_of(row.id).microsecond:
            self.by_hand.add(row.id)
            return
        others = self.jobs[self._whose(row)][time_of(row.id)]
        for other in others:
            if self._may_run(other) and not self._made_anew(self._whose(row)):
                self._fail("I8", f"{row.cause} has another job for {time_of(row.id):%H:%M:%S}", row)
        others.append(row.id)

    def _may_run(self, job_id: str) -> bool:
        row = self.monitor.rows.get(job_id)
        return row is not None and (row.state is not State.CANCELLED or job_id in self.started_once)

    def _made_anew(self, whose: tuple[str, str]) -> bool:
        """Whether another schedule of that id may be there: one that was deleted, and was made by somebody who had asked before that."""
        deleted = any(what == "delete" for _, what in self.plans[whose].changes)
        return deleted and self.unsure[whose] > 0

    def started(self, row: Job) -> None:
        """A handler of a fire's job starts."""
        if row.cause is None or not row.cause.startswith(CAUSE) or row.id in self.started_once:
            return
        self.started_once.add(row.id)
        stopped = self.stopped.get(self._whose(row))
        if (
            row.id not in self.by_hand
            and stopped is not None
            and time_of(row.id) > stopped + self.monitor.wide
        ):
            self._fail("I8", f"{row.cause} starts {time_of(row.id) - stopped} after it was stopped", row)

    def over(self) -> None:
        """Is any fire missing, or one too many?"""
        for whose, plan in self.plans.items():
            if whose in self.made and plan.untouched:
                self._whole(whose, plan)

    def _whole(self, whose: tuple[str, str], plan: Plan) -> None:
        fired = self.jobs[whose]
        if not fired and self._should_have(plan):
            self.monitor.fail("I8", f"schedule {plan.id} never fired")
        made, wide = self.made[whose] + self.monitor.wide, self.monitor.wide
        end = (self.ended or self.monitor.true_time) - wide
        outage = self.monitor.outage
        for fire in _fires(plan, fired, made, end):
            left_out = outage is not None and outage[0] - AHEAD - wide < fire < outage[1] + wide
            if outage is not None and plan.period is not None and plan.catch_up == "all":
                left_out = left_out and fire < outage[1] - (MOST - 5) * plan.period
            if fire not in fired and not left_out:
                self.monitor.fail("I8", f"schedule {plan.id} has no job for {fire:%H:%M:%S}")
        if outage is not None and outage[1] - outage[0] > OUTAGE + AHEAD + 2 * wide:
            self._after_outage(plan, fired, outage, made)

    def _should_have(self, plan: Plan) -> bool:
        """Whether it had the time to fire at least once. What it fires at by its maker's clock may have passed before it was made."""
        if plan.catch_up == "skip" and self.monitor.outage is not None:
            return False
        return plan.at == 0 or plan.at > 8 * MINUTE

    def _after_outage(
        self, plan: Plan, fired: dict[datetime, list[str]], outage: tuple[datetime, datetime], made: datetime
    ) -> None:
        first, last = max(outage[0], made) + AHEAD + self.monitor.wide, outage[1] - self.monitor.wide
        if plan.period is None or last - first <= OUTAGE:
            return
        caught = sum(1 for fire in fired if first < fire < last)
        most = {"skip": 0, "one": 1, "all:3": 3, "all": MOST}[plan.catch_up]
        if caught > most and not self.monitor.zombies:  # a tick that stood still is a tick of the outage
            words = f"{plan.id}: {caught} fires of an outage made up for, by catch_up={plan.catch_up}"
            self.monitor.fail("I8", words)
        self.monitor.seen(f"catch-up {plan.catch_up}")

    @staticmethod
    def _whose(row: Job) -> tuple[str, str]:
        return row.tenant, str(row.cause).removeprefix(CAUSE)

    def _fail(self, name: str, words: str, row: Job) -> None:
        self.monitor.fail(name, f"{row.task}[{row.id[-6:]}] {words}")


def _fires(plan: Plan, fired: dict[datetime, list[str]], since: datetime, until: datetime) -> list[datetime]:
    """The fire times in between. A period's are counted from one that was seen: its phase is the maker's clock's."""
    period = plan.period
    if period is None or not fired:
        return []
    phase = min(fired)
    if plan.cron:
        phase = phase.replace(minute=0, second=0, microsecond=0)
    fire = phase - ((phase - since) // period) * period
    found = []
    while fire < until:
        if fire > since:
            found.append(fire)
        fire += period
    return found
