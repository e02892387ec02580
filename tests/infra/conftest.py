"""Two clouds to set the stack up in: one in this process, one behind HTTP."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.packaging.build import build
from infra.packaging.bundle import Bundle
from infra.stack import provision
from jobline.local.emulator import Emulator
from tests.support.once import once

Connect = Callable[[str], Any]
"""Service name to a boto3 client for it."""

REGION = "us-east-1"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(log_dir=tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(params=["in-process", "emulator"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """An empty cloud."""
    make: Any = boto3.client  # any service's, by name
    if request.param == "emulator":
        running = request.getfixturevalue("emulator")
        running.reset()
        yield partial(make, **running.client_options)
        return
    with mock_aws():
        yield partial(make, region_name=REGION, aws_access_key_id="none", aws_secret_access_key="none")


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The package of the stage dev."""
    return once("bundle", lambda: build(tmp_path_factory.mktemp("bundle"), stage="dev"), tmp_path_factory)


@pytest.fixture
def stood_up(connect: Connect) -> dict[str, str]:
    """The outputs of a stack that has just been set up."""
    return provision(
        connect("cloudformation"), app="jobline", stage="test", parameters={"DeletionProtection": "false"}
    )
