"""The quick cloud as a process of its own, spoken to as the emulator is."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from jobline.local.emulator import Emulator

LOOPBACK_NAMES = "127.0.0.1,localhost"
ROOT = Path(__file__).parents[2]


class QuickCloud(Emulator):
    """Started on entry, gone on exit. Not `remembers`: what is written is believed and forgotten."""

    def __init__(self, *, remembers: bool = True) -> None:
        super().__init__(log_dir=Path(os.devnull).parent)
        self._command = [sys.executable, "-m", "bench.quick", *([] if remembers else ["forgetful"])]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Start it; it answers as soon as it has said its port."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._pid = self._process.pid
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


@contextmanager
def spoken_to(cloud: Emulator) -> Iterator[None]:
    """This process's boto3 asks there meanwhile, and nobody else."""
    own: Mapping[str, Any] = {**cloud.environment, "NO_PROXY": LOOPBACK_NAMES, "no_proxy": LOOPBACK_NAMES}
    kept = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
