"""One state for all that nothing can ever tell apart: workers and jobs change places, tokens get the first free names, marks that nobody
will ask for are dropped, and so are writes in the air that the law will refuse for ever.
"""

from itertools import count
from typing import Any

from proof.spec.invariants import FENCED
from proof.spec.law import Law, Row, Write
from proof.spec.search import State

IDLE: tuple[Any, ...] = ("idle",)

WITH_TOKEN = frozenset({*FENCED, "claimed", "reclaimed", "redriven", "replaced"})
BY_STATE = frozenset({"expired", "wished", "cancelled", "appointed", "postponed", "released", "cleared"})


def put(items: Any, n: int, item: Any) -> Any:
    """The tuple with another item at n."""
    return (*items[:n], item, *items[n + 1 :])


def less(left: tuple[int, ...], n: int) -> tuple[int, ...]:
    """The budgets after one of number n was spent."""
    return (*left[:n], left[n] - 1, *left[n + 1 :])


def hopeless(write: Write, row: Row, law: Law) -> bool:
    """Refused now and for ever: every guard names its epoch, and epochs only grow (I4, which every step is checked for).

    A mutant's law may name none, so nothing is hopeless there.
    """
    if law.edit is not None:
        return False
    epoch = write[2] if write[0] in BY_STATE else write[1]
    return bool(row.epoch > epoch) and law.write(row, write) is None


def canonical(rows: Any, workers: Any, person: Any, air: Any, left: Any, law: Law) -> State:
    """The state that stands for all like it."""
    if len(rows) == 2 and _busy(rows, workers, person, air, 1) < _busy(rows, workers, person, air, 0):
        rows = (rows[1], rows[0])
        workers = tuple(_elsewhere(w) for w in workers)
        person = _elsewhere(person)
        air = tuple((1 - job, write) for job, write in air)
    workers = sorted(workers, key=_key)
    names: dict[int, int] = {-1: -1}
    fresh = count()

    def named(token: int) -> int:
        if token not in names:
            names[token] = next(fresh)
        return names[token]

    def written(write: Write) -> Write:
        return (*write[:2], named(write[2]), *write[3:]) if write[0] in WITH_TOKEN else write

    def actor(a: Any) -> Any:
        if a[0] == "run":
            return (*a[:3], named(a[3]), *a[4:])
        if len(a) > 3:
            return (*a[:2], written(a[2]), named(a[3]))
        return a

    asking = {a[3] for a in (*workers, person) if len(a) > 3}
    owners = [(row.owner[0], named(row.owner[1])) for row in rows]
    workers = tuple(actor(w) for w in workers)
    person = actor(person)
    if air:
        some = sorted((a for a in air if not hopeless(a[1], rows[a[0]], law)), key=_nameless)
        air = tuple((job, written(write)) for job, write in some)
    rows = tuple(
        row
        if row.owner == owner and not row.marks
        else row._replace(
            owner=owner, marks=tuple(sorted((e, named(t)) for e, t in row.marks if t in asking))
        )
        for row, owner in zip(rows, owners, strict=True)
    )
    return (rows, workers, person, air, left, next(fresh))


def _busy(rows: Any, workers: Any, person: Any, air: Any, job: int) -> Any:
    """What happens at a job, without names: the order of jobs."""
    row = rows[job]
    plain = (row.state, row.epoch, row.attempts, row.wish, row.life)
    return (
        plain,
        sorted(_key(w) for w in (*workers, person) if len(w) > 1 and w[1] == job),
        sorted(_nameless(a) for a in air if a[0] == job),
    )


def _elsewhere(a: Any) -> Any:
    return a if a == IDLE else (a[0], 1 - a[1], *a[2:])


def _key(a: Any) -> Any:
    if a[0] == "run":
        return (a[0], a[2], a[1], *a[4:])
    return (a[0], str(a[2][1]), a[1], a[2][0]) if len(a) > 2 else a


def _nameless(a: Any) -> Any:
    write = a[1]
    return (write[0], str(write[1]), a[0], str(write[3:] if write[0] in WITH_TOKEN else write[2:]))
