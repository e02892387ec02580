"""Several processes at once, in virtual time: at each call to a port another one may get on, by a seed. Any of them may die there."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from chalicelib.domain.job import Wakeup
from chalicelib.lanes import LANES
from chalicelib.pipeline.consume import Record, WholeBatchFailed, consume
from chalicelib.pipeline.execute import execute
from jobline.testing.crash import Killed
from jobline.testing.drive import INVOCATION, MINUTE, next_event, quiet
from jobline.testing.drive import tick as tick_once
from tests.support.stage import Stage

PORTS = ("store", "queue", "items")


class _Port:
    def __init__(self, port: Any, meet: Callable[[str], None], name: str) -> None:
        self._port, self._meet, self._name = port, meet, name

    def __getattr__(self, verb: str) -> Any:
        found = getattr(self._port, verb)
        if not callable(found) or (self._name == "queue" and verb in {"receive", "delete", "put"}):
            return found

        def called(*args: Any, **kwargs: Any) -> Any:
            self._meet(f"{self._name}.{verb}")
            answer = found(*args, **kwargs)
            self._meet(f"{self._name}.{verb} done")
            return answer

        return called


class Interleaved:
    """`consumers` pollers and a ticker, one of which runs at a time."""

    def __init__(
        self, stage: Stage, *, seed: int, consumers: int = 4, deaths: float = 0.0, ticks: bool = True
    ) -> None:
        self.stage, self.chance, self.deaths = stage, Random(seed), deaths
        self.deaths_seen = 0
        self.parts = replace(
            stage.parts, **{name: _Port(getattr(stage.parts, name), self.meet, name) for name in PORTS}
        )
        self._turn = threading.Condition()
        self._whose: int | None = None
        self._ready: dict[int, bool] = {}
        self._me = threading.local()
        self._loops = [*[self._consume] * consumers, *[self._tick] * ticks]
        self._over = False
        self._error: list[BaseException] = []

    def meet(self, name: str = "", *, deadly: bool = True) -> None:
        """Let another one get on. May kill the caller."""
        me = getattr(self._me, "number", None)
        if me is None:
            return
        self._hand_over(me)
        if deadly and self.deaths and self.chance.random() < self.deaths:
            self.deaths_seen += 1
            raise Killed(name)

    def _hand_over(self, me: int) -> None:
        with self._turn:
            self._whose = None
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._whose == me or self._over)
            if self._over:
                raise Killed("the end")

    def run(self, *, steps: int = 60_000) -> None:
        """Until all is quiet. Raises AssertionError if it does not become so."""
        threads = [
            threading.Thread(target=self._body, args=(number, loop), daemon=True)
            for number, loop in enumerate(self._loops)
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in range(steps):
                with self._turn:
                    assert self._turn.wait_for(lambda: self._whose is None, timeout=60)
                if self._error:
                    raise self._error[0]
                if quiet(self.stage.parts):
                    return
                if not any(self._ready.get(number) for number in range(len(threads))):
                    now = self.stage.world.now()
                    soon = next_event(self.stage.parts, now) or now + MINUTE
                    self.stage.world.advance(max(timedelta(0), soon - now))
                self.stage.world.advance(timedelta(milliseconds=self.chance.choice((0, 1, 5, 40))))
                with self._turn:
                    self._whose = self.chance.randrange(len(threads))
                    self._turn.notify_all()
            raise AssertionError(
                f"not quiet after {steps} steps: {[row.label() + ' ' + row.state for row in self.stage.store.rows.values() if not row.finished]}"
            )
        finally:
            with self._turn:
                self._over = True
                self._turn.notify_all()
            for thread in threads:
                thread.join(timeout=60)

    def _body(self, number: int, loop: Callable[[int], None]) -> None:
        self._me.number = number
        self._ready[number] = False
        try:
            with self._turn:
                self._turn.wait_for(lambda: self._whose == number or self._over)
            while not self._over:
                with contextlib.suppress(Killed):
                    loop(number)
                self._ready[number] = False
                self._hand_over(number)
        except Killed:
            return
        except BaseException as error:  # noqa: BLE001 - told to the test
            self._error.append(error)
            with self._turn:
                self._whose = None
                self._turn.notify_all()

    def _consume(self, number: int) -> None:
        queue = self.stage.queue
        for lane in LANES:
            if messages := queue.receive(lane, 1):
                break
        else:
            return
        self._ready[number] = True
        ends = self.stage.world.now() + INVOCATION
        records = [Record(message_id=m.id, receipt=m.receipt, body=m.body) for m in messages]

        def handle(wakeup: Wakeup, record: Record) -> bool:
            return execute(wakeup, ends=ends, receipt=record.receipt, parts=self.parts)

        try:
            again = consume(records, handle, lane=lane, parts=self.parts)
        except WholeBatchFailed:
            return
        for record in records:
            if record.message_id not in again:
                queue.delete(record.receipt)

    def _tick(self, number: int) -> None:
        now = self.stage.world.now()
        if getattr(self, "_ticked", None) == now.replace(second=0, microsecond=0):
            return
        self._ticked = now.replace(second=0, microsecond=0)
        self._ready[number] = True
        tick_once(self.parts)
