"""`jobline.webhook`: one signed message to one endpoint. A job like any other: retried by its own policy, dead in sight, redriven.

What ended is not touched by it. An endpoint that answers 2xx has the message; one that answers 410 is switched off; any other answer,
or none, is another attempt later, with the same id: a receiver that knows an id has the message already.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from chalicelib.domain.errors import DeliveryFailed, EndpointGone, InvalidInput, NotFound, Retry
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.context import current_job
from chalicelib.pipeline.parts_here import parts_here
from chalicelib.pipeline.ports import Parcel, Receipt
from chalicelib.pipeline.signing import signatures
from chalicelib.pipeline.webhooks import GONE, endpoint_of, switch_off

LONGEST_CALL = timedelta(seconds=5)
LONGEST_WISH = timedelta(hours=6)
"""The longest wait that a receiver may ask for by Retry-After."""

OK = range(200, 300)
REDIRECTS = range(300, 400)
IS_GONE = 410


def deliver(endpoint: str, type: str, timestamp: str, data: Mapping[str, Any]) -> dict[str, int]:
    """Deliver the message. Raises `DeliveryFailed` or `Retry` for another attempt, `EndpointGone` for none."""
    parts, job = parts_here(), current_job()
    try:
        to = endpoint_of(endpoint, tenant=job.tenant, parts=parts)
    except NotFound as error:
        raise EndpointGone(f"the endpoint {endpoint} was deleted") from error
    if to.disabled is not None:
        raise EndpointGone(f"the endpoint {endpoint} is switched off: {to.disabled}")
    now = parts.world.now()
    body = strict_json.write({"type": type, "timestamp": timestamp, "data": data})
    message_id, seconds = f"msg_{job.id}", int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Jobline",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signatures(to.secrets(now), message_id=message_id, timestamp=seconds, body=body),
    }
    within = min(LONGEST_CALL, job.deadline - now)
    try:
        receipt = parts.courier.deliver(Parcel(url=to.url, headers=headers, body=body), within)
    except InvalidInput as error:
        # Today the name leads where nothing may go. It is told tomorrow's address again, and forgotten if that is no better.
        raise DeliveryFailed(f"the address {error.why}") from error
    if receipt.status in OK:
        return {"status": receipt.status}
    if receipt.status == IS_GONE:
        switch_off(to, GONE, parts=parts)
        raise EndpointGone(GONE)
    raise _another(receipt, parts.world.now())


def _another(receipt: Receipt, now: datetime) -> Exception:
    """Why there is to be another attempt, and when if the receiver says so."""
    said = f"the endpoint answered {receipt.status}"
    if receipt.status in REDIRECTS:
        said += "; redirects are not followed"
    wait = _wished(receipt.retry_after, now)
    return DeliveryFailed(said) if wait is None else Retry(said, after=wait)


def _wished(header: str | None, now: datetime) -> timedelta | None:
    """How long the receiver wants to be left alone: seconds or a date, within bounds; None: it says nothing that can be read."""
    if header is None:
        return None
    if header.isascii() and header.isdigit():
        wait = timedelta(seconds=min(int(header[:9]), 10**8))
    else:
        try:
            wait = parsedate_to_datetime(header) - now
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(timedelta(0), wait), LONGEST_WISH)
