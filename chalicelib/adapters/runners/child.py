"""`cpu=True` tasks run in a child process each: real parallelism, and a hard end to those that will not end."""

import contextvars
import dataclasses
import logging
import selectors
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from chalicelib.adapters.runners import relay
from chalicelib.adapters.runners.fate import in_words
from chalicelib.adapters.runners.nest import Nest
from chalicelib.adapters.runners.pending import Pending, unspeakable
from chalicelib.adapters.runners.template import KILL, SOFTEN
from chalicelib.adapters.runners.wire import Wire
from chalicelib.domain.errors import ChildDied, InvalidInput, MachineryError
from chalicelib.domain.job import Failure
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.outcome import Outcome, Raised, Several, from_wire
from chalicelib.pipeline.ports import Call
from chalicelib.pipeline.task import REGISTRY, Registry, Task

log = logging.getLogger(__name__)

DEATH_SECONDS = 5
"""How long a child may take to be gone after it has answered or was killed. Its memory is given back in milliseconds."""


class ChildRunner:
    """Runs tasks in children forked from a template that has imported `modules`, where the tasks are."""

    def __init__(self, modules: Sequence[str], registry: Registry = REGISTRY) -> None:
        self._registry = registry
        self._nest = Nest(modules)

    def warm(self) -> None:
        """Start the template now, in the background: the first task then need not wait for its imports. Raises OSError."""
        self._nest.warm()

    def start(self, call: Call) -> "ChildExecution":
        """Start it now. The first start in a process also starts the template, and the task's clock runs meanwhile."""
        execution = ChildExecution(self._registry[call.task], call, self._nest)
        execution.start()
        return execution


class ChildExecution(Pending):
    """One task in its child, and the thread that listens to it until it is gone."""

    def __init__(self, task: Task[Any, Any], call: Call, nest: Nest) -> None:
        super().__init__()
        self._task = task
        self._call = call
        self._name = f"{call.facts.task}[{call.facts.id}]"
        self._nest = nest
        self._lock = threading.Lock()
        self._gone = threading.Event()
        talk, self._childs_talk = socket.socketpair()
        self._leash, self._templates_leash = socket.socketpair()
        self._wire = Wire(talk)

    def start(self) -> None:
        """Begin. What the child logs is logged with the caller's context variables."""
        listen = contextvars.copy_context().run
        threading.Thread(target=listen, args=(self._listen,), name=f"child-{self._name}", daemon=True).start()

    def soften(self) -> None:
        """Raise `SoftTimeLimitExceeded` in the child's main thread, by a signal."""
        self._order(SOFTEN)

    def stop(self) -> None:
        """Kill it and the processes it has started, and wait until it is gone."""
        self._order(KILL)
        with self._lock:
            self._wire.hang_up()  # wakes our thread if it still waits for the child to take its arguments
        self._gone.wait(DEATH_SECONDS)

    def _order(self, order: bytes) -> None:
        with self._lock, suppress(OSError):  # closed, or the template is gone: so is the child
            self._leash.send(order)

    # All that follows runs in the listening thread.

    def _listen(self) -> None:
        try:
            with self._childs_talk, self._templates_leash:
                self._nest.hatch(self._childs_talk, self._templates_leash)
            self._send_call()
            self._hear_until_it_is_gone()
        except OSError as error:
            self.ended(self._died(f"the child process could not be started: {error}", "not-started"))
        except BaseException as error:  # noqa: BLE001 - whatever it was, the attempt must learn of it
            self.ended(unspeakable(error))
        finally:
            with self._lock:
                self._leash.close()
                self._wire.close()
            self._gone.set()

    def _send_call(self) -> None:
        members = self._call.members
        self._wire.tell(
            "call",
            {
                "task": self._task.name,
                "facts": _facts(self._call),
                "members": [_facts(member) for member in members],
                "levels": relay.levels(),
            },
        )
        for one in members or (self._call,):
            self._wire.send(strict_json.write(dict(one.args)).encode())

    def _hear_until_it_is_gone(self) -> None:
        """The child's words as they come, until the template says how it ended; then those that are still under way."""
        with selectors.PollSelector() as selector:
            selector.register(self._wire, selectors.EVENT_READ)
            selector.register(self._leash, selectors.EVENT_READ)
            while True:
                ready = {
                    key.fileobj for key, _ in selector.select(DEATH_SECONDS if self._over.is_set() else None)
                }
                if not ready:
                    self._order(KILL)  # it has answered, and will not go
                if self._leash in ready:
                    break
                if self._wire in ready and not self._hear():
                    selector.unregister(self._wire)
        fate = self._fate()
        self._wire.wait_no_more()  # a process that the task forked may hold the other end for ever
        while self._hear():
            pass
        self.ended(self._died(*in_words(fate)))

    def _fate(self) -> str:
        try:
            return self._leash.recv(1024).decode("utf-8", "replace")
        except OSError:
            return ""  # the template died before it had read our last order

    def _hear(self) -> bool:
        """Take in one message. False: there are no more."""
        try:
            heard = self._wire.hear()
            if heard is None:
                return False
            self._take_in(*heard)
        except (InvalidInput, KeyError, TypeError, ValueError) as error:
            log.warning(
                "%s: its child said something strange: %s",
                self._name,
                error,
                extra={"action": "child_misheard"},
            )
        return True

    def _take_in(self, kind: str, value: Any) -> None:
        """Words of one job of a batch begin with its number."""
        kind, _, number = kind.partition(" ")
        line = self._call.members[int(number)].line if number else self._call.line
        match kind:
            case "progress":
                line.report(*value)
            case "beat":
                line.beat()
            case "cancelled?":
                self._wire.tell("cancelled", line.cancelled())
            case "save":
                self._answer(lambda: line.save(value))
            case "recall":
                self._answer(lambda: line.recall(value))
            case "remember":
                self._answer(lambda: line.remember(*value))
            case "log":
                relay.replay(value)
            case "raised" | "returned":
                outcome = self._outcome_of(kind, value)
                if outcome is not None:
                    self.ended(outcome)
            case "several":
                self._hear_several(value)

    def _hear_several(self, count: int) -> None:
        """One outcome after the other, with no other words between them. Cut off in the middle, the child died."""
        outcomes: list[Outcome] = []
        for _ in range(count):
            heard = self._wire.hear()
            outcome = None if heard is None else self._outcome_of(*heard)
            if outcome is None:
                return
            outcomes.append(outcome)
        self.ended(Several(outcomes=tuple(outcomes)))

    def _outcome_of(self, kind: str, value: Any) -> Outcome | None:
        if kind == "raised":
            return from_wire(value)
        result = self._wire.receive()
        return None if result is None else from_wire({"returned": result.decode()})

    def _answer(self, verb: Callable[[], Any]) -> None:
        """Do what the child waits for. Meanwhile its other words wait in the socket."""
        try:
            self._wire.tell("recorded", verb())
        except InvalidInput as error:
            self._wire.tell("refused", [error.argument, error.why])
        except Exception as error:
            if not isinstance(error, MachineryError):
                log.exception(
                    "%s: its child could not be answered", self._name, extra={"action": "child_unanswered"}
                )
            self._wire.tell("unavailable", str(error))

    def _died(self, words: str, kind: str) -> Raised:
        return Raised(
            failure=Failure(type=ChildDied.__name__, message=words, fingerprint=f"child-{kind}"),
            again=self._task.retry.worth_another(ChildDied(words)),
        )


def _facts(call: Call) -> dict[str, Any]:
    """As JSON values."""
    return {**dataclasses.asdict(call.facts), "deadline": call.facts.deadline.isoformat()}
