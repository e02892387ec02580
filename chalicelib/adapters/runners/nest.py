"""Where children come from: starts the template on first use, asks it for children, starts another one when it has died."""

import json
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence

_BOOT = (
    "import json, sys; control, path, modules = json.loads(sys.argv[1]); sys.path[:] = path; "
    "from chalicelib.adapters.runners.template import main; main(control, modules)"
)
"""-c and not -m or a script: nothing of the parent's `__main__` is run again, and the parent's sys.path is there before any import."""


class Nest:
    """One template process, kept while the parent lives. Importing the task modules takes it as long as it takes anybody.

    Children see the environment variables as they are when it starts.
    """

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = tuple(modules)
        self._lock = threading.Lock()
        self._template: tuple[subprocess.Popen[bytes], socket.socket] | None = None

    def hatch(self, talk: socket.socket, leash: socket.socket) -> None:
        """Ask for a child that holds these ends. Returns at once; the child may take its time. Raises OSError."""
        with self._lock:
            _, control = self._running()
            try:
                _ask(control, talk, leash)
            except OSError:  # it has died since we looked
                _, control = self._running(anew=True)
                _ask(control, talk, leash)

    def warm(self) -> None:
        """Start the template if there is none, without waiting for it. Raises OSError."""
        with self._lock:
            self._running()

    def _running(self, *, anew: bool = False) -> tuple[subprocess.Popen[bytes], socket.socket]:
        if self._template is not None and (anew or self._template[0].poll() is not None):
            _dismiss(*self._template)
            self._template = None
        if self._template is None:
            self._template = self._start()
            weakref.finalize(self, _dismiss, *self._template)
        return self._template

    def _start(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        ours, theirs = socket.socketpair()
        boot = json.dumps([theirs.fileno(), sys.path, self._modules])
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
                [sys.executable, "-P", "-c", _BOOT, boot],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the parent's: it decides what ends when
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return process, ours


def _ask(control: socket.socket, talk: socket.socket, leash: socket.socket) -> None:
    socket.send_fds(control, [b"."], [talk.fileno(), leash.fileno()])


def _dismiss(process: subprocess.Popen[bytes], control: socket.socket) -> None:
    """End the template, and with it all its children."""
    control.close()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
