"""Broken variants, applied inside the processes of a run (`--mutant NAME`), to show that the ledger can fail. The control breaks nothing."""

# ruff: noqa: SLF001 - what a mutant breaks is private

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.adapters.aws.queue import SqsQueue
from chalicelib.domain import lifecycle
from chalicelib.domain.change import Change
from chalicelib.domain.events import Claimed, Reclaimed
from chalicelib.domain.guards import Mine, Unwished
from chalicelib.pipeline import enqueue, tick
from chalicelib.pipeline.appointments import Kept
from jobline.local.pump import Pump
from jobline.local.sqs_event import sqs_event


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """One of them. `harmless`: it must pass."""

    name: str
    why: str
    apply: Callable[[], None]
    harmless: bool = False


def _early_ack() -> None:
    """Delete what was received, then work on it."""

    def turn(pump: Any, stop: Any) -> bool:
        url, arn = pump._found or pump._find()
        messages = pump._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        if messages:
            pump._delete(url, messages, stop)
            pump._function.invoke(sqs_event(messages, queue_arn=arn, region=pump._sqs.meta.region_name))
        return True

    _broken(Pump, "turn", turn)


def _early_ack_no_sweep() -> None:
    _early_ack()
    _broken(tick, "keep_appointments", lambda **_: Kept())


def _no_fence() -> None:
    _broken(Mine, "clauses", lambda _: ())
    _broken(Unwished, "clauses", lambda _: ())


def _sends_dropped() -> None:
    _broken(SqsQueue, "send", lambda _self, _wakeups: ())


def _keys_not_held() -> None:
    _broken(enqueue, "bound", lambda _asked, job_id, _parts: job_id)


def _attempts_not_counted() -> None:
    def claimed(event: Claimed | Reclaimed) -> Change:
        found = lifecycle._claimed(event)
        return Change(where=found.where, set=found.set, remove=found.remove, history=found.history)

    _broken(lifecycle, "_WRITES", {**lifecycle._WRITES, Claimed: claimed, Reclaimed: claimed})


def _broken(owner: Any, name: str, value: Any) -> None:
    """Put this in the place of what is there. It must be there: a mutant of nothing would prove nothing."""
    assert hasattr(owner, name), f"{owner} has no {name}"
    setattr(owner, name, value)


MUTANTS: Sequence[Mutant] = (
    Mutant(name="no_fence", why="settling does not test whose the job is", apply=_no_fence),
    Mutant(
        name="early_ack_no_sweep",
        why="messages are deleted before the work, and nobody keeps appointments",
        apply=_early_ack_no_sweep,
    ),
    Mutant(name="sends_dropped", why="every message is taken for sent and is not", apply=_sends_dropped),
    Mutant(name="keys_not_held", why="an idempotency key is not remembered", apply=_keys_not_held),
    Mutant(
        name="attempts_not_counted", why="a claim does not count its attempt", apply=_attempts_not_counted
    ),
    Mutant(
        name="early_ack",
        why="messages are deleted before the work: harmless, the sweep holds every job",
        apply=_early_ack,
        harmless=True,
    ),
)


def mutant(name: str) -> Mutant:
    """By its name. Raises KeyError."""
    return {one.name: one for one in MUTANTS}[name]
