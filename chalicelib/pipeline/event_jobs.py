"""The jobs that an event leads to: one for each task that subscribes to its topic, under ids that the event and the task alone decide."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.accept import accept, new_job
from chalicelib.pipeline.built_in import RELAY
from chalicelib.pipeline.ids import effect_id, time_of
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import place
from chalicelib.pipeline.sealer import args_for
from chalicelib.pipeline.task import Registry, Submission, Task
from chalicelib.pipeline.topics import OURS, Event, any_matches

CAUSE = "event:"
"""What `cause` of an event's jobs begins with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """An event on its way to its subscribers. `base` is the ULID that their jobs' ids are made from; its time is the event's."""

    id: str
    base: str
    topic: str
    payload: Any
    tenant: str

    @property
    def at(self) -> datetime:
        """When it was first published."""
        return time_of(self.base)

    @property
    def event(self) -> Event[Any]:
        """What each subscriber is given."""
        at = self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"id": self.id, "topic": self.topic, "payload": self.payload, "at": at}


def subscribers(topic: str, registry: Registry) -> list[Task[Any, Any]]:
    """The tasks that an event of the topic leads to, in the order of their names; the one that takes it outside is the last."""
    found = [task for task in registry if any_matches(task.options.topics, topic)]
    return [*found, RELAY] if any_matches(registry.external, topic) else found


def make_jobs(happening: Happening, *, parts: Parts) -> Sequence[Job]:
    """The rows of all its jobs, those that were there already among them. Whoever does it again makes the same.

    Jobs that a job's own event leads to are silent: else a task that hears of all jobs would hear of itself, for ever.
    Raises `Unavailable` when one could not be made.
    """
    jobs = [_job(task, happening, parts) for task in subscribers(happening.topic, parts.registry)]
    rows: list[Job] = []
    for answer in accept(jobs, parts=parts) if jobs else ():
        if isinstance(answer, Exception):
            raise answer
        rows.append(answer)
    return rows


def _job(task: Task[Any, Any], happening: Happening, parts: Parts) -> Job:
    values = {task.signature.names[0]: happening.event}
    text = strict_json.write(values)
    job_id = effect_id(happening.base, 0, task.name, happening.at)
    silent: tuple[str, ...] | None = () if happening.topic.startswith(OURS) else None
    return new_job(
        task,
        job_id=job_id,
        now=parts.world.now(),
        how=Submission(tenant=happening.tenant, events=silent),
        values=values,
        args=lambda due: patience(parts)(
            place, text, whose=args_for(happening.tenant, job_id), due=due, parts=parts
        ),
        cause=f"{CAUSE}{happening.id}",
    )
