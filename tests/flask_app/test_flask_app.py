"""The Flask and Quart extensions, and the example of the four patterns: in Flask's own test client, over the real API on twins."""

import asyncio
import hashlib
from datetime import timedelta

import pytest
from quart import Quart, request

import examples.flask_app.app as after
from chalicelib.pipeline.task import REGISTRY
from examples.flask_app import before, tasks
from jobline.client.flask import Jobline
from jobline.client.quart import Jobline as AsyncJobline
from jobline.client.settings import NotConfigured
from tests.api.desk import Desk
from tests.client.conftest import desk  # noqa: F401 - a fixture
from tests.support.wire import URL, Wire

STRETCHED = hashlib.pbkdf2_hmac("sha256", b"x", b"salt", 1).hex()


@pytest.fixture
def stage(desk: Desk) -> Desk:  # noqa: F811
    """The API of a stage that has the example's tasks."""
    for task in (tasks.send_welcome, tasks.stretch, tasks.poll, tasks.word_count, tasks.add_up, tasks.report):
        desk.parts.registry.tasks[task.name] = task
        assert REGISTRY[task.name] is task
    return desk


@pytest.fixture
def visitor(stage: Desk, monkeypatch):
    monkeypatch.setattr(after.jobline, "_options", {"transport": Wire(stage)})
    app = after.create_app(JOBLINE_URL=URL, JOBLINE_API_KEY=stage.caller().token)
    return app.test_client()


@pytest.mark.parametrize(
    ("path", "body", "result"),
    [
        ("/welcome", {"address": "ann@example.org"}, "sent to ann@example.org"),
        ("/stretch", {"passphrase": "x", "rounds": 1}, STRETCHED),
        ("/poll", {"sensor": "roof", "times": 2}, ["roof 0", "roof 1"]),
        ("/report", {"texts": ["a b c", "d e"]}, {"texts": 2, "words": 5}),
    ],
)
def test_each_pattern_is_accepted_at_once_and_has_a_result(visitor, stage, path, body, result):
    answer = visitor.post(path, json=body)
    assert answer.status_code == 202
    assert visitor.get(answer.headers["Location"]).json["state"] == "QUEUED"
    for _ in range(12):
        stage.world.advance(timedelta(seconds=1))
        stage.work()
    shown = visitor.get(answer.headers["Location"]).json
    assert shown["state"] == "SUCCEEDED", shown
    assert shown["result"] == result


def test_what_the_task_does_not_take_is_named_to_the_visitor(visitor, stage):
    answer = visitor.post("/stretch", json={"passphrase": "x", "rounds": "many"})
    assert (answer.status_code, answer.json["argument"]) == (422, "args.rounds")
    assert not stage.store.rows
    assert visitor.get("/jobs/01KDWVY2G00123456789ABCDEF").status_code == 404


def test_what_is_shown_as_before_runs(monkeypatch):
    monkeypatch.setattr(before, "letters", [])
    assert before.app.test_client().post("/welcome", json={"address": "ann"}).status_code == 202

    async def visit():
        answer = await before.coroutines.test_client().post("/poll", json={"sensor": "roof"})
        assert answer.status_code == 202

    asyncio.run(visit())


def test_an_application_without_an_address_is_told_what_is_missing(monkeypatch):
    from flask import Flask

    monkeypatch.delenv("JOBLINE_URL", raising=False)
    app = Flask("test")
    with app.app_context():
        with pytest.raises(RuntimeError, match="init_app"):
            _ = Jobline().client
        with pytest.raises(NotConfigured, match="JOBLINE_URL"):
            _ = Jobline(app).client


def test_two_applications_have_a_client_each_and_each_has_one(stage):
    from flask import Flask

    jobline = Jobline(transport=Wire(stage))
    clients = []
    for name in ("one", "two"):
        app = Flask(name)
        app.config.update(JOBLINE_URL=URL, JOBLINE_API_KEY="key")
        jobline.init_app(app)
        with app.app_context():
            clients += [jobline.client, jobline.client]
    assert clients[0] is clients[1]
    assert clients[2] is clients[3]
    assert clients[0] is not clients[2]


def test_quart_awaits_the_same(stage):
    jobline = AsyncJobline(transport=Wire(stage))
    app = Quart("test")
    app.config.update(JOBLINE_URL=URL, JOBLINE_API_KEY=stage.caller().token)
    jobline.init_app(app)

    @app.post("/welcome")
    async def welcome():
        return {"id": (await jobline.submit("send_welcome", **await request.get_json())).id}, 202

    @app.get("/jobs/<job_id>")
    async def state(job_id):
        return {"state": (await jobline.job(job_id)).state}

    async def visit():
        async with app.test_app() as running:
            client = running.test_client()
            answer = await client.post("/welcome", json={"address": "ann@example.org"})
            assert answer.status_code == 202
            stage.work()
            shown = await client.get(f"/jobs/{(await answer.get_json())['id']}")
            assert (await shown.get_json())["state"] == "SUCCEEDED"

    asyncio.run(visit())
    assert app.extensions["jobline"] is None
