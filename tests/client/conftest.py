"""Both clients, over the real API on twins. Whatever is asked for is written once and tried with both."""

import asyncio
from collections.abc import Iterator

import pytest

from jobline.client import AsyncClient, Client
from tests.api.desk import Desk
from tests.support.wire import URL, Driven, Pauses, Wire, held_clock, open_desk


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with open_desk(monkeypatch) as desk:
        yield desk


@pytest.fixture
def wire(desk: Desk) -> Wire:
    return Wire(desk)


@pytest.fixture
def pauses(desk: Desk) -> Pauses:
    return Pauses(desk)


@pytest.fixture(params=["sync", "async"])
def client(request, desk: Desk, wire: Wire, pauses: Pauses, monkeypatch) -> Iterator[Driven]:
    """A client of tenant ann. While it pauses, time passes and the worker works."""
    key = desk.caller().token
    held_clock(desk, monkeypatch)
    with asyncio.Runner() as runner:
        if request.param == "sync":
            one: object = Client(URL, key=key, pause=pauses.pause, transport=wire)
        else:
            one = AsyncClient(URL, key=key, pause=pauses.pause_async, transport=wire)
        driven = Driven(one, runner.get_loop())
        yield driven
        driven.close()  # type: ignore[operator]
