"""`jobline submit` and `jobline status`, against an API that remembers what it was asked."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from jobline.cli.connection import STATE_FILE, forget_state, read_state, write_state

JOB = {"id": "01J", "task": "greet", "state": "QUEUED", "args": {"name": "Grüße \u202e\x1b[31m"}}


class Api(BaseHTTPRequestHandler):
    asked: ClassVar[list] = []
    answer: ClassVar[tuple] = (202, JOB)

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.asked.append(
            (self.command, self.path, self.headers["Authorization"], json.loads(body) if body else None)
        )
        status, document = self.answer
        text = document if isinstance(document, str) else json.dumps(document)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = _answer  # noqa: N815 - these names are looked up

    def log_message(self, *_):
        pass


@pytest.fixture
def api(monkeypatch):
    Api.asked, Api.answer = [], (202, JOB)
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("JOBLINE_URL", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("JOBLINE_API_KEY", "key")
        yield Api
        server.shutdown()
        thread.join()


def test_submit_sends_the_arguments_and_prints_the_id(jobline, api):
    result = jobline(
        "submit", "greet", "name=Ada", "times=3", "loud=true", 'text="3"', "list=[1, 2]", "odd=NaN", "empty="
    )

    args = {"name": "Ada", "times": 3, "loud": True, "text": "3", "list": [1, 2], "odd": "NaN", "empty": ""}
    assert result.output == "01J\n"
    assert api.asked == [("POST", "/jobs", "Bearer key", {"task": "greet", "args": args})]


def test_arguments_as_json_and_by_name_are_put_together(jobline, api):
    jobline("submit", "greet", "--args", '{"name": "Ada", "times": 1}', "times=2")

    assert api.asked[0][3] == {"task": "greet", "args": {"name": "Ada", "times": 2}}


@pytest.mark.parametrize(
    "words", [("name",), ("=x",), ("--args", "{"), ("--args", "[1]"), ("--args", '{"a": NaN}')]
)
def test_arguments_that_are_none_are_a_usage_error_and_nothing_is_sent(jobline, api, words):
    result = jobline("submit", "greet", *words)

    assert result.exit_code == 2
    assert not api.asked


def test_status_prints_the_job_and_nothing_in_it_can_play_with_the_terminal(jobline, api):
    api.answer = (200, JOB)

    result = jobline("status", "01J")

    assert json.loads(result.output) == JOB
    assert result.output.isascii()
    assert "\x1b" not in result.output


def test_an_id_stays_one_part_of_the_path(jobline, api):
    jobline("status", "../keys?x=1")

    assert api.asked[0][1] == "/jobs/..%2Fkeys%3Fx%3D1"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            (404, {"title": "Not found", "detail": "there is no job '01J'"}),
            "Error: 404: there is no job '01J'\n",
        ),
        ((401, {"title": "Unauthorized"}), "Error: 401: Unauthorized\n"),
        ((502, "<html>"), "Error: 502: <html>\n"),
        ((500, "[]"), "Error: 500: []\n"),
    ],
)
def test_an_error_is_told_in_a_line(jobline, api, answer, told):
    api.answer = answer

    result = jobline("status", "01J")

    assert result.exit_code == 1
    assert result.output == told


def test_when_nobody_answers_the_address_is_named(jobline, monkeypatch):
    monkeypatch.setenv("JOBLINE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("JOBLINE_API_KEY", "key")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:2")  # not asked for the loopback address

    result = jobline("submit", "greet")

    assert result.exit_code == 1
    assert "nobody answers at http://127.0.0.1:1" in result.output
    assert "jobline up" in result.output


def test_with_no_api_known_the_ways_to_name_one_are_told(jobline):
    result = jobline("submit", "greet")

    assert result.exit_code == 1
    assert "jobline up" in result.output
    assert "JOBLINE_URL" in result.output


def test_what_up_wrote_down_is_found_in_the_same_folder(jobline, api, monkeypatch):
    url = os.environ["JOBLINE_URL"]
    monkeypatch.delenv("JOBLINE_URL")
    monkeypatch.delenv("JOBLINE_API_KEY")
    write_state({"api_url": url, "api_key": "written"})

    jobline("submit", "greet")

    assert api.asked[0][2] == "Bearer written"


def test_what_is_written_down_is_for_this_user_alone_also_over_an_older_file(jobline):
    STATE_FILE.parent.mkdir(parents=True)
    STATE_FILE.write_text("{}", encoding="utf-8")
    STATE_FILE.chmod(0o644)

    write_state({"api_key": "secret"})

    assert STATE_FILE.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in STATE_FILE.parent.iterdir()] == [STATE_FILE.name]


def test_only_the_stack_that_wrote_it_down_removes_it(jobline):
    write_state({"api_key": "newer"})

    forget_state("older")
    assert read_state() == {"api_key": "newer"}

    forget_state("newer")
    assert read_state() == {}
    assert not STATE_FILE.exists()


def test_nonsense_written_down_is_nothing(jobline):
    STATE_FILE.parent.mkdir(parents=True)
    for nonsense in ("{", "[]", ""):
        STATE_FILE.write_text(nonsense, encoding="utf-8")
        assert read_state() == {}
