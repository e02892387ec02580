"""Large arguments and results: what is got is what was put, or PayloadMissing."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import PayloadMissing
from chalicelib.domain.job import Place
from tests.contract.rows import DAY, NOW, new_id

SIZES = {
    "321 B": 321,
    "8 KiB": 8192,
    "8 KiB and a byte": 8193,
    "1 MiB": 1024 * 1024,
    "4 MiB": 4 * 1024 * 1024,
}


def body(size: int) -> bytes:
    return (b'"' + "ü🦶\\u0000x".encode() * size)[:size]


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_what_is_put_is_got(payloads, size):
    job_id = new_id()
    stored = payloads.put(job_id, body(size), NOW)
    assert stored.size == size
    assert payloads.get(job_id, stored) == body(size)


def test_nothing_at_all_can_be_put(payloads):
    job_id = new_id()
    assert payloads.get(job_id, payloads.put(job_id, b"", NOW)) == b""


@pytest.mark.parametrize("size", [400, 9000])
def test_the_same_bytes_twice_are_one_payload(payloads, size):
    job_id = new_id()
    assert payloads.put(job_id, body(size), NOW) == payloads.put(job_id, body(size), NOW + DAY)


@pytest.mark.parametrize("size", [400, 9000])
def test_what_was_never_put_is_missing(payloads, size):
    job_id = new_id()
    stored = payloads.put(job_id, body(size), NOW)
    with pytest.raises(PayloadMissing, match=job_id):
        payloads.get(job_id, replace(stored, sha256="0" * 64))


@pytest.mark.parametrize("size", [400, 9000])
def test_another_jobs_payload_is_missing(payloads, size):
    stored = payloads.put(new_id(), body(size), NOW)
    with pytest.raises(PayloadMissing):
        payloads.get(new_id(), stored)


def test_an_item_and_an_object_of_one_job_do_not_meet(payloads):
    job_id = new_id()
    small, large = payloads.put(job_id, body(400), NOW), payloads.put(job_id, body(9000), NOW)
    assert payloads.get(job_id, small) == body(400)
    assert payloads.get(job_id, large) == body(9000)


def test_a_damaged_payload_is_missing(backend, payloads):
    for size in (400, 9000):
        job_id = new_id()
        stored = payloads.put(job_id, body(size), NOW)
        damage(backend, job_id, stored)
        with pytest.raises(PayloadMissing, match=job_id):
            payloads.get(job_id, stored)


def damage(backend, job_id, stored):
    """Put other bytes where the payload lies."""
    if backend.name == "memory":
        backend.payloads.bodies[job_id, stored.sha256] = b"other"
    elif stored.place is Place.ITEM:
        at = {"pk": {"S": f"payload#{job_id}"}, "sk": {"S": stored.sha256}}
        backend.put_item({**at, "body": {"B": b"other"}})
    else:
        key = f"payloads/{job_id}/{stored.sha256}"
        backend.clients.s3.put_object(Bucket=backend.bucket, Key=key, Body=b"other")
