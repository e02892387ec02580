"""The example's project, over the real API on twins."""

from collections.abc import Iterator

import pytest

from tests.api.desk import Desk
from tests.support.django_project import database, tables
from tests.support.wire import URL, Wire, open_desk

__all__ = ["database", "tables"]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A stage that serves the example's tasks."""
    from examples.django_app.jobline_tasks import SERVED

    with open_desk(monkeypatch) as desk:
        desk.parts.registry.tasks.update({task.name: task for task in SERVED})
        yield desk


@pytest.fixture
def wire(desk: Desk) -> Iterator[Wire]:
    """What the backend speaks through; the stage is in Django's settings as long as the test lasts."""
    from django.conf import settings
    from django.test import override_settings

    from jobline.client.django import close_clients

    wire = Wire(desk)
    backend = settings.TASKS["default"]
    reach = {"JOBLINE_URL": URL, "JOBLINE_API_KEY": desk.caller().token, "CLIENT": {"transport": wire}}
    options = {**backend["OPTIONS"], **reach}
    with override_settings(TASKS={"default": {**backend, "OPTIONS": options}}):
        yield wire
    close_clients()
