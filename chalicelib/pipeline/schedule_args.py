"""A schedule's arguments: sealed in its item where the stage seals, open where a job is made of them or a person asks."""

from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.schedule_item import Schedule
from chalicelib.pipeline.sealed_text import opened_text, sealed_text
from chalicelib.pipeline.sealer import Field, Whose


def args_text(schedule: Schedule, parts: Parts) -> str:
    """The arguments as JSON text. Raises `KeyUnavailable`, `PayloadMissing`."""
    return opened_text(schedule.args, _whose(schedule.tenant, schedule.id), parts)


def kept_args(tenant: str, schedule_id: str, text: str, parts: Parts) -> str:
    """The JSON text as the schedule's item keeps it. Raises `KeyUnavailable`."""
    return sealed_text(text, _whose(tenant, schedule_id), parts)


def _whose(tenant: str, schedule_id: str) -> Whose:
    return Whose(tenant=tenant, id=schedule_id, field=Field.SCHEDULE)
