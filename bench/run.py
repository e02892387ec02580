"""The run that is measured: jobs in by the hundred, through SQS, out through the consumer's own door, and the tick afterwards."""

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bench.meter import Meter
from bench.stage import Later, Stage, echo, plain
from chalicelib.domain.job import Job, State
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.sweep import SLOW_STRIDE, passes
from chalicelib.pipeline.tenant_gate import Memory
from chalicelib.pipeline.tick import tick
from jobline.local.invoke import Function
from jobline.local.pump import Pump

ARGUMENT_BYTES = 300
BATCH = 1000
"""The most jobs that one request may submit."""

FUNCTION_TIMEOUT = 60.0
INVOCATION = timedelta(seconds=60)

SET_UP, JOBS, LARGE, SWEEP, IDLE, CHECK = "set-up", "jobs", "large results", "sweep", "idle tick", "check"

IDLE_TICKS = SLOW_STRIDE // timedelta(minutes=1)
"""Ticks with nothing to do, so many that the slow sweep comes round once."""

LARGE_JOBS = 10
"""Jobs whose result is as large as their arguments, for the size of their rows; not counted among the plain ones."""


class NotAsPlanned(Exception):
    """The run did not do what was to be measured; says what."""


def measure(stage: Stage, meter: Meter, *, jobs: int) -> None:
    """Run `jobs` plain jobs, a few with large results, and the tick, each in a phase of its own. Raises `NotAsPlanned`."""
    poller = Poller(stage)
    with meter.during(SET_UP):
        as_found(stage.parts)
        poller.poll()
    for phase, task, count in ((JOBS, plain, jobs), (LARGE, echo, LARGE_JOBS)):
        with meter.during(phase):
            ids = submit_plain(task.__name__, count, stage.parts)
            poller.bring(count)
        with meter.during(CHECK):
            _check(ids, stage.parts)
    with meter.during(SWEEP):
        _tick(stage.parts, timedelta(hours=1), rows=jobs + LARGE_JOBS)
    with meter.during(IDLE):
        for minute in range(1, IDLE_TICKS + 1):
            _tick(stage.parts, timedelta(hours=1, minutes=minute), rows=0)


def as_found(parts: Parts) -> None:
    """Bring the stage to where a warm function finds it: the queues' addresses and tenants' limits known, a tick gone by a while ago.

    A stage's very first tick looks back over a month, once. Limits are listed once a minute, however many jobs there are: not here.
    """
    now = parts.world.now()
    for one in passes(parts):
        parts.store.move_watermark(one.name, None, now - one.grace)
    parts.queue.depths()
    nobody = Memory.of_nobody()
    parts.tenants.known, parts.tenants.until = nobody.known, nobody.until


def arguments() -> Mapping[str, Any]:
    """Arguments of exactly so many bytes of JSON."""
    empty = len(json.dumps({"text": ""}, separators=(",", ":")))
    return {"text": "x" * (ARGUMENT_BYTES - empty)}


def submit_plain(task: str, jobs: int, parts: Parts) -> list[str]:
    """Submit so many jobs in batches as large as they may be. Returns their ids."""
    ids: list[str] = []
    for start in range(0, jobs, BATCH):
        requests = [JobRequest(task=task, args=arguments()) for _ in range(min(BATCH, jobs - start))]
        for answer in enqueue(requests, parts=parts):
            if not isinstance(answer, Job):
                raise NotAsPlanned(f"a job was not accepted: {answer}") from answer
            ids.append(answer.id)
    return ids


class Poller:
    """Lambda's side: receives in tens, invokes the consumer's door with them, deletes in tens."""

    def __init__(self, stage: Stage) -> None:
        self.handled = 0
        function = Function("consume_default", self._consume, timeout=FUNCTION_TIMEOUT)
        self._pump = Pump(stage.sqs, stage.settings.queues["default"], function, wait=0)
        self._stop = threading.Event()

    def poll(self) -> None:
        """One receive, and what it leads to."""
        self._pump.turn(self._stop)

    def bring(self, jobs: int) -> None:
        """Poll until so many messages more were handled. Raises `NotAsPlanned` when they do not come."""
        wanted = self.handled + jobs
        for _ in range(jobs + 100):
            if self.handled >= wanted:
                return
            self.poll()
        raise NotAsPlanned(f"{wanted - self.handled} of {jobs} messages did not come")

    def _consume(self, event: dict[str, Any], context: Any) -> Any:
        import app

        self.handled += len(event["Records"])
        return app.consume_default(event, context)


def _check(ids: list[str], parts: Parts) -> None:
    """Every job succeeded at its first attempt. A run in which one did not has measured something else."""
    rows = parts.crew.each(parts.store.read, ids)
    for row in rows:
        if not isinstance(row, Job) or row.state is not State.SUCCEEDED or row.epoch != 1:
            raise NotAsPlanned(f"a job went another way: {row}")


def _tick(parts: Parts, ahead: timedelta, *, rows: int) -> None:
    """The minute's run, so much later."""
    world = Later(ahead)
    ticked = tick(ends=world.now() + INVOCATION, parts=replace(parts, world=world))
    seen = [swept.rows if swept else None for swept in ticked.swept.values()]
    if seen != [rows, rows]:
        raise NotAsPlanned(f"the two sweeps saw {seen} rows, not {rows} each")
