"""A contender's process and all that it has started: asked for verbs, stopped and let go, and weighed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

TICK = os.sysconf("SC_CLK_TCK")
MIB = 1024

CONSUMERS = frozenset({"worker", "function"})
PROCESSORS = os.sched_getaffinity(0)
"""A consumer has one of them, the last: so has a function of up to 1,769 MB. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""


class Broken(Exception):
    """A contender did not do what it was asked for; says what, and where its log is."""


class Program:
    """`python -m module role`, in a session of its own."""

    def __init__(
        self, python: Path, module: str, role: str, *, environment: Mapping[str, str], log: Path
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [python, "-m", module, role],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=dict(environment),
                text=True,
                start_new_session=True,
            )
        if role in CONSUMERS and len(PROCESSORS) > 1:
            os.sched_setaffinity(self._process.pid, {max(PROCESSORS)})
        self._talks = role != "worker"
        if self._talks:
            self._hear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ask(self, verb: str, **given: Any) -> Any:
        """What it answers: the value, and the wall and CPU seconds that it took there. Raises `Broken`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"verb": verb, "with": given}) + "\n")
        self._process.stdin.flush()
        answer = self._hear()
        if "error" in answer:
            raise Broken(f"{verb}: {answer['error']}; see {self.log}")
        return answer

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Broken(f"it ended with {self._process.wait()}; see {self.log}")
        return json.loads(line)

    def cpu(self) -> float:
        """CPU seconds that it and all that it has started have used, those that have ended too."""
        return sum(cpu_of(pid) for pid in self._tree())

    def memory(self) -> float:
        """MiB: each page of it once, shared ones by their share."""
        return sum(_pss(pid) for pid in self._tree()) / MIB

    def hold(self) -> None:
        """Let it do nothing."""
        self._signal(signal.SIGSTOP)

    def go(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it and all that it has started."""
        tree = self._tree()
        for pid in tree:
            for number in (signal.SIGCONT, signal.SIGKILL):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._tree():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _tree(self) -> list[int]:
        return family(self._process.pid)


def family(pid: int) -> list[int]:
    """A process and its descendants, parents first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                parents.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def _stat(pid: int) -> Sequence[str]:
    """The fields after the name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def cpu_of(pid: int) -> float:
    """CPU seconds of its own, and of its ended children's."""
    with suppress(OSError):
        return sum(int(field) for field in _stat(pid)[11:15]) / TICK
    return 0.0


def _pss(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return float(line.split()[1])
    return 0.0


def until(holds: Any, *, seconds: float, what: str, every: float = 0.005) -> None:
    """Wait for it. Raises `Broken`."""
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            raise Broken(f"not within {seconds:g} s: {what}")
        time.sleep(every)


def this_python() -> Path:
    """The one that runs this."""
    return Path(sys.executable)
