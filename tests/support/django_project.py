"""The example's Django project, once a process, with a database of its own. Imported before anything of Django's."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

DATABASE = Path(tempfile.gettempdir()) / f"jobline-django-{os.getpid()}.sqlite3"
os.environ["DJANGO_DATABASE"] = str(DATABASE)
os.environ["DJANGO_SETTINGS_MODULE"] = "examples.django_app.settings"
django.setup()


@pytest.fixture(scope="session")
def tables() -> Iterator[None]:
    """Made once."""
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    yield
    DATABASE.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def database(tables: None) -> Iterator[None]:
    """The tables, empty in the end."""
    from django.core.management import call_command

    yield
    call_command("flush", interactive=False, verbosity=0)
