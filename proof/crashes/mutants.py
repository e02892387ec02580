"""Broken variants: those of the simulation that these scenarios can show, and some that only the real adapters can have."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.adapters.aws import payloads, side_tables, store
from chalicelib.adapters.aws.errors import calling
from chalicelib.adapters.aws.expressions import render
from chalicelib.adapters.aws.keys import key
from chalicelib.adapters.aws.payloads import AwsPayloads
from chalicelib.adapters.aws.queue import SqsQueue
from chalicelib.adapters.aws.rows import to_item
from chalicelib.adapters.aws.store import DynamoStore
from chalicelib.adapters.memory.world import START
from chalicelib.domain.change import Present
from chalicelib.domain.errors import KeyUnavailable, Unavailable
from chalicelib.domain.job import Place, Stored
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline import attempt, duties, follow, quota, settle, tick, unfinished, verdict
from chalicelib.pipeline.appointments import Kept
from chalicelib.pipeline.budgets import watch
from chalicelib.pipeline.items import Edit
from chalicelib.pipeline.outcome import failure
from chalicelib.pipeline.ports import Refused
from chalicelib.pipeline.sealed_text import PREFIX
from chalicelib.pipeline.sealer import NOT_SEALED
from chalicelib.pipeline.statistics import bind, shelves
from chalicelib.pipeline.statistics.tally import Tally
from chalicelib.pipeline.sweep import Swept
from proof.simulation.mutants import MUTANTS, Mutant
from proof.simulation.mutants.registry import Patch, inside

SHARED = (
    "no_fence",
    "fence_on_status",
    "ready_not_removed",
    "live_lease_taken",
    "attempts_counted_on_failure",
    "own_claim_not_recognised",
    "own_outcome_not_recognised",
    "wish_ignored_on_retry",
    "redrive_resets_epoch",
    "watermark_first",
    "failed_listing_is_empty",
    "failed_appointment_is_skipped",
    "appointment_removed_with_outbox",
    "postponed_before_wake",
    "released_without_appointment",
    "no_second_look",
    "dead_letter_kills",
    "message_before_row",
    "first_message_not_delayed",
    "outbox_cleared_first",
    "effect_ids_random",
    "payload_after_row",
    "payload_gone_before_row",
    "cancelled_under_its_worker",
    "cancel_unguarded",
    "redrive_keeps_attempts",
    "outbox_left_by_tick",
    "result_after_outcome",
    "claim_ignores_tenant",
    "full_too_soon",
    "in_vain_never",
    "kept_ignored",
    "bad_marked_as_good",
    "ids_of_the_attempt",
)
"""Of the simulation's mutants. The others need what one thread and short scenarios do not have: many workers of one invocation, several pages of
rows, an account that forgets rows by TTL."""

OWN: list[Mutant] = []


def own(why: str) -> Callable[[Callable[[], Sequence[Patch]]], Callable[[], Sequence[Patch]]]:
    """Register the patches that a function gives, under its name."""

    def declare(patches: Callable[[], Sequence[Patch]]) -> Callable[[], Sequence[Patch]]:
        OWN.append(Mutant(name=patches.__name__, why=why, patches=patches))
        return patches

    return declare


class _Without:
    """A client of boto3 whose calls lack some parameters."""

    def __init__(self, client: Any, *names: str) -> None:
        self._client = client
        self._names = names

    def __getattr__(self, verb: str) -> Any:
        call = getattr(self._client, verb)
        return lambda **params: call(**{name: params[name] for name in params if name not in self._names})


def _lacking(clients: Any, *names: str) -> Any:
    class Lacking:
        dynamodb = _Without(clients.dynamodb, *names)
        sqs = clients.sqs
        s3 = clients.s3

    return Lacking()


def _made_with(kind: Any, *names: str) -> Patch:
    """Every adapter of this kind is made with clients that lack these parameters."""
    made = kind.__init__

    def init(self: Any, clients: Any, *args: Any) -> None:
        made(self, _lacking(clients, *names), *args)

    return kind, "__init__", init


@own("no sweep: what its message has lost is lost")
def nobody_sweeps() -> Sequence[Patch]:
    return [
        (tick, "sweep", lambda *_, **__: Swept(rows=0, appointed=0, behind=timedelta(0))),
        (tick, "keep_appointments", lambda **_: Kept()),
    ]


@own("a row is put over the one that is there")
def put_without_condition() -> Sequence[Patch]:
    def create(self: Any, job: Any) -> None:
        with calling("PutItem"):
            self._db.put_item(TableName=self._table, Item=to_item(job))

    return [(DynamoStore, "create", create)]


@own("an update has lost its condition")
def update_without_condition() -> Sequence[Patch]:
    def unguarded(change: Any, job_id: str) -> dict[str, Any]:
        rendered = render(change, job_id)
        left = rendered["UpdateExpression"]
        used = {
            name: {alias: value for alias, value in rendered.get(name, {}).items() if _uses(left, alias)}
            for name in ("ExpressionAttributeNames", "ExpressionAttributeValues")
        }
        return {
            "UpdateExpression": left,
            "ConditionExpression": "attribute_exists(pk)",
            **{name: aliases for name, aliases in used.items() if aliases},
        }

    return [(store, "render", unguarded)]


def _uses(expression: str, alias: str) -> bool:
    return alias in expression.replace(",", " ").replace("(", " ").replace(")", " ").split()


@own("a refusal does not bring the row that refused")
def refusal_without_row() -> Sequence[Patch]:
    return [_made_with(DynamoStore, "ReturnValuesOnConditionCheckFailure")]


@own("the rows are listed and read eventually consistent")
def inconsistent_reads() -> Sequence[Patch]:
    return [_made_with(DynamoStore, "ConsistentRead")]


@own("a stored payload is read eventually consistent")
def inconsistent_payload() -> Sequence[Patch]:
    return [_made_with(AwsPayloads, "ConsistentRead")]


@own("entries that failed under HTTP 200 count as sent")
def failed_entries_ignored() -> Sequence[Patch]:
    old = SqsQueue._send_once  # noqa: SLF001

    def once(self: Any, lane: str, left: Any) -> Sequence[Any]:
        old(self, lane, left)
        return []

    return [(SqsQueue, "_send_once", once)]


@own("a message that could not be sent for trouble with SQS counts as sent")
def send_trouble_swallowed() -> Sequence[Patch]:
    old = SqsQueue._send  # noqa: SLF001

    def send(self: Any, lane: str, batch: Any) -> list[Any]:
        old(self, lane, batch)
        return []

    return [(SqsQueue, "_send", send)]


@own("a payload is put after the write that names it")
def payload_after_write() -> Sequence[Patch]:
    put, create, write = AwsPayloads.put, DynamoStore.create, DynamoStore.write
    waiting: list[Callable[[], Any]] = []

    def later(self: Any, job_id: str, body: bytes, keep_until: Any) -> Any:
        from hashlib import sha256

        waiting.append(lambda: put(self, job_id, body, keep_until))
        small = len(body) <= payloads.ITEM_BYTES
        at = Place.ITEM if small else Place.OBJECT
        return Stored(place=at, sha256=sha256(body).hexdigest(), size=len(body))

    def then(verb: Any) -> Any:
        def wrapped(self: Any, *args: Any) -> Any:
            answer = verb(self, *args)
            while waiting:
                waiting.pop()()
            return answer

        return wrapped

    return [
        (AwsPayloads, "put", later),
        (DynamoStore, "create", then(create)),
        (DynamoStore, "write", then(write)),
    ]


@own("an idempotency key is taken over whoever holds it")
def key_without_condition() -> Sequence[Patch]:
    def hold(self: Any, claim: Any, now: Any) -> Any:  # noqa: ARG001
        with calling("PutItem"):
            self._clients.dynamodb.put_item(
                TableName=self._table,
                Item={
                    **key(f"key#{claim.tenant}", claim.key),
                    "request_hash": {"S": claim.request_hash},
                    "job_id": {"S": claim.job_id},
                },
            )
        return claim

    return [(side_tables.DynamoKeys, "hold", hold)]


@own("a timeout counts as a refused condition")
def timeout_is_refusal() -> Sequence[Patch]:
    old = DynamoStore.write

    def write(self: Any, job_id: str, change: Any) -> Any:
        try:
            return old(self, job_id, change)
        except Unavailable:
            return Refused(job=self.read(job_id))

    return [(DynamoStore, "write", write)]


@own("throttling counts as a refusal for good")
def throttling_is_final() -> Sequence[Patch]:
    from chalicelib.adapters.aws import errors

    return [(errors, "PASSING", frozenset())]


@own("a part of the statistics of which nobody knows whether it is there is written under another key")
def part_under_another_key() -> Sequence[Patch]:
    sure = Tally.written

    def written(self: Any, draft: Any, **how: bool) -> None:
        sure(self, draft, sure=True)
        if not how["sure"]:
            self._book.merge(draft.book)

    return [(Tally, "written", written)]


@own("a minute is bound by adding to what is bound")
def bound_by_adding() -> Sequence[Patch]:
    first = shelves.bound

    def more(book: Any, until: Any) -> Any:
        book.merge(book)
        return first(book, until)

    return [(bind, "bound", more)]


def _without_key(event: Callable[[Any, Any, Any], Any]) -> Sequence[Patch]:
    """What is recorded of a job whose key is away, in words that need none."""
    sound = inside(settle).sealed_event

    def sealed(found: Any, job: Any, parts: Any) -> Any:
        try:
            return sound(found, job, parts)
        except KeyUnavailable:
            return replace(found, error=replace(found.error, message=PREFIX, traceback=""))

    return [(verdict, "keyless", event), (settle, "sealed_event", sealed)]


@own("a missing key counts as a failed attempt")
def missing_key_is_a_failure() -> Sequence[Patch]:
    def failed(job: Any, now: Any, luck: float) -> Any:
        missing = failure(KeyUnavailable("the key is away"))
        return verdict.after_missing_payload(job, missing, Backoff(), now, luck)

    return _without_key(failed)


@own("a job whose payload cannot be opened now dies of it")
def missing_key_is_death() -> Sequence[Patch]:
    def dead(job: Any, now: Any, _: float) -> Any:
        return verdict.undecodable(job, failure(KeyUnavailable("the key is away")), now)

    return _without_key(dead)


@own("a result is written in the clear")
def result_unsealed() -> Sequence[Patch]:
    sound = inside(attempt).place

    def place(text: str, *, whose: Any, due: Any, parts: Any) -> Any:
        clear = replace(parts, sealer=NOT_SEALED) if whose.field == "result" else parts
        return sound(text, whose=whose, due=due, parts=clear)

    return [(attempt, "place", place)]


@own("the words of an exception are written in the clear")
def error_unsealed() -> Sequence[Patch]:
    return [(settle, "sealed_event", lambda event, *_: event)]


@own("what follows a job is made before its result can be opened")
def follower_before_its_key() -> Sequence[Patch]:
    sound = inside(follow).finished

    def finished(job: Any, parts: Any) -> Any:
        try:
            return sound(job, parts)
        except KeyUnavailable:
            return sound(replace(job, result=None), parts)

    return [(follow, "finished", finished)]


@own("a place that was taken of a quota is never given back")
def quota_never_counted() -> Sequence[Patch]:
    return [(duties.DUTIES, "unfinished", lambda spot, _, parts: parts.items.write(spot, Edit(undue=True)))]


@own("the counter of unfinished jobs is believed to be empty when the tick has looked")
def quota_forgotten() -> Sequence[Patch]:
    return [(unfinished, "_left", lambda *_: 0)]


@own("whoever takes places of a quota does not ask whether there are any")
def quota_not_asked() -> Sequence[Patch]:
    return [
        (quota, "bisect_right", lambda sums, _: len(sums)),
        (unfinished, "Below", lambda field, _: Present(field)),
    ]


@own("a spent budget stops requests for ever")
def budget_held_for_ever() -> Sequence[Patch]:
    return [(watch, "ends", lambda *_: START + timedelta(days=3650))]


ALL: Sequence[Mutant] = (*(one for one in MUTANTS if one.name in SHARED), *OWN)
