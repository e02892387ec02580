"""The same promises in three worlds. `backend` runs a test in all, `aws` in those with the real adapters.

The real adapters call by botocore, and directly (docs/decisions/0031-direct-calls.md).
"""

from collections.abc import Iterator

import pytest

from chalicelib.pipeline.items import Items
from chalicelib.pipeline.ports import (
    ApiKeyStore,
    Inputs,
    JobQueue,
    JobStore,
    KeyStore,
    Outlet,
    PayloadStore,
    Quarantine,
)
from jobline.local.emulator import Emulator
from tests.contract.backends import Aws, Backend, Memory, behind_http, in_process

APART = (pytest.mark.slow, pytest.mark.long)
REAL = [
    "moto",
    "moto directly",
    pytest.param("emulator", marks=APART),  # botocore's own way, which is taken where the direct one is not
    pytest.param("emulator directly", marks=pytest.mark.slow),
]


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(log_dir=tmp_path_factory.mktemp("emulator")) as running:
        yield running


ELSEWHERE = ("newest", "unattended", "feeds", "inputs", "outlet", "statistics", "payloads", "fair_queue")
"""What makes few or none of the calls that can be direct: there the tests before each landing try botocore's alone."""


ROWS = ("law", "newer_rows", "rows")
"""What is about the words of a request, which are the same however it is sent: there they try the direct way alone."""


def _apart(item: pytest.Item) -> bool:
    about = item.path.stem.removeprefix("test_")
    if "[moto directly" in item.name:
        return about in ELSEWHERE
    return "[moto" in item.name and about in ROWS


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _apart(item):
            for mark in APART:
                item.add_marker(mark)


def _real(name: str, request: pytest.FixtureRequest) -> Iterator[Aws]:
    where, _, how = name.partition(" ")
    if where == "moto":
        with in_process(direct=bool(how)) as aws:
            yield aws
    else:
        with behind_http(request.getfixturevalue("emulator"), direct=bool(how)) as aws:
            yield aws


@pytest.fixture(scope="module", params=["memory", *REAL])
def world(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """One of the three, for a module."""
    if request.param == "memory":
        yield Memory()
    else:
        yield from _real(request.param, request)


@pytest.fixture(scope="module", params=REAL)
def cloud(request: pytest.FixtureRequest) -> Iterator[Aws]:
    """One of the two with the real adapters, for a module (which then uses no `world`: moto is all or nothing)."""
    yield from _real(request.param, request)


@pytest.fixture
def backend(world: Backend) -> Backend:
    """One of the three, empty."""
    world.empty()
    return world


@pytest.fixture
def aws(cloud: Aws) -> Aws:
    """One of the two, empty."""
    cloud.empty()
    return cloud


@pytest.fixture
def store(backend: Backend) -> JobStore:
    return backend.store


@pytest.fixture
def keys(backend: Backend) -> KeyStore:
    return backend.keys


@pytest.fixture
def items(backend: Backend) -> Items:
    return backend.items


@pytest.fixture
def payloads(backend: Backend) -> PayloadStore:
    return backend.payloads


@pytest.fixture
def inputs(backend: Backend) -> Inputs:
    return backend.inputs


@pytest.fixture
def queue(backend: Backend) -> JobQueue:
    backend.drain()
    return backend.queue


@pytest.fixture
def api_keys(backend: Backend) -> ApiKeyStore:
    return backend.api_keys


@pytest.fixture
def quarantine(backend: Backend) -> Quarantine:
    return backend.quarantine


@pytest.fixture
def outlet(backend: Backend) -> Outlet:
    return backend.outlet
