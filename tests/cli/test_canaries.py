"""Canaries at the command and the client: a secret argument, the key, the environment, a webhook's query. Neither screen, error nor repr tells one."""

import json
import os
import traceback
from datetime import timedelta
from typing import Annotated

import httpx
import pytest

from chalicelib import Secret, wiring
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.task import Options
from jobline.client import AsyncClient, Client
from jobline.client.errors import ClientError
from tests.cli.hostile import HOSTILE, harmless
from tests.security.tally import tell
from tests.support.wire import URL

ARGUMENT, ENVIRONMENT, QUERY = "canary-argument-Zq81", "canary-environment-Wu54", "canary-query-Vt45"


def login(user: str, password: Annotated[str, Secret]) -> str:
    """Fail in words that tell it all, as careless code does."""
    raise RuntimeError(f"{user} may not log in with {password!r}\n\x1b[31mnot at all")


@pytest.fixture
def sung(typed, desk, monkeypatch):
    """Everything that a day at the command printed, by command."""
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "DATABASE_URL", "SECRET_KEY"):
        monkeypatch.setenv(name, ENVIRONMENT)
    desk.parts.registry.add(login, None, Options(max_attempts=1, backoff=Backoff(base=timedelta(0))))
    wiring.use(desk.parts)
    ann = desk.caller("submit", "read", "operate", "admin")
    ann.post("/webhooks", {"url": f"https://hooks.example.org/x?token={QUERY}"})
    args = {"user": HOSTILE, "password": ARGUMENT}
    heard = {}

    def say(*words, **how):
        for form in ((), ("--json",)):
            result = typed(*words, *form, **how)
            heard[" ".join([*words, *form])[:80]] = (form, result.output + result.stderr, result)
        return result

    given = json.dumps(args)
    submitted = typed("submit", "login", "--args", given)
    heard["submit"] = ((), submitted.output, submitted)
    job = ann.submit("login", args)
    flow = ann.post("/workflows", {"workflow": {"chain": [{"task": "login", "args": args}]}}).body["id"]
    ann.post("/schedules", {"id": "s", "task": "login", "args": args, "cron": "0 3 * * *"})
    for _ in range(8):
        desk.work()
    for words in (
        ("status", job), ("list",), ("result", job), ("watch", job), ("dead",), ("dead", "list"), ("dead", "groups"),
        ("workflow", "show", flow), ("workflow", "status", flow), ("schedule",), ("schedule", "show", "s"), ("tasks",), ("tasks", "show", "login"),
        ("lanes",), ("tenants",), ("topics",), ("stats",), ("cost",), ("profile",), ("status", "01KDWPVNG0FMNSVKE1CC0RQBKJ"),
        ("submit", "login", "--args", json.dumps({**args, "password": [ARGUMENT]})), ("submit", "nobody", "--args", given),
        ("retry", job, "--args", json.dumps({"user": "ann", "password": ARGUMENT, "more": 1})),
    ):  # fmt: skip
        say(*words)
    return heard


def leaks_in(heard):
    """Who told which canary."""
    key = os.environ["JOBLINE_API_KEY"].rpartition("_")[2]
    return [
        f"{canary} by {words}: {text[max(0, text.find(canary) - 100) :][:300]}"
        for words, (_, text, _) in heard.items()
        for canary in (ARGUMENT, ENVIRONMENT, QUERY, key)
        if canary in text
    ]


@pytest.fixture
def careless(monkeypatch):
    """An API that shows all arguments."""
    monkeypatch.setattr("chalicelib.entrypoints.api.document.shows_all", lambda task, registry: True)


def test_the_eye_sees_what_a_careless_api_would_show(careless, sung):
    assert any(ARGUMENT in leak and "status" in leak for leak in leaks_in(sung))


def test_no_canary_is_on_the_screen_and_no_text_plays_with_it(sung):
    leaks = leaks_in(sung)
    tell(leaks=len(leaks), cases=len(sung))
    assert not leaks, "\n".join(leaks)
    loud = [words for words, (form, text, _) in sung.items() if not form and not harmless(text)]
    assert not loud, "colours, or ends lines, by others' words"
    understood = [words for words, (_, _, result) in sung.items() if result.exit_code in (0, 1)]
    assert len(understood) > 20, "most of these commands are some"
    assert any("[secret]" in text for _, text, _ in sung.values())
    assert not [
        words for words, (*_, result) in sung.items() if result.exc_info and "Traceback" in result.output
    ]


def test_neither_the_client_nor_what_it_raises_tells_the_key():
    key = "jl_0123456789_canary-key-Ts36"

    def answer(request):
        if request.url.path.endswith("/health"):
            raise httpx.ConnectError("nobody there", request=request)
        return httpx.Response(401, json={"title": "An API key is needed", "detail": "the API key is wrong"})

    client = Client(URL, key=key, transport=httpx.MockTransport(answer), pause=lambda _: None)
    told = [repr(client), str(client), repr(AsyncClient(URL, key=key)), repr(vars(client).keys())]
    for ask in (lambda: client.call("GET", "/health"), lambda: client.submit("login", password=ARGUMENT)):
        with pytest.raises(ClientError) as raised:
            ask()
        told += [str(raised.value), repr(raised.value), "".join(traceback.format_exception(raised.value))]
    leaks = [text for text in told if "canary-key" in text or ARGUMENT in text]
    tell(leaks=len(leaks), cases=len(told))
    assert not leaks


@pytest.mark.parametrize("url", ["http://api.test/?key=canary", "ftp://api.test", "https://"])
def test_a_wrong_setting_is_refused_without_the_key(url):
    with pytest.raises(ValueError, match="url") as raised:
        Client(url, key="jl_0123456789_canary-key-Ts36")
    assert "canary-key" not in str(raised.value)
