"""What AWS does around the code: pollers that hand batches to invocations, timeouts that kill them, the minute's tick, TTL."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from chalicelib import wiring
from chalicelib.adapters.memory.queue import DEAD_LETTERS, Message
from chalicelib.domain.errors import NewerRow, Unavailable
from chalicelib.domain.job import State
from chalicelib.entrypoints import consumer
from chalicelib.pipeline import tick as pipeline_tick
from chalicelib.pipeline import together
from chalicelib.pipeline.consume import WholeBatchFailed
from chalicelib.pipeline.dead_letters import hand_back
from chalicelib.pipeline.parts import Parts
from proof.simulation.clockwork import Clockwork, Fiber, Killed, Sandbox, current
from proof.simulation.lanes import NEWER, SimQueue
from proof.simulation.monitor import Monitor
from proof.simulation.ports import MS
from proof.simulation.profile import MINUTE, SECOND, Profile
from proof.simulation.seam import Seam

TIMEOUT = 60 * SECOND


class Event:
    """What Lambda hands to a consumer."""

    def __init__(self, messages: list[tuple[Message, str]], left: Callable[[], int]) -> None:
        self.context = self
        self.get_remaining_time_in_millis = left
        self._records = [
            {"messageId": message.id, "receiptHandle": receipt, "body": message.body, "attributes": {}}
            for message, receipt in messages
        ]

    def to_dict(self) -> dict[str, Any]:
        return {"Records": self._records}


def job_of(message: Message) -> str:
    """The job that a message names; "" if it names none."""
    found = message.body.partition('"job":"')[2].partition('"')[0]
    return found if len(found) == 26 else ""


def named(message: Message) -> tuple[str, str]:
    """The tenant and the job that a message names."""
    return message.body.partition('"tenant":"')[2].partition('"')[0], job_of(message)


_door: Any = consumer
_parts = wiring.consumer_parts
_verbs: Any = together
_execute = _verbs.execute


def _current_parts() -> Parts:
    clock = getattr(current(), "clock", None)
    parts: Parts = _parts() if clock is None else clock.parts
    return parts


def _counted(*args: Any, **kwargs: Any) -> bool:
    done: bool = _execute(*args, **kwargs)
    box = getattr(current(), "box", None)
    if box is not None:
        box.handled += 1
    return done


# The doors are real; only where they find their parts is ours, and that somebody counts. Outside a simulation nothing changes.
_door.wiring = SimpleNamespace(consumer_parts=_current_parts, parts=wiring.parts)
_verbs.execute = _counted


class Cloud:
    """The account in which one history happens."""

    early_ack = False  #: a mutant's: messages are deleted before they are handled

    def __init__(
        self, profile: Profile, clock: Clockwork, seam: Seam, monitor: Monitor, queue: SimQueue
    ) -> None:
        self.profile = profile
        self.clock = clock
        self.seam = seam
        self.monitor = monitor
        self.queue = queue
        self.boxes: list[Sandbox] = []
        self.busy = 0  #: sandboxes at work
        self._polls: set[tuple[str, int]] = set()
        self._receipts = 0
        queue.arrived = self._arrived

    # ----------------------------------------------------------------------------------------------------- sandboxes

    def sandbox(
        self, kind: str, body: Callable[[], Any], *, ends: int, then: Callable[[Fiber], None] | None = None
    ) -> Sandbox:
        """Run something in a sandbox of its own, for at most `ends` milliseconds."""
        pace, skew = self.seam.pace, self.profile.skew
        box = Sandbox(f"{kind}-{len(self.boxes)}", kind, int((pace.random() * 2 - 1) * skew))
        box.ends = self.clock.now + ends
        self.boxes.append(box)
        self.busy += 1
        fiber = self.clock.spawn(body, box)
        fiber.then = lambda fiber: self._over(fiber, then)
        self.clock.at(box.ends, lambda: self._timeout(box))
        return box

    def _over(self, fiber: Fiber, then: Callable[[Fiber], None] | None) -> None:
        box = fiber.box
        if not box.done:
            self.busy -= 1
        killed = box.dead
        box.done = box.dead = True  # what is left in it is frozen, never to be thawed
        error = fiber.failure
        if (
            error is not None
            and not isinstance(error, Killed | Unavailable | WholeBatchFailed | NewerRow)
            and not killed
        ):
            self.monitor.bug(error)
        if then is not None and not killed:
            then(fiber)

    def _timeout(self, box: Sandbox) -> None:
        if box.done or (self.profile.zombies and not self.seam.fate.off):
            return
        if not box.dead:
            self.seam.note(f"{box.name} is killed at its timeout")
            if box.handlers:
                self.seam.fate.hit("F24")
            if 0 < box.handled < box.batch:
                self.seam.fate.hit("F35")
        box.dead = box.done = True
        self.busy -= 1

    # --------------------------------------------------------------------------------------------------- the pollers

    def _arrived(self, lane: str, when: int) -> None:
        moment = max(when, self.clock.now) // 500 * 500 + 500
        if (lane, moment) not in self._polls:
            self._polls.add((lane, moment))
            self.clock.at(moment + self.seam.pace.randrange(500), lambda: self._poll(lane, moment))

    def _poll(self, lane: str, moment: int) -> None:
        self._polls.discard((lane, moment))
        if self.monitor.violation:
            return
        messages = self.queue.receive(lane, self.seam.pace.choice((1, 2, 10, 10)))
        if not messages:
            return
        now = self.monitor.world.now()
        if any(m.lane == lane and m.visible <= now for m in self.queue.twin.messages):
            self._arrived(lane, self.clock.now + 500)
        if self._refused():
            for message in messages:
                message.visible = now + 5 * SECOND * MS
                self._arrived(message.lane, self.clock.now + 5 * SECOND)
            return
        self._invoke(lane, messages)

    def _refused(self) -> bool:
        """Whether Lambda throttles this invocation: the messages were received, and nobody saw them."""
        window = self.profile.refused
        if not window or not window[0] <= self.clock.now < window[1] or self.seam.pace.random() >= 0.8:
            return False
        refused = self.seam.fate.strikes("lambda_throttled", always=True)
        if refused:
            self.seam.fate.hit("F38")
        return refused

    def _invoke(self, lane: str, messages: list[Message]) -> None:
        batch = [(message, message.receipt) for message in messages]
        if self.early_ack:
            for _, receipt in batch:
                self.queue.twin.delete(receipt)
        ends = self.clock.now + TIMEOUT
        event = Event(batch, lambda: max(0, ends - self.clock.now))
        self._note_batch(lane, messages)

        def body() -> Any:
            if lane != DEAD_LETTERS:
                return consumer.run_lane(lane, event)
            parts = _current_parts()
            handle = lambda wakeup, _: hand_back(wakeup, parts=parts)  # noqa: E731
            return consumer._answer(event, handle, DEAD_LETTERS, parts)  # noqa: SLF001

        kind = "dead-letters" if lane == DEAD_LETTERS else lane
        box = self.sandbox(kind, body, ends=TIMEOUT, then=lambda fiber: self._answered(fiber, batch))
        box.batch = len(batch)
        box.given = {named(message) for message in messages}

    def _answered(self, fiber: Fiber, batch: list[tuple[Message, str]]) -> None:
        if fiber.failure is not None:
            failed = {message.id for message, _ in batch}
        else:
            failed = self._failed(fiber.value, batch)
            if self.seam.fate.strikes("junk_answer"):
                self._misread(batch)
                return
        kept = {job_of(message) for message, _ in batch if message.id in failed}
        for message, receipt in batch:
            if message.id in failed:
                self.queue.back(message)
            else:
                if job_of(message) not in kept:
                    self._acknowledged(message, fiber.box)
                self.queue.done(message, receipt)

    def _misread(self, batch: list[tuple[Message, str]]) -> None:
        """Lambda gets another answer than was given: None, no ids, unknown ids. Sources differ on what it does then: all are deleted, or
        all come back. Neither may matter.
        """
        self.seam.fate.hit("F36")
        deleted = self.seam.pace.random() < 0.5
        self.seam.note(
            f"the answer for {len(batch)} is not understood: {'deleted' if deleted else 'all back'}"
        )
        for message, receipt in batch:
            if deleted:
                self.queue.done(message, receipt)
            else:
                self.queue.back(message)

    def _acknowledged(self, message: Message, box: Sandbox) -> None:
        """Nothing that this sandbox owes may be left to the sweep when it says that it is done."""
        row = self.monitor.rows.get(job_of(message))
        if self.early_ack:
            return
        if message.body == NEWER:
            self.monitor.fail("NEWER", "a message of newer code was acknowledged")
        if row is None:
            return
        if row.owner is not None and self.monitor.active.get(row.owner) is box:
            self.monitor.fail(
                "ACK", f"{row.task}[{row.id[-6:]}] acknowledged under an own claim that is open"
            )
        if row.outbox and self.monitor.active.get(row.history[-1].by) is box:
            self.monitor.fail("ACK", f"{row.task}[{row.id[-6:]}] acknowledged with an own outbox left")

    def _failed(self, answer: Any, batch: list[tuple[Message, str]]) -> set[str]:
        ids = {message.id for message, _ in batch}
        match answer:
            case {"batchItemFailures": list(items)} if len(answer) == 1:
                failed = [item["itemIdentifier"] for item in items if set(item) == {"itemIdentifier"}]
                if (
                    len(failed) == len(items) == len(set(failed))
                    and ids.issuperset(failed)
                    and len(items) < len(ids)
                ):
                    return set(failed)
        self.monitor.bug(AssertionError(f"not an answer that Lambda understands: {answer!r}"))
        return ids

    def _note_batch(self, lane: str, messages: list[Message]) -> None:
        """What this delivery is, for the matrix."""
        hit, rows = self.seam.fate.hit, self.monitor.rows
        now = self.monitor.world.now()
        good = bad = 0
        for message in messages:
            job_id = job_of(message)
            row = rows.get(job_id)
            if message.body == NEWER:
                hit("F70")
                continue
            bad += not job_id
            good += row is not None
            if row is None:
                if job_id in self.monitor.forgotten:
                    hit("F62")
                else:
                    hit("F15" if job_id else "F16")
            elif lane == DEAD_LETTERS:
                if row.finished:
                    hit("F39")
            elif row.due is not None and row.due > now and row.state in {State.QUEUED, State.RETRYING}:
                hit("F34")
        if good and bad:
            hit("F37")

    # ------------------------------------------------------------------------------------------------------ the tick

    def tick(self, *, crowd: bool = True) -> None:
        """One minute's run, or two or three side by side."""
        if self._no_tick():
            return
        if self.seam.fate.off and not self.busy and not self._something_due():
            self._tick_alone()
            return
        tickers = self.profile.tickers if crowd and not self.seam.fate.off else 1
        for _ in range(tickers):
            self.monitor.ticking += 1
            if self.monitor.ticking > 1:
                self.seam.fate.hit("F44")
            self.sandbox("tick", self._tick, ends=TIMEOUT)

    def _no_tick(self) -> bool:
        """Whether this tick is missing. An outage that has begun goes on when all other faults are over."""
        off, now = self.profile.ticks_off, self.clock.now
        if not off or not off[0] <= now < off[1]:
            return False
        outage = self.monitor.outage
        if not (outage if self.seam.fate.off else self.seam.fate.strikes("no_tick", always=True)):
            return False
        here = self.monitor.true_time
        begun = outage[0] if outage else here
        self.monitor.outage = (begun, here + MINUTE * MS)
        hours = (here - begun) // (59 * MINUTE * MS)
        if hours:
            self.seam.fate.hit("F45")
        if hours >= 3 and self.profile.plans:
            self.seam.fate.hit("F57")
        return True

    def _something_due(self) -> bool:
        """Whether a tick would have to do with any row or item."""
        now = self.monitor.world.now()
        if self.clock.parts.items.twin.due(now, 1):
            return True
        return any(
            (row.next_check is not None and row.next_check <= now)
            or (row.attention is None and not row.finished)
            for row in self.monitor.rows.values()
        )

    def _tick_alone(self) -> None:
        """A tick that finds nothing to do, and nobody to meet: the real verb still, played without its waiting.

        It moves the watermarks. Were it to write to a row, it would fail: there is no sandbox here whose write it could be.
        """
        parts = self.clock.still
        pipeline_tick.tick(ends=parts.world.now() + TIMEOUT * MS, parts=parts)

    def _tick(self) -> Any:
        parts = _current_parts()
        try:
            return pipeline_tick.tick(ends=parts.world.now() + TIMEOUT * MS, parts=parts)
        finally:
            self.monitor.ticking -= 1

    # ------------------------------------------------------------------------------------------------------- the TTL

    def forget(self) -> None:
        """TTL deletes every row that may be forgotten."""
        now = self.monitor.world.now()
        for job_id, row in list(self.monitor.rows.items()):
            if row.forget is not None and row.forget < now:
                self.monitor.forgotten[job_id] = self.monitor.rows.pop(job_id)
                self.seam.note(f"TTL deletes {job_id[-6:]}")
