"""What the real adapters ask of DynamoDB: consistent reads where the protocol rests on them, and no half answers."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
from botocore.exceptions import ConnectTimeoutError

from chalicelib.adapters.aws.rows import to_item
from chalicelib.domain.errors import InvalidInput, Unavailable
from chalicelib.pipeline.ids import first_id
from chalicelib.pipeline.ports import KeyClaim
from tests.contract.rows import DAY, MS, NOW, SECOND, plain


@contextmanager
def watching(aws):
    """Record every call to DynamoDB: its operation and parameters."""
    seen = []

    def note(params, model, **_):
        seen.append((model.name, dict(params)))

    events = aws.clients.dynamodb.meta.events
    events.register("before-parameter-build.dynamodb", note)
    try:
        yield seen
    finally:
        events.unregister("before-parameter-build.dynamodb", note)


@contextmanager
def failing(aws, operation, number):
    """Let the call of that number fail as a connection does that times out."""
    calls = []

    def fail(**_):
        calls.append(1)
        if len(calls) == number:
            raise ConnectTimeoutError(endpoint_url="here")

    events = aws.clients.dynamodb.meta.events
    events.register(f"before-call.dynamodb.{operation}", fail)
    try:
        yield
    finally:
        events.unregister(f"before-call.dynamodb.{operation}", fail)


READS = {
    "read": lambda store: store.read(plain().id),
    "unattended": lambda store: store.unattended(NOW - MS, NOW),
    "watermark": lambda store: store.watermark("fast"),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_reads_are_consistent(aws, read):
    with watching(aws) as calls:
        read(aws.store)
    assert calls
    assert all(params["ConsistentRead"] is True for _, params in calls)


def test_a_claim_and_a_settlement_read_nothing(aws):
    row = plain()
    with watching(aws) as calls:
        aws.store.create(row)
    assert [name for name, _ in calls] == ["PutItem"]


@pytest.mark.parametrize("number", [1, 17, 32])
def test_a_listing_of_which_a_part_cannot_be_read_fails_as_a_whole(aws, number):
    for last in "0123456789ABCDEFGHJKMNPQRSTVWXYZ":
        aws.store.create(plain(last=last))
    with failing(aws, "Query", number), pytest.raises(Unavailable):
        aws.store.unattended(NOW - SECOND, NOW)
    with failing(aws, "Query", number), pytest.raises(Unavailable):
        list(aws.store.newest(first_id(NOW + SECOND), NOW - SECOND))


@pytest.mark.parametrize("number", [1, 8])
def test_appointments_of_which_a_part_cannot_be_read_fail_as_a_whole(aws, number):
    with failing(aws, "Query", number), pytest.raises(Unavailable):
        aws.store.due(NOW, 10)


def test_a_listing_reads_no_day_that_nobody_asks_for(aws):
    # Given more rows today than are wanted
    for last in "0123456789ABCDEFGHJKMNPQRSTVWXYZ":
        aws.store.create(plain(last=last))
    # When some are taken of a listing over a year
    with watching(aws) as calls:
        found = aws.store.newest(first_id(NOW + SECOND), NOW - 365 * DAY)
        assert len([next(found) for _ in range(20)]) == 20
    # Then only today was read
    assert len(calls) == 32


def test_an_index_that_lags_shows_nobody_dead_who_lives_again(aws):
    # Given a dead job, one that was redriven, and one that is forgotten, which the index still lists (no emulator's index lags)
    dead, alive, gone = (plain(attention="dead", attention_at=NOW, last="7") for _ in range(3))
    aws.store.create(dead)
    aws.store.create(replace(alive, attention="due"))

    def lag(parsed, **_):
        keys = [{name: to_item(row)[name] for name in ("pk", "sk")} for row in (alive, gone)]
        parsed["Items"] += keys

    events = aws.clients.dynamodb.meta.events
    events.register("after-call.dynamodb.Query", lag)
    try:
        found, _ = aws.store.dead("dead#7  ", 10)
    finally:
        events.unregister("after-call.dynamodb.Query", lag)
    # Then the listing shows who is dead by its row
    assert list(found) == [dead]


@pytest.mark.parametrize("verb", ["create", "hold"])
def test_a_refusal_that_does_not_say_who_is_there_may_be_asked_again(aws, verb):
    # Given a row and a key that are there, and a service that does not bring along what refused a condition
    row = plain()
    claim = KeyClaim(tenant="t", key="k", request_hash="h", job_id=row.id, until=NOW + DAY)
    calls = {"create": lambda: aws.store.create(row), "hold": lambda: aws.keys.hold(claim, NOW)}
    calls[verb]()

    def leave_out(parsed, **_):
        parsed.pop("Item", None)

    events = aws.clients.dynamodb.meta.events
    events.register("after-call.dynamodb.PutItem", leave_out)
    try:
        # Then it is not taken for a success
        with pytest.raises(Unavailable):
            calls[verb]()
    finally:
        events.unregister("after-call.dynamodb.PutItem", leave_out)


def test_keys_that_dynamodb_leaves_out_of_a_batch_are_asked_for_again(aws):
    # Given two dead jobs, and a service that at first answers only for the second
    rows = [plain(attention="dead", attention_at=NOW - number * MS, last="7") for number in range(2)]
    for row in rows:
        aws.store.create(row)
    calls = []

    def hold_back(parsed, **_):
        calls.append(parsed)
        if len(calls) == 1:
            found = parsed["Responses"][aws.table]
            later = found.pop()
            key = {"pk": later["pk"], "sk": later["sk"]}
            parsed["UnprocessedKeys"] = {aws.table: {"Keys": [key]}}

    events = aws.clients.dynamodb.meta.events
    events.register("after-call.dynamodb.BatchGetItem", hold_back)
    try:
        found, _ = aws.store.dead("dead#7  ", 10)
    finally:
        events.unregister("after-call.dynamodb.BatchGetItem", hold_back)
    # Then it is asked again, and both are there
    assert len(calls) == 2
    assert list(found) == rows


def test_a_service_that_never_answers_for_a_key_is_not_asked_for_ever(aws):
    row = plain(attention="dead", attention_at=NOW, last="7")
    aws.store.create(row)
    calls = []

    def hold_back(parsed, **_):
        calls.append(parsed)
        assert len(calls) < 50
        for item in parsed["Responses"].pop(aws.table):
            key = {"pk": item["pk"], "sk": item["sk"]}
            parsed["UnprocessedKeys"] = {aws.table: {"Keys": [key]}}

    events = aws.clients.dynamodb.meta.events
    events.register("after-call.dynamodb.BatchGetItem", hold_back)
    try:
        with pytest.raises(Unavailable):
            aws.store.dead("dead#7  ", 10)
    finally:
        events.unregister("after-call.dynamodb.BatchGetItem", hold_back)


@pytest.mark.parametrize("cursor", ["nonsense", "dead#99  ", "dead#7 x y", "dead#7 1", "due#1  "])
def test_a_cursor_that_no_page_gave_is_an_error_of_ours(aws, cursor):
    with pytest.raises(InvalidInput):
        aws.store.dead(cursor, 10)
