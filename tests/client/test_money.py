"""What both clients say of money: costs, plans, and budgets, which take an administrator's key."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from jobline.client import AsyncClient, Client, NotFound, Refused
from tests.api.test_costs import kept, work
from tests.support.wire import URL, Driven

__all__ = ["kept"]  # a fixture


@pytest.fixture
def chief(client: Driven, desk, wire, pauses) -> Iterator[Driven]:
    """The same kind of client, with an administrator's key."""
    key = desk.caller("admin", tenant="ops").token
    if isinstance(client._one, Client):
        one: object = Client(URL, key=key, pause=pauses.pause, transport=wire)
    else:
        one = AsyncClient(URL, key=key, pause=pauses.pause_async, transport=wire)
    driven = Driven(one, client._loop)
    yield driven
    driven.close()  # type: ignore[operator]


def test_costs_and_plans_are_asked_for_with_spans_words_and_names(client, desk, kept, wire):
    with pytest.raises(Refused) as refused:
        client.plan("add", 1000)
    assert refused.value.argument == "run_ms"  # no history: it has to be given
    given = client.plan("add", 1000, run=timedelta(seconds=2), args_bytes=100)
    assert (given["count"], given["history"]["attempts"]) == (1000, 0)
    assert "run_ms=2000&args_bytes=100" in wire.seen[-1][1]

    client.submit("add", a=1)
    work(desk, kept)
    found = client.costs(by=("day", "task"), last=timedelta(hours=2), task="add")
    (line,) = found["lines"]
    assert (found["by"], line["day"], line["task"], line["ended"]) == (
        ["day", "task"],
        "2026-01-01",
        "add",
        1,
    )
    assert found["total"]["dollars"] > 0
    assert client.costs(since=found["since"], until=desk.world.now(), by="day,task", task="add") == found

    plan = client.plan("add", 1_000_000, last=86400)
    assert (plan["task"], plan["history"]["attempts"]) == ("add", 1)
    with pytest.raises(NotFound):
        client.plan("a/b?c", 1)
    assert wire.seen[-1][1] == "/tasks/a%2Fb%3Fc/plan?count=1"


def test_a_budget_is_set_listed_and_deleted(chief, client, wire):
    assert chief.budgets() == []
    wire.troubles = ["lost"]
    made = chief.set_budget(tenant="acme", day=5, month=50, on_spent="pause")
    assert (made["name"], made["day"]["dollars"], made["on_spent"]) == ("acme", 5, "pause")
    assert chief.set_budget(task="add", month=7)["day"] is None
    chief.set_budget(stage=True, day=20)
    assert [one["kind"] for one in chief.budgets()] == ["stage", "task", "tenant"]
    for whose in ({"tenant": "acme"}, {"task": "add"}, {"stage": True}):
        assert chief.delete_budget(**whose) is None
    assert chief.budgets() == []

    with pytest.raises(NotFound):
        chief.delete_budget(tenant="acme")
    with pytest.raises(Refused) as refused:
        chief.set_budget(stage=True, day=-1)
    assert refused.value.argument == "day"
    with pytest.raises(Refused):
        client.budgets()  # not an administrator's key


@pytest.mark.parametrize("whose", [{}, {"tenant": "acme", "task": "add"}, {"task": "add", "stage": True}])
def test_whose_budget_has_to_be_said(chief, wire, whose):
    for act in (chief.delete_budget, chief.set_budget):
        with pytest.raises(ValueError, match="say which one"):
            act(**whose)
    assert wire.seen == []
