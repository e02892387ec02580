"""A stage under proof: its doors as Lambda enters them, its clients, and the time that passes until all is quiet."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from chalicelib import wiring
from chalicelib.adapters.aws.inputs import S3Inputs
from chalicelib.adapters.aws.items import DynamoItems
from chalicelib.adapters.aws.outlet import SnsOutlet
from chalicelib.adapters.aws.payloads import AwsPayloads
from chalicelib.adapters.aws.queue import SqsQueue
from chalicelib.adapters.aws.side_tables import DynamoApiKeys, DynamoKeys, DynamoQuarantine
from chalicelib.adapters.aws.store import DynamoStore
from chalicelib.adapters.memory.world import START
from chalicelib.adapters.observed import ObservedStore
from chalicelib.adapters.statistics import Statistics
from chalicelib.domain.errors import JoblineError, MachineryError, NotFound, NotPossible
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.entrypoints import consumer, tick
from chalicelib.lanes import BY_NAME, LANES, MEMORY
from chalicelib.pipeline import schedule_change
from chalicelib.pipeline.budgets.budget import Budget, set_budget
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.consume import WholeBatchFailed
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.nobody import NOBODY_COUNTS, NOBODY_TRACES
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.ports import Metrics
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.task import Kind, Submission
from chalicelib.pipeline.tenant_gate import Memory
from chalicelib.pipeline.tenant_limits import TenantLimits, set_limits
from chalicelib.pipeline.timetable import Rule
from chalicelib.pipeline.webhooks import create_endpoint
from chalicelib.settings import DEAD_LETTERS
from proof.crashes import receiver, tasks
from proof.crashes.account import Account
from proof.crashes.bounds import REFUSED
from proof.crashes.clock import MINUTE, MS, SECOND, START_MS
from proof.crashes.sealing import Numbered, Opener, sealer_of
from proof.crashes.seam import FROZEN, Crash, Seam
from proof.crashes.tasks import REGISTRY, ScriptRunner
from proof.simulation.clockwork import Sandbox
from proof.simulation.people import Operation

INVOCATION = 60 * SECOND
ASKED = 4  #: how often a client asks that got no answer, when asking again is safe
RETRY_AFTER = (
    2 * SECOND
)  #: a client's who is told that the key is away: so long nobody asks the key service again
STEPS = 400
QUIET_WITHIN = timedelta(hours=6)
"""I9: the longest wait that anything here has is an hour, and after a fault the sweep waits an hour at most before it looks again."""

TENANT = "default"
EVER = "budget#watch all"
"""The tick looks at it each minute, as long as there are budgets: all is quiet beside it."""

LIMITS = Limits()


class OneByOne:
    """A crew of one: the order of calls follows from the code alone. What is no error of ours is a bug, and said so."""

    def __init__(self, seam: Seam) -> None:
        self._seam = seam

    def each(self, verb: Callable[[Any], Any], items: Iterable[Any]) -> Sequence[Any]:
        answers: list[Any] = []
        for item in items:
            try:
                answers.append(verb(item))
            except Exception as error:  # noqa: BLE001 - the port says so
                if not isinstance(error, JoblineError):
                    self._seam.watch.monitor.bug(error)
                answers.append(error)
        return answers


class Context:
    """What Lambda tells a function of its time."""

    def __init__(self, seam: Seam) -> None:
        self._clock = seam.account.clock
        self._ends = self._clock.ms + INVOCATION

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._ends - self._clock.ms)


class Stage:
    """One stage, for one plan."""

    def __init__(self, account: Account, seam: Seam) -> None:
        self.account = account
        self.seam = seam
        self.clock = account.clock
        self.watch = seam.watch
        self.monitor = seam.watch.monitor
        self.operations: list[Operation] = []  #: what clients were answered
        self.keyed: dict[str, set[str]] = {}  #: key -> ids of the jobs that were answered for it
        self.unanswered: list[str] = []  #: clients that gave up
        self.noticed = 0  #: answers that did not come, and tasks' starts that were for nothing
        tasks.CLOCK.append(self.clock)
        self.runner = ScriptRunner(self.clock, seam, self._while_it_runs)
        self._boxes = 0
        self._asking: list[Callable[[], None]] = []
        self.receiver = receiver.Receiver(seam.hits)
        self.endpoint: str | None = None
        self._ticked = -1
        self.counting = False  #: whether statistics are kept
        self.limits: TenantLimits | None = None  #: the tenant's, once it has some
        self.budgeted = False
        self.masters: tuple[str, ...] = ()  #: the key that is sealed with, and those that open
        self._cipher = Numbered()
        seam.meanwhile = self._meanwhile
        self.parts = self._process()

    def _process(self) -> Parts:
        """The parts of a process that has just started: the real adapters, as wiring makes them, on one thread and in held time."""
        settings, clients, crew = self.account.settings, self.account.clients, OneByOne(self.seam)
        lanes = SqsQueue(clients, settings.queues, crew)
        items, store = DynamoItems(clients, settings.table, crew), DynamoStore(clients, settings.table, crew)
        counts: Metrics = NOBODY_COUNTS
        if self.counting:
            counts = Statistics(items, self.clock, memory=MEMORY, aside=lambda write: write())
        parts = Parts(
            store=ObservedStore(store, NOBODY_TRACES, counts) if self.counting else store,
            keys=DynamoKeys(clients, settings.table),
            items=items,
            metrics=counts,
            payloads=AwsPayloads(clients, settings.table, settings.bucket),
            inputs=S3Inputs(clients, settings.bucket),
            queue=lanes,
            api_keys=DynamoApiKeys(clients, settings.table),
            quarantine=DynamoQuarantine(clients, settings.table),
            outlet=SnsOutlet(clients, settings.events, lanes),
            courier=self.receiver.courier(),
            world=self.clock,
            crew=crew,
            runners=dict.fromkeys(Kind, self.runner),
            registry=REGISTRY,
            limits=LIMITS,
            sealer=sealer_of(self.account, items, self.clock, self.masters, self._cipher),
            tenants=Memory() if self.limits or self.budgeted else Memory.of_nobody(),
        )
        wiring.use(parts)
        return parts

    def count(self) -> None:
        """From now on statistics are kept. Not in every scenario: it is one more call for each batch."""
        self.counting = True
        self.parts = self._process()

    def seal(self, number: int) -> None:
        """From now on the stage seals, with this one of its keys; it opens with the one before, too."""
        if self.masters:
            self.seam.hits.hit("F78")
        self.masters = (self.account.masters[number], *self.masters)
        self.monitor.vault.opens = Opener(self.account)
        self.parts = self._process()

    def switch(self, *, off: bool) -> None:
        """Somebody switches all keys off, or on again; nobody remembers a data key."""
        self.account.off.update(self.masters if off else ())
        if not off:
            self.account.off.clear()
            self.seam.hits.hit("F76")
        self.parts = self._process()

    def limit(self, **limits: Any) -> None:
        """An operator gives the tenant limits, and asks until answered."""
        wanted = TenantLimits(tenant=TENANT, **limits)
        self._ask("operator", lambda: set_limits(wanted, by="somebody", parts=self.parts), again=True)
        self.limits = self.monitor.quotas.limits[TENANT] = wanted
        self.parts = self._process()

    def budget(self, dollars: float) -> None:
        """An operator sets what the tenant may spend in a day, and asks until answered."""
        wanted = Budget(kind="tenant", name=TENANT, day=dollars, pause=True, owner=TENANT)
        self._ask("operator", lambda: set_budget(wanted, by="somebody", parts=self.parts), again=True)
        self.budgeted = True
        self.parts = self._process()

    # ------------------------------------------------------------------------------------------------------- processes

    def process(self, kind: str, body: Callable[[], Any]) -> Any:
        """Run something in a process of its own. Its answer; the error that it ended with; `Crash` if it died."""
        outer, self._boxes = self.seam.box, self._boxes + 1
        box = self.seam.box = Sandbox(f"{kind}-{self._boxes}", kind, 0)
        try:
            return body()
        except Crash:
            box.killed = True
            self.seam.note(f"{box.name} died")
            self.parts = self._process()
            return Crash
        except Exception as error:  # noqa: BLE001 - judged below
            if not isinstance(error, JoblineError | WholeBatchFailed):
                self.monitor.bug(error)
            self.noticed += isinstance(error, MachineryError)
            return error
        finally:
            self.seam.box = outer

    def _meanwhile(self, frozen: Sandbox) -> None:
        """The world goes on while a process stands still; if it is a door, its client gets no answer and may ask again."""
        frozen_parts, self.parts = self.parts, self._process()
        if frozen.kind in {"api", "cancel", "redrive"} and self._asking:
            self._asking.pop()()
        until = self.clock.ms + FROZEN
        self.run_on(until=until)
        self.clock.ms = max(self.clock.ms, until)
        self.tick()  # there is one every minute, but one of those that find nothing is enough
        self.parts = frozen_parts
        wiring.use(frozen_parts)

    # --------------------------------------------------------------------------------------------------------- clients

    def submit(self, *requests: Mapping[str, Any], key: str | None = None, **how: Any) -> None:
        """A client submits one job, or several at once. With a key it asks until it is answered."""
        wanted = [
            JobRequest(task=args.get("task", "work"), args=_args(args), how=Submission(key=key, **how))
            for args in requests
        ]
        answered = self._ask("api", lambda: enqueue(wanted, parts=self.parts), again=key is not None)
        for answer in answered or ():
            if isinstance(answer, Job):
                self.monitor.answered(answer.id)
                if key is not None:
                    self.keyed.setdefault(key, set()).add(answer.id)
            elif isinstance(answer, MachineryError):
                self.noticed += 1
            elif isinstance(answer, REFUSED) and (self.limits or self.budgeted):
                self.monitor.seen("refused")
            else:
                self.monitor.bug(answer)

    def _ask(self, kind: str, verb: Callable[[], Any], *, again: bool) -> Any:
        """The answer, asked for again if that is safe; None: there was none."""
        for attempt in range(ASKED if again else 1):
            if again and attempt == 0:
                self._asking.append(lambda: self._twin(kind, verb))
            answer = self.process(kind, verb)
            lost = answer is Crash or isinstance(answer, MachineryError)
            failed = isinstance(answer, list) and any(isinstance(each, MachineryError) for each in answer)
            if not lost and not failed:
                self._asking.clear()
                return None if isinstance(answer, Exception) else answer
            self.noticed += answer is Crash
            if self.masters:
                self.clock.ms += RETRY_AFTER
        self._asking.clear()
        if again:
            self.monitor.fail("CLIENT", f"{kind}: no answer, though asked {ASKED} times")
        return None

    def _twin(self, kind: str, verb: Callable[[], Any]) -> None:
        """The same request again, while the first one stands still."""
        if kind == "api":
            self.seam.hits.hit("F08")
        answer = self.process(kind, verb)
        for each in answer if isinstance(answer, list) else ():
            if isinstance(each, Job):
                self.monitor.answered(each.id)
                self.keyed.setdefault(str(each.key), set()).add(each.id)

    def plan(self, what: str) -> None:
        """Somebody makes a schedule that fires once in two minutes, or deletes it; by its id it can be asked for again."""
        new = schedule_change.NewSchedule(
            task="timed",
            rule=Rule(at=START + timedelta(minutes=2)),
            args={"script": "ok"},
            id="plan",
        )
        verbs: dict[str, Callable[[], Any]] = {
            "make": lambda: schedule_change.create(new, tenant=TENANT, parts=self.parts),
            "delete": lambda: _gone(self.parts),
        }
        self._ask("api", verbs[what], again=True)

    def register(self) -> None:
        """Somebody registers the receiver's address, and asks until answered."""
        made = self._ask(
            "api", lambda: create_endpoint(receiver.URL, tenant=TENANT, parts=self.parts), again=True
        )
        self.endpoint = None if made is None else made.id

    def first(self) -> str | None:
        """The id of the scenario's job, if it got that far."""
        return next((row.id for row in self.watch.rows.values() if row.cause is None), None)

    def cancel(self, job_id: str | None) -> None:
        """Somebody cancels the job, and asks until answered."""
        if job_id is None:
            return
        answer = self._ask("cancel", lambda: cancel(job_id, tenant=TENANT, parts=self.parts), again=True)
        if isinstance(answer, Job):
            self.operations.append(Operation(verb="cancel", job_id=job_id, answer=answer, at=self.clock.ms))
            wished = answer.state is State.RUNNING and answer.cancel_requested is not None
            if answer.state not in TERMINAL and not wished:
                self.monitor.fail("CANCEL", f"cancel answered with {answer.state} and no wish")

    def _while_it_runs(self, word: str, job_id: str) -> None:
        """What others do while a task runs: somebody wants it cancelled, or its message comes once more."""
        if word in {"obey", "doomed", "unheeding"}:
            self.cancel(job_id)
        elif word == "lockout":
            self.account.off.update(self.masters)
        elif word == "mutiny":  # of a workflow: somebody wants that cancelled
            mine, self.parts = self.parts, self._process()
            self.cancel(self.first())
            self.parts = mine
            wiring.use(mine)
        elif word in {"crowd", "another"}:
            if word == "crowd":
                self.seam.hits.hit("F11")
                for lane, body in self.watch.ever[:1]:
                    self.account.put(lane, body)
            mine, self.parts = self.parts, self._process()
            if word == "another":
                self.submit({"task": "single", "script": "ok"})
            self.drain()
            self.parts = mine
            wiring.use(mine)

    def redrive(self, job_id: str | None) -> None:
        """Somebody redrives the job, and asks until answered."""
        if job_id is None:
            return
        answer = self._ask("redrive", lambda: _redriven(job_id, self.parts), again=True)
        if isinstance(answer, Job):
            self.operations.append(Operation(verb="redrive", job_id=job_id, answer=answer, at=self.clock.ms))

    # ---------------------------------------------------------------------------------------------------------- Lambda

    def deliver(self, lane: str) -> int:
        """One batch of a lane to its function; what it does not name as failed is deleted. How many messages it got."""
        messages = self.account.receive(lane)
        if not messages:
            return 0
        kind = "dead-letters" if lane == DEAD_LETTERS else "consumer"
        door: Any = _DOORS[lane]
        event, context = _sqs_event(messages), Context(self.seam)
        answer = self.process(kind, lambda: door(event, context))
        if answer is Crash or isinstance(answer, Exception):
            return len(messages)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        current = {message.id: message.receipt_handle for message in self.account.messages(lane)}
        for message in messages:
            if message.id not in failed:
                if current.get(message.id) != message.receipt_handle:
                    self.seam.hits.hit("F14")
                self.account.delete(lane, message.receipt_handle)
        return len(messages)

    def drain(self) -> None:
        """Deliver all that is visible."""
        for _ in range(STEPS):
            if not sum(self.deliver(lane) for lane in (*LANES, DEAD_LETTERS)):
                return
        self.monitor.fail("I9", f"messages still come after {STEPS} rounds")

    def tick(self) -> None:
        """The minute's run."""
        door: Any = tick.tick
        self._ticked = self.clock.ms
        self.process("tick", lambda: door(_TICK, Context(self.seam)))

    def lose_messages(self) -> None:
        """The queues lose all that is under way."""
        self.seam.hits.hit("F41")
        self.seam.hits.struck = ["lost"]
        for queue in self.account.queues():
            queue._messages = []  # noqa: SLF001
            queue._pending_messages = set()  # noqa: SLF001

    def throttle(self, lane: str) -> None:
        """Lambda has no room: the lane's messages are received until the queue gives them up as dead letters."""
        self.seam.hits.hit("F38")
        for _ in range(11):
            self.account.receive(lane)
            self.clock.ms += FROZEN
            self.seam.land_due()

    # ------------------------------------------------------------------------------------------------------------ time

    def advance(self, **span: float) -> None:
        """Let time pass, in which nobody does anything."""
        self.clock.pause(timedelta(**span))
        self.seam.land_due()

    def run_on(self, *, until: int | None = None) -> None:
        """Deliver and tick whenever there is reason to, until all is quiet, or until that time."""
        ends = until if until is not None else self.clock.ms + QUIET_WITHIN // MS
        for _ in range(STEPS):
            if self.monitor.violation is not None:
                return
            self.drain()
            at, ticks = self._next()
            if at is None:
                if until is None and self.seam.land_all():
                    continue
                return
            if at > ends:
                break
            self.clock.ms = max(self.clock.ms, at)
            self.seam.land_due()
            if ticks:
                self.tick()
        if until is None:
            self.monitor.fail("I9", f"not quiet within {QUIET_WITHIN}: {self._open()}")

    def _next(self) -> tuple[int | None, bool]:
        """When anything can happen next, and whether that is a tick's work. None: all is quiet."""
        seen = [
            int(max(message.visible_at, message.delayed_until)) - START_MS + 1
            for lane in (*LANES, DEAD_LETTERS)
            for message in self.account.messages(lane)
        ]
        checks = [self._check(row) for row in self.watch.rows.values() if not row.finished]
        checks += [max(_ms(at), self._ticked + MINUTE) for spot, at in self.watch.due.items() if spot != EVER]
        landing = self.seam.next_landing()
        if landing is not None and (seen or checks):
            seen.append(landing)
        message, check = min(seen, default=None), min(checks, default=None)
        if check is not None and (message is None or check <= message):
            return check, True
        return message, False

    def _check(self, row: Job) -> int:
        """When a tick will have something to do about the row: not within a minute of the last one."""
        at = row.next_check or max(time_of(row.id) + LIMITS.grace + MS, self.clock.now())
        return max(_ms(at), self._ticked + MINUTE)

    def _open(self) -> str:
        return ", ".join(
            f"{row.label()} is {row.state}" for row in self.watch.rows.values() if not row.finished
        )


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000) - START_MS


def _args(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "task"}


def _gone(parts: Parts) -> None:
    with suppress(NotFound):
        schedule_change.delete("plan", tenant=TENANT, parts=parts)


def _redriven(job_id: str, parts: Parts) -> Job | None:
    """None: it is not dead, or no longer."""
    try:
        return redrive(job_id, tenant=TENANT, parts=parts)
    except (NotPossible, NotFound):
        return None


def _sqs_event(messages: Sequence[Any]) -> dict[str, Any]:
    """What Lambda hands to a consumer."""
    return {
        "Records": [
            {
                "messageId": message.id,
                "receiptHandle": message.receipt_handle,
                "body": message.body,
                "attributes": {},
                "eventSource": "aws:sqs",
            }
            for message in messages
        ]
    }


_DOORS = {
    **{lane: consumer.CONSUMERS[BY_NAME[lane].consumer] for lane in LANES},
    DEAD_LETTERS: consumer.dead_letters,
}
_TICK: dict[str, Any] = {
    "version": "0",
    "account": "123456789012",
    "region": "us-east-1",
    "detail": {},
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "time": "2026-01-01T12:00:00Z",
    "id": "tick",
    "resources": [],
}
