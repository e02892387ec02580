"""The task that follows another: submitted with the finished job as its one argument."""

from chalicelib.domain.job import Effect, Job
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.accept import accept, new_job
from chalicelib.pipeline.finished import finished
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import place
from chalicelib.pipeline.sealer import args_for
from chalicelib.pipeline.task import Submission


def follow(job: Job, effect: Effect, parts: Parts) -> None:
    """Submit it, under the effect's own id. Raises `UnknownTask`, `Unavailable`."""
    task = parts.registry[effect.task]
    told = finished(job, parts)
    text = strict_json.write({"job": told})
    follower = new_job(
        task,
        job_id=effect.id,
        now=parts.world.now(),
        how=Submission(tenant=job.tenant),
        values={"job": told},
        args=lambda due: patience(parts)(
            place, text, whose=args_for(job.tenant, effect.id), due=due, parts=parts
        ),
        cause=job.id,
    )
    for answer in accept([follower], parts=parts):
        if isinstance(answer, Exception):
            raise answer
