"""The reckoning once all is quiet: what clients were told, what the rows say, what the witness saw. It trusts none of them alone.

Each way in which they can disagree has a name; the ledger counts it under that name and says it in words.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from chalicelib.domain.job import TERMINAL, Entry, Inline, Job, Reason, State
from proof.processes.orders import Order
from proof.processes.tasks import answer
from proof.processes.witness import Start

ENDS = {
    State.SUCCEEDED: "succeeded",
    State.DEAD: "dead",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "expired",
}
COMPLETIONS = frozenset({"succeeded", "died", "cancelled", "expired"})
OUTCOMES = COMPLETIONS | {"retry_scheduled"}
CLAIMS = frozenset({"claimed", "reclaimed"})
REDRIVEN = "redriven"
NEVER = frozenset({"always", "doomed", "fatal", "fatal_child", "hang"})
"""Kinds that cannot succeed."""

FOLLOWED = {"succeeded": "on_success", "died": "on_failure"}
OF_KILLS = frozenset({Reason.WORKER_LOST, Reason.TIMED_OUT})
"""What a job that ought to succeed may die of: its workers were killed or stood still too often."""

LASTING = frozenset(
    {
        "recorded_twice",
        "terminal_undone",
        "epoch_reused",
        "too_many_starts",
        "started_twice",
        "unclaimed_start",
        "same_key",
        "cancel_undone",
        "wrong_end",
        "wrong_result",
        "newer_touched",
    }
)
"""What no waiting mends, and what can be told while jobs still run. All else is wrong only once all has come to rest."""

Finding = tuple[str, str]  # the name of what is wrong, and the words


@dataclass(frozen=True, kw_only=True)
class Books:
    """Everything that the reckoning is made from."""

    orders: Mapping[str, Order]  #: id that a client was answered -> what it had asked for
    keys: Mapping[str, frozenset[str]]  #: idempotency key -> ids that were answered for it
    rows: Mapping[str, Job]
    starts: Sequence[Start]
    cancelled: frozenset[str] = frozenset()  #: ids for which a cancel was answered CANCELLED
    unanswered: int = 0  #: orders that no client got an answer for
    depth: int = 0  #: messages left in the queues beyond those of newer code; below 0: some of those are gone
    newer_changed: Sequence[str] = ()  #: newer code's rows that were touched


@dataclass(kw_only=True)
class Ledger:
    """Figures, and what is wrong, in words."""

    figures: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count it and keep the words."""
        name, words = finding
        self.figures[name] += 1
        self.wrong.append(f"{name}: {words}")


def reckon(books: Books) -> Ledger:
    """Accepted = succeeded + dead + cancelled + expired; one outcome a life; starts, effects and answers that fit."""
    ledger = Ledger()
    ledger.figures.update(jobs=len(books.rows), accepted=len(books.orders), starts=len(books.starts))
    ledger.figures.update(lost=0, recorded_twice=0)
    for job_id, order in books.orders.items():
        row = books.rows.get(job_id)
        if row is None or row.state not in TERMINAL:
            ledger.add(("lost", f"{job_id} ({order.kind}) is {'nowhere' if row is None else row.state}"))
        else:
            ledger.figures[ENDS[row.state]] += 1
    by_job = defaultdict(list)
    for start in books.starts:
        by_job[start.job].append(start)
    for job_id, row in books.rows.items():
        for finding in [*_path(row), *_leftovers(row), *_started(row, by_job.get(job_id, []))]:
            ledger.add(finding)
    for finding in [*_promises(books), *_effects(books), *_rest(books, by_job)]:
        ledger.add(finding)
    return ledger


def lives(history: Sequence[Entry]) -> list[list[Entry]]:
    """The history in lives: a redrive begins another one."""
    found: list[list[Entry]] = [[]]
    for entry in history:
        if entry.event == REDRIVEN:
            found.append([])
        found[-1].append(entry)
    return found


def _path(row: Job) -> Iterator[Finding]:
    """The history is one that can be: one completion a life, nothing after it, epochs that grow with each claim."""
    for life in lives(row.history):
        ends = [entry.event for entry in life if entry.event in COMPLETIONS]
        if len(ends) > 1:
            yield "recorded_twice", f"{row.label()} ended as {' and '.join(ends)} in one life"
        elif ends and life[-1].event not in COMPLETIONS:
            yield "terminal_undone", f"{row.label()}: {life[-1].event} after {ends[0]}"
    twice = [
        epoch
        for epoch, number in Counter(
            entry.epoch for entry in row.history if entry.event in OUTCOMES and entry.by
        ).items()
        if number > 1
    ]
    if twice:
        yield "recorded_twice", f"{row.label()} has two outcomes in epochs {twice}"
    claims = [entry.epoch for entry in row.history if entry.event in CLAIMS]
    if any(later <= earlier for earlier, later in pairwise(claims)):
        yield "epoch_reused", f"{row.label()} was claimed in epochs {claims}"
    if row.history and max(entry.epoch for entry in row.history) > row.epoch:
        yield "epoch_reused", f"{row.label()} is in epoch {row.epoch}, below its history"


def _leftovers(row: Job) -> Iterator[Finding]:
    """A finished row owes nothing, is nobody's, and is out of the tick's sight."""
    if row.state not in TERMINAL:
        return
    if row.outbox:
        yield "owed", f"{row.label()} still owes {row.outbox[0].slot}"
    if row.owner is not None or row.ready is not None or row.lease is not None:
        yield "held", f"{row.label()} is {row.state} and still has an owner, a lease or a claim ready"
    if row.attention == "due":
        yield "in_sight", f"{row.label()} is {row.state} and still has an appointment"


def _started(row: Job, starts: Sequence[Start]) -> Iterator[Finding]:
    """Starts that the witness saw: no more than allowed, one an epoch, each by a recorded claim."""
    redrives = sum(entry.event == REDRIVEN for entry in row.history)
    allowed = row.max_attempts * (1 + redrives)
    if len(starts) > allowed:
        yield "too_many_starts", f"{row.label()} was started {len(starts)} times, {allowed} are allowed"
    epochs = Counter(start.epoch for start in starts)
    twice = [epoch for epoch, number in epochs.items() if number > 1]
    if twice:
        yield "started_twice", f"{row.label()} was started twice in epochs {twice}"
    claimed = {entry.epoch for entry in row.history if entry.event in CLAIMS}
    unclaimed = sorted(set(epochs) - claimed)
    if unclaimed:
        yield "unclaimed_start", f"{row.label()} was started in epochs {unclaimed}, never claimed"
    succeeded = [entry.epoch for entry in row.history if entry.event == "succeeded"]
    if any(epoch not in epochs for epoch in succeeded):
        yield "unseen_success", f"{row.label()} succeeded in epochs {succeeded}, started in {sorted(epochs)}"


def _promises(books: Books) -> Iterator[Finding]:
    """What the clients were told, and what each kind of job has to come to."""
    for key, ids in books.keys.items():
        if len(ids) > 1:
            yield "same_key", f"{key} was answered with {len(ids)} jobs: {', '.join(sorted(ids))}"
    for job_id in books.cancelled:
        row = books.rows.get(job_id)
        if row is None or row.state is not State.CANCELLED:
            yield "cancel_undone", f"{job_id} was answered CANCELLED and is {row.state if row else 'nowhere'}"
    for job_id, order in books.orders.items():
        row = books.rows.get(job_id)
        if row is not None:
            yield from _end(row, order)


def _end(row: Job, order: Order) -> Iterator[Finding]:
    if row.state is State.SUCCEEDED:
        wanted = str(answer(order.number))
        found = row.result.json if isinstance(row.result, Inline) else None
        if order.kind in NEVER:
            yield "wrong_end", f"{row.label()} ({order.kind}) cannot succeed and did"
        elif found != wanted:
            yield "wrong_result", f"{row.label()} has the result {found}, not {wanted}"
    elif row.state is State.DEAD and order.kind not in NEVER and row.reason not in OF_KILLS:
        yield "wrong_end", f"{row.label()} ({order.kind}) is dead: {row.reason}, {row.error}"
    elif row.state is State.EXPIRED and order.kind != "brief":
        yield "wrong_end", f"{row.label()} ({order.kind}) expired and had no deadline"


def _effects(books: Books) -> Iterator[Finding]:
    """Each completion that is followed by a task has one follower, and no other job has a cause."""
    followers = Counter(row.cause for row in books.rows.values() if row.cause is not None)
    for job_id, row in books.rows.items():
        owed = sum(
            1 for entry in row.history if getattr(row, FOLLOWED.get(entry.event, ""), None) is not None
        )
        if followers[job_id] != owed:
            yield "effects", f"{row.label()} owed {owed} jobs that follow, there are {followers[job_id]}"
    for cause in set(followers) - set(books.rows):
        yield "effects", f"{followers[cause]} jobs follow {cause}, which is not there"
    for row in books.rows.values():
        if row.cause is not None and row.state not in TERMINAL:
            yield "lost", f"{row.label()}, which follows {row.cause}, is {row.state}"


def _rest(books: Books, by_job: Mapping[str, Sequence[Start]]) -> Iterator[Finding]:
    for job_id in set(by_job) - set(books.rows):
        yield "unclaimed_start", f"{job_id} was started and has no row"
    if books.depth < 0:
        yield "newer_gone", f"{-books.depth} messages of newer code are gone"
    elif books.depth:
        yield "messages_left", f"{books.depth} more messages in the queues than those of newer code"
    if books.unanswered:
        yield "unanswered", f"{books.unanswered} orders got no answer"
    for job_id in books.newer_changed:
        yield "newer_touched", f"newer code's row {job_id} is not as it was"


def changed(before: Mapping[str, Job], after: Mapping[str, Job]) -> list[str]:
    """Ids of the rows that are not what they were: after all messages were sent again there must be none."""
    return sorted(job_id for job_id in {*before, *after} if before.get(job_id) != after.get(job_id))
