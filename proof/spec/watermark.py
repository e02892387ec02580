"""The sweep's first half: puts, second looks at the clock, listings, appointments and the watermark.

Accepting processes may pause, die or be asked again between any two steps, a put may land late, clocks differ by `skew` at most, a listing
reads its partitions one after the other while rows are put. I6 is checked in every state: whoever was told that a job is accepted is behind no
watermark unless the job is finished or has an appointment. Live: every accepted job comes to have one, or ends.
"""

from collections.abc import Iterator
from typing import Any

from proof.spec import clock, words
from proof.spec.canon import IDLE, put
from proof.spec.clock import END
from proof.spec.invariants import judge, shape
from proof.spec.law import Law, Row
from proof.spec.rules import Rules
from proof.spec.search import Label, State, Step

ABSENT = Row(state="ABSENT", ready=-1)
LIMIT = 1  #: L
LAST_ACCEPT = 1  #: nothing new is asked for after this time
Actor = tuple[Any, ...]


class Watermark:
    """State: (time, watermark, ids' times, rows, accepted, doors, ticks, air, faults left). Each reading of a clock may be `skew` ahead.

    Door: idle | put, job, late already | look, job, row as found, was it there | appoint, job, row.
    Tick: idle | goal, seen | list, seen, goal, next partition, found | move, seen, goal, found | appoint, seen, goal, found | late, found.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        jobs: int,
        doors: int,
        ticks: int,
        faults: int,
        skew: int = 1,
        grace: int | None = None,
    ) -> None:
        self.rules, self.jobs, self.doors, self.ticks, self.faults, self.skew = (
            rules,
            jobs,
            doors,
            ticks,
            faults,
            skew,
        )
        self.grace = rules.grace if grace is None else grace
        self.law = Law(rules.edit)
        self.name = f"watermark: {jobs} jobs, {doors} doors, {ticks} ticks, {faults} faults, skew {skew}, L {LIMIT}, G {self.grace}"

    def starts(self) -> Iterator[State]:
        rest = (
            (-1,) * self.jobs,
            (ABSENT,) * self.jobs,
            (False,) * self.jobs,
            (IDLE,) * self.doors,
            (IDLE,) * self.ticks,
        )
        yield (0, -1, *rest, (), self.faults)

    def finished(self, state: State) -> bool:
        rows, accepted = state[3], state[4]
        return all(
            not said or row.finished or row.check >= 0 for row, said in zip(rows, accepted, strict=True)
        )

    def broken(self, state: State) -> str | None:
        mark, ids, rows, accepted = state[1:5]
        for id_, row, said in zip(ids, rows, accepted, strict=True):
            if said and row == ABSENT:
                return "I1: accepted, and no row"
            if said and id_ <= mark and not row.finished and row.check < 0:
                return "I6: accepted, unfinished, behind the watermark and without an appointment"
            if row != ABSENT and self.rules.shapes and (odd := shape(row)):
                return odd
        return None

    def steps(self, state: State) -> Iterator[Step]:
        t, rows, (doors, ticks, air) = state[0], state[3], state[5:8]
        if t < END:
            yield self._next(("time", "passes"), (t + 1, *state[1:]))
        for n, door in enumerate(doors):
            for now in self._readings(t, door):
                for label, job, then, changes, write in self._door(door, now, t, state):
                    new = {"doors": put(doors, n, then), **changes}
                    yield from self._with_faults(
                        state, (f"door {n + 1}", *label), ("doors", n), door, new, job, write
                    )
        for n, tick in enumerate(ticks):
            for now in self._readings(t, tick):
                for label, job, then, changes, write in self._tick(tick, now, state):
                    new = {"ticks": put(ticks, n, then), **changes}
                    yield from self._with_faults(
                        state, (f"tick {n + 1}", *label), ("ticks", n), tick, new, job, write
                    )
        for job, row in enumerate(rows):
            if row.state == "QUEUED":
                ended = self.law.write(
                    self.law.write(row, ("claimed", row.ready, 0, 0, 1)) or row,
                    ("succeeded", row.epoch + 1, 0, 0, ()),
                )
                # Luck, and so no way to the end: the message that it needs may be lost.
                yield self._next(
                    ("a consumer runs job", job, "to its end"),
                    self._with(state, rows=put(rows, job, ended)),
                    fault=True,
                )
        for n, (job, write) in enumerate(air):
            changes, broken = self._land(state, job, write)
            label = ("in the air:", f"{write[0]} of job", job, "lands")
            yield Step(
                label,
                self._canonical(self._with(state, air=(*air[:n], *air[n + 1 :]), **changes)),
                broken=broken,
            )

    def _readings(self, t: int, who: Actor) -> tuple[int, ...]:
        """What the clock may say, for those steps that hang on it."""
        reads = who[0] in {"idle", "put", "look", "goal", "late"} and t < END
        return tuple({t, clock.tells(t, self.skew)}) if reads else (t,)

    # ----------------------------------------------------------------------------------------------------------- doors

    def _door(self, door: Actor, now: int, t: int, state: State) -> Iterator[Any]:
        """(words, job, who they are then, what else changes, the write): one of each step of an accepting process."""
        ids, rows, accepted = state[2:5]
        if door == IDLE:
            for job, id_ in enumerate(ids):
                if id_ < 0 and t <= LAST_ACCEPT and (job == 0 or ids[job - 1] >= 0):
                    new = {"ids": put(ids, job, now)} | (
                        {} if self.rules.row_first else {"accepted": put(accepted, job, True)}
                    )
                    yield (
                        ("begins job", job, f"with an id of time {now}"),
                        job,
                        self._about_to_put(job, now, now),
                        new,
                        None,
                    )
                elif id_ >= 0 and not accepted[job]:
                    yield ("is asked again for job", job), job, self._about_to_put(job, id_, now), {}, None
        elif door[0] == "put":
            _, job, early = door
            row = rows[job]
            there = row != ABSENT
            fresh = Row(check=t) if early and self.rules.put_late_appointed else Row()
            then = ("look", job, row if there else fresh, there)
            made = {} if there else {"rows": put(rows, job, fresh)}
            yield (
                (("finds" if there else "puts") + " the row of job", job),
                job,
                then,
                made,
                ("create", fresh),
            )
        elif door[0] == "look":
            _, job, row, there = door
            late = clock.age(now, ids[job]) >= LIMIT
            looks = self.rules.second_look and (self.rules.look_if_found or not there)
            if looks and late and not row.finished and row.check < 0:
                yield ("looks at its clock again: late for job", job), job, ("appoint", job, row), {}, None
            else:
                yield (
                    ("looks at its clock again: answers for job", job),
                    job,
                    IDLE,
                    {"accepted": put(accepted, job, True)},
                    None,
                )
        else:
            yield from self._appoints(
                door, now, state, lambda row: ("appoint", door[1], row), IDLE, accept=True
            )

    def _about_to_put(self, job: int, id_: int, now: int) -> Actor:
        """What is late already is put with its appointment."""
        return ("put", job, clock.age(now, id_) >= LIMIT)

    def _appoints(
        self, who: Actor, now: int, state: State, again: Any, done: Actor, *, accept: bool
    ) -> Iterator[Any]:
        """Write an appointment by the row as seen; a refusal shows a newer row."""
        job, seen = who[1:3] if accept else who[3][0]
        rows, accepted = state[3:5]
        write = ("appointed", seen.state, seen.epoch, now)
        landed, broken = self._land(state, job, write)
        changes: dict[str, Any] = {"broken": broken} if broken else landed
        row = (landed["rows"] if landed else rows)[job]
        if not row.finished and row.check < 0:
            yield ("is refused an appointment of job", job), job, again(row), {}, write
            return
        if accept:
            changes = {**changes, "accepted": put(accepted, job, True)}
        yield ("sees to an appointment of job", job), job, done, changes, write

    # ----------------------------------------------------------------------------------------------------------- ticks

    def _tick(self, tick: Actor, now: int, state: State) -> Iterator[Any]:
        mark, rules = state[1], self.rules
        if tick == IDLE:
            if rules.sweeps and mark < END:
                yield ("reads the watermark", f"{mark}"), -1, ("goal", mark), {}, None
        elif tick[0] == "goal":
            goal = clock.before(now, self.grace) if rules.goal_first else END
            then = ("list", tick[1], goal, 0, ()) if goal > tick[1] else IDLE
            yield (f"aims at {goal}",), -1, then, {}, None
        elif tick[0] == "list":
            yield from self._lists(tick, state)
        elif tick[0] == "late":
            goal = max(tick[1], clock.before(now, self.grace))
            yield (
                (f"aims at {goal}, after listing",),
                -1,
                self._after_listing(tick[1], goal, self.jobs, tick[3], fixed=True),
                {},
                None,
            )
        elif tick[0] == "appoint":
            _, seen, goal, found = tick
            rest = found[1:]
            done = ("appoint", seen, goal, rest) if rest else self._after_appointing(seen, goal)
            yield from self._appoints(
                tick,
                now,
                state,
                lambda row: ("appoint", seen, goal, ((found[0][0], row), *rest)),
                done,
                accept=False,
            )
        elif tick[0] == "move":
            _, seen, goal, found = tick
            moves = not rules.compare_and_set or mark in {seen, goal}
            then = ("appoint", -2, goal, found) if found else IDLE
            yield (f"moves the watermark from {seen} to {goal}" + ("" if moves else ": refused"),), -1, then, {"mark": goal} if moves else {}, (
                "move", seen, goal,
            )  # fmt: skip

    def _lists(self, tick: Actor, state: State) -> Iterator[Any]:
        _, seen, goal, job, found = tick
        ids, rows = state[2:4]
        row = rows[job]
        wanted = row != ABSENT and seen < ids[job] <= goal and not row.finished and row.check < 0
        more = (*found, (job, row)) if wanted else found
        yield (
            ("lists the partition of job", job),
            job,
            self._after_listing(seen, goal, job + 1, more),
            {},
            None,
        )
        if wanted and not self.rules.consistent:
            yield (
                ("lists an old copy of the partition of job", job),
                job,
                self._after_listing(seen, goal, job + 1, found),
                {},
                None,
            )
        if state[8]:
            then = IDLE if self.rules.failure_stops else self._after_listing(seen, goal, job + 1, found)
            yield ("cannot list the partition of job", job), job, then, {"left": state[8] - 1}, None

    def _after_listing(self, seen: int, goal: int, job: int, found: Any, *, fixed: bool = False) -> Actor:
        if job < self.jobs:
            return ("list", seen, goal, job, found)
        if not self.rules.goal_first and not fixed:
            return ("late", seen, 0, found)
        if not self.rules.appoint_first:
            return ("move", seen, goal, found)
        return ("appoint", seen, goal, found) if found else ("move", seen, goal, ())

    def _after_appointing(self, seen: int, goal: int) -> Actor:
        return ("move", seen, goal, ()) if seen > -2 else IDLE

    # ---------------------------------------------------------------------------------------------------------- writes

    def _land(self, state: State, job: int, write: Any) -> tuple[dict[str, Any], str | None]:
        """What a write changes when it takes effect now."""
        mark, rows = state[1], state[3]
        if write[0] == "create":
            return ({"rows": put(rows, job, write[1])}, None) if rows[job] == ABSENT else ({}, None)
        if write[0] == "move":
            moves = not self.rules.compare_and_set or mark in write[1:]
            return ({"mark": write[2]} if moves else {}), None
        new = None if rows[job] == ABSENT else self.law.write(rows[job], write)
        if new is None:
            return {}, None
        return {"rows": put(rows, job, new)}, judge(rows[job], new, write, shapes=self.rules.shapes)

    def _with_faults(
        self,
        state: State,
        label: Label,
        where: tuple[str, int],
        who: Actor,
        new: dict[str, Any],
        job: int,
        write: Any,
    ) -> Iterator[Step]:
        broken = new.pop("broken", None)
        yield Step(label, self._canonical(self._with(state, **new)), "left" in new, broken)
        left, air = state[8], state[7]
        kind, n = where
        actors = state[5] if kind == "doors" else state[6]
        if not left or who == IDLE:
            return
        gone = {kind: put(actors, n, IDLE), "left": left - 1}
        yield self._next((*label[:1], "crashes"), self._with(state, **gone), fault=True)
        if write is not None:
            flying = (*air, (job, write))
            yield self._next(
                (*label, ": no reply, asks again"), self._with(state, air=flying, left=left - 1), fault=True
            )
            yield self._next(
                (*label, ": no reply, gives up"), self._with(state, air=flying, **gone), fault=True
            )

    FIELDS = ("t", "mark", "ids", "rows", "accepted", "doors", "ticks", "air", "left")

    def _with(self, state: State, **new: Any) -> State:
        return tuple(new.get(name, old) for name, old in zip(self.FIELDS, state, strict=True))

    def _next(self, label: Label, state: State, *, fault: bool = False) -> Step:
        return Step(label, self._canonical(state), fault)

    def _canonical(self, state: State) -> State:
        """Doors are alike, and ticks are; what would be refused for ever is not in the air."""
        t, mark, ids, rows, accepted, doors, ticks, air, left = state
        doors = tuple(sorted(doors, key=repr)) if len(doors) > 1 else doors
        ticks = tuple(sorted(ticks, key=repr)) if len(ticks) > 1 else ticks
        if air:
            useful = (
                a for a in air if self.rules.edit is not None or a[1][0] != "create" or rows[a[0]] == ABSENT
            )
            air = tuple(sorted(useful, key=repr))
        return (t, mark, ids, rows, accepted, doors, ticks, air, left)

    def tell(self, label: Label) -> str:
        return words.tell(label)

    def show(self, state: State) -> str:
        t, mark, ids, rows, accepted, doors, ticks, air, _ = state
        parts = [f"time {'much later' if t >= END else t}, watermark {mark}"]
        for n, (id_, row) in enumerate(zip(ids, rows, strict=True)):
            if id_ >= 0:
                said = " (accepted)" if accepted[n] else ""
                parts.append(
                    f"job {n + 1} of time {id_}{said}: "
                    + ("no row" if row == ABSENT else words.show_row("", row).strip())
                )
        parts += [f"door {n + 1} is at {door[0]}" for n, door in enumerate(doors) if door != IDLE]
        parts += [f"tick {n + 1} is at {tick[0]}" for n, tick in enumerate(ticks) if tick != IDLE]
        parts += [f"in the air: {write[0]}" for _, write in air]
        return "; ".join(parts)
