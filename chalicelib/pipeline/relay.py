"""`jobline.publish`: takes an event to those outside who listen by SNS. A job like any other, so it is retried, and dies in sight."""

from typing import Any

from chalicelib.pipeline import strict_json
from chalicelib.pipeline.context import current_job
from chalicelib.pipeline.parts_here import parts_here
from chalicelib.pipeline.ports import Bulletin
from chalicelib.pipeline.topics import Event


def relay(event: Event[Any]) -> None:
    """Publish the event to this stage's SNS topic. Whoever subscribes there may hear it more than once, each time with the same id."""
    parts_here().outlet.publish(
        Bulletin(
            event_id=event["id"],
            topic=event["topic"],
            tenant=current_job().tenant,
            body=strict_json.write(event),
        )
    )
