"""Claim, settle, cancel, redrive: two consumers, a person and writes that land whenever they like. No clock: a lease may be found over, and
a retry due, at any moment, so safety is shown not to depend on time. Messages are no part of the state: any wake-up may come at any time.

A write without a reply goes into the air: it may land at any later step, or never. One such step stands for "not applied and failed",
"applied and the reply lost" and "late". Whoever waited for it asks again or gives up. Anybody may crash between two steps.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

from proof.spec.invariants import judge
from proof.spec.law import CLAIMABLE, MAX_ATTEMPTS, NONE, OVER, Law, Row, Write
from proof.spec.rules import Rules
from proof.spec.search import Label, State, Step

LEASE, LATER = 1, 9  #: a lease's end, and a time after it
Worker = tuple[Any, ...]
IDLE: Worker = ("idle",)
START = Row()


class Core:
    """State: (rows, workers, person, writes in the air, budgets, number of tokens in use).

    Worker: idle | claim, job, write, token | run, job, epoch, token, attempts, wish | settle, job, write, token.
    Person: idle | cancel, job, write | redrive, job, write, token. Budgets: faults, cancels, redrives left.
    """

    def __init__(
        self, rules: Rules, *, jobs: int = 1, faults: int = 2, cancels: int = 1, redrives: int = 1, workers: int = 2
    ) -> None:
        self.name = f"core, {workers} workers, {jobs} jobs, {faults} faults, {cancels} cancels, {redrives} redrives"
        self.rules = rules
        self.law = Law(rules.edit)
        self._start = ((START,) * jobs, (IDLE,) * workers, IDLE, (), (faults, cancels, redrives), 0)

    def starts(self) -> list[State]:
        return [self._start]

    def finished(self, state: State) -> bool:
        return all(row.state in OVER for row in state[0])

    def broken(self, state: State) -> str | None:
        """I3: two handlers never run in one epoch."""
        running = [(w[1], w[2]) for w in state[1] if w[0] == "run"]
        return "I3: two handlers run in one epoch" if len(set(running)) < len(running) else None

    # ---------------------------------------------------------------------------------------------------------- steps

    def steps(self, state: State) -> Iterator[Step]:
        rows, workers, person, air, left, tokens = state
        for n, worker in enumerate(workers):
            if n and worker == IDLE == workers[n - 1]:
                continue  # one idle worker is as good as another
            for label, job, write, after in self._worker(worker, rows, tokens):
                yield from self._write(state, n, (f"worker {n + 1}", *label), job, write, after)
            if worker != IDLE and left[0]:
                yield self._next((f"worker {n + 1}", "crashes"), rows, _put(workers, n, IDLE), person, air, _less(left, 0), True)
        yield from self._person(state)
        for n, (job, write) in enumerate(air):
            rest = (*air[:n], *air[n + 1 :])
            new = self.law.write(rows[job], write)
            label = ("air", f"job {job + 1}'s {_words(write)}", "lands" if new else "lands and is refused")
            broken = judge(rows[job], new, write) if new else None
            yield self._next(label, _put(rows, job, new or rows[job]), workers, person, rest, left, False, broken)

    def _worker(self, worker: Worker, rows: Any, tokens: int) -> Iterator[tuple[Label, int, Write | None, Any]]:
        """What a worker may do: a write with what follows its answer, or a local step (no write) to a new state."""
        if worker == IDLE:
            token = tokens if self.rules.token_per_claim else 0
            for job, row in enumerate(rows):
                claim = ("claimed", row.ready, token, 0, LEASE)
                if row.state in CLAIMABLE:
                    yield ("receives job", job, "and claims it"), job, claim, ("claim", job, claim, token)
                for following in self._after_refusal(row, token):
                    pending = ("claim", job, following, token)
                    yield ("is refused with an old message of job", job, "and will try", _words(following)), job, None, pending
        elif worker[0] in {"claim", "settle"}:
            yield (f"writes {_words(worker[2])} of job", worker[1]), worker[1], worker[2], worker
        elif worker[0] == "run":
            yield from self._running(worker, rows)

    def _running(self, worker: Worker, rows: Any) -> Iterator[tuple[Label, int, Write | None, Any]]:
        _, job, epoch, token, attempts, wish = worker
        row = rows[job]
        if row.owner != (epoch, token):
            yield ("looks at its row, sees that its lease is lost and stops"), job, None, IDLE
        elif row.wish and not wish:
            yield ("looks at its row and sees the wish"), job, None, (*worker[:5], True)
        for words, write in self._outcomes(epoch, token, attempts, wish):
            yield (words, job), job, write, ("settle", job, write, token)

    def _outcomes(self, epoch: int, token: int, attempts: int, wish: bool) -> Iterator[tuple[str, Write]]:  # noqa: FBT001
        yield "ends well: writes succeeded of job", ("succeeded", epoch, token, 0, ())
        if wish:
            yield "gives in: writes cancelled of job", ("gave_in", epoch, token, 0)
            return
        if attempts < MAX_ATTEMPTS:
            yield "fails: writes a retry of job", ("retried", epoch, token, 0, LEASE, -1)
        yield "fails for good: writes died of job", ("died", epoch, token, 0, ())

    def _after_refusal(self, row: Row, token: int) -> Iterator[Write]:
        """What a refused claim may try next, by the row that refused it. Whether it is due, or its lease over, is anybody's guess."""
        if row.state in CLAIMABLE:
            yield ("claimed", row.ready, token, 0, LEASE)
        elif row.state == "RUNNING":
            yield self._loss(row) or ("reclaimed", row.epoch, token, LATER, LEASE)

    def _loss(self, row: Row) -> Write | None:
        if row.wish and self.rules.wish_heeded:
            return ("lost_wished", row.epoch, LATER)
        if row.attempts >= MAX_ATTEMPTS and self.rules.losses_end:
            return ("lost", row.epoch, LATER, ())
        return None

    def _write(self, state: State, n: int, label: Label, job: int, write: Write | None, after: Any) -> Iterator[Step]:
        rows, workers, person, air, left, _ = state
        if write is None:
            yield self._next(label, rows, _put(workers, n, after), person, air, left)
            return
        new = self.law.write(rows[job], write)
        broken = judge(rows[job], new, write) if new else None
        for then in self._answered(after, write, new, rows[job]):
            done = _put(workers, n, then)
            yield self._next((*label, "" if new else ": refused"), _put(rows, job, new or rows[job]), done, person, air, left, False, broken)
        if left[0]:
            flying = _fly(air, job, write)
            for then, words in ((after, ": no reply, asks again"), (IDLE, ": no reply, gives up")):
                yield self._next((*label, words), rows, _put(workers, n, then), person, flying, _less(left, 0), True)

    def _answered(self, pending: Worker, write: Write, new: Row | None, row: Row) -> Iterator[Worker]:
        """The worker after the answer to its write: `new` the row after it, or a refusal by `row`."""
        kind, job, token = pending[0], pending[1], pending[3]
        seen = new or row
        if kind == "claim":
            if seen.owner != NONE and seen.owner[1] == token:
                yield self._started(job, seen)
                return
            following = [] if new else list(self._after_refusal(seen, token))
            for more in following:
                yield ("claim", job, more, token)
            yield IDLE  # nothing to do, or not due, or a live lease
            return
        mine = (write[1], token)
        if new is None and mine not in row.marks and row.owner == mine and row.wish and write[0] in {"retried", "died"}:
            yield ("settle", job, ("gave_in", *mine, 0), token)
            return
        yield IDLE

    def _started(self, job: int, row: Row) -> Worker:
        if row.wish and self.rules.wish_heeded:
            return ("settle", job, ("gave_in", *row.owner, 0), row.owner[1])
        return ("run", job, *row.owner, row.attempts, row.wish)

    # --------------------------------------------------------------------------------------------------------- person

    def _person(self, state: State) -> Iterator[Step]:
        rows, workers, person, air, left, tokens = state
        if person == IDLE:
            for job, row in enumerate(rows):
                write = _cancel(row)
                if left[1] and write is not None:
                    yield self._next(("a person reads job", job, "to cancel it"), rows, workers, ("cancel", job, write), air, _less(left, 1))
                if left[1] and row.state == "QUEUED" and row.epoch == 0:
                    late = ("cancel", job, ("expired", "QUEUED", 0, 0))
                    yield self._next(("the tick reads job", job, "to expire it"), rows, workers, late, air, _less(left, 1))
                if left[2] and row.state == "DEAD":
                    again = ("redrive", job, ("redriven", row.epoch, tokens, 0, LEASE), tokens)
                    yield self._next(("a person reads job", job, "to redrive it"), rows, workers, again, air, _less(left, 2))
            return
        _, job, write = person[:3]
        new = self.law.write(rows[job], write)
        broken = judge(rows[job], new, write) if new else None
        again = None if new or write[0] in {"redriven", "expired"} else _cancel(rows[job])
        then = IDLE if again is None else ("cancel", job, again)
        label = ("the person writes", f"{_words(write)} of job", job)
        yield self._next((*label, "" if new else ": refused"), _put(rows, job, new or rows[job]), workers, then, air, left, False, broken)
        if left[0]:
            flying = _fly(air, job, write)
            for who, words in ((person, ": no reply, asks again"), (IDLE, ": no reply, gives up")):
                yield self._next((*label, words), rows, workers, who, flying, _less(left, 0), True)
            yield self._next((*label[:1], "nothing: crashes"), rows, workers, IDLE, air, _less(left, 0), True)

    # ------------------------------------------------------------------------------------------------ canonical states

    def _next(  # noqa: PLR0917
        self, label: Label, rows: Any, workers: Any, person: Any, air: Any, left: Any, fault: bool = False, broken: str | None = None  # noqa: FBT001, FBT002
    ) -> Step:
        return Step(label, canonical(rows, workers, person, air, left), fault, broken)

    def tell(self, label: Label) -> str:
        return " ".join(str(part + 1) if isinstance(part, int) else str(part) for part in label if part != "").replace(" :", ":")

    def show(self, state: State) -> str:
        rows, workers, person, air = state[:4]
        parts = [show_row(f"job {n + 1}", row) for n, row in enumerate(rows)]
        parts += [f"worker {n + 1} {_local(w)}" for n, w in enumerate(workers) if w != IDLE]
        if person != IDLE:
            parts.append(f"person {_local(person)}")
        parts += [f"in the air: {_words(write)} of job {job + 1}" for job, write in air]
        return "; ".join(parts)


def show_row(who: str, row: Row) -> str:
    """A row in words."""
    words = [f"{who} {row.state} epoch {row.epoch}"]
    words += [f"attempts {row.attempts}"] if row.attempts else []
    words += [f"ready {row.ready}"] if row.ready >= 0 else []
    words += [f"owner {row.owner[0]}.t{row.owner[1]}"] if row.owner != NONE else []
    words += ["wish"] if row.wish else []
    words += [f"owes {len(row.outbox)}"] if row.outbox else []
    words += [f"next_check {row.check}"] if row.check >= 0 else []
    return " ".join(words)


def _words(write: Write) -> str:
    return f"{write[0]}({', '.join(str(part) for part in write[1:3])})"


def _local(local: Worker) -> str:
    if local[0] == "run":
        return f"runs job {local[1] + 1} in epoch {local[2]} as t{local[3]}"
    return f"is to write {_words(local[2])} of job {local[1] + 1}"


def _cancel(row: Row) -> Write | None:
    if row.state in OVER or (row.state == "RUNNING" and row.wish):
        return None
    return ("wished" if row.state == "RUNNING" else "cancelled", row.state, row.epoch, 0)


def _put(items: Any, n: int, item: Any) -> Any:
    return (*items[:n], item, *items[n + 1 :])


def _less(left: tuple[int, ...], n: int) -> tuple[int, ...]:
    return (*left[:n], left[n] - 1, *left[n + 1 :])


def _fly(air: Any, job: int, write: Write) -> Any:
    return (*air, (job, write))


TOKEN_AT = {"claimed": 2, "reclaimed": 2, "renewed": 2, "succeeded": 2, "retried": 2, "died": 2, "gave_in": 2, "came_late": 2, "redriven": 2}


def canonical(rows: Any, workers: Any, person: Any, air: Any, left: Any) -> State:
    """One state for all that differ only in the names of workers and jobs, in tokens and in marks that nobody will ask for."""
    if len(rows) > 1:
        order = sorted(range(len(rows)), key=lambda n: (_plain(rows[n]), [w[2:] for w in workers if w != IDLE and w[1] == n and w[0] != "run"]))
        if order != list(range(len(rows))):
            place = {old: new for new, old in enumerate(order)}
            rows = tuple(rows[n] for n in order)
            workers = tuple(w if w == IDLE else (w[0], place[w[1]], *w[2:]) for w in workers)
            person = person if person == IDLE else (person[0], place[person[1]], *person[2:])
            air = tuple((place[job], write) for job, write in air)
    workers = tuple(sorted(workers, key=_key))
    names: dict[int, int] = {-1: -1}
    fresh = count()

    def named(token: int) -> int:
        if token not in names:
            names[token] = next(fresh)
        return names[token]

    def write_(write: Write) -> Write:
        return (*write[:2], named(write[2]), *write[3:]) if write[0] in TOKEN_AT else write

    def actor(a: Worker) -> Worker:
        if a[0] == "run":
            return (*a[:3], named(a[3]), *a[4:])
        if a[0] in {"claim", "settle", "redrive"}:
            return (*a[:2], write_(a[2]), named(a[3]))
        return (*a[:2], write_(a[2])) if a[0] == "cancel" else a

    asking = {w[3] for w in (*workers, person) if len(w) > 3}
    owners = [(row.owner[0], named(row.owner[1])) for row in rows]
    workers = tuple(actor(w) for w in workers)
    person = actor(person)
    marks = [tuple(sorted((e, named(t)) for e, t in row.marks if t in asking)) for row in rows]
    air = tuple(sorted((job, write_(write)) for job, write in sorted(air, key=lambda a: (a[0], a[1][0], a[1][1], str(a[1][3:])))))
    rows = tuple(row._replace(owner=o, marks=m) for row, o, m in zip(rows, owners, marks, strict=True))
    return (rows, workers, person, air, left, next(fresh))


def _plain(row: Row) -> Any:
    return (row.state, row.epoch, row.attempts, row.wish, row.life, row.ready)


def _key(w: Worker) -> Any:
    if w[0] == "run":
        return (w[0], w[1], w[2], w[4:])
    return (w[0], w[1], w[2][0], w[2][1]) if len(w) > 2 else (w[0],)
