"""The track: one emulator, one Redis, and every contender's programs on them, all held but the one whose turn it is."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.race.contenders import Contender
from bench.race.lambda_side import LambdaSide
from bench.race.program import Broken, Program, until
from bench.race.proxy import Counting
from bench.race.redis_server import serving
from bench.race.work import MARK
from bench.stage import LOOPBACK_NAMES
from jobline.local.emulator import Emulator

ROOT = Path(__file__).parents[2]
WITHIN = 180.0
"""Seconds for what takes one or two on a machine with nothing else to do."""

STARTING = 60.0
SETTLE = 0.2
"""Seconds that a consumer has for what it does after its last job, before its CPU time is read."""


@dataclass(kw_only=True)
class Lap:
    """One enqueue and the drain after it. Seconds."""

    jobs: int
    enqueue_wall: float
    enqueue_cpu: float
    drain_wall: float
    consumer_cpu: float


@dataclass(kw_only=True)
class Runner:
    """One contender on the track."""

    contender: Contender
    producer: Program
    consumer: Program
    side: LambdaSide | None
    mark: Path
    sqs: Any
    ran: int = 0
    laps: dict[str, list[Lap]] = field(default_factory=dict)

    def lap(self, kind: str, jobs: int) -> Lap:
        """Enqueue so many while the consumer is held, then let it run until they are done. Raises `Broken`."""
        sent = self.producer.ask("enqueue", kind=kind, jobs=jobs)
        before, began = self.consumer.cpu(), time.perf_counter()
        self.go()
        self._done(jobs)
        wall = time.perf_counter() - began
        time.sleep(SETTLE)
        lap = Lap(
            jobs=jobs,
            enqueue_wall=sent["wall"],
            enqueue_cpu=sent["cpu"],
            drain_wall=wall,
            consumer_cpu=self.consumer.cpu() - before,
        )
        for job_id in sent["value"][-3:]:
            self._result(job_id)
        self.hold()
        self.laps.setdefault(kind, []).append(lap)
        return lap

    def wait_for_one(self) -> float:
        """Seconds from the request to the result of one job, with nothing else to do."""
        began = time.perf_counter()
        job_id = self.producer.ask("enqueue", kind="noop", jobs=1)["value"][0]
        self._result(job_id)
        self.ran += 1
        return time.perf_counter() - began

    def go(self) -> None:
        """Its turn."""
        if self.side is not None:
            self.side.go()
        else:
            self.consumer.go()

    def hold(self) -> None:
        """Another's turn."""
        if self.side is not None:
            self.side.hold()
        else:
            self.consumer.hold()

    def _done(self, jobs: int) -> None:
        wanted = self.ran + jobs
        until(lambda: self._ran() >= wanted, seconds=WITHIN, what=self._where(f"{jobs} jobs"))
        if self.contender.queue is not None:
            until(self._empty, seconds=WITHIN, what=self._where("an empty queue"))
        self.ran = self._ran()

    def _result(self, job_id: str) -> None:
        until(
            lambda: self.producer.ask("result", job_id=job_id)["value"] is not None,
            seconds=WITHIN,
            what=self._where("a result"),
            every=0.002,
        )

    def _ran(self) -> int:
        if self.side is not None and self.side.failure is not None:
            raise Broken(self._where(str(self.side.failure))) from self.side.failure
        return self.mark.stat().st_size

    def _empty(self) -> bool:
        url = self.sqs.get_queue_url(QueueName=self.contender.queue)["QueueUrl"]
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return not any(int(found[name]) for name in names)

    def _where(self, what: str) -> str:
        return f"{self.contender.name}: {what}; see {self.consumer.log}"


@contextmanager
def track(
    contenders: Sequence[Contender], *, counting: bool = False
) -> Iterator[tuple[list[Runner], Counting]]:
    """All of them, ready and held. `counting`: their calls go through the proxy."""
    with tempfile.TemporaryDirectory(prefix="jobline-race-") as name, ExitStack() as stack:
        folder = Path(name)
        emulator = stack.enter_context(Emulator(log_dir=folder))
        proxy = stack.enter_context(Counting(emulator.port))
        redis = stack.enter_context(serving(folder))
        cloud = {**emulator.environment}
        if counting:
            cloud["AWS_ENDPOINT_URL"] = proxy.url
        runners = []
        for contender in contenders:
            if contender.redis and redis is None:
                continue
            environment = _environment(contender, folder, {**cloud, "RACE_REDIS": redis or ""})
            client = emulator.client("sqs")
            poller = client if not counting else _through(proxy, emulator)
            runners.append(_start(contender, environment, folder, client, poller, stack))
        yield runners, proxy


def _through(proxy: Counting, emulator: Emulator) -> Any:
    import boto3

    return boto3.client("sqs", **{**emulator.client_options, "endpoint_url": proxy.url})


def _environment(contender: Contender, folder: Path, cloud: Mapping[str, str]) -> dict[str, str]:
    mark = folder / f"{contender.name}.ran"
    mark.touch()
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "JOBLINE_"))},
        **cloud,
        "PYTHONPATH": str(ROOT),
        "JOBLINE_APP": "race",
        "JOBLINE_STAGE": contender.how or "s1",
        "NO_PROXY": LOOPBACK_NAMES,
        "no_proxy": LOOPBACK_NAMES,
        "RACE_HOW": contender.how,
        MARK: str(mark),
    }


def _start(
    contender: Contender,
    environment: dict[str, str],
    folder: Path,
    sqs: Any,
    poller: Any,
    stack: ExitStack,
) -> Runner:
    log = folder / f"{contender.name}.log"
    python, module = contender.python, contender.module

    def program(role: str) -> Program:
        started = Program(python, module, role, environment=environment, log=log)
        return stack.enter_context(started)

    producer = program("producer")
    producer.ask("prepare")
    consumer = program("worker" if contender.worker else "function")
    side = None
    if not contender.worker:
        assert contender.queue is not None
        side = stack.enter_context(LambdaSide(poller, contender.queue, consumer))
    runner = Runner(
        contender=contender,
        producer=producer,
        consumer=consumer,
        side=side,
        mark=Path(environment[MARK]),
        sqs=sqs,
    )
    runner.go()
    for _ in range(3):  # the first jobs find out addresses and make connections
        runner.wait_for_one()
    runner.hold()
    return runner
