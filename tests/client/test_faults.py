"""Whatever happens to requests and answers on their way, what was submitted is there once, and what is told is true."""

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobline.client import Client, NewJob
from jobline.client.talk import TRIES
from tests.support.wire import URL, Answer, Pauses, Wire, open_desk

TROUBLES = st.sampled_from(
    [
        None,
        "lost",
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("nobody"),
        httpx.RemoteProtocolError("cut off"),
        httpx.DecodingError("not gzip"),
        Answer(500, json={"title": "oh"}),
        Answer(502, text="<html>"),
        Answer(503, json={"title": "later"}, headers={"Retry-After": "1"}),
        Answer(504, text=""),
        Answer(429, json={"title": "slow down"}, headers={"Retry-After": "2"}),
        Answer(200, text="<html>a portal</html>"),
    ]
)


@given(st.lists(TROUBLES, max_size=TRIES - 1), st.lists(TROUBLES, max_size=TRIES - 1))
@settings(max_examples=25, deadline=None)
def test_any_troubles_that_end_in_time_leave_exactly_what_was_asked_for(one, many):
    with pytest.MonkeyPatch.context() as patch, open_desk(patch) as desk:
        wire = Wire(desk)
        client = Client(URL, key=desk.caller().token, pause=Pauses(desk).pause, transport=wire)

        wire.troubles = list(one)
        handle = client.submit("add", a=1)
        wire.troubles = list(many)
        answers = list(client.submit_many((NewJob(task="add", args={"a": n}) for n in range(3)), batch=3))
        wire.troubles = list(one)
        cancelled = client.submit_job(NewJob(task="add", args={"a": 9}, delay=3600)).cancel()

        ids = {
            handle.id,
            cancelled.id,
            *(answer.id for answer in answers if not isinstance(answer, Exception)),
        }
        assert len(ids) == 5
        assert set(desk.store.rows) == ids
        assert cancelled.state == "CANCELLED"
        client.close()


def test_a_submission_under_a_key_of_ones_own_is_one_job_whoever_repeats_it_whenever(client, desk):
    first = client.submit_job(NewJob(task="add", args={"a": 1}, key="order-17"))
    again = client.submit_job(NewJob(task="add", args={"a": 1}, key="order-17"))
    [many] = client.submit_many([NewJob(task="add", args={"a": 1}, key="order-17")])
    assert first.id == again.id == many.id
    assert len(desk.store.rows) == 1
