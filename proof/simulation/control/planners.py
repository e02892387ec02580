"""Those who make schedules, change them, and in the end delete them all."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.memory.world import START
from chalicelib.domain.errors import Conflict, InvalidInput, NotFound
from chalicelib.domain.job import Job
from chalicelib.pipeline import schedule_change as verbs
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.timetable import Rule
from proof.simulation.clockwork import Fiber
from proof.simulation.control.plans import Plan
from proof.simulation.profile import MINUTE, SECOND

if TYPE_CHECKING:
    from proof.simulation.people import People

AGAIN = 40 * SECOND
"""When who got no answer asks again."""

LAST = 12 * MINUTE
"""How long schedules go on after the faults are over."""

MS = timedelta(milliseconds=1)


class Planners:
    """The people of one history's schedules."""

    def __init__(self, people: "People", parts: Parts) -> None:
        self.people = people
        self.parts = parts
        self.fires = people.cloud.monitor.control.fires

    def come(self) -> None:
        """Let everybody do what they will do."""
        profile = self.people.cloud.profile
        for plan in profile.plans:
            self.fires.plans[plan.tenant, plan.id] = plan
            self.people.at(plan.made, lambda plan=plan: self._make(plan))
            for when, what in plan.changes:
                self.people.at(when, lambda plan=plan, what=what: self._change(plan, what))
        if profile.plans:
            off = profile.ticks_off[1] if profile.ticks_off else 0
            self.people.at(max(profile.calm, off) + LAST, self._end)

    def _ask(self, kind: str, body: Callable[[], Any], answered: Callable[[Any], None]) -> None:
        """One call of the API."""

        def judged() -> Any:
            try:
                return body()
            except (NotFound, Conflict, InvalidInput) as error:
                return error

        def over(fiber: Fiber) -> None:
            if fiber.failure is None:
                answered(fiber.value)

        self.people.cloud.sandbox(kind, judged, ends=29 * SECOND, then=over)

    def _make(self, plan: Plan) -> None:
        cloud = self.people.cloud
        rule = Rule(catch_up=plan.catch_up)
        if plan.every:
            rule = Rule(catch_up=plan.catch_up, every=timedelta(minutes=plan.every))
        elif plan.cron:
            rule = Rule(catch_up=plan.catch_up, cron=plan.cron)
        else:
            rule = Rule(catch_up=plan.catch_up, at=START + (plan.made + plan.at) * MS)
        new = verbs.NewSchedule(task="timed", rule=rule, args={"script": "ok"}, id=plan.id)
        done: list[bool] = []
        self.fires.unsure[plan.tenant, plan.id] += 1

        def answered(answer: Any) -> None:
            done.append(True)
            self.fires.unsure[plan.tenant, plan.id] -= 1
            self.fires.stopped.pop((plan.tenant, plan.id), None)
            if not isinstance(answer, Exception):
                self.fires.made.setdefault((plan.tenant, plan.id), cloud.monitor.true_time)

        def again() -> None:
            if not done and not cloud.seam.fate.off:
                self._make(plan)

        self._ask("api", lambda: verbs.create(new, tenant=plan.tenant, parts=self.parts), answered)
        self.people.at(cloud.clock.now + AGAIN, again)

    def _change(self, plan: Plan, what: str) -> None:
        whose, monitor = (plan.tenant, plan.id), self.people.cloud.monitor
        call: dict[str, Any] = {"tenant": plan.tenant, "parts": self.parts}
        since = monitor.true_time
        stops = what in {"pause", "delete"}
        if monitor.ticking:
            monitor.seen("F60")
        if not stops:
            self.fires.stopped.pop(whose, None)
            self.fires.unsure[whose] += 1
            self.fires.wanted[whose] = monitor.true_time
        bodies: dict[str, Callable[[], Any]] = {
            "pause": lambda: verbs.pause(plan.id, **call),
            "resume": lambda: verbs.resume(plan.id, **call),
            "delete": lambda: verbs.delete(plan.id, **call),
            "fire now": lambda: verbs.fire_now(plan.id, **call),
            "every": lambda: verbs.update(plan.id, verbs.Changes(every=timedelta(minutes=2)), **call),
            "args": lambda: verbs.update(plan.id, verbs.Changes(args={"script": "ok", "group": "b"}), **call),
        }

        def answered(answer: Any) -> None:
            if not stops:
                self.fires.unsure[whose] -= 1
                self.fires.stopped.pop(whose, None)
            if isinstance(answer, Job):
                monitor.answered(answer.id)
            elif stops and not isinstance(answer, Exception) and self.fires.wanted.get(whose, since) <= since:
                self.fires.stopped[whose] = monitor.true_time

        self._ask("by-hand" if what == "fire now" else "api", bodies[what], answered)

    def _end(self) -> None:
        """Everything is deleted: a history has to end."""
        self.fires.ended = self.people.cloud.monitor.true_time
        for plan in self.fires.plans.values():
            self._ask("api", self._deletion(plan), lambda _: None)

    def _deletion(self, plan: Plan) -> Callable[[], Any]:
        return lambda: verbs.delete(plan.id, tenant=plan.tenant, parts=self.parts)
