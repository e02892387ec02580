"""The template: a process with one thread and the task modules imported, which forks itself for every child.

Forking the consumer would copy locks that its other threads hold; starting an interpreter for each child takes 100 ms and imports
everything again. A fork of this process is at work after 4 ms and finds everything there.

multiprocessing's `forkserver` is the same idea, as quick, and not fit for threads: with eight of them starting children, a third of
the exit codes were wrong, for each start also looks after the others' children. Besides, it runs the parent's `__main__` again in
the server, and pickles.

Whoever asks sends two sockets: the child's end of its talk, and this end of its leash. On the leash come `s` (soft limit) and `k`
(kill); its end means kill, too, so children do not outlive the process that asked for them, however it ended. Back on it goes, once,
how the child ended: its exit code, minus the signal's number, or `!` and why it could not be forked.
"""

import gc
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module

from chalicelib.adapters.runners import inside, kernel

SOFTEN, KILL = b"s", b"k"


def main(control: int, modules: Sequence[str]) -> None:
    """Serve until the other end of the control socket is closed."""
    for module in modules:
        with suppress(Exception):  # the child imports it once more, and says what is wrong with it
            import_module(module)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a killed child keeps no line back
    gc.freeze()  # the collector writes to what it looks at; what is frozen stays shared
    Template(socket.socket(fileno=control), modules).serve()


class Template:
    """Forks, signals and reaps, in one thread, so that no signal can go to a process that was reaped."""

    def __init__(self, control: socket.socket, modules: Sequence[str]) -> None:
        self._control = control
        self._modules = modules
        self._pid = os.getpid()
        self._leashes: dict[int, socket.socket] = {}
        self._selector = selectors.PollSelector()
        self._deaths, self._death_bell = socket.socketpair()

    def serve(self) -> None:
        """Until nobody can ask for anything any more; then every child ends, too."""
        for end in (self._deaths, self._death_bell):
            end.setblocking(False)
        signal.set_wakeup_fd(self._death_bell.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only a signal with a handler rings the bell
        # A child takes the soft limit's signal as soon as it knows what it means.
        signal.pthread_sigmask(signal.SIG_BLOCK, {inside.SOFT})
        kernel.adopt_orphans()
        self._watch(self._control, self._asked)
        self._watch(self._deaths, self._reap)
        while self._control.fileno() >= 0:
            for key, _ in self._selector.select():
                key.data()
        for pid in self._leashes:
            _kill(pid)

    def _watch(self, end: socket.socket, verb: Callable[[], None]) -> None:
        self._selector.register(end, selectors.EVENT_READ, verb)

    def _asked(self) -> None:
        data, ends, _, _ = socket.recv_fds(self._control, 1, 2)
        if not data:
            self._selector.unregister(self._control)
            self._control.close()
            return
        talk, leash = (socket.socket(fileno=end) for end in ends)
        talk.set_inheritable(
            False
        )  # received files are handed on to any program that a task starts, unless told so
        with talk:
            leash.setblocking(False)
            self._fork(talk, leash)

    def _fork(self, talk: socket.socket, leash: socket.socket) -> None:
        orders = _ordered(leash)
        if _to_kill(orders):  # stopped before it began
            _answer(leash, "-9")
            return
        try:
            pid = os.fork()
        except OSError as error:
            _answer(leash, f"!{error}")
            return
        if pid == 0:
            self._be_a_child(talk, leash)
        with suppress(OSError):  # done on both sides, so that it is done before anybody needs it
            os.setpgid(pid, pid)
        self._leashes[pid] = leash
        self._watch(leash, partial(self._obey, pid))
        self._follow(pid, orders)

    def _obey(self, pid: int) -> None:
        if pid in self._leashes:  # else it was reaped a moment ago
            self._follow(pid, _ordered(self._leashes[pid]))

    def _follow(self, pid: int, orders: bytes | None) -> None:
        if orders is not None and SOFTEN in orders:
            os.kill(pid, inside.SOFT)
        if _to_kill(orders):
            self._selector.unregister(self._leashes[pid])  # there is nothing more to say
            _kill(pid)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            self._deaths.recv(4096)
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            pid = ended.si_pid
            leash = self._leashes.pop(pid, None)
            if leash is not None:
                # What the child has started and left behind is in its group. Until the child is reaped, nobody else can get its number.
                _kill(pid)
            _, status = os.waitpid(pid, 0)
            if leash is None:
                continue  # a grandchild whose parent had ended
            with suppress(KeyError):
                self._selector.unregister(leash)
            _answer(leash, str(os.waitstatus_to_exitcode(status)))

    def _be_a_child(self, talk: socket.socket, leash: socket.socket) -> None:
        code = 1
        try:
            os.setpgid(0, 0)
            kernel.die_with_parent()
            kernel.go_first()
            if os.getppid() != self._pid:
                return  # it died before the kernel knew what to do then
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in (leash, self._control, self._deaths, self._death_bell, *self._leashes.values()):
                end.close()
            inside.main(talk, self._modules)
            code = 0
        except BaseException:  # noqa: BLE001 - nothing may return into the template's own loop
            sys.excepthook(*sys.exc_info())
        finally:
            with suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)


def _ordered(leash: socket.socket) -> bytes | None:
    """What came on the leash: orders, nothing more to come (empty), or nothing yet (None)."""
    try:
        return leash.recv(16)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _to_kill(orders: bytes | None) -> bool:
    return orders is not None and (KILL in orders or not orders)


def _answer(leash: socket.socket, words: str) -> None:
    with leash, suppress(OSError):
        leash.sendall(words.encode())


def _kill(pid: int) -> None:
    """Kill a child and all that it has started, but for what has left its process group."""
    with suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
