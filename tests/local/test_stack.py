"""The stack with an app that does as it is told: starts, heals, ends."""

import json
import os
import signal
import time
from pathlib import Path

import boto3
import httpx
import pytest

from jobline.local.ports import PortBusy, listen
from jobline.local.stack import LocalStack
from jobline.local.supervised import DidNotStart
from tests.local.processes import alive, listening_addresses_of, loopback
from tests.support.waiting import until

pytestmark = pytest.mark.slow

APP = "tests.local.fake_app"


def fake_stack(log_dir, **how):
    return LocalStack(**{"app": APP, "make_key": lambda environment: "key", "log_dir": log_dir, **how})


@pytest.fixture(scope="module")
def said():
    return []


@pytest.fixture(scope="module")
def stack(tmp_path_factory, said):
    folder = tmp_path_factory.mktemp("stack")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAKE_TICKS", str(folder / "ticks"))
        # The caller's own cloud, which is none of the stack's business.
        patch.setenv("AWS_PROFILE", "production")
        patch.setenv("AWS_SESSION_TOKEN", "secret")
        patch.setenv("JOBLINE_BUCKET", "theirs")
        patch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        patch.setenv("http_proxy", "http://127.0.0.1:9")
        running = fake_stack(folder / "logs", say=said.append).start()
    yield running
    running.stop()


@pytest.fixture
def send(stack):
    names = ("endpoint_url", "region_name", "aws_access_key_id", "aws_secret_access_key")
    variables = ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    sqs = boto3.client(
        "sqs", **{name: stack.environment[variable] for name, variable in zip(names, variables, strict=True)}
    )

    def send(lane, order):
        url = sqs.get_queue_url(QueueName=f"jobline-local-{lane}")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(order))

    yield send
    sqs.close()


def written(path):
    return path.read_text(encoding="utf-8") if path.exists() else None


@pytest.mark.parametrize("lane", ["high", "default", "low", "dead-letters"])
def test_a_message_in_any_lane_reaches_the_apps_handler(send, stack, lane, tmp_path):
    send(lane, {"write": str(tmp_path / "pid")})

    assert until(lambda: written(tmp_path / "pid")) == str(stack.consumer_pid)


def test_a_paused_lane_keeps_its_messages_until_it_goes_on(send, stack, tmp_path):
    # given the record that POST /lanes/low/pause makes
    names = ("endpoint_url", "region_name", "aws_access_key_id", "aws_secret_access_key")
    variables = ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    dynamodb = boto3.client(
        "dynamodb",
        **{name: stack.environment[variable] for name, variable in zip(names, variables, strict=True)},
    )

    def record(paused):
        item = {
            "pk": {"S": "item#lane#control"},
            "sk": {"S": "low"},
            "f_paused": {"N": paused},
            "f_since": {"N": "1"},
        }
        dynamodb.put_item(TableName="jobline-local", Item=item)

    record("1")
    time.sleep(
        4
    )  # a second until it is read, a second for the long poll that is under way, and some for a busy machine

    send("low", {"write": str(tmp_path / "low")})
    send("high", {"write": str(tmp_path / "high")})

    until(lambda: written(tmp_path / "high"))
    time.sleep(2)  # that nothing comes is seen only by waiting: two long polls that would have brought it
    assert written(tmp_path / "low") is None
    record("0")
    assert until(lambda: written(tmp_path / "low")) == str(stack.consumer_pid)
    dynamodb.close()


def test_the_tick_ticks(stack):
    ticks = Path(stack.environment["FAKE_TICKS"])

    assert until(lambda: written(ticks) and written(ticks).count("jobline-local-tick") >= 2)


def test_the_api_serves_the_app(stack):
    with httpx.Client(base_url=stack.api_url) as client:
        assert client.get("/health").json() == {"ok": True, "pid": stack.pids["api"]}
        assert client.post("/echo", json={"a": [1, "ü"]}).json() == {"a": [1, "ü"]}


def test_the_callers_cloud_stays_out(stack):
    assert stack.environment["AWS_ENDPOINT_URL"] == stack.emulator_url
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "JOBLINE_BUCKET"} & set(stack.environment)
    assert "127.0.0.1" in stack.environment["NO_PROXY"]


def test_everything_listens_on_the_loopback_address_alone(stack):
    listening = {name: listening_addresses_of(pid) for name, pid in stack.pids.items()}

    api_port, emulator_port = (httpx.URL(url).port for url in (stack.api_url, stack.emulator_url))
    assert listening == {
        "emulator": [loopback(emulator_port)],
        "consumer": [],
        "ticker": [],
        "api": [loopback(api_port)],
    }


@pytest.mark.parametrize("name", ["consumer", "ticker", "api"])
def test_a_process_that_is_killed_is_started_again_with_a_line_that_says_so(
    stack, said, send, tmp_path, name
):
    killed = stack.pids[name]

    os.kill(killed, signal.SIGKILL)

    successor = until(lambda: stack.pids[name] != killed and stack.pids[name])
    until(lambda: f"{name} (pid {killed}) was killed by SIGKILL; started another: pid {successor}" in said)
    # And the whole works as before. (The dead one's last long poll may still take messages with it.)
    assert until(
        lambda: written(tmp_path / "pid") or send("default", {"write": str(tmp_path / "pid")})
    ) == str(stack.consumer_pid)
    assert httpx.get(f"{stack.api_url}/health").json()["pid"] == stack.pids["api"]


def test_a_consumer_that_is_asked_to_end_finishes_what_it_holds(stack, send, tmp_path):
    consumer = stack.consumer_pid
    send("default", {"hold": str(tmp_path / "go"), "write": str(tmp_path / "pid")})
    until(lambda: written(tmp_path / "go.held"))

    os.kill(consumer, signal.SIGTERM)
    (tmp_path / "go").touch()

    assert until(lambda: written(tmp_path / "pid")) == str(consumer)
    until(lambda: stack.consumer_pid != consumer)


def test_stop_ends_everything(tmp_path):
    with fake_stack(tmp_path) as stack:
        pids = stack.pids
        assert all(map(alive, pids.values()))

    assert not any(map(alive, pids.values()))
    assert not list(tmp_path.glob("*.pid"))
    stack.stop()  # once more does no harm


def test_a_busy_port_is_named_before_anything_is_started(tmp_path):
    with listen(0, option="-") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortBusy, match=rf"port {port} on 127.0.0.1 is in use .* --port "):
            fake_stack(tmp_path, port=port).start()
        with pytest.raises(PortBusy, match=rf"port {port} on 127.0.0.1 is in use .* --emulator-port "):
            fake_stack(tmp_path, emulator_port=port).start()


def test_an_app_that_cannot_be_imported_ends_the_start_and_is_named(tmp_path):
    stack = fake_stack(tmp_path, app="no_such_app")

    with pytest.raises(
        DidNotStart, match=r"consumer ended with status 1.*\n[\s\S]*No module named 'no_such_app'"
    ):
        stack.start()

    assert not any(map(alive, stack.pids.values()))


def test_a_key_that_cannot_be_made_ends_everything_that_was_started(tmp_path):
    def no_key(environment):
        raise DidNotStart("no key today")

    stack = fake_stack(tmp_path, make_key=no_key)

    with pytest.raises(DidNotStart, match="no key today"):
        stack.start()

    assert not any(map(alive, stack.pids.values()))


def test_when_the_emulator_dies_the_stack_says_so_and_gives_up(tmp_path):
    said = []
    with fake_stack(tmp_path, say=said.append) as stack:
        os.kill(stack.pids["emulator"], signal.SIGKILL)

        assert stack.failed.wait(10)
        assert "emulator" in said[-1]
        assert "was killed by SIGKILL" in said[-1]
