"""The three web applications beside `jobline up`: real processes, real HTTP, real threads, children and coroutines."""

import asyncio
import hashlib
import json
import os

import django.test
import pytest
from django.test import override_settings

from examples.django_app.settings import DATABASE
from jobline.client.django import close_clients
from jobline.local.stack import LocalStack
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TASKS = "examples.flask_app.tasks,examples.django_app.jobline_tasks"
STRETCHED = hashlib.pbkdf2_hmac("sha256", b"x", b"salt", 1000).hex()

# Path, what is posted, and the result: the four patterns of the tutorial.
PATTERNS = [
    ("/welcome", {"address": "ann@example.org"}, "sent to ann@example.org"),
    ("/stretch", {"passphrase": "x", "rounds": 1000}, STRETCHED),
    ("/poll", {"sensor": "roof", "times": 2}, ["roof 0", "roof 1"]),
    ("/report", {"texts": ["a b c", "d e"]}, {"texts": 2, "words": 5}),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory, tables):
    """Consumers find the web application's database; their settings are those of consumers."""
    before = os.environ.pop("DJANGO_SETTINGS_MODULE")
    assert os.environ["DJANGO_DATABASE"] == str(DATABASE)
    logs = tmp_path_factory.mktemp("logs")
    try:
        with LocalStack(tasks=TASKS, log_dir=logs, say=lambda _: None) as running:
            os.environ["DJANGO_SETTINGS_MODULE"] = before
            yield running
    finally:
        os.environ["DJANGO_SETTINGS_MODULE"] = before


@pytest.fixture
def reach(stack):
    return {"JOBLINE_URL": stack.api_url, "JOBLINE_API_KEY": stack.api_key}


def test_the_four_patterns_in_flask(reach):
    from examples.flask_app.app import create_app

    app = create_app(**reach)
    visitor = app.test_client()
    asked = [(visitor.post(path, json=body), result) for path, body, result in PATTERNS]
    for answer, result in asked:
        assert answer.status_code == 202
        where = answer.headers["Location"]
        until(lambda where=where: visitor.get(where).json["state"] == "SUCCEEDED", within=60)
        assert visitor.get(where).json["result"] == result
    assert visitor.post("/stretch", json={"passphrase": 7}).json["argument"] == "args.passphrase"
    app.extensions["jobline"].close()


def test_the_four_patterns_in_quart(reach):
    from examples.quart_app.app import create_app

    async def visit():
        async with create_app(**reach).test_app() as running:
            visitor = running.test_client()
            asked = [(await visitor.post(path, json=body), result) for path, body, result in PATTERNS]
            for answer, result in asked:
                assert answer.status_code == 202
                where = answer.headers["Location"]
                lines = (await (await visitor.get(f"{where}/progress")).get_data(as_text=True)).splitlines()
                assert lines[-1].startswith("SUCCEEDED")
                assert (await (await visitor.get(where)).get_json())["result"] == result
            missing = await visitor.get("/jobs/01KDWVY2G00123456789ABCDEF")
            assert missing.status_code == 404

    asyncio.run(visit())


def test_djangos_tasks_run_with_the_projects_database(reach, stack):
    with override_settings(**reach):
        visitor = django.test.Client()

        def post(path, body):
            return visitor.post(path, json.dumps(body), content_type="application/json")

        def ended(answer):
            where = f"/results/{answer.json()['id']}"
            until(lambda: "errors" in visitor.get(where).json(), within=60)
            return visitor.get(where).json()

        signed_up = post("/signups", {"address": "ann@example.org"}).json()["signup"]
        words, refused = post("/tasks/words", {"text": "one two"}), post("/tasks/refuse", {"why": "no"})
        report = post("/tasks/report", {"texts": ["a b", "c"]})

        until(lambda: visitor.get(f"/signups/{signed_up}").json()["welcomed"] == 1, within=60)
        assert ended(words) == {"status": "SUCCESSFUL", "attempts": 1, "errors": [], "value": 2}
        failed = ended(refused)
        assert (failed["status"], failed["errors"]) == (
            "FAILED",
            ["examples.django_app.models.Signup.DoesNotExist"],
        )
        nested = visitor.get(f"/results/{ended(report)['value']['id']}")
        assert nested.status_code == 200, "what a task enqueued is there for the web application"
        until(lambda: visitor.get(f"/results/{ended(report)['value']['id']}").json().get("value"), within=60)
        assert ended(report)["value"]["id"]
        assert visitor.get("/results/nothing").status_code == 404
    close_clients()
