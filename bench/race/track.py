"""The track: one cloud, one Redis, and every contender's programs on them, all held but the one whose turn it is."""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.quick.cloud import LOOPBACK_NAMES, QuickCloud
from bench.race.contenders import Contender
from bench.race.lambda_side import LambdaSide
from bench.race.program import Broken, Program, cpu_of, until
from bench.race.proxy import Counting
from bench.race.queue_line import QueueLine
from bench.race.redis_server import serving
from bench.race.work import MARK
from jobline.local.emulator import Emulator

EMULATOR, QUICK = "emulator", "quick"
"""The clouds: the one that does what AWS does as far as it can, and the one that answers at once. (bench/quick)"""

ROOT = Path(__file__).parents[2]
WITHIN = 180.0
"""Seconds for what takes one or two on a machine with nothing else to do."""

STARTERS = 2
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
    cloud_cpu: float
    feeding_cpu: float
    """Of the process that measures, which is Lambda's side, too."""


@dataclass(kw_only=True)
class Runner:
    """One contender on the track."""

    contender: Contender
    producer: Program
    consumer: Program
    side: LambdaSide | None
    mark: Path
    line: QueueLine | None
    cloud: Emulator
    ran: int = 0
    laps: dict[str, list[Lap]] = field(default_factory=dict)

    def lap(self, kind: str, jobs: int) -> Lap:
        """Enqueue so many while the consumer is held, then let it run until they are done. Raises `Broken`."""
        sent = self.producer.ask("enqueue", kind=kind, jobs=jobs)
        before, cloud, feeding = self.consumer.cpu(), cpu_of(self.cloud.pid), time.process_time()
        began = time.perf_counter()
        self.go()
        self._done(jobs)
        wall = time.perf_counter() - began
        cloud, feeding = cpu_of(self.cloud.pid) - cloud, time.process_time() - feeding
        time.sleep(SETTLE)
        lap = Lap(
            jobs=jobs,
            enqueue_wall=sent["wall"],
            enqueue_cpu=sent["cpu"],
            drain_wall=wall,
            consumer_cpu=self.consumer.cpu() - before,
            cloud_cpu=cloud,
            feeding_cpu=feeding,
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
        if (line := self.line) is not None:
            until(lambda: line.left() == 0, seconds=WITHIN, what=self._where("an empty queue"))
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

    def _where(self, what: str) -> str:
        return f"{self.contender.name}: {what}; see {self.consumer.log}"


@contextmanager
def track(
    contenders: Sequence[Contender], *, cloud: str = EMULATOR, counting: bool = False
) -> Iterator[tuple[list[Runner], Counting]]:
    """All of them, ready and held. `counting`: their calls go through the proxy."""
    with tempfile.TemporaryDirectory(prefix="jobline-race-") as name, ExitStack() as stack:
        folder = Path(name)
        serving_cloud = stack.enter_context(QuickCloud() if cloud == QUICK else Emulator(log_dir=folder))
        proxy = stack.enter_context(Counting(serving_cloud.port))
        redis = stack.enter_context(serving(folder)) if any(one.redis for one in contenders) else None
        place = _Place(
            cloud=serving_cloud,
            endpoint=proxy.url if counting else serving_cloud.url,
            name=cloud,
            folder=folder,
            redis=redis or "",
        )
        there = [one for one in contenders if redis is not None or not one.redis]
        # To start is to import, and to wait: two at a time. What one has put on the stack stays in its order there.
        with ThreadPoolExecutor(STARTERS) as pool:
            runners = list(pool.map(lambda one: place.start(one, stack), there))
        yield runners, proxy


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where everybody is started. `endpoint`: the cloud's, or the proxy's before it."""

    cloud: Emulator
    endpoint: str
    name: str
    folder: Path
    redis: str

    def start(self, contender: Contender, stack: ExitStack) -> Runner:
        """Its programs, which have run their first jobs, and are held."""
        mark, log = self.folder / f"{contender.name}.ran", self.folder / f"{contender.name}.log"
        mark.touch()
        environment = self._environment(contender, mark)

        def program(role: str) -> Program:
            started = Program(contender.python, contender.module, role, environment=environment, log=log)
            return stack.enter_context(started)

        producer = program("producer")
        producer.ask("prepare")
        consumer = program("worker" if contender.worker else "function")
        side = None
        if not contender.worker:
            assert contender.queue is not None
            side = stack.enter_context(LambdaSide(QueueLine(self.endpoint, contender.queue), consumer))
        runner = Runner(
            contender=contender,
            producer=producer,
            consumer=consumer,
            side=side,
            mark=mark,
            line=None if contender.queue is None else QueueLine(self.cloud.url, contender.queue),
            cloud=self.cloud,
        )
        runner.go()
        for _ in range(3):  # the first jobs find out addresses and make connections
            runner.wait_for_one()
        runner.hold()
        return runner

    def _environment(self, contender: Contender, mark: Path) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "JOBLINE_"))
        }
        return {
            **kept,
            **self.cloud.environment,
            "AWS_ENDPOINT_URL": self.endpoint,
            "PYTHONPATH": str(ROOT),
            "JOBLINE_APP": "race",
            "JOBLINE_STAGE": contender.how or "s1",
            "NO_PROXY": LOOPBACK_NAMES,
            "no_proxy": LOOPBACK_NAMES,
            "RACE_CLOUD": self.name,
            "RACE_HOW": contender.how,
            "RACE_REDIS": self.redis,
            MARK: str(mark),
        }
