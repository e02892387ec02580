"""What a message looks like on the wire, and the strict reading of it."""

import json
import math
from datetime import timedelta
from typing import Any

from chalicelib.domain.errors import InvalidInput, NewerMessage
from chalicelib.domain.job import Wakeup
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.ids import is_id
from chalicelib.pipeline.limits import MAX_QUEUE_DELAY

VERSION = 1
MAX_BYTES = 4096


def encode(wakeup: Wakeup) -> str:
    """The message's body: its version, tenant, job and epoch. ASCII, since SQS refuses some characters (U+FFFE, U+FFFF).

    A delayed one says by how much (`delay`, whole seconds), so that whoever gets it can tell how long it waited beyond that.
    """
    body = {"v": VERSION, "tenant": wakeup.tenant, "job": wakeup.job_id, "epoch": wakeup.epoch}
    if wakeup.delay > timedelta(0):
        body["delay"] = math.ceil(wakeup.delay.total_seconds())
    return json.dumps(body, separators=(",", ":"))


def check_delay(wakeup: Wakeup) -> None:
    """Raise ValueError for a delay that no queue can hold. One that is over (negative) means at once."""
    if wakeup.delay > MAX_QUEUE_DELAY:
        raise ValueError(f"delay: {wakeup.delay} of job {wakeup.job_id} is more than {MAX_QUEUE_DELAY}")


def decode(body: str, lane: str) -> Wakeup:
    """The wake-up in a body. Raises `InvalidInput` for what no version of ours wrote, `NewerMessage`."""
    found = strict_json.read(body.encode("utf-8", "surrogatepass"), name="message", limit=MAX_BYTES)
    match found:
        case {"v": int(version)} if version > VERSION:  # whatever its shape: that is what a version is for
            raise NewerMessage(f"a message of version {version}; this code knows {VERSION}")
        case {"v": int(version), "tenant": str(tenant), "job": str(job_id), "epoch": int(epoch)}:
            if version != VERSION:
                raise InvalidInput("message.v", f"version {version} was never written")
            if not is_id(job_id) or isinstance(epoch, bool) or epoch < 0:
                raise InvalidInput("message", "not a job's id and epoch")
            return Wakeup(tenant=tenant, job_id=job_id, epoch=epoch, lane=lane, delay=_delay(found))
        case _:
            raise InvalidInput("message", "not a wake-up")


def _delay(found: Any) -> timedelta:
    """By how much the message says that it was delayed. It is for statistics only, so what makes no sense is none."""
    said = found.get("delay", 0)
    sensible = isinstance(said, int) and 0 <= said <= MAX_QUEUE_DELAY.total_seconds()
    return timedelta(seconds=said) if sensible else timedelta(0)
