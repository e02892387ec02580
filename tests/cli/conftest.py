import io
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from rich.console import Console

from jobline.cli import out, talk
from jobline.cli.main import main
from jobline.client import Client
from tests.api.desk import Desk
from tests.support.wire import URL, Pauses, Wire, held_clock, open_desk

SCOPES = ("submit", "read", "operate", "admin")


@pytest.fixture
def jobline(tmp_path, monkeypatch):
    """Type a command, in an empty folder, as somebody who has configured nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("URL", "API_KEY", "PROFILE"):
        monkeypatch.delenv(f"JOBLINE_{name}", raising=False)
    return lambda *words, **how: CliRunner().invoke(main, words, prog_name="jobline", **how)


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


@pytest.fixture
def typed(jobline, desk, wire, pauses, monkeypatch):
    """Type a command that speaks to the real API on twins, with a key that may do anything. While it pauses, the worker works."""
    monkeypatch.setenv("JOBLINE_URL", URL)
    monkeypatch.setenv("JOBLINE_API_KEY", desk.caller(*SCOPES).token)
    speaking_through(wire, pauses, monkeypatch)
    held_clock(desk, monkeypatch)
    monkeypatch.setattr("jobline.cli.text.now", desk.world.now)
    monkeypatch.setattr("jobline.cli.kinds.now", desk.world.now)
    monkeypatch.setattr("jobline.cli.loading.now", desk.world.now)
    return jobline


def speaking_through(wire: Wire, pauses: Pauses, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_client(connection):
        return Client(connection.url, key=connection.api_key, pause=pauses.pause, transport=wire)

    monkeypatch.setattr(talk, "open_client", open_client)
    monkeypatch.setattr(talk, "sleep", pauses.pause)


@pytest.fixture
def terminal(monkeypatch):
    """What people see beside the output, on a terminal of 100 columns."""
    screen = io.StringIO()
    real = out.console

    def console(*, stderr: bool = False):
        return Console(file=screen, force_terminal=True, width=100, markup=False) if stderr else real()

    monkeypatch.setattr(out, "console", console)
    return screen
