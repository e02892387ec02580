"""A signed request is one that whoever has the secret can check, by AWS's published rules and not by botocore's code."""

import hashlib
import hmac
from urllib.parse import parse_qsl, quote

import httpx
import pytest
from botocore.credentials import Credentials
from botocore.session import Session

from jobline.client import AsyncClient, Client
from jobline.client.signed import Signed
from tests.support.pages import examples

URL = "https://abc123.execute-api.eu-central-1.amazonaws.com/api"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def session(monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    made = Session()
    made.set_config_variable("profile", None)
    made._credentials = Credentials("AKIDEXAMPLE", SECRET, "a session's token")
    return made


def by_the_rules(request: httpx.Request, region: str) -> str:
    """The signature that this request should have: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
    given = request.headers["Authorization"]
    names = given.partition("SignedHeaders=")[2].partition(",")[0]
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(request.url.query.decode(), keep_blank_values=True))  # fmt: skip
    canonical = "\n".join(
        [
            request.method,
            quote(request.url.raw_path.decode().partition("?")[0], safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{request.headers[name].strip()}" for name in names.split(";")),
            "",
            names,
            hashlib.sha256(request.content).hexdigest(),
        ]
    )
    when = request.headers["X-Amz-Date"]
    scope = f"{when[:8]}/{region}/execute-api/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{when}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    assert f"Credential=AKIDEXAMPLE/{scope}," in given
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def checking(region: str, seen: list[httpx.Request]) -> httpx.MockTransport:
    """An API that lets in what is signed right. What the transport gets is what would go over the wire."""

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        right = request.headers["Authorization"].endswith(f"Signature={by_the_rules(request, region)}")
        return httpx.Response(200 if right else 403, json={})

    return httpx.MockTransport(answer)


REQUESTS = [
    ("GET", "/jobs", {}),
    ("GET", "/jobs", {"params": {"task": "a b+c", "tag": "grün/&=", "limit": 5, "cursor": ""}}),
    ("GET", "/tasks/Ärger%2Fx y", {}),
    ("POST", "/jobs", {"json": {"task": "add", "args": {"text": "grün"}}}),
    ("POST", "/jobs/batch", {"content": b"{}", "headers": {"Content-Type": "application/json"}}),
    ("PATCH", "/schedules/nightly", {"json": {}, "headers": {"Idempotency-Key": "a"}}),
    ("DELETE", "/schedules/nightly", {}),
]


@pytest.mark.parametrize(("method", "path", "more"), REQUESTS, ids=lambda value: str(value)[:40])
def test_every_request_of_ours_is_signed_as_it_is_sent(session, method, path, more):
    seen: list[httpx.Request] = []
    with httpx.Client(
        base_url=URL, auth=Signed(session=session), transport=checking("eu-central-1", seen)
    ) as http:
        assert http.request(method, path, **more).status_code == 200
    (request,) = seen
    assert "content-type;" in request.headers["Authorization"] or not request.content
    assert request.headers["X-Amz-Security-Token"] == "a session's token"


def test_the_client_takes_it_in_a_keys_stead(session):
    seen: list[httpx.Request] = []
    with Client(URL, auth=Signed(session=session), transport=checking("eu-central-1", seen)) as jobs:
        jobs._http.now().get("/me")
    assert len(seen) == 1


async def _asked(client: AsyncClient) -> None:
    async with client:
        await client._http.now().get("/me")


def test_the_asynchronous_client_does_too(session):
    import asyncio

    seen: list[httpx.Request] = []
    asyncio.run(
        _asked(AsyncClient(URL, auth=Signed(session=session), transport=checking("eu-central-1", seen)))
    )
    assert len(seen) == 1


def test_another_body_is_another_signature(session):
    seen: list[httpx.Request] = []
    with httpx.Client(
        base_url=URL, auth=Signed(session=session), transport=checking("eu-central-1", seen)
    ) as http:
        http.post("/jobs", json={"a": 1})
    sent = seen[0]
    changed = httpx.Request("POST", sent.url, headers=sent.headers, content=b'{"a":2}')
    assert not sent.headers["Authorization"].endswith(by_the_rules(changed, "eu-central-1"))


def test_a_domain_of_ones_own_needs_a_region(session, monkeypatch):
    seen: list[httpx.Request] = []
    own = "https://jobs.example.org/"
    with httpx.Client(
        base_url=own, auth=Signed(session=session, region="us-east-1"), transport=checking("us-east-1", seen)
    ) as http:
        assert http.get("/jobs").status_code == 200
    with (
        httpx.Client(base_url=own, auth=Signed(session=session), transport=checking("x", seen)) as http,
        pytest.raises(ValueError, match="region"),
    ):
        http.get("/jobs")


def test_without_credentials_or_key_there_is_no_client(session):
    with pytest.raises(ValueError, match="key: not an API key"):
        Client(URL)
    with pytest.raises(ValueError, match="key: not an API key"):
        Client(URL, key="", auth=Signed(session=session))
    session._credentials = None
    session.get_component("credential_provider").providers.clear()
    with pytest.raises(ValueError, match="no AWS credentials"):
        Signed(session=session)


def test_the_example_of_the_page_signs(session, monkeypatch):
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        right = request.headers["Authorization"].endswith(by_the_rules(request, "eu-central-1"))
        return httpx.Response(200 if right else 403, json={"tenant": "acme"})

    monkeypatch.setattr("botocore.session.get_session", lambda: session)
    made = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **how: made(**how, transport=httpx.MockTransport(answer)))
    exec(compile(examples("security.md")["asking.py"], "asking.py", "exec"), {"url": URL})
    assert [request.url.path for request in seen] == ["/api/me"]
