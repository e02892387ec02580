"""Virtual time and the fibers that live in it: everything that happens is an event on one heap, so a seed repeats a run.

The verbs are plain synchronous code. Each runs in a greenlet, and wherever it calls a port it sleeps a moment of virtual time: there
others run. Nothing else switches, so between two calls a worker is atomic, as it is between two calls to AWS.
"""

import heapq
from collections.abc import Callable
from typing import Any, cast

from greenlet import getcurrent, greenlet

STRAIGHT = 500
"""After so many sleeps without a switch the hub has a look: a fiber may go round in circles."""


class Killed(BaseException):  # not an Exception: nobody may take it for a failure that can be handled
    """The sandbox is gone: timeout, out of memory, SIGKILL."""


class Sandbox:
    """One process of one role: an API request, an invocation of a consumer, a tick. It dies as a whole."""

    __slots__ = (
        *(
            "batch",
            "dead",
            "done",
            "ends",
            "given",
            "handled",
            "handlers",
            "killed",
            "kind",
            "name",
            "skew",
            "tenant",
            "woken",
        ),
    )

    def __init__(self, name: str, kind: str, skew: int) -> None:
        self.name = name
        self.kind = kind
        self.skew = skew  #: milliseconds that its clock is ahead
        self.dead = False
        self.killed = False  #: by a fault at a call
        self.done = False
        self.ends: int | None = None  #: when it is killed, in true milliseconds
        self.batch = 0  #: records that it was given
        self.handled = 0  #: records of its batch that are done with
        self.handlers = 0  #: tasks that run in it now
        self.woken: set[str] = set()  #: jobs that it has woken
        self.given: set[tuple[str, str]] | None = None  #: (tenant, job) of the messages that it was given
        self.tenant: str | None = None  #: in whose name it acts, if that matters


class Fiber(greenlet):
    """A thread of a sandbox."""

    ticket = 0
    over = False
    value: Any = None
    failure: BaseException | None = None
    thrown: BaseException | None = None  #: raised inside when it wakes
    joiner: "Fiber | None" = None
    then: "Callable[[Fiber], None] | None" = None

    def __init__(self, body: Callable[[], Any], box: Sandbox, clock: "Clockwork") -> None:
        super().__init__(self._live, parent=clock.hub)
        self.box = box
        self.clock = clock
        self._body = body

    def _live(self) -> None:
        try:
            if not self.box.dead:
                self.value = self._body()
            else:
                self.failure = Killed()
        except BaseException as error:  # noqa: BLE001 - whoever joins the fiber judges it
            self.failure = error
        self.over = True
        if self.joiner is not None:
            self.clock.wake(self.joiner)
        if self.then is not None:
            self.then(self)


current: Callable[[], Fiber] = cast("Any", getcurrent)
"""The fiber that runs."""


class Clockwork:
    """The heap of events and the hub that runs them. Times are whole milliseconds since the start."""

    def __init__(self) -> None:
        self.hub = getcurrent()
        self.now = 0
        self.until = 0  #: the hub wants to be back by then
        self._straight = 0  #: sleeps in a row that needed no switch
        self.parts: Any = None  #: what the fibers work with; a fiber finds them by its clock
        self.still: Any = None  #: the same without the seam
        self.fate: Any = None
        self.monitor: Any = None
        self.fibers: list[Fiber] = []
        self._heap: list[tuple[int, int, Fiber | None, int, Callable[[], None] | None]] = []
        self._count = 0

    def at(self, when: int, what: Callable[[], None]) -> None:
        """Let this happen then, in the hub: it must not sleep."""
        self._count += 1
        heapq.heappush(self._heap, (max(when, self.now), self._count, None, 0, what))

    def spawn(self, body: Callable[[], Any], box: Sandbox, delay: int = 0) -> Fiber:
        """Start a fiber after `delay`."""
        fiber = Fiber(body, box, self)
        self.fibers.append(fiber)
        self._push(fiber, self.now + delay)
        return fiber

    def sleep(self, wait: int) -> None:
        """Let the calling fiber sleep; raises what was thrown at it meanwhile."""
        fiber = current()
        if fiber.box.dead:
            raise Killed
        when = self.now + wait
        # Nothing else happens before it wakes: time goes on without a switch to the hub and back. Same order, half the cost.
        if when <= self.until and self._straight < STRAIGHT and (not self._heap or when < self._heap[0][0]):
            self._straight += 1
            self.now = when
            return
        self._straight = 0
        self._push(fiber, when)
        self._rest(fiber)

    def park(self) -> None:
        """Let the calling fiber sleep until somebody wakes it."""
        self._rest(current())

    def _rest(self, fiber: Fiber) -> None:
        self.hub.switch()
        if fiber.box.dead:
            raise Killed
        if fiber.thrown is not None:
            thrown, fiber.thrown = fiber.thrown, None
            raise thrown

    def wake(self, fiber: Fiber) -> None:
        """Wake it now, whatever it waits for."""
        self._push(fiber, self.now)

    def _push(self, fiber: Fiber, when: int) -> None:
        self._count += 1
        fiber.ticket = self._count
        heapq.heappush(self._heap, (when, self._count, fiber, self._count, None))

    def run(self, until: int) -> None:
        """Run the events up to a moment; it is then that moment. `stop` ends it early."""
        self.until = until
        heap = self._heap
        while heap and heap[0][0] <= self.until:
            when, _, fiber, ticket, what = heapq.heappop(heap)
            if fiber is None:
                self.now = max(self.now, when)
                if what is not None:
                    what()
            elif fiber.ticket == ticket and not fiber.over:
                self.now = max(self.now, when)
                fiber.switch()
        self.now = max(self.now, until)

    def stop(self) -> None:
        """Nothing more happens in this run."""
        self.until = -1

    def close(self) -> None:
        """Unwind every fiber that still lives, so that nothing is left to the garbage collector's order."""
        for fiber in self.fibers:
            fiber.box.dead = True
        for fiber in self.fibers:
            if fiber and not fiber.over:
                fiber.throw(Killed)
        self.fibers.clear()
        self._heap.clear()
