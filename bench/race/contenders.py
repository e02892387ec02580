"""Who takes part, and how each is run."""

from dataclasses import dataclass
from pathlib import Path

from bench.race.program import this_python

PEERS = Path("build/peers")
"""Their environment. `make bench` makes it; nothing else needs it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """One way of doing background jobs.

    `queue`: its SQS queue, None on Redis. `worker`: it polls by itself, and pays for that itself.
    `part`: of the others' jobs, so many make a lap of it.
    """

    name: str
    module: str
    queue: str | None
    worker: bool
    about: str
    how: str = ""
    ours: bool = False
    part: float = 1.0

    @property
    def python(self) -> Path:
        """The environment that has its libraries."""
        return this_python() if self.ours else (PEERS / "bin" / "python").absolute()

    @property
    def redis(self) -> bool:
        """Whether it needs a Redis server."""
        return self.queue is None


CONTENDERS = (
    Contender(
        name="jobline",
        module="bench.race.with_jobline",
        queue="race-s1-default",
        worker=False,
        about="row before message, claim, fence, history, one outcome; JSON logs and metrics as on Lambda",
        ours=True,
    ),
    Contender(
        name="all botocore",
        module="bench.race.with_jobline",
        queue="race-botocore-default",
        worker=False,
        about="Jobline with JOBLINE_DIRECT_CALLS=off",
        how="botocore",
        ours=True,
    ),
    Contender(
        name="gathered",
        module="bench.race.with_jobline",
        queue="race-gathered-default",
        worker=False,
        about="Jobline with a prototype that is not shipped: claims and settlements as statement batches",
        how="gathered",
        ours=True,
    ),
    Contender(
        name="boto3 loop",
        module="bench.race.with_bare",
        queue="race-bare",
        worker=False,
        about="the same two conditional updates a job by boto3, and nothing else",
        ours=True,
    ),
    Contender(
        name="powertools",
        module="bench.race.with_powertools",
        queue="race-powertools",
        worker=False,
        about="hand-written consumer: batch processor and idempotency; nobody knows of a job before it runs",
    ),
    Contender(
        name="celery",
        module="bench.race.with_celery",
        queue="race-celery-default",
        worker=True,
        about="on SQS with the DynamoDB backend, as it comes: acknowledges first, a crash loses the job",
        how="default",
        part=0.1,  # when it has eight messages it waits for a second, however quick the cloud is
    ),
    Contender(
        name="celery tuned",
        module="bench.race.with_celery",
        queue="race-celery-tuned",
        worker=True,
        about="solo pool, prefetch 10, late acknowledgement, long polls, no events",
        how="tuned",
    ),
    Contender(
        name="taskiq",
        module="bench.race.with_taskiq",
        queue="race-taskiq",
        worker=True,
        about="on SQS, a hand-written backend that puts each result unconditionally",
    ),
    Contender(
        name="celery redis",
        module="bench.race.with_celery",
        queue=None,
        worker=True,
        about="on a Redis server, as it comes",
        how="redis",
    ),
    Contender(
        name="rq redis",
        module="bench.race.with_rq",
        queue=None,
        worker=True,
        about="on a Redis server, without its fork for each job",
        how="tuned",
    ),
)
