"""One batch of a lane. Where the lane has batch tasks all messages are claimed first, then the jobs of each batch task run in one call.

In a lane without batch tasks each message is its own affair from claim to outcome, and nobody waits for anybody.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from chalicelib.domain.events import Event
from chalicelib.domain.job import Wakeup
from chalicelib.pipeline.admitted import await_moment
from chalicelib.pipeline.attempt import Ended, Invocation, Ready, named, prepare, run
from chalicelib.pipeline.consume import Finish, Handler, Record
from chalicelib.pipeline.execute import Started, execute, finish, settled, start
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.workflows.sequel import Sequel

Answer = bool | Exception


def hands(*, ends: datetime, lane: str, parts: Parts) -> tuple[Handler, Finish | None]:
    """What `consume` is to do with the messages of a lane, before `ends`: with each, and with those whose jobs were started."""

    def whole(wakeup: Wakeup, record: Record) -> bool:
        return execute(wakeup, ends=ends, receipt=record.receipt, parts=parts)

    def begin(wakeup: Wakeup, record: Record) -> bool | Started:
        return start(wakeup, ends=ends, receipt=record.receipt, parts=parts)

    if not has_batch_tasks(lane, parts):
        return whole, None
    return begin, lambda started: finish_together(started, parts=parts)


def has_batch_tasks(lane: str, parts: Parts) -> bool:
    """Whether a batch task is at home in this lane. One that was submitted into another lane runs there, one job a call."""
    return any(task.options.batch and task.options.lane == lane for task in parts.registry)


def finish_together(started: Sequence[Started], *, parts: Parts) -> list[Answer]:
    """Run what was started, each group and each single job side by side. The answers in their order: is the message done with?"""
    order = sorted(range(len(started)), key=lambda number: _group(number, started[number], parts))
    groups = [
        list(numbers)
        for _, numbers in groupby(order, key=lambda number: _group(number, started[number], parts))
    ]
    answers: dict[int, Answer] = {}
    several = parts.crew.each(lambda numbers: _run([started[number] for number in numbers], parts), groups)
    for numbers, found in zip(groups, several, strict=True):
        own = [found] * len(numbers) if isinstance(found, Exception) else found
        answers.update(zip(numbers, own, strict=True))
    return [answers[number] for number in range(len(started))]


def _group(number: int, one: Started, parts: Parts) -> tuple[str, int]:
    """Jobs of one batch task share a group. Any other is alone."""
    task = one.job.task
    known = parts.registry.tasks.get(task)
    return (task, -1) if known is not None and known.options.batch else (task, number)


def _run(group: Sequence[Started], parts: Parts) -> list[Answer]:
    if len(group) == 1:
        return [finish(group[0], parts=parts)]
    prepared = parts.crew.each(lambda one: _prepare(one, parts), group)
    ready = [one for one in prepared if isinstance(one, Ready)]
    ended = iter(run(ready, parts=parts) if ready else [])
    outcomes = [next(ended) if isinstance(one, Ready) else one for one in prepared]
    return list(
        parts.crew.each(
            lambda pair: _settle(pair[0], pair[1], parts), list(zip(group, outcomes, strict=True))
        )
    )


def _prepare(one: Started, parts: Parts) -> Ready | Event:
    await_moment(one.admitted, parts=parts)
    return prepare(one.job, Invocation(ends=one.ends, receipt=one.receipt), parts=parts)


def _settle(one: Started, found: Event | Ended | Exception, parts: Parts) -> bool:
    """Record one job's outcome. Its trouble is its own."""

    def name() -> Event | Sequel | None:
        if isinstance(found, Exception):
            raise found
        return named(found, parts=parts) if isinstance(found, Ended) else found

    return settled(one, name, parts=parts)
