"""What is seen of a task by itself: AWS calls, requests over HTTP by any road. And nothing is left patched."""

import http.client
import io
import os
import urllib.error
import urllib.request

import boto3
import botocore.client
import botocore.exceptions
import httpx
import pytest
import requests
import responses
import urllib3
from boto3.s3.transfer import TransferConfig
from moto import mock_aws

from chalicelib import wiring
from jobline.testing import ScheduleFailed, seams
from jobline.testing.seams.patch import patched
from tests.support.no_account import no_account
from tests.testing.http_server import Payments

MIB = 1024 * 1024
CALLS = ["crash_before", "crash_after", "refused", "lost"]


@pytest.fixture(scope="module")
def payments():
    with Payments() as service:
        yield service


def by_urllib(url):
    request = urllib.request.Request(url, data=b"7", method="POST")
    with urllib.request.urlopen(request, timeout=5) as answer:
        answer.read()


def by_http_client(url):
    connection = http.client.HTTPConnection(url.removeprefix("http://").partition("/")[0], timeout=5)
    try:
        connection.request("POST", "/charges?secret=1", body=b"7")
        connection.getresponse().read()
    finally:
        connection.close()


def by_urllib3(url):
    with urllib3.PoolManager() as pool:
        pool.request("POST", url, body=b"7", retries=False).read()


def by_requests(url):
    with requests.Session() as session:
        session.post(url, data=b"7", timeout=5)


def by_httpx(url):
    with httpx.Client() as client:
        client.post(url, content=b"7")


async def by_httpx_async(url):
    async with httpx.AsyncClient() as client:
        await client.post(url, content=b"7")


ROADS = [by_urllib, by_http_client, by_urllib3, by_requests, by_httpx]


def task_by(shop, road):
    if road is by_httpx_async:

        async def charge_async(url: str):
            await road(url)

        return shop.task(charge_async)

    def charge(url: str):
        road(url)

    return shop.task(charge)


def emptied(payments):
    def empty():
        payments.charges.clear()
        return payments

    return empty


@pytest.mark.parametrize("road", [*ROADS, by_httpx_async], ids=lambda road: road.__name__)
def test_a_request_is_one_effect_by_any_road(shop, payments, road):
    # given a task that charges over HTTP, whenever it runs
    task = task_by(shop, road)
    seen = []

    def look(run):
        seen.append((run.schedule, len(payments.charges), run.attempts))
        assert run.state == "SUCCEEDED"

    # when each of the faults befalls it
    report = shop.crash(
        task, (f"{payments.url}/charges",), invariant=look, setup=emptied(payments), faults=CALLS, pairs=0
    )
    # then the service got what it should have got, and the task saw errors that made it try again
    assert report.effects == (f"POST {payments.url}/charges",)
    assert seen == [
        ("", 1, 1),
        ("1:crash_before", 1, 2),
        ("1:crash_after", 2, 2),
        ("1:refused", 1, 2),
        ("1:lost", 2, 2),
    ]


@pytest.mark.parametrize(
    ("road", "refused", "lost"),
    [
        (by_urllib, urllib.error.URLError, http.client.RemoteDisconnected),
        (by_http_client, ConnectionRefusedError, http.client.RemoteDisconnected),
        (by_urllib3, urllib3.exceptions.HTTPError, urllib3.exceptions.ProtocolError),
        (by_requests, requests.exceptions.ConnectionError, requests.exceptions.ConnectionError),
        (by_httpx, httpx.ConnectError, httpx.RemoteProtocolError),
    ],
    ids=lambda each: each.__name__,
)
def test_the_task_sees_the_errors_of_its_own_library(shop, payments, road, refused, lost):
    caught = []

    def charge(url: str):
        try:
            road(url)
        except Exception as error:
            caught.append(error)
            raise

    task = shop.task(charge)
    for fault, kind in (("refused", refused), ("lost", lost)):
        caught.clear()
        shop.crash(task, (f"{payments.url}/charges",), invariant=lambda run: True, schedule=f"1:{fault}")
        assert isinstance(caught[0], kind)
        assert len(caught) == 1


def test_a_redirect_is_part_of_its_request(shop, payments):
    for road in (by_requests, lambda url: httpx.post(url, content=b"7", follow_redirects=True)):
        report = shop.crash(
            task_by(shop, road), (f"{payments.url}/elsewhere",), invariant=lambda run: True, pairs=0
        )
        assert report.effects == (f"POST {payments.url}/elsewhere",)
        shop.tasks.tasks.clear()


def test_answers_of_a_stand_in_are_seen_too(shop):
    url = "https://payments.example/charges"

    def world():
        with responses.RequestsMock() as mocked:
            mocked.post(url, body="ok")
            yield mocked

    def charged_once(run):
        assert len(run.world.calls) == 1

    with pytest.raises(ScheduleFailed) as failed:
        shop.crash(task_by(shop, by_requests), (url,), invariant=charged_once, setup=world, faults=CALLS[1:])
    assert failed.value.schedule == "1:crash_after"


# ------------------------------------------------------------------------------------------------------------------- AWS


def table():
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="us-east-1")
        dynamodb.create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield dynamodb
        dynamodb.close()


def test_calls_of_botocore_are_effects(shop, monkeypatch):
    no_account(monkeypatch)
    saw = []

    def count(order: str):
        client = boto3.client("dynamodb", region_name="us-east-1")
        try:
            client.update_item(
                TableName="orders",
                Key={"id": {"S": order}},
                UpdateExpression="ADD paid :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )
        except botocore.exceptions.BotoCoreError as error:
            saw.append(type(error).__name__)
            raise
        finally:
            client.close()

    def counted_once(run):
        item = run.world.get_item(TableName="orders", Key={"id": {"S": "7"}})["Item"]
        assert item["paid"] == {"N": "1"}

    task = shop.task(count)
    with pytest.raises(ScheduleFailed) as failed:
        shop.crash(task, ("7",), invariant=counted_once, setup=table)
    assert failed.value.schedule == "1:crash_after"
    assert "1  dynamodb UpdateItem  done, and the process" in str(failed.value)
    # and the errors are those that botocore gives when nobody answers
    for fault, kind in (("refused", "EndpointConnectionError"), ("lost", "ReadTimeoutError")):
        saw.clear()
        shop.crash(task, ("7",), invariant=lambda run: True, setup=table, schedule=f"1:{fault}")
        assert saw == [kind]


def test_a_conditional_write_survives_everything(shop, monkeypatch):
    no_account(monkeypatch)

    def note(order: str):
        resource = boto3.resource("dynamodb", region_name="us-east-1")
        resource.Table("orders").put_item(Item={"id": order})
        resource.meta.client.close()

    def noted(run):
        assert run.world.scan(TableName="orders")["Count"] == 1

    report = shop.crash(shop.task(note), ("7",), invariant=noted, setup=table, pairs=0)
    assert (report.effects, report.singles) == (("dynamodb PutItem",), 7)


def bucket():
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="uploads")
        yield s3
        s3.close()


def test_a_library_that_works_with_threads_does_not_wait_for_one_that_was_killed(shop, monkeypatch):
    no_account(monkeypatch)
    parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=2)

    def upload(size: int):
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.upload_fileobj(io.BytesIO(bytes(size)), "uploads", "it", Config=parts)
        s3.close()

    def uploaded(run):
        assert run.world.head_object(Bucket="uploads", Key="it")["ContentLength"] == 6 * MIB

    # when the process is killed as a part has been uploaded by a thread, or is about to be
    for fault in ("crash_before", "crash_after"):
        report = shop.crash(
            shop.task(upload), (6 * MIB,), invariant=uploaded, setup=bucket, schedule=f"2:{fault}"
        )
        # then nothing waits for it for ever, and the next attempt uploads all of it
        assert report.effects[:2] == ("s3 CreateMultipartUpload", "s3 UploadPart")
        assert report.effects[-1] == "s3 CompleteMultipartUpload"
        assert report.effects.count("s3 CreateMultipartUpload") == 2


# ----------------------------------------------------------------------------------------------------------- tidiness

SEAMED = [
    (botocore.client.BaseClient, "_make_api_call"),
    (requests.Session, "send"),
    (httpx.Client, "send"),
    (httpx.AsyncClient, "send"),
    (http.client.HTTPConnection, "putrequest"),
    (http.client.HTTPConnection, "endheaders"),
    (http.client.HTTPConnection, "getresponse"),
    (wiring, "submit"),
    (os, "getpid"),
]


def test_nothing_stays_patched(shop, payments, monkeypatch):
    before = [vars(owner)[name] for owner, name in SEAMED]
    parts, registry = wiring.use(None), dict(vars(shop.tasks))
    during = []

    def charge(url: str):
        os.getpid()
        during.append([vars(owner)[name] for owner, name in SEAMED])
        by_requests(url)

    # given a run that holds, one that fails, one that cannot be made and one that is interrupted
    task = shop.task(charge)
    args = (f"{payments.url}/charges",)
    shop.crash(task, args, invariant=lambda run: True, effects=[os.getpid], pairs=0)
    with pytest.raises(ScheduleFailed):
        shop.crash(task, args, invariant=lambda run: run.attempts == 1, effects=["os.getpid"])
    with pytest.raises(AttributeError):
        shop.crash(task, args, invariant=bool, effects=["os.no_such_call"])
    monkeypatch.setattr(seams, "SEAMS", [*seams.SEAMS, interrupted])
    with pytest.raises(KeyboardInterrupt):
        shop.crash(task, args, invariant=bool)
    # then everything was patched while it ran, and is as it was
    assert all(now is not then for now, then in zip(during[0], before, strict=True))
    assert [vars(owner)[name] for owner, name in SEAMED] == before
    assert wiring.use(parts) is None
    assert vars(shop.tasks) | {"tasks": {}} == registry | {"tasks": {}}


def interrupted():
    raise KeyboardInterrupt


def test_a_seam_is_one_line_to_add(shop, monkeypatch):
    class Steps:
        @staticmethod
        def step(name):
            return name

    from jobline.testing.effects import failing, wrapped

    def steps():
        return patched(
            Steps, "step", lambda step: wrapped(step, "step {}".format, lambda *_: failing(TimeoutError))
        )

    monkeypatch.setattr(seams, "SEAMS", [*seams.SEAMS, steps])

    def work():
        Steps.step("pay")

    report = shop.crash(shop.task(work), invariant=lambda run: True, pairs=0)
    assert report.effects == ("step pay",)
    assert isinstance(vars(Steps)["step"], staticmethod)


def test_patching_an_object_leaves_no_attribute_behind():
    class Thing:
        def act(self):
            return 1

    thing = Thing()
    with patched(thing, "act", lambda act: lambda: act() + 1):
        assert thing.act() == 2
    assert vars(thing) == {}
    with patched(Thing, "act", lambda act: lambda self: act(self) + 2):
        assert thing.act() == 3
    assert thing.act() == 1
