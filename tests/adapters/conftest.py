"""The three runners, each as the wiring would make it, kept for the whole run as a warm process keeps them."""

import pytest

from chalicelib.adapters.runners import LoopRunner, ThreadRunner
from chalicelib.adapters.runners.child import ChildRunner
from chalicelib.pipeline.task import Registry
from tests.adapters.cases import register


@pytest.fixture(scope="session")
def registry():
    return register(Registry())


@pytest.fixture(scope="session")
def threads(registry):
    return ThreadRunner(registry)


@pytest.fixture(scope="session")
def loops(registry):
    return LoopRunner(registry)


@pytest.fixture(scope="session")
def children(registry):
    return ChildRunner(("tests.adapters.cases_in_child",), registry)


@pytest.fixture(params=["thread", "loop", "child"])
def kind(request):
    return request.param


@pytest.fixture
def runner(kind, request):
    return request.getfixturevalue({"thread": "threads", "loop": "loops", "child": "children"}[kind])
