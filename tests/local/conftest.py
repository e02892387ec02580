import boto3
import pytest

from jobline.local.emulator import Emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    with Emulator(log_dir=tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def sqs(emulator):
    """An SQS that knows nothing yet."""
    emulator.reset()
    client = boto3.client("sqs", **emulator.client_options)
    yield client
    client.close()
