"""One stage under a load, second by second: door, table, queues, consumers, retries, sweep. Jobs are counted, not run."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from bench.bill import MEASURED
from bench.scaling.lane import NOTHING, Lane, Some, Waits, merged, total
from bench.scaling.limits import BATCH, Limits
from bench.scaling.load import Scenario
from bench.scaling.table import Table
from chalicelib.domain.retry import RetryPolicy
from chalicelib.pipeline.limits import Limits as Spans

ACCEPT = CLAIM = SETTLE = MEASURED.write_units / 3
"""Write units each: a plain job costs three writes."""
APPOINTED = 5.0
"""Write units of a job that waits longer than the sweep's grace: an appointment in the index, one look after it, and its end."""
FEW = 100.0
"""Jobs a second that are asked for again at least."""
LUCKS = tuple((n + 0.5) / 8 for n in range(8))
"""Full jitter, as eight equally likely waits."""
SAMPLES = 400
"""Points that are kept of a run for its chart."""


@dataclass(slots=True)
class Spent:
    """What a run used, for its bill."""

    requests: float = 0.0
    write_units: float = 0.0
    invocations: float = 0.0
    consumer_seconds: float = 0.0
    door_seconds: float = 0.0
    messages: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What became of the load."""

    offered: float = 0.0
    accepted: float = 0.0
    succeeded: float = 0.0
    dead: float = 0.0
    drained: int | None = None
    """The second in which nothing was left; None: it was not done in time."""
    throttled: dict[str, float] = field(default_factory=dict)
    """Requests or writes refused, by what refused them. They came again."""
    bound: dict[str, int] = field(default_factory=dict)
    """For how many seconds each limit held things up."""
    first: str | None = None
    """The first of them."""
    waits: dict[str, Waits] = field(default_factory=dict)
    most_waiting: float = 0.0
    appointed: float = 0.0
    """Jobs that the sweep found waiting, and looked after."""
    most_behind: int = 0
    """Seconds that the sweep was behind at worst."""
    most_consumers: float = 0.0
    spent: Spent = field(default_factory=Spent)
    curve: list[tuple[int, float, float, float]] = field(default_factory=list)
    """(second, waiting jobs, jobs started in it, invocations at once)."""


class Stage:
    """The model. `run` it once."""

    def __init__(self, scenario: Scenario, limits: Limits) -> None:
        settings = scenario.settings
        self._scenario, self._limits, self._settings = scenario, limits, settings
        self._table = Table(limits, settings)
        self._lanes = [Lane(limits, settings) for _ in range(settings.lanes)]
        self._flows = {flow.name: flow for flow in scenario.flows}
        self._asking: dict[str, float] = dict.fromkeys(self._flows, 0.0)  # in this second
        self._refused: dict[str, float] = dict.fromkeys(self._flows, 0.0)  # sure to ask again
        self._taken = 0.0  # accepted in the last second
        self._tokens = limits.door_burst
        self._running: dict[int, list[Some]] = defaultdict(list)  # by the second of their end
        self._retrying: dict[int, list[Some]] = defaultdict(
            list
        )  # by the second in which they are visible again
        self._claiming: dict[int, list[Some]] = defaultdict(list)  # in hand, by the second of their next try
        self._settling: dict[int, list[Some]] = defaultdict(list)
        self._late: deque[tuple[int, float]] = deque()
        self._policy = RetryPolicy(max_attempts=settings.max_attempts)
        self.outcome = Outcome(waits={name: Waits() for name in self._flows})

    def run(self) -> Outcome:
        """Until nothing is left, or the scenario's time is over."""
        told = self.outcome
        for second in range(self._scenario.seconds):
            offered = self._second(second)
            if second >= self._scenario.until and not offered and not self._left:
                told.drained = second
                break
        told.curve = told.curve[:: max(1, len(told.curve) // SAMPLES)]
        return told

    def _second(self, second: int) -> bool:
        """One second. Returns whether anything was offered."""
        for lane in self._lanes:
            lane.tick(second)
        for some in merged(self._retrying.pop(second, ())):
            self._lane(some.flow).backlog.put(some)
        offered = self._pass_the_door(second)
        ending = merged([*self._settling.pop(second, ()), *self._running.pop(second, ())])
        in_hand = self._claiming.pop(second, [])
        rooms = self._rooms(sum(offered.values()))
        taken = [
            lane.backlog.take(min(lane.backlog.size, room))
            for lane, room in zip(self._lanes, rooms, strict=True)
        ]
        starting = [
            [*new, *(some for some in in_hand if self._lane(some.flow) is lane)]
            for lane, new in zip(self._lanes, taken, strict=True)
        ]
        # All three writes of jobs meet at the same partitions, and none goes first.
        demand = ACCEPT * sum(offered.values()) + CLAIM * sum(map(total, starting)) + SETTLE * total(ending)
        part = self._written(demand)
        self._accept(offered, part, second)
        self._settle(ending, part, second)
        started = 0.0
        for lane, jobs in zip(self._lanes, starting, strict=True):
            started += self._start(lane, jobs, part, second)
            if lane.backlog.size > BATCH * lane.pollers and part > 1 - NOTHING:
                self._bound("consumers" if lane.pollers >= lane.most else "growth of consumers")
            lane.grow()
        self._sweep(second)
        told, busy = self.outcome, sum(lane.pollers for lane in self._lanes)
        told.most_waiting = max(told.most_waiting, self._waiting)
        told.most_consumers = max(told.most_consumers, busy)
        told.curve.append((second, self._waiting, started, busy))
        return any(offered.values())

    # -------------------------------------------------------------------------------------------------------- the door

    def _pass_the_door(self, second: int) -> Mapping[str, float]:
        """What API Gateway lets through: new jobs, and some of those that were refused before."""
        limits, spent = self._limits, self.outcome.spent
        # Clients that were refused back off until little more is asked again than was taken lately.
        patient = min(1.0, (1.2 * self._taken + FEW) / max(sum(self._refused.values()), NOTHING))
        for name, flow in self._flows.items():
            new = flow.rate(second)
            again = self._refused[name] * patient
            self.outcome.offered += new
            self._refused[name] -= again
            self._asking[name] = new + again
        asked = sum(self._asking.values()) / self._settings.jobs_a_request
        self._tokens = min(self._tokens + limits.door_requests, limits.door_requests + limits.door_burst)
        passed = min(asked, self._tokens)
        self._tokens -= passed
        if passed < asked - NOTHING:
            self._bound("door", throttled=asked - passed)
        spent.requests += passed
        spent.door_seconds += passed * self._door_lasts
        return {name: jobs * passed / asked for name, jobs in self._asking.items() if jobs}

    @property
    def _door_lasts(self) -> float:
        """A request's seconds: rows are written ten at a time."""
        return self._limits.door_seconds * max(1.0, self._settings.jobs_a_request / BATCH)

    def _accept(self, offered: Mapping[str, float], part: float, second: int) -> None:
        for name, jobs in offered.items():
            self._refused[name] += self._asking[name] - jobs * part
            self._lane(name).backlog.put(Some(name, 1, second, jobs * part))
        self._taken = accepted = sum(offered.values()) * part
        self.outcome.accepted += accepted
        self.outcome.spent.messages += accepted

    def _written(self, demand: float) -> float:
        """The part of what is to be written that the table takes."""
        if demand <= NOTHING:
            return 1.0
        taken = self._table.take(demand)
        self.outcome.spent.write_units += taken
        if taken < demand - NOTHING:
            whole = self._table.partitions >= self._settings.partition_keys
            self._bound("partition keys" if whole else "the table's warmth", throttled=demand - taken)
        return taken / demand

    # --------------------------------------------------------------------------------------------------- the consumers

    def _rooms(self, accepting: float) -> list[float]:
        """Jobs that each lane can begin: by what its mapping has, and by what the account has left."""
        door = accepting / self._settings.jobs_a_request * self._door_lasts
        account = self._limits.account_concurrency - door - sum(lane.held for lane in self._lanes)
        return [lane.room(account / len(self._lanes)) for lane in self._lanes]

    def _start(self, lane: Lane, claiming: Sequence[Some], part: float, second: int) -> float:
        """Those of them run whose claim was written; the others are tried again by invocations that can do nothing else."""
        if part < 1 - NOTHING:
            again = merged(some.part(1 - part) for some in claiming)
            self._claiming[second + self._limits.tries_again] += again
            lane.hold(total(again) / BATCH, self._limits.tries_again, second)
        taken = [some.part(part) for some in claiming]
        count = total(taken)
        if count <= NOTHING:
            return 0.0
        lasts = self._limits.batch_seconds + self._longest(taken, count)
        invocations = lane.begin(count, lasts, second)
        self.outcome.spent.invocations += invocations
        self.outcome.spent.consumer_seconds += lasts * invocations
        for some in taken:
            self.outcome.waits[some.flow].add(second - some.since, some.jobs)
            # Its own task may be over long before its batch is: each is settled by itself.
            own = self._limits.batch_seconds + self._flows[some.flow].task_seconds
            self._running[second + ceil(own)].append(Some(some.flow, some.attempt, 0, some.jobs))
        return count

    def _longest(self, taken: Sequence[Some], count: float) -> float:
        """The seconds of the slowest of ten such jobs, on the average."""
        share: dict[float, float] = defaultdict(float)
        for some in taken:
            share[self._flows[some.flow].task_seconds] += some.jobs / count
        mean = below = 0.0
        for seconds, part in sorted(share.items()):
            within = min(1.0, below + part)
            mean += seconds * (within**BATCH - below**BATCH)
            below = within
        return mean

    # ------------------------------------------------------------------------------------------------------ their ends

    def _settle(self, ending: Sequence[Some], part: float, second: int) -> None:
        if part < 1 - NOTHING:
            self._settling[second + self._limits.tries_again] += [some.part(1 - part) for some in ending]
        for some in ending:
            failed = some.part(part * self._flows[some.flow].failing(second))
            self.outcome.succeeded += some.jobs * part - failed.jobs
            if some.attempt >= self._policy.max_attempts:
                self.outcome.dead += failed.jobs
            elif failed.jobs > NOTHING:
                self._retry(failed, second)

    def _retry(self, failed: Some, second: int) -> None:
        self.outcome.spent.messages += failed.jobs
        for luck in LUCKS:
            wait = self._policy.backoff.wait(failed.attempt, luck).total_seconds()
            due = second + 1 + int(wait)
            self._retrying[due].append(Some(failed.flow, failed.attempt + 1, due, failed.jobs / len(LUCKS)))

    # -------------------------------------------------------------------------------------------------------- the rest

    def _sweep(self, second: int) -> None:
        """What still waits a grace after it came gets an appointment, which is looked after once, as far as the tick gets."""
        reached = second - int(Spans().grace.total_seconds())
        late = sum(lane.backlog.since(reached) for lane in self._lanes)
        if late > NOTHING:
            self._late.append((reached, late))
        room = self._limits.appointments * self._settings.tick_power
        while room > NOTHING and self._late:
            since, rows = self._late.popleft()
            if rows > room:
                self._late.appendleft((since, rows - room))
            done = min(rows, room)
            room -= done
            self.outcome.appointed += done
            self.outcome.spent.write_units += done * APPOINTED
            self.outcome.spent.messages += done
        behind = reached - self._late[0][0] if self._late else 0
        if behind > 0:
            self.outcome.most_behind = max(self.outcome.most_behind, behind)
            self._bound("tick")

    def _bound(self, what: str, *, throttled: float = 0.0) -> None:
        told = self.outcome
        told.first = told.first or what
        told.bound[what] = told.bound.get(what, 0) + 1
        if throttled:
            told.throttled[what] = told.throttled.get(what, 0.0) + throttled

    def _lane(self, flow: str) -> Lane:
        return self._lanes[-1 if self._flows[flow].slow else 0]

    @property
    def _waiting(self) -> float:
        return sum(lane.backlog.size for lane in self._lanes) + sum(self._refused.values())

    @property
    def _left(self) -> bool:
        """Half a job, at the end of fractions, is none."""
        calendars = (self._claiming, self._running, self._settling, self._retrying)
        under_way = sum(total(found) for calendar in calendars for found in calendar.values())
        return self._waiting + under_way > 1 / 2
