"""One process of the local stack: started on a leash, its output in a file, ended by its id."""

import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from jobline.local.leash import LEASH
from jobline.local.python import finding_us, run_module

LOOK_EVERY = 0.02  # seconds, while waiting for an end that should be near
ENDING = 5.0  # seconds at most from closing everything to having ended
TAIL_BYTES = 16_384


class Child:
    """`python -m <module> <arguments>`, on a leash and in a session of its own.

    Of its own, so that Ctrl-C reaches the parent alone, which then ends its children in order.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str],
        log: Path,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = log
        self._lock = threading.Lock()  # nobody signals a pid while another reaps it
        self._leash, theirs = socket.socketpair()
        log.parent.mkdir(parents=True, exist_ok=True)
        with theirs, log.open("ab") as output:
            self._log_start = output.tell()  # what earlier runs said is not ours
            self._process = subprocess.Popen(
                run_module("jobline.local.on_leash", module, *arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**finding_us(environment), LEASH: str(theirs.fileno())},
                pass_fds=(theirs.fileno(), *pass_fds),
                start_new_session=True,
            )
        self.pid = self._process.pid

    @property
    def running(self) -> bool:
        return not self._over()

    def wait_ready(self, seconds: float) -> bool:
        """Whether it said within this time that it does its work. False at once when it has ended without a word."""
        readable, _, _ = select.select([self._leash], [], [], seconds)
        if not readable:
            return False
        if self._leash.recv(64):
            return True
        self._await_end(ENDING)
        return False

    def wait(self) -> int:
        """Block until it has ended, and return its exit status (negative: the signal that killed it)."""
        while not self._over(block=True):
            pass
        return self._reap()

    def stop(self, grace: float) -> int:
        """Ask it to end; after `grace` seconds make it. Returns its exit status. Safe to call again."""
        self._signal(signal.SIGTERM)
        try:
            self._await_end(grace)
        finally:  # also when a second Ctrl-C ends the wait
            self._signal(signal.SIGKILL)
        status = self.wait()
        self._leash.close()
        return status

    def tail(self, lines: int = 8) -> str:
        """The last lines of its output, for an error that should explain itself."""
        with self.log.open("rb") as log:
            log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - TAIL_BYTES))
            text = log.read().decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-lines:])

    def _await_end(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._over() and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)

    def _over(self, *, block: bool = False) -> bool:
        """Whether it has ended. It stays unreaped, so that its id and its group's cannot become another's."""
        if self._process.returncode is not None:
            return True
        try:
            return (
                os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | (0 if block else os.WNOHANG))
                is not None
            )
        except ChildProcessError:  # reaped by another thread, between the two lines
            return True

    def _reap(self) -> int:
        with self._lock:
            if self._process.returncode is None:
                # What it started and left behind. The unreaped leader keeps the group's id ours; nobody may be left.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)
            return self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with self._lock:
            if self._process.returncode is None:
                os.kill(self.pid, number)


def how_it_ended(status: int) -> str:
    """An exit status in words: "was killed by SIGKILL", "ended with status 1"."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
