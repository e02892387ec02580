"""The sweep's second half: messages, leases, retries and appointments of one job behind the watermark, by a clock.

Messages are sent with a delay, lost, doubled (until acknowledged anybody may get one), given to the dead-letter queue. Consumers die and
wake up after their lease; ticks die between any two steps, and read an index that may be old. DUE: nobody starts a job before it is due, nor
takes over a live lease (but for clocks that differ). WAKE: who looks away from a job that could go on has sent it a message. Live: from every
state the job can still end with messages, appointments and time alone.
"""

from collections.abc import Iterator
from typing import Any

from proof.spec import clock, words
from proof.spec.canon import IDLE, less, put
from proof.spec.clock import END
from proof.spec.invariants import GIVES as GIVEN
from proof.spec.invariants import judge
from proof.spec.law import CLAIMABLE, MAX_ATTEMPTS, NONE, Law, Row, Write
from proof.spec.rules import Rules
from proof.spec.search import Label, State, Step

FAULTS, REDRIVES, CANCELS, GIVES = 0, 1, 2, 3
LEASE, RETRY, AHEAD, GRACE = (
    1,
    2,
    1,
    1,
)  #: a lease, the wait before a retry, how far ahead a tick sends, its wait after that
MAX_MESSAGES = 2
Actor = tuple[Any, ...]


class Appointments:
    """State: (time, clocks of workers and ticks, row, behind the watermark, messages, workers, ticks, air, budgets, tokens).

    Message: (epoch, not before). Worker: idle | claim, message, write, token | run, message, epoch, token, attempts, had an appointment, wish
    | settle, message, write, token | send, message, message to send. Tick: idle | wake, message, postponement | post, write, has woken.
    """

    FIELDS = ("t", "clocks", "row", "behind", "messages", "workers", "ticks", "air", "left", "tokens")

    def __init__(
        self,
        rules: Rules,
        *,
        workers: int = 1,
        ticks: int = 1,
        faults: int = 1,
        redrives: int = 1,
        cancels: int = 0,
        skew: int = 1,
        attempts: int = 3,
        gives: int = 0,
    ) -> None:
        self.rules, self.law, self.skew = rules, Law(rules.edit), skew
        self.workers, self.ticks, self.left = workers, ticks, (faults, redrives, cancels, gives)
        self.skipped = MAX_ATTEMPTS - attempts  #: attempts that are over before it begins
        self.name = (
            f"appointments: {workers} workers, {ticks} ticks, {faults} faults, {attempts} attempts, "
            f"{redrives} redrives, {cancels} cancels, skew {skew}{f', {gives} given back' if gives else ''}"
        )

    def starts(self) -> Iterator[State]:
        fresh = Row(attempts=self.skipped, life=-self.skipped)
        # SCHEDULED is due at 3, so its appointment is at 2; a plain job may have lost its only message.
        for row, messages in (
            (fresh, ((0, 0),)),
            (fresh._replace(state="SCHEDULED", ready=-1, due=3, check=2), ()),
        ):
            for ahead in {(0, 0), (0, self.skew), (self.skew, 0)}:
                yield (
                    0,
                    ahead,
                    row,
                    False,
                    messages,
                    (IDLE,) * self.workers,
                    (IDLE,) * self.ticks,
                    (),
                    self.left,
                    0,
                )

    def finished(self, state: State) -> bool:
        return bool(state[2].finished)

    def broken(self, state: State) -> str | None:
        row, behind = state[2], state[3]
        if behind and not row.finished and row.check < 0:
            return "I6: unfinished, behind the watermark and without an appointment"
        return None

    def steps(self, state: State) -> Iterator[Step]:
        t, clocks, row, behind, messages, workers, ticks, air, left, _ = state
        if t < END:
            yield self._step(state, ("time", "passes"), {"t": t + 1})
        if not behind and self.rules.sweeps:
            yield self._visit(state)
        for message in messages:
            if left[FAULTS]:
                gone = {"messages": _without(messages, message), "left": less(left, FAULTS)}
                yield self._step(state, (f"the message of epoch {message[0]}", "is lost"), gone, fault=True)
                yield self._hand_back(state, message, gone)
        for n, worker in enumerate(workers):
            if n and worker == IDLE == workers[n - 1]:
                continue
            yield from self._worker(state, n, worker, clock.tells(t, clocks[0]))
        for n, tick in enumerate(ticks):
            if n and tick == IDLE == ticks[n - 1]:
                continue
            yield from self._tick(state, n, tick, clock.tells(t, clocks[1]))
        yield from self._person(state)
        for n, write in enumerate(air):
            new = self.law.write(row, write)
            if new is not None:
                yield self._step(
                    state,
                    ("in the air:", words.of(write), "lands"),
                    {"row": new, "air": (*air[:n], *air[n + 1 :])},
                    self._judge(state, new, write),
                )

    # ---------------------------------------------------------------------------------------------------- the watermark

    def _visit(self, state: State) -> Step:
        """The sweep passes the row's time, as the other model shows in detail: unfinished rows have an appointment afterwards."""
        row, now = state[2], clock.tells(state[0], state[1][1])
        if row.finished or row.check >= 0:
            return self._step(state, ("the watermark", "passes the job"), {"behind": True})
        check = max(now, row.lease) if row.state == "RUNNING" else max(now, row.due - AHEAD)
        write = ("appointed", row.state, row.epoch, check)
        new = self.law.write(row, write) or row
        return self._step(
            state,
            ("the sweep", "appoints the job"),
            {"row": new, "behind": True},
            self._judge(state, new, write),
        )

    def _hand_back(self, state: State, message: Any, gone: dict[str, Any]) -> Step:
        row, now = state[2], clock.tells(state[0], state[1][0])
        write: Write | None = None
        if not row.finished and row.check < 0:
            write = ("appointed", row.state, row.epoch, now)
        elif row.check > now:
            write = ("postponed", row.state, row.epoch, row.check, now)
        landed = None if write is None else self.law.write(row, write)
        new = landed or row
        broken = None if write is None or landed is None else judge(row, landed, write)
        return self._step(
            state,
            (f"the message of epoch {message[0]}", "comes to the dead-letter queue"),
            {**gone, "row": new},
            broken,
            fault=True,
        )

    # ---------------------------------------------------------------------------------------------------------- workers

    def _worker(self, state: State, n: int, worker: Actor, now: int) -> Iterator[Step]:
        t, _, row, _, messages, workers, _, _, left, tokens = state
        who = f"worker {n + 1}"

        def become(actor: Actor) -> dict[str, Any]:
            return {"workers": put(workers, n, actor)}

        if worker == IDLE:
            for message in messages:
                if message[1] <= t:
                    kept = {"messages": _without(messages, message)} if self.rules.early_ack else {}
                    write = ("claimed", message[0], tokens, now, clock.later(now, LEASE))
                    label = (who, f"claims by the message of epoch {message[0]}")
                    yield from self._write(
                        state, label, write, ("claim", message, write, tokens), ("workers", n), kept
                    )
            return
        if left[FAULTS]:
            yield self._step(
                state, (who, "crashes"), {**become(IDLE), "left": less(left, FAULTS)}, fault=True
            )
        if worker[0] in {"claim", "settle"}:
            yield from self._write(
                state, (who, f"asks again: {words.of(worker[2])}"), worker[2], worker, ("workers", n), {}
            )
        elif worker[0] == "send":
            sent = {**become(IDLE), "messages": _with(_without(messages, worker[1]), worker[2])}
            yield self._step(
                state,
                (who, f"sends the next attempt's message, not before {worker[2][1]}, and acknowledges"),
                sent,
            )
        elif worker[0] == "run":
            for said, outcome in self._outcomes(worker, now):
                waits = ("settle", worker[1], outcome, worker[3])
                yield from self._write(state, (who, said), outcome, waits, ("workers", n), {})
            yield from self._gives(state, n, worker, now)
            if row.wish and not worker[6]:
                yield self._step(state, (who, "sees the wish"), become((*worker[:6], True)))

    def _outcomes(self, worker: Actor, now: int) -> Iterator[tuple[str, Write]]:
        _, _, epoch, token, attempts, appointed, wish = worker
        yield "succeeds", ("succeeded", epoch, token, now, ())
        if wish:
            yield "gives in", ("gave_in", epoch, token, now)
        elif attempts < MAX_ATTEMPTS:
            due = clock.later(now, RETRY)
            yield (
                f"fails, to be tried again at {due}",
                ("retried", epoch, token, now, due, clock.later(due, AHEAD) if appointed else -1),
            )
        else:
            yield "fails for good", ("died", epoch, token, now, ())

    def _gives(self, state: State, n: int, worker: Actor, now: int) -> Iterator[Step]:
        """An attempt that has no turn yet gives the job back: to be looked at, or at a moment of its own."""
        _, message, epoch, token, _, appointed, wish = worker
        left = state[8]
        if wish or not left[GIVES]:
            return
        after = put(state, self.FIELDS.index("left"), less(left, GIVES))
        due = clock.later(now, RETRY)
        check = clock.later(due, AHEAD) if appointed else -1
        for said, given in (
            ("has no turn yet", ("parked", epoch, token, now, clock.later(now, GRACE))),
            (f"has its turn at {due}", ("requeued", epoch, token, now, due, check)),
        ):
            label = (f"worker {n + 1}", said)
            yield from self._write(after, label, given, ("settle", message, given, token), ("workers", n), {})

    def _write(
        self, state: State, label: Label, write: Write, waits: Actor, where: Any, more: dict[str, Any]
    ) -> Iterator[Step]:
        row, left, air = state[2], state[8], state[7]
        actors = state[5] if where[0] == "workers" else state[6]
        new = self.law.write(row, write)
        then, gone = self._answered(state, waits, write, new)
        done = {where[0]: put(actors, where[1], then), "row": new or row, **more, **gone}
        yield self._step(
            state, (*label, "" if new else ": refused"), done, self._judge(state, new, write) if new else None
        )
        if new is None and waits[0] == "claim":
            yield from self._after_refusal(state, label, waits, where[1], more)
        if left[FAULTS]:
            flying = {**more, "air": (*air, write), "left": less(left, FAULTS)}
            for actor, said in ((waits, ": no reply, asks again"), (IDLE, ": no reply, gives up")):
                yield self._step(
                    state, (*label, said), {**flying, where[0]: put(actors, where[1], actor)}, fault=True
                )

    def _answered(
        self, state: State, waits: Actor, write: Write, new: Row | None
    ) -> tuple[Actor, dict[str, Any]]:
        """Who they are after the answer, and what becomes of the messages."""
        t, clocks, row, _, messages = state[:5]
        seen = new or row
        if waits[0] == "claim" and seen.owner != NONE and seen.owner[1] == waits[3]:
            if seen.wish:
                return ("settle", waits[1], ("gave_in", *seen.owner, clock.tells(t, clocks[0])), waits[3]), {}
            return ("run", waits[1], *seen.owner, seen.attempts, seen.check >= 0, seen.wish), {}
        if waits[0] == "settle":
            mine = (write[1], waits[3])
            known = new is not None or (self.rules.mark_known and mine in row.marks)
            follows = {"retried": "RETRYING", "requeued": "QUEUED"}.get(write[0])
            if known and seen.state == follows and seen.epoch == write[1]:
                wait = max(0, seen.due - clock.tells(t, clocks[0])) if self.rules.messages_wait else 0
                return ("send", waits[1], (seen.epoch, clock.later(t, wait))), {}
            if not known and row.owner == mine and row.wish and write[0] in {"retried", "died", *GIVEN}:
                return ("settle", waits[1], ("gave_in", *mine, write[3]), waits[3]), {}
        if waits[0] in {"claim", "settle"}:
            return IDLE, {"messages": _without(messages, waits[1])}
        return IDLE, {}

    def _after_refusal(
        self, state: State, label: Label, waits: Actor, n: int, more: dict[str, Any]
    ) -> Iterator[Step]:
        """The refused consumer's next write, by the row that refused it: instead of acknowledging at once."""
        t, clocks, row = state[:3]
        now, token = clock.tells(t, clocks[0]), waits[3]
        lease, write = clock.later(now, LEASE), None
        over = clock.lapsed(row.lease, now) or not self.rules.lease_tested
        if row.state in CLAIMABLE and (row.due <= now or not self.rules.due_tested):
            write = ("claimed", row.ready, token, now, lease)
        elif row.state == "RUNNING" and row.owner[1] != token and over:
            write = _loss(row, now) or ("reclaimed", row.epoch, token, END + 1 if now >= END else now, lease)
        if write is not None:
            actors = {"workers": put(state[5], n, ("claim", waits[1], write, token))}
            yield self._step(state, (*label, f": refused, will try {words.of(write)}"), {**actors, **more})

    # ------------------------------------------------------------------------------------------------------------ ticks

    def _tick(self, state: State, n: int, tick: Actor, now: int) -> Iterator[Step]:
        messages, ticks, left = state[4], state[6], state[8]
        who = f"tick {n + 1}"

        def become(actor: Actor) -> dict[str, Any]:
            return {"ticks": put(ticks, n, actor)}

        if tick == IDLE:
            if 0 <= state[2].check <= now:
                yield from self._look(state, n, who, now)
            return
        if left[FAULTS]:
            yield self._step(
                state, (who, "crashes"), {**become(IDLE), "left": less(left, FAULTS)}, fault=True
            )
        if tick[0] == "wake":
            then = ("post", *tick[2:], True) if tick[2] else IDLE
            yield self._step(
                state,
                (who, f"wakes it with a message of epoch {tick[1][0]}"),
                {**become(then), "messages": _with(messages, tick[1])},
            )
        else:
            _, write, woken = tick[:3]
            row = state[2]
            new = self.law.write(row, write)
            broken = self._judge(state, new, write) if new else None
            if new and not woken and write[0] == "postponed":
                broken = "WAKE: looked away from a job that could go on, without waking it"
            then = ("wake", tick[3], None) if len(tick) > 3 else IDLE
            yield self._step(
                state,
                (who, f"writes {words.of(write)}", "" if new else ": refused"),
                {**become(then), "row": new or row},
                broken,
            )
            if left[FAULTS]:
                flying = {"air": (*state[7], write), "left": less(left, FAULTS)}
                yield self._step(
                    state, (who, f"writes {words.of(write)}: no reply, asks again"), flying, fault=True
                )
                yield self._step(
                    state,
                    (who, f"writes {words.of(write)}: no reply, gives up"),
                    {**flying, **become(IDLE)},
                    fault=True,
                )

    def _look(self, state: State, n: int, who: str, now: int) -> Iterator[Step]:
        """Read the row whose appointment is due, and decide."""
        t, row, ticks = state[0], state[2], state[6]
        act: Actor = IDLE
        wait = max(0, row.due - now)
        if row.state == "RUNNING" and not clock.lapsed(row.lease, now):
            act = ("post", _postponed(row, clock.later(row.lease, 1)), False)
        elif row.state == "RUNNING" and (ends := _loss(row, now)) is not None:
            act = ("post", ends, False)
        elif row.state == "RUNNING":
            epoch = row.epoch - 1 if self.rules.wake_older else row.epoch
            act = self._wakes((epoch, t), _postponed(row, clock.later(now, GRACE)))
        elif wait > AHEAD:
            act = ("post", _postponed(row, row.due - AHEAD), False)
        elif row.state == "SCHEDULED":
            write = ("released", "SCHEDULED", row.epoch, now, clock.later(max(now, row.due), GRACE))
            act = ("post", write, False, (row.epoch, clock.later(t, wait)))
        else:
            act = self._wakes(
                (row.ready, clock.later(t, wait)), _postponed(row, clock.later(max(now, row.due), GRACE))
            )
        if act[0] == "post" and not self._waits(row, t):
            act = put(
                act, 2, True
            )  # nothing to wake: whatever becomes of the job meanwhile, it looked away in time
        yield self._step(state, (who, "reads the row: its appointment is due"), {"ticks": put(ticks, n, act)})

    def _wakes(self, message: Any, write: Write) -> Actor:
        return ("wake", message, write) if self.rules.wake_first else ("post", write, False, message)

    def _waits(self, row: Row, t: int) -> bool:
        """Whether the job could go on if somebody got a message."""
        claimable = row.state in CLAIMABLE and row.due <= t - self.skew
        return claimable or (row.state == "RUNNING" and row.lease < t - self.skew)

    # ----------------------------------------------------------------------------------------------------------- people

    def _person(self, state: State) -> Iterator[Step]:
        row, messages, left, t, tokens = state[2], state[4], state[8], state[0], state[9]
        if left[REDRIVES] and row.state == "DEAD":
            write: Write = ("redriven", row.epoch, tokens, t, clock.later(t, GRACE))
            new = self.law.write(row, write)
            if new:
                after = {"row": new, "left": less(left, REDRIVES)}
                yield self._step(
                    state,
                    ("a person redrives it,", "and dies before the message is sent"),
                    after,
                    self._judge(state, new, write),
                )
                sent = {**after, "messages": _with(messages, (new.epoch, t))}
                yield self._step(state, ("a person redrives it",), sent, self._judge(state, new, write))
        if left[CANCELS] and not row.wish and not row.finished:
            write = ("wished" if row.state == "RUNNING" else "cancelled", row.state, row.epoch, t)
            new = self.law.write(row, write)
            if new:
                yield self._step(
                    state,
                    ("a person cancels it",),
                    {"row": new, "left": less(left, CANCELS)},
                    self._judge(state, new, write),
                )

    # ------------------------------------------------------------------------------------------------------- what holds

    def _judge(self, state: State, new: Row, write: Write) -> str | None:
        t, row = state[0], state[2]
        if write[0] == "claimed" and row.due > t + self.skew and t < END:
            return "DUE: claimed before it is due"
        if write[0] in {"reclaimed", "lost", "lost_wished"} and row.lease > t + self.skew and t < END:
            return f"LEASE: {write[0]} under a live lease"
        return judge(row, new, write, shapes=self.rules.shapes)

    def _step(
        self,
        state: State,
        label: Label,
        new: dict[str, Any],
        broken: str | None = None,
        *,
        fault: bool = False,
    ) -> Step:
        return Step(
            label,
            self._canonical([new.get(name, old) for name, old in zip(self.FIELDS, state, strict=True)]),
            fault,
            broken,
        )

    def _canonical(self, state: list[Any]) -> State:
        """Workers and ticks are alike; tokens get the first free numbers; marks nobody asks for and hopeless writes are dropped."""
        t, clocks, row, behind, messages, workers, ticks, air, left, _ = state
        if t >= END:
            clocks = (0, 0)
            messages = tuple(sorted({(epoch, END) for epoch, _ in messages}))
        if air and self.rules.edit is None:
            air = tuple(
                w
                for w in air
                if self.law.write(row, w) is not None or w[2 if isinstance(w[1], str) else 1] >= row.epoch
            )
        workers = sorted(workers, key=repr) if len(workers) > 1 else workers
        ticks = tuple(sorted(ticks, key=repr)) if len(ticks) > 1 else ticks
        used = [
            row.owner[1],
            *(w[3] for w in workers if len(w) > 3),
            *(w[2] for w in air if not isinstance(w[1], str) and w[0] not in {"lost", "lost_wished"}),
        ]
        names: dict[int, int] = {-1: -1}
        for token in used:
            names.setdefault(token, len(names) - 1)
        asking = {w[3] for w in workers if len(w) > 3}
        row = row._replace(
            owner=(row.owner[0], names[row.owner[1]]),
            marks=tuple(sorted((e, names[k]) for e, k in row.marks if k in asking)),
        )
        workers = tuple(self._renamed(w, names) for w in workers)
        air = tuple(sorted((_named(w, names) for w in air), key=repr)) if air else ()
        return (t, clocks, row, behind, messages, workers, ticks, air, left, len(names) - 1)

    def _renamed(self, worker: Actor, names: dict[int, int]) -> Actor:
        if worker[0] == "run":
            return (*worker[:3], names[worker[3]], *worker[4:])
        return (
            (*worker[:2], _named(worker[2], names), names[worker[3]])
            if worker[0] in {"claim", "settle"}
            else worker
        )

    def tell(self, label: Label) -> str:
        return words.tell(label)

    def show(self, state: State) -> str:
        t, clocks, row, behind, messages, workers, ticks, air, _, _ = state
        parts = [
            f"time {'much later' if t >= END else t}",
            words.show_row("job", row) + (" behind the watermark" if behind else ""),
        ]
        parts += [f"message of epoch {epoch} not before {when}" for epoch, when in messages]
        parts += [
            f"worker {n + 1} (clock +{clocks[0]}) is at {worker[0]}"
            for n, worker in enumerate(workers)
            if worker != IDLE
        ]
        parts += [
            f"tick {n + 1} (clock +{clocks[1]}) is at {tick[0]}"
            for n, tick in enumerate(ticks)
            if tick != IDLE
        ]
        parts += [f"in the air: {words.of(write)}" for write in air]
        return "; ".join(parts)


def _loss(row: Row, now: int) -> Write | None:
    at = END + 1 if now >= END else now
    if row.wish:
        return ("lost_wished", row.epoch, at)
    return ("lost", row.epoch, at, ()) if row.attempts >= MAX_ATTEMPTS else None


def _postponed(row: Row, check: int) -> Write:
    return ("postponed", row.state, row.epoch, row.check, check)


def _with(messages: Any, message: Any) -> Any:
    """One more message; the same one twice is one, since anybody may get it. The oldest makes room, as lost."""
    return tuple(sorted({*messages, message}))[-MAX_MESSAGES:]


def _without(messages: Any, message: Any) -> Any:
    return tuple(m for m in messages if m != message)


def _named(write: Write, names: dict[int, int]) -> Write:
    tokenless = isinstance(write[1], str) or write[0] in {"lost", "lost_wished"}
    return write if tokenless else (*write[:2], names.setdefault(write[2], len(names) - 1), *write[3:])
