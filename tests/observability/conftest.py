"""The doors; and the journey, made twice for all these tests: once sampled, with a socket in the place of X-Ray's daemon, and once not."""

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.adapters import json_log
from tests.observability.doors import Doors

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What there was to see of it from outside."""

    facts: Mapping[str, Any]
    printed: str
    logged: str
    sent: tuple[str, ...]  #: datagrams

    @property
    def spans(self) -> list[dict[str, Any]]:
        """Every segment and subsegment that was sent, those inside others too."""
        found: list[dict[str, Any]] = []
        for datagram in self.sent:
            header, _, body = datagram.partition("\n")
            assert json.loads(header) == {"format": "json", "version": 1}
            _flatten(json.loads(body), None, None, found)
        return found

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log."""
        return [json.loads(line) for line in self.logged.splitlines()]

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The metrics."""
        return [json.loads(line) for line in self.printed.splitlines() if line.startswith('{"_aws"')]


def _flatten(
    span: dict[str, Any], trace: str | None, parent: str | None, found: list[dict[str, Any]]
) -> None:
    span = {"trace_id": trace, "parent_id": parent, **span}
    found.append(span)
    for below in span.pop("subsegments", []):
        _flatten(below, span["trace_id"], span["id"], found)


def travel() -> tuple[Journey, Journey]:
    """Travel, with an ear on a loopback port: unsampled, then sampled."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(0)
        address = f"127.0.0.1:{daemon.getsockname()[1]}"
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.observability.journey"],
            cwd=ROOT,
            env={**os.environ, "AWS_XRAY_DAEMON_ADDRESS": address, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        sent = list(_received(daemon))
    unsampled, sampled = (
        Journey(
            facts=facts,
            printed=printed,
            logged=logged,
            sent=tuple(one for one in sent if _trace(one) in _traces(facts)),
        )
        for (facts, printed), (_, logged) in zip(_rounds(done.stdout), _rounds(done.stderr), strict=True)
    )
    assert len(sampled.sent) + len(unsampled.sent) == len(sent), "spans of unknown traces"
    return unsampled, sampled


def _rounds(text: str) -> Iterator[tuple[dict[str, Any], str]]:
    """What was said in each round, and the facts at its end."""
    said: list[str] = []
    for line in text.splitlines():
        if line.startswith("FACTS "):
            yield json.loads(line.removeprefix("FACTS ")), "\n".join(said)
            said = []
        else:
            said.append(line)


def _trace(datagram: str) -> str:
    return json.loads(datagram.partition("\n")[2])["trace_id"]


def _traces(facts: Mapping[str, Any]) -> set[str]:
    return {one["trace"] for many in facts["invocations"].values() for one in many}


def _received(daemon: socket.socket) -> Iterator[str]:
    """What came. It is all there already: the sender has ended."""
    with suppress(BlockingIOError):
        while True:
            yield daemon.recv(65_536).decode()


@pytest.fixture(scope="session")
def journeys() -> tuple[Journey, Journey]:
    return travel()


@pytest.fixture(scope="session")
def unsampled(journeys: tuple[Journey, Journey]) -> Journey:
    return journeys[0]


@pytest.fixture(scope="session")
def sampled(journeys: tuple[Journey, Journey]) -> Journey:
    return journeys[1]


@pytest.fixture
def doors(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Doors]:
    """A stage of the kind that the module calls DOORS, which the app's handlers work on."""
    monkeypatch.setattr(json_log, "configure", lambda: None)  # pytest keeps its own handlers
    caplog.set_level(logging.INFO)
    doors: Doors = request.module.DOORS()
    before = wiring.use(doors.parts)
    yield doors
    wiring.use(before)
