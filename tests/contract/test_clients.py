"""The boto3 clients: made once, on first use."""

import gc
import subprocess
import sys

import pytest

from chalicelib.adapters.aws.clients import Clients
from tests.contract.test_rows import THREADS, at_once


@pytest.fixture(autouse=True)
def somewhere(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "s3"])
def test_eight_threads_that_ask_first_get_one_client(service):
    clients = Clients()
    found = at_once(lambda _: getattr(clients, service), [(number,) for number in range(THREADS)])
    assert len({id(client) for client in found}) == 1
    assert getattr(clients, service) is found[0]


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "s3"])
def test_a_client_waits_seconds_and_not_a_minute(service):
    # boto3's own minute for a connection, and another for an answer, is longer than an invocation has.
    config = getattr(Clients(), service).meta.config
    assert config.connect_timeout <= 2
    assert config.read_timeout <= 20
    assert config.retries["mode"] == "standard"
    assert config.retries["total_max_attempts"] == 3


def test_importing_the_adapters_makes_no_client_and_imports_no_boto3():
    script = "import sys, chalicelib.adapters.aws.clients; sys.exit(bool({'boto3', 'botocore'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 0


def test_a_first_client_leaves_garbage_collection_as_it_was():
    for on in (True, False):
        (gc.enable if on else gc.disable)()
        try:
            _ = Clients().sqs
            assert gc.isenabled() is on
        finally:
            gc.enable()


def test_no_client_needs_boto3_itself():
    # its resources and managed transfers are imported with it: a sixth of a cold start
    script = (
        "import sys; from chalicelib.adapters.aws.clients import Clients\n"
        "clients = Clients(); clients.dynamodb, clients.sqs, clients.s3\n"
        "sys.exit(bool({'boto3', 's3transfer'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=280).returncode == 0
