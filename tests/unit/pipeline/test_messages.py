"""What a message looks like on the wire, and what is refused."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ulid import ULID

from chalicelib.domain.errors import InvalidInput, NewerMessage
from chalicelib.domain.job import Wakeup
from chalicelib.pipeline.ids import is_id, make_id, time_of
from chalicelib.pipeline.messages import MAX_BYTES, check_delay, decode, encode
from tests.support.rows import ID, MINUTE, NOW

GOOD = {"v": 1, "tenant": "t", "job": ID, "epoch": 3}


@given(
    tenant=st.text(max_size=64).filter(lambda t: t.isprintable()),
    epoch=st.integers(0, 10**12),
    noise=st.binary(min_size=10, max_size=10),
)
def test_what_is_sent_is_read(tenant, epoch, noise):
    wakeup = Wakeup(tenant=tenant, job_id=make_id(NOW, noise), epoch=epoch)
    read = decode(encode(wakeup), "low")
    assert read == wakeup
    assert read.lane == "low"


def test_a_message_is_small():
    assert len(encode(Wakeup(tenant="t" * 64, job_id=ID, epoch=10**6))) < 200


def test_fields_that_newer_code_adds_are_no_harm():
    assert decode(json.dumps({**GOOD, "more": [1]}), "low") == Wakeup(tenant="t", job_id=ID, epoch=3)


@pytest.mark.parametrize(
    "body",
    [
        {**GOOD, "v": 0},
        {**GOOD, "v": "1"},
        {**GOOD, "v": 1.0},
        {**GOOD, "tenant": None},
        {**GOOD, "tenant": 1},
        {**GOOD, "job": ID.lower()},
        {**GOOD, "job": ID[:-1]},
        {**GOOD, "job": ID + "0"},
        {**GOOD, "job": "8" + ID[1:]},
        {**GOOD, "job": "7" + "Z" * 25},
        {**GOOD, "job": "I" * 26},
        {**GOOD, "job": 7},
        {**GOOD, "epoch": -1},
        {**GOOD, "epoch": 1.5},
        {**GOOD, "epoch": "3"},
        {**GOOD, "epoch": True},
        {**GOOD, "epoch": None},
        {name: value for name, value in GOOD.items() if name != "epoch"},
        {name: value for name, value in GOOD.items() if name != "job"},
        {**GOOD, "pad": "x" * MAX_BYTES},
        [GOOD],
        "hello",
        1,
        None,
    ],
    ids=lambda body: json.dumps(body)[:60],
)
def test_what_no_version_of_ours_wrote_is_refused(body):
    with pytest.raises(InvalidInput, match="message"):
        decode(json.dumps(body), "low")


def test_a_delay_that_no_queue_can_hold_is_a_bug_of_the_sender():
    check_delay(Wakeup(tenant="t", job_id=ID, epoch=0, delay=15 * MINUTE))
    check_delay(Wakeup(tenant="t", job_id=ID, epoch=0, delay=-MINUTE))
    with pytest.raises(ValueError, match="delay"):
        check_delay(Wakeup(tenant="t", job_id=ID, epoch=0, delay=16 * MINUTE))


@given(st.text(max_size=60))
def test_no_text_whatever_does_more_than_be_refused(text):
    with pytest.raises(InvalidInput):
        decode(text, "low")


@given(st.text(alphabet="0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26))
def test_every_id_of_the_alphabet_is_refused_or_has_a_time(text):
    if is_id(text):
        assert make_id(time_of(text), b"\0" * 10)[:10] == text[:10]


@pytest.mark.parametrize(
    "text", ["", "x", ID.lower(), "7" + "Z" * 25, "8" + "0" * 25, "é" * 26, "\ud800" * 26, ID + "\n"]
)
def test_what_is_no_id_is_none(text):
    assert not is_id(text)


@pytest.mark.parametrize("rest", [{}, {"jobs": [ID]}, {"tenant": None, "job": 7}], ids=json.dumps)
def test_a_message_of_a_later_version_is_known_for_one_whatever_its_shape(rest):
    with pytest.raises(NewerMessage, match="version 2"):
        decode(json.dumps({"v": 2, **rest}), "low")


@given(st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZILOUabc", min_size=25, max_size=27))
def test_what_counts_as_an_id_is_what_the_library_reads_and_writes_back(text):
    try:
        written_back = str(ULID.from_str(text)) == text
    except ValueError:
        written_back = False
    assert is_id(text) == (written_back and text < make_id(datetime(9999, 1, 1, tzinfo=UTC), bytes(10)))
