"""What DynamoDB's TTL is told: every item beside the rows expires by itself, and never before its time."""

import math

import pytest

from chalicelib.domain.job import Place
from chalicelib.pipeline.ports import KeyClaim, Oddity
from tests.contract.rows import DAY, MS, NOW, new_id


def seconds(at) -> int:
    return math.ceil(
        (
            at - NOW.replace(year=1970, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
        ).total_seconds()
    )


def ttl(aws) -> int:
    [item] = aws.all_items()
    return int(item["ttl"]["N"])


@pytest.mark.parametrize("ms", [0, 1, 999])
def test_a_key_outlives_its_claim(aws, ms):
    until = NOW.replace(microsecond=0) + ms * MS
    aws.keys.hold(KeyClaim(tenant="t", key="k", request_hash="h", job_id=new_id(), until=until), NOW - DAY)
    assert 0 <= ttl(aws) - seconds(until) <= 1


@pytest.mark.parametrize("ms", [0, 1, 999])
def test_a_payload_outlives_its_time(aws, ms):
    until = NOW.replace(microsecond=0) + ms * MS
    aws.payloads.put(new_id(), b"x" * 400, until)
    assert 0 <= ttl(aws) - seconds(until) <= 1


def test_a_strange_message_is_kept_for_thirty_days(aws):
    aws.quarantine.keep(Oddity(message_id="m", lane="low", body="?", why="no", at=NOW))
    assert 0 <= ttl(aws) - seconds(NOW + 30 * DAY) <= 1


def test_small_payloads_are_items_and_large_ones_objects(aws):
    job_id = new_id()
    assert aws.payloads.put(job_id, b"x" * 8192, NOW).place is Place.ITEM
    assert aws.payloads.put(job_id, b"x" * 8193, NOW).place is Place.OBJECT


def test_objects_lie_where_the_buckets_lifecycle_rule_looks(aws):
    aws.payloads.put(new_id(), b"x" * 9000, NOW)
    found = aws.clients.s3.list_objects_v2(Bucket=aws.bucket)["Contents"]
    assert all(entry["Key"].startswith("payloads/") for entry in found)
