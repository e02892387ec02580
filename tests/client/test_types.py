"""Types of results: what is asserted here is held by mypy too, which reads this file in the gate."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, assert_type

import pytest

import jobline
from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.declare import task
from chalicelib.pipeline.task import REGISTRY
from jobline.client import AsyncClient, AsyncHandle, Client, ClientError, Handle
from tests.api.desk import Desk
from tests.support.wire import URL, Answer, Pauses, Wire


@dataclass
class Bill:
    due: date
    cents: int


@task(name="typed_bill")
def bill(day: date, cents: int = 100) -> Bill:
    return Bill(due=day, cents=cents)


@task(name="typed_later")
async def later(text: str) -> list[str]:
    return [text]


@pytest.fixture
def known(desk: Desk) -> Iterator[Client]:
    """A client of a stage that has these tasks."""
    for one in (bill, later):
        assert REGISTRY[one.name] is one
        desk.parts.registry.tasks[one.name] = one
    wire = Wire(desk)
    with Client(URL, key=desk.caller().token, pause=Pauses(desk).pause, transport=wire) as client:
        yield client


def test_a_known_tasks_result_is_what_it_is_annotated_to_return(known: Client) -> None:
    handle = known.submit(bill, date(2026, 1, 2), cents=7)
    assert_type(handle, Handle[Bill])
    assert handle.result(timeout=10) == Bill(due=date(2026, 1, 2), cents=7)
    words = known.submit(later, "x")
    assert_type(words.result(timeout=10), list[str])


def test_a_task_that_is_known_by_its_name_gives_json(known: Client) -> None:
    handle = known.submit("typed_bill", day="2026-01-02")
    assert_type(handle, Handle[Any])
    assert handle.result(timeout=10) == {"due": "2026-01-02", "cents": 100}


def test_a_map_over_a_known_task_is_typed_too(known: Client) -> None:
    for one in known.map(bill, [{"day": "2026-01-02"}]):
        assert_type(one, Bill)
        assert one == Bill(due=date(2026, 1, 2), cents=100)
    for text in known.map(later, [{"text": "a"}]):
        assert_type(text, list[str])


def test_a_wrong_argument_is_seen_before_anything_is_sent(known: Client, desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="day"):
        known.submit(bill, "tomorrow")  # type: ignore[call-overload] # and mypy says so, too
    with pytest.raises(TypeError, match="names"):
        known.submit("typed_bill", "2026-01-02")  # type: ignore[call-overload]
    assert not desk.store.rows


def test_a_result_that_is_something_else_is_no_silent_lie(
    known: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = known.submit(bill, date(2026, 1, 2))
    ended = {**handle.wait().document, "result": ["nothing", "of", "the", "kind"]}
    transport = Wire(Desk())
    transport.troubles = [Answer(200, json=ended)]
    monkeypatch.setattr(handle, "_client", Client(URL, key="k", transport=transport))
    with pytest.raises(ClientError, match="not what it is annotated to return"):
        handle.result()


async def the_asynchronous_twin(client: AsyncClient) -> None:
    """Read by mypy alone."""
    assert_type(await client.submit(bill, date(2026, 1, 2)), AsyncHandle[Bill])
    assert_type(await (await client.submit(later, "x")).result(), list[str])
    async for one in client.map(bill, []):
        assert_type(one, Bill)


def test_the_types_are_for_those_who_install_it_too() -> None:
    assert (Path(jobline.__file__).parent / "py.typed").exists()
