"""Each test has an API of its own, on twins with a held clock."""

from collections.abc import Iterator

import pytest

from chalicelib import wiring
from chalicelib.adapters import json_log
from tests.api.desk import Caller, Desk


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(json_log, "configure", lambda: None)  # pytest keeps its own handlers
    desk = Desk()
    wiring.use(desk.parts)
    yield desk
    wiring.use(None)


@pytest.fixture
def ann(desk: Desk) -> Caller:
    """A caller of tenant ann who may do everything."""
    return desk.caller()


@pytest.fixture
def bob(desk: Desk) -> Caller:
    """A caller of another tenant who may do everything."""
    return desk.caller(tenant="bob")
