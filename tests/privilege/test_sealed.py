"""A stage that names a key: nothing readable of a job leaves for SQS, DynamoDB or S3, and each function may do with the key what it has to."""

import json
from base64 import b64decode
from binascii import Error
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import Event, FinishedJob, Retry, current_job, wiring
from chalicelib.adapters.aws import clients as real_clients
from chalicelib.domain.job import Sealed, Stored
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.api_keys import SCOPES, create_key
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.task import Options, Submission
from chalicelib.pipeline.workflows.many import Many
from infra.policies import policy
from tests.privilege.conftest import STAGES, in_process
from tests.privilege.iam import Ask, allowed
from tests.privilege.stage import Deployed

CANARY = "canary-5d1c"
SIZES = (1, 100, 1000)
"""Canaries in a payload that lies in the row, in an item of its own, in the bucket."""

WATCHED = ("dynamodb", "sqs", "s3")
FUNCTIONS = ("api_handler", "consume_default", "tick")


class Ears:
    """Hears every byte that goes to AWS, by botocore's machinery or past it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    def listen(self, client: Any, service: str) -> None:
        client.meta.events.register_first(f"before-send.{service}", self._sent)
        client.meta.events.register_first(f"provide-client-params.{service}", self._asked)

    def _sent(self, request: Any, event_name: str, **_: Any) -> None:
        body = request.body if isinstance(request.body, bytes | str) else b""
        told = body.encode() if isinstance(body, str) else body
        self.heard.append(
            (event_name, b"\n".join([request.url.encode(), repr(dict(request.headers)).encode(), told]))
        )

    def _asked(self, params: Any, event_name: str, **_: Any) -> None:
        """A file is read here, and what is bytes to us and base64 on the line."""
        body = params.get("Body")
        if hasattr(body, "read"):
            at = body.tell()
            self.heard.append((event_name, body.read()))
            body.seek(at)
        self.heard.append((event_name, repr(params).encode()))

    def readable(self) -> set[str]:
        """The calls that carried a canary, in the clear or in base64."""
        return {name for name, told in self.heard if CANARY.encode() in told or _in_base64(told)}


def _in_base64(told: bytes) -> bool:
    for word in told.replace(b'"', b" ").replace(b"'", b" ").split():
        try:
            if len(word) > 12 and CANARY.encode() in b64decode(word + b"==", validate=False):
                return True
        except (Error, ValueError):
            continue
    return False


def test_the_ears_hear_a_canary_wherever_it_is():
    ears = Ears()
    ears.heard = [
        ("clear", f'{{"S":"{CANARY}"}}'.encode()),
        ("base64", b'{"B":"Y2FuYXJ5LTVkMWM="}'),
        ("none", b"x"),
    ]
    assert ears.readable() == {"clear", "base64"}


def broken(note: str) -> None:
    """Die of it."""
    raise ValueError(note)


def walk(value: str) -> str:
    """A step, a checkpoint, progress; in two attempts."""
    job = current_job()
    job.progress(0.5, CANARY)
    job.step("one", lambda: value)
    job.checkpoint(value)
    if job.attempt == 1:
        raise Retry(CANARY, after=0)
    return value


def many() -> str:
    """A map of many items, which lie in an object."""
    tree = {"map": {"task": "echo", "into": "value"}, "object": Many([CANARY, "b"])}
    return str(wiring.submit(WORKFLOW, {"workflow": tree}, Submission()).id)


def follow(job: FinishedJob) -> None:
    """Be told."""


def hear(event: Event[Any]) -> None:
    """Hear of it."""


class Story:
    """A stage that seals, and all the ways in which a job's contents come to it."""

    def __init__(self, stage: Deployed, key: str, ears: Ears) -> None:
        self.stage, self.key, self.ears = stage, key, ears
        token, _ = create_key(tenant="ann", scopes=SCOPES, name="test", parts=stage.people)
        self.headers = {"Authorization": f"Bearer {token}"}
        made = stage.registry
        made.add(broken, None, Options(max_attempts=1, on_failure="follow"))
        made.add(follow, None, Options())
        made.add(walk, "walks", Options(backoff=Backoff(base=timedelta(0))))
        made.add(many, None, Options())
        made.add(hear, "hears", Options(topics=("canary.*", "job.*")))
        made.add(made["echo"].function, "leads", Options(on_success="follow", events=("succeeded",)))

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.stage.ask(method, path, body, **self.headers, **headers)
        assert answer.status_code < 400, f"{method} {path}: {answer.body!r}"
        return answer.json_body

    def submit(self, task: str, *, key: str | None = None, **args: Any) -> str:
        headers = {} if key is None else {"Idempotency-Key": key}
        job: str = self.ok("POST", "/jobs", {"task": task, "args": args}, **headers)["id"]
        return job

    def work(self) -> None:
        for _ in range(40):
            if all(self.stage.deliver(f"consume_{lane}") is None for lane in ("high", "default", "low")):
                return
        raise AssertionError("messages still come")

    def tell(self) -> list[str]:
        """All of it. The jobs that were submitted by hand."""
        jobs = [self.submit("leads", value=CANARY * size) for size in SIZES]
        jobs.append(self.submit("walks", value=CANARY * SIZES[-1]))
        assert self.submit("echo", key="k", value=CANARY) == self.submit("echo", key="k", value=CANARY)
        self.submit("many")
        dead = self.submit("broken", note=CANARY)
        step = {"task": "echo", "args": {"value": CANARY}}
        tree = {
            "chain": [
                step,
                {"group": [step, step]},
                {"map": {"task": "echo", "into": "value"}, "from": "before"},
            ]
        }
        jobs.append(self.ok("POST", "/workflows", {"workflow": tree})["id"])
        self.ok("POST", "/topics/canary.sings/events", {"payload": {"song": CANARY}, "id": "1"})
        self.ok("POST", "/schedules", {"id": "s", "task": "echo", "args": {"value": CANARY}, "every": 60})
        self.work()
        self.stage.world.advance(timedelta(seconds=1))
        self.ok("POST", "/dead/releases", {"task": "broken", "args": {"note": CANARY * 2}})
        for _ in range(2):
            self.stage.world.advance(timedelta(minutes=1))
            self.stage.tick()
            self.work()
        shown = self.ok("GET", f"/jobs/{dead}")
        assert shown["error"]["message"] == CANARY * 2
        assert self.ok("GET", "/schedules/s")["args"] == {"value": CANARY}
        return jobs


@pytest.fixture(
    params=[pytest.param("off", marks=(pytest.mark.slow, pytest.mark.long)), "on"],
    ids=["botocore's calls", "direct calls"],
)
def story(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    with in_process() as place:
        ears, make = Ears(), real_clients.Clients._make

        def heard(self: Any, service: str, read_timeout: int) -> Any:
            client = make(self, service, read_timeout)
            if service in WATCHED:
                ears.listen(client, service)
            return client

        monkeypatch.setattr(real_clients.Clients, "_make", heard)
        key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
        environment = STAGES["dev"]["environment_variables"]
        switches = {"JOBLINE_SEAL_KEY": key, "JOBLINE_DIRECT_CALLS": request.param}
        yield Story(Deployed({**environment, **switches}, place), key, ears)


def test_nothing_readable_reaches_sqs_dynamodb_or_s3(story):
    jobs = story.tell()
    assert {name.split(".")[1] for name, _ in story.ears.heard} == {*WATCHED}
    assert story.ears.readable() == set()
    # and those who may, read all of it
    for job in jobs:
        shown = json.dumps(story.ok("GET", f"/jobs/{job}"))
        assert CANARY in shown, job
        assert '"SUCCEEDED"' in shown, job
    kinds = {type(story.stage.people.store.read(job).args) for job in jobs}
    assert kinds == {Sealed, Stored}
    # by the rights that it has, and no wider ones
    for function in FUNCTIONS:
        asks = [ask for ask in story.stage.record.asks(function) if ask.action.startswith("kms:")]
        names = {"app": story.stage.names.app, "stage": story.stage.names.stage}
        on, off = policy(function, **names, seal_key=story.key), policy(function, **names)
        assert asks, f"{function} asked KMS for nothing"
        for ask in asks:
            assert allowed(on, ask)
            assert not allowed(off, ask)
            assert not allowed(
                on,
                Ask(
                    action=ask.action,
                    resource=ask.resource,
                    keys={**ask.keys, "kms:encryptioncontext:stage": ("other",)},
                ),
            )
        assert not [word for one in off["Statement"] for word in one["Action"] if word.startswith("kms:")]
