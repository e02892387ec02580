"""What the checks of a run share: the cloud, the checkout, a terminal, a caller, and what one check leaves for a later one."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from e2e.api import Api
from e2e.cloud import Cloud
from e2e.project import STAGE
from e2e.undisturbed import undisturbed
from infra.names import Names

NAMES = Names(app="jobline", stage=STAGE)
SHIM = "tests.support.chalice_shim"
PATIENCE = 240.0
"""Seconds for a command; a deploy takes ten to thirty."""


class Missing(Exception):
    """A check needs what an earlier one should have left."""


class World:
    """One stage on one cloud, and who looks at it."""

    def __init__(self, cloud: Cloud, project: Path, *, quick: bool) -> None:
        self.cloud, self.project, self.quick = cloud, project, quick
        self.said = cloud.log.with_name("commands.log")
        self._left: dict[str, Any] = {}
        self.made_api: Api | None = None
        self._started: list[Command] = []

    def leave(self, name: str, what: Any) -> None:
        """For a later check."""
        self._left[name] = what

    def left(self, name: str) -> Any:
        """Raises Missing."""
        if name not in self._left:
            raise Missing(f"there is no {name}, since the check that makes it failed")
        return self._left[name]

    def take(self, other: "World", name: str) -> None:
        """What a check of another run left, if it did."""
        if name in other._left:  # noqa: SLF001 - another of our own kind
            self._left[name] = other._left[name]  # noqa: SLF001

    @property
    def api(self) -> Api:
        """Raises Missing before the stage has one."""
        if self.made_api is None:
            raise Missing("there is no API to ask")
        return self.made_api

    @api.setter
    def api(self, api: Api) -> None:
        self.made_api = api

    def close(self) -> None:
        """End what still runs of what was started here."""
        for command in self._started:
            command.end()
        if self.made_api is not None:
            self.made_api.close()

    # ------------------------------------------------------------------------------------------------------- a terminal

    def start(self, *words: str) -> "Command":
        """A Python command in the checkout, as the account's administrator; not waited for."""
        with undisturbed():
            command = Command(self, words)
            self._started.append(command)
        return command

    def run(self, *words: str) -> str:
        """The same, waited for; what it said, on both streams. Raises AssertionError when it fails."""
        return self.start(*words).ended()

    def infra(self, *words: str) -> str:
        """`python -m infra ...`"""
        return self.run("-m", "infra", *words)

    def jobline(self, *words: str) -> str:
        """`jobline ...`"""
        return self.run("-c", "import sys; from jobline.cli.main import main; sys.exit(main())", *words)

    def chalice(self, *words: str) -> str:
        """Chalice's own command, as it is."""
        return self.run("-c", "import sys; from chalice.cli import main; sys.exit(main())", *words)


class Command:
    """A process of ours, with all that it starts: a group of its own, so that all of it can be ended."""

    def __init__(self, world: World, words: tuple[str, ...]) -> None:
        self._words = " ".join(("python", *words))
        self._said = world.said
        self._process = subprocess.Popen(
            [sys.executable, *words],
            cwd=world.project,
            env={
                **world.cloud.environment,
                "JOBLINE_CHALICE": SHIM,
                "COLUMNS": "160",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """Make it end, if it has not, and what it started."""
        if self._process.poll() is None:  # not reaped, so the group's id is still its own
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def ended(self) -> str:
        """Wait for it. Raises AssertionError when it failed, or takes longer than PATIENCE."""
        try:
            text, _ = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{self._words} did not end within {PATIENCE:g} s") from error
        finally:
            self.end()
        with self._said.open("a", encoding="utf-8") as log:
            log.write(f"$ {self._words}\n{text}\n")
        failed = self._process.returncode
        assert failed == 0, f"{self._words} ended with {failed}: {_reason(text)}"
        return text


def _reason(text: str) -> str:
    """The lines that say what is wrong, or else the last ones."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("NO ", "Error:"))]
    return "; ".join(telling or lines[-3:])
