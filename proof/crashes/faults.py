"""The faults: what may happen to one call to AWS, and which of them a kind of call can have.

The seam lies above botocore's own retries (`standard`, three attempts): a fault is what is left when those are over, which is how it reaches the
code in production. What they do on the way is a fault of its own: `resent`, the call that took effect, lost its reply and was made again.
"""

from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError


class Fault(StrEnum):
    """What happens to the call."""

    ERROR = "error"  #: refused before it took effect: throttling, or a 5xx
    LOST = "lost"  #: it took effect, the connection broke before the reply
    RESENT = "resent"  #: it took effect, the reply was lost, botocore made it again: the caller sees the second answer
    LATE = "late"  #: the caller sees a timeout; it takes effect after the next call of anybody
    LATER = "later"  #: the same, but it takes effect once another attempt has claimed a job, when all is quiet, or in five minutes
    STALLED = "stalled"  #: the process freezes for seven minutes before the call, while the world goes on
    CRASH_BEFORE = "crash_before"  #: the process dies, the call is never made
    CRASH_AFTER = "crash_after"  #: the process dies when the call has taken effect
    PARTIAL = "partial"  #: of a batch of messages each second is refused under HTTP 200, the first one too
    STALE = "stale"  #: an eventually consistent read does not see the last write


WRITES = (
    Fault.ERROR,
    Fault.LOST,
    Fault.RESENT,
    Fault.LATE,
    Fault.LATER,
    Fault.STALLED,
    Fault.CRASH_BEFORE,
    Fault.CRASH_AFTER,
)
READS = (Fault.ERROR, Fault.LOST, Fault.STALLED, Fault.CRASH_BEFORE)
"""A read changes nothing, so dying after it is dying before the next call, and a late one is a lost one."""

KEY_SERVICE = frozenset({"GenerateDataKey", "Decrypt"})
"""KMS changes nothing: a data key whose reply was lost is nobody's."""

READING = frozenset(
    {"GetItem", "Query", "BatchGetItem", "GetObject", "GetQueueUrl", "GetQueueAttributes", *KEY_SERVICE}
)

FLICKERS = frozenset({Fault.ERROR, Fault.LOST, Fault.RESENT, Fault.PARTIAL, Fault.STALE})
"""One of these alone must cost no attempt, and no caller may notice it."""


def faults_of(operation: str, params: Any) -> tuple[Fault, ...]:
    """The faults that this call can have."""
    if operation == "SendMessageBatch":
        return (*WRITES, Fault.PARTIAL)
    if operation not in READING:
        return WRITES
    if operation in {"GetItem", "Query"} and not params.get("ConsistentRead"):
        return (*READS, Fault.STALE)
    return READS


_CODES = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "sqs": "RequestThrottled",
    "s3": "SlowDown",
    "kms": "ThrottlingException",
}


def refused(service: str, operation: str) -> Exception:
    """What botocore raises when the service has refused for the third time."""
    response: Any = {
        "Error": {"Code": _CODES[service], "Message": "slow down"},
        "ResponseMetadata": {"HTTPStatusCode": 503 if service == "s3" else 400},
    }
    return ClientError(response, operation)


def broken(service: str) -> Exception:
    """What botocore raises when the connection broke."""
    return ConnectionClosedError(endpoint_url=f"https://{service}")


def timed_out(service: str) -> Exception:
    """What botocore raises when no reply came in time."""
    return ReadTimeoutError(endpoint_url=f"https://{service}")
