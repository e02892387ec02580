"""A webhook: the endpoint that a job names is told how it ended, by a job of its own."""

import logging
from datetime import datetime
from typing import Any

from chalicelib.domain.errors import NotFound
from chalicelib.domain.job import Effect, Job
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.accept import accept, new_job
from chalicelib.pipeline.built_in import WEBHOOK
from chalicelib.pipeline.finished import told
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import place
from chalicelib.pipeline.sealer import args_for
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.topics import OURS
from chalicelib.pipeline.webhooks import Endpoint, endpoint_of

log = logging.getLogger(__name__)


def notify(job: Job, effect: Effect, parts: Parts) -> None:
    """Submit the delivery, under the effect's own id, if the endpoint wants to be told of such an end. Raises `Unavailable`."""
    try:
        to = endpoint_of(effect.task, tenant=job.tenant, parts=parts)
    except NotFound:
        log.warning(
            "%s: its endpoint %s is gone, nobody is told", job.label(), effect.task, extra=job.log_fields()
        )
        return
    ending = job.state.lower()
    if to.disabled is None and ending in to.events:
        ended = job.history[-1].at
        said = dict(told(job, parts))
        _submit(to, f"{OURS}{ending}", ended, said, job_id=effect.id, cause=job.id, parts=parts)


def test_delivery(to: Endpoint, *, parts: Parts) -> Job:
    """The job of a message that tells nothing, to see whether it arrives. Raises `Unavailable`."""
    return _submit(
        to,
        "webhook.test",
        parts.world.now(),
        {"endpoint": to.id},
        job_id=parts.world.job_id(),
        cause=None,
        parts=parts,
    )


def _submit(
    to: Endpoint,
    kind: str,
    at: datetime,
    data: dict[str, Any],
    *,
    job_id: str,
    cause: str | None,
    parts: Parts,
) -> Job:
    """The message's job. Its arguments hold the endpoint's id, and neither its URL nor its secret."""
    timestamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    values = {"endpoint": to.id, "type": kind, "timestamp": timestamp, "data": data}
    text = strict_json.write(values)
    job = new_job(
        WEBHOOK,
        job_id=job_id,
        now=parts.world.now(),
        how=Submission(tenant=to.tenant),
        values=values,
        args=lambda due: patience(parts)(
            place, text, whose=args_for(to.tenant, job_id), due=due, parts=parts
        ),
        cause=cause,
    )
    (answer,) = accept([job], parts=parts)
    if isinstance(answer, Exception):
        raise answer
    return answer
