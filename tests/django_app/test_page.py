"""docs/django.md says what is so: its table, its settings, its figures."""

import re
from pathlib import Path

import pytest
from django_tasks import TaskResultStatus

from examples.django_app import settings, tasks
from jobline.client.django.results import STATUS
from jobline.client.job import TERMINAL

PAGE = (Path(__file__).parents[2] / "docs" / "django.md").read_text(encoding="utf-8")


def test_its_settings_are_those_of_the_example():
    names: dict = {}
    exec(re.search(r"```python\n(# settings.py.*?)```", PAGE, re.DOTALL)[1], names)
    assert names["TASKS"] == settings.TASKS


@pytest.mark.parametrize("status", TaskResultStatus.values)
def test_its_table_has_every_status_with_the_states_that_it_stands_for(status):
    told = re.search(rf"^\| {status} \| (.*) \|$", PAGE, re.MULTILINE)[1]
    assert {state for state, known in STATUS.items() if known == status} <= set(
        re.findall("[A-Z]{4,}", told)
    ) | {"RUNNING"}
    assert set(STATUS) >= TERMINAL


def test_what_a_task_costs_that_is_enqueued(wire, desk, monkeypatch):
    calls: list[str] = []
    for part, names in ((desk.store, ("create", "write")), (desk.parts.keys, ("hold", "find"))):
        for name in names:
            real = getattr(part, name)
            monkeypatch.setattr(
                part, name, lambda *a, _name=name, _real=real, **k: (calls.append(_name), _real(*a, **k))[1]
            )
    tasks.count_words.enqueue("x")
    desk.work()
    assert sorted(calls) == ["create", "hold", "write", "write"], "4 write units"
