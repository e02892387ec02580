"""Tasks that together make a consumer do all that it can."""

import threading
from datetime import timedelta
from typing import Any

from chalicelib import Event, FinishedJob, Retry, Unique, current_job, wiring
from chalicelib.domain.flow import Concurrency, Ordered
from chalicelib.domain.retry import Backoff
from chalicelib.lanes import LANES
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.task import Options, Registry, Submission
from chalicelib.pipeline.topics import MOMENTS
from chalicelib.pipeline.workflows.many import Many

AT_ONCE = Backoff(base=timedelta(0))
PATIENCE = 10.0  # seconds that a task waits for its own heartbeat to be written


def one_at_a_time() -> None:
    """Hold a slot."""


def walk(value: str) -> str:
    """Steps and a checkpoint, in two attempts: the second finds what the first has recorded."""
    job = current_job()
    for size in (1, 10_000):
        job.step(f"of {size}", lambda size=size: value[:1] * size)
    job.checkpoint(value)
    if job.attempt == 1:
        raise Retry(after=0)
    return value


def spread(to: str) -> str:
    """Submit a map of many items from within a job: the consumer of that lane reads them again."""
    tree = {"map": {"task": "echo", "into": "value"}, "object": Many(["a", "b"])}
    return str(wiring.submit(WORKFLOW, {"workflow": tree}, Submission(lane=to)).id)


def registry(beaten: threading.Event) -> Registry:
    """The tasks. `beaten` is set when a heartbeat has reached the queue."""
    made = Registry(submitter=wiring.submit)

    def echo(value: str) -> str:
        """Give back what came, of whatever size."""
        return value

    def lead(value: str) -> str:
        """Give back what came, to the task that follows."""
        return value

    def doomed(note: str = "") -> None:
        """Fail, every time."""
        raise ValueError("as it must")

    def follow(job: FinishedJob) -> None:
        """What follows either."""

    def beat() -> None:
        """Say that the work is alive, until somebody has heard."""
        beaten.clear()
        current_job().heartbeat()
        assert beaten.wait(PATIENCE), "the heartbeat did not reach the queue"

    def ask(value: str) -> str:
        """Submit a job from within a job, ask for it, wait for it, and cancel it."""
        handle = made["echo"].submit(
            {"value": value}, key=f"key of {current_job().id}", delay=timedelta(minutes=1)
        )
        once = made["once"].submit({"value": value}, key=f"once by {current_job().id}")
        assert once.id == made["once"].submit({"value": value}, key=f"again by {current_job().id}").id
        handle.cancel()
        return str(handle.state)

    made.add(echo, None, Options())
    made.add(echo, "in_turn", Options(ordered=Ordered()))
    made.add(lead, "lead_in_turn", Options(on_success="follow_in_turn"))
    made.add(follow, "follow_in_turn", Options(ordered=Ordered()))
    made.add(echo, "once", Options(unique=Unique(key=("value",), until=timedelta(days=1))))
    for lane in LANES:
        made.add(lead, f"lead_{lane}", Options(on_success=f"follow_{lane}"))
        made.add(follow, f"follow_{lane}", Options(lane=lane))

    def hear(event: Event[Any]) -> None:
        """Hear of what happened."""

    def tell(value: str) -> str:
        """Publish from within a job."""
        return wiring.publish("news.told", value, id=current_job().id)

    made.add(spread, None, Options())
    made.add(hear, None, Options(topics=("news.*", "job.*")))
    made.add(tell, None, Options(events=MOMENTS))
    made.send_outside(("news.*",))
    made.add(doomed, None, Options(max_attempts=2, backoff=AT_ONCE, on_failure="follow_default"))
    made.add(beat, None, Options(max_attempts=1))
    for lane in LANES:
        made.add(one_at_a_time, f"one_at_a_time_{lane}", Options(concurrency=Concurrency(1), lane=lane))
    made.add(ask, None, Options())
    made.add(walk, None, Options())

    def nightly() -> None:
        """What the code itself schedules."""

    made.add(nightly, None, Options(schedule="0 3 * * *"))
    return made
