"""Many jobs at once: in portions that the API takes, with no more in memory than one of them, and none lost to a moment's trouble."""

import asyncio
import gc
import json
import tracemalloc
from collections.abc import Iterator

import httpx
import pytest

from jobline.client import AsyncClient, Client, NewJob, Throttled
from jobline.client.batches import MOST_BYTES, batches
from tests.support.wire import URL, Answer

MANY = 3_000


class Counter(httpx.BaseTransport):
    """An API that takes every job, and counts. A job has succeeded when it is first asked for."""

    def __init__(self) -> None:
        self.accepted = 0
        self.fetched = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self.fetched += 1
            job_id = request.url.path.rpartition("/")[2]
            return httpx.Response(200, json=job(job_id, state="SUCCEEDED", result=int(job_id)))
        wanted = json.loads(request.read())["jobs"]
        entries = [{"job": job(str(self.accepted + n))} for n in range(len(wanted))]
        self.accepted += len(wanted)
        return httpx.Response(200, json={"jobs": entries})


def job(job_id: str, **facts: object) -> dict[str, object]:
    return {"id": job_id, "task": "add", "state": "QUEUED", "result": None, **facts}


def test_of_an_iterators_jobs_no_more_are_drawn_than_one_batch_ahead():
    drawn = 0

    def news() -> Iterator[NewJob]:
        nonlocal drawn
        for n in range(MANY):
            drawn += 1
            yield NewJob(task="add", args={"a": n, "filler": "x" * 8000})

    with Client(URL, key="k", transport=Counter()) as client:
        tracemalloc.start()
        taken = 0
        for handle in client.submit_many(news(), batch=20):
            assert not isinstance(handle, Exception)
            taken += 1
            assert drawn - taken < 20
        gc.collect()  # httpx's requests and answers hold each other until then
        left, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert taken == MANY
    assert peak < 12_000_000, "24 MB of jobs went through"
    assert left < 1_000_000


def test_a_map_over_an_endless_iterator_has_so_many_jobs_under_way_and_no_more():
    api = Counter()

    def endless() -> Iterator[dict[str, int]]:
        n = 0
        while True:
            yield {"a": n}
            n += 1

    with Client(URL, key="k", transport=api) as client:
        for wanted, result in zip(range(1000), client.map("add", endless(), ahead=50), strict=False):
            assert result == wanted
            assert api.accepted - api.fetched <= 50


@pytest.mark.parametrize("ahead", [1, 2, 3, 7])
def test_a_map_of_any_width_gives_everything_in_order(client, ahead):
    items = [{"a": n, "b": 0} for n in range(5)]
    assert client.map("add", items, ahead=ahead) == [0, 1, 2, 3, 4]


def test_a_map_of_no_width_is_refused(client):
    with pytest.raises(ValueError, match="ahead: 0"):
        client.map("add", [{"a": 1}], ahead=0)


def test_a_portion_is_never_larger_than_the_api_takes():
    large = "x" * 1_000_000
    sizes = [len(portion) for portion in batches(NewJob(task="add", args={"a": large}) for _ in range(8))]
    assert sizes == [3, 3, 2]
    [alone] = batches([NewJob(task="add", args={"a": "x" * MOST_BYTES})])
    assert len(alone) == 1, "what is too large alone is sent, for the API to say so"


def test_of_a_batch_only_those_are_sent_again_that_could_not_be_taken(client, wire, desk, pauses):
    fine = {"job": {"id": "1", "task": "add", "state": "QUEUED"}}
    later = {"status": 503, "problem": {"title": "later"}}
    slow = {"status": 429, "problem": {"title": "slow down", "retry_after": 3}}
    wire.troubles = [Answer(200, json={"jobs": [fine, later, fine, slow]})]

    answers = client.submit_many(NewJob(task="add", args={"a": n}, key=f"k{n}") for n in range(4))

    assert [len(one.job.document) > 3 for one in answers] == [False, True, False, True]
    assert {row.args.json for row in desk.store.rows.values()} == {'{"a":1}', '{"a":3}'}
    assert len(pauses) == 1
    assert pauses[0] >= 3


def test_what_stays_refused_in_a_batch_is_told_in_its_place_in_the_end(client, wire):
    slow = {"status": 429, "problem": {"title": "slow down", "retry_after": 600}}
    wire.troubles = [Answer(200, json={"jobs": [slow, slow]})]
    answers = client.submit_many([NewJob(task="add"), NewJob(task="add")])
    assert [type(one) for one in answers] == [Throttled, Throttled]
    assert len(wire.seen) == 1
    busy = {"status": 503, "problem": {"title": "later"}}
    wire.troubles = [Answer(200, json={"jobs": [busy]})] * 10
    [one] = client.submit_many([NewJob(task="add")])
    assert one.status == 503


def test_an_asynchronous_iterables_jobs_are_drawn_batch_by_batch_too(desk, wire):
    drawn = 0

    async def news():
        nonlocal drawn
        for n in range(5):
            drawn += 1
            yield NewJob(task="add", args={"a": n})

    async def go() -> list[int]:
        async with AsyncClient(URL, key=desk.caller().token, transport=wire) as client:
            return [drawn async for _ in client.submit_many(news(), batch=2)]

    assert asyncio.run(go()) == [2, 2, 4, 4, 5]
    assert len(desk.store.rows) == 5
