import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from examples.demo.api import BATCH, Api, ApiTrouble
from examples.demo.order import Order


@contextmanager
def _server(answers: list[tuple[int, Any]], heard: list[tuple[str, str, Any]]) -> Iterator[str]:
    """An API that gives these answers in turn, and tells what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            heard.append(
                (self.command, self.path, json.loads(body) if body else self.headers["Authorization"])
            )
            status, answer = answers.pop(0)
            if status == 0:  # hang up without a word
                return
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST  # noqa: N815 - the name that http.server calls

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _order(number: int) -> Order:
    return Order(kind="k", task="t", args={"n": number}, about=f"a{number}", key=f"key-{number}")


def _accepted(*numbers: int) -> dict[str, Any]:
    return {"jobs": [{"status": 202, "job": {"id": f"{n}"}} for n in numbers]}


def test_jobs_are_submitted_in_batches_each_under_its_key():
    heard: list[tuple[str, str, Any]] = []
    answers = [(200, _accepted(*range(BATCH))), (200, _accepted(BATCH))]
    told: list[int] = []

    with _server(answers, heard) as url, Api(url, "secret") as api:
        jobs = api.submit([_order(n) for n in range(BATCH + 1)], told.append)

    assert [job["id"] for job in jobs] == [f"{n}" for n in range(BATCH + 1)]
    assert told == [BATCH, BATCH + 1]
    assert heard[1] == (
        "POST",
        "/jobs/batch",
        {"jobs": [{"task": "t", "args": {"n": 100}, "idempotency_key": "key-100"}]},
    )


@pytest.mark.parametrize("trouble", [(0, None), (503, {}), (429, {})])
def test_a_batch_whose_answer_was_lost_is_sent_again(trouble):
    heard: list[tuple[str, str, Any]] = []

    with _server([trouble, (200, _accepted(1))], heard) as url, Api(url, "secret") as api:
        assert api.submit([_order(1)]) == [{"id": "1"}]

    assert heard[0] == heard[1]


def test_a_job_that_is_not_accepted_is_trouble_that_says_why():
    answer = {"jobs": [{"status": 422, "problem": {"detail": "args.n: not a string"}}]}

    with (
        _server([(200, answer)], []) as url,
        Api(url, "secret") as api,
        pytest.raises(ApiTrouble, match=r"t for a1 .*args\.n"),
    ):
        api.submit([_order(1)])


def test_a_refused_request_is_not_repeated():
    heard: list[tuple[str, str, Any]] = []

    with (
        _server([(401, {"title": "no such key"})], heard) as url,
        Api(url, "wrong") as api,
        pytest.raises(ApiTrouble, match=r"POST /jobs/batch: 401 .*no such key"),
    ):
        api.submit([_order(1)])

    assert len(heard) == 1


def test_an_unknown_job_is_none():
    with _server([(404, {}), (200, {"id": "x"})], []) as url, Api(url, "secret") as api:
        assert api.job("x") is None
        assert api.job("x") == {"id": "x"}


def test_a_list_is_read_page_by_page():
    heard: list[tuple[str, str, Any]] = []
    answers = [
        (200, {"jobs": [{"id": "2"}], "cursor": "c/1"}),
        (200, {"jobs": [{"id": "1"}], "cursor": None}),
    ]

    with _server(answers, heard) as url, Api(url, "secret") as api:
        assert [job["id"] for job in api.jobs_since("2026-05-01T12:00:00.000Z")] == ["2", "1"]

    assert heard[0] == ("GET", "/jobs?since=2026-05-01T12%3A00%3A00.000Z&limit=100", "Bearer secret")
    assert heard[1][1].endswith("&cursor=c%2F1")
