"""The bucket of large arguments and results: nobody else's to read, encrypted, and emptied in time but not too soon."""

from collections.abc import Iterator

from chalicelib.domain.errors import MAX_DELAY
from chalicelib.pipeline.limits import PAYLOAD_LIFE
from jobline.doctor.finding import Seen, check, fail, ok
from jobline.doctor.live import Live

DEPLOY = "python -m infra deploy --stage STAGE: the template has it; somebody changed the bucket by hand."
PAYLOADS = "payloads/"
LEAST_DAYS = (MAX_DELAY + PAYLOAD_LIFE).days
"""A job may be due so far ahead, and its payloads are there to outlive that."""


@check("bucket privacy", why="Arguments and results are your customers' data.", mend=DEPLOY)
def privacy(live: Live) -> Iterator[Seen]:
    found = live.client("s3").get_public_access_block(Bucket=live.bucket)["PublicAccessBlockConfiguration"]
    off = sorted(name for name, on in found.items() if not on)
    yield (
        fail(f"may be made public: {', '.join(off)} off")
        if off or len(found) < 4
        else ok("can be read by nobody else")
    )


@check("bucket encryption", why="What lies in it is to be unreadable on a disk.", mend=DEPLOY)
def encryption(live: Live) -> Iterator[Seen]:
    found = live.client("s3").get_bucket_encryption(Bucket=live.bucket)["ServerSideEncryptionConfiguration"]
    for rule in found["Rules"]:
        yield ok(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])


@check(
    "bucket lifecycle",
    why="Payloads that nobody deletes are paid for ever; payloads deleted too soon end their jobs as payload_missing.",
    mend=DEPLOY,
)
def lifecycle(live: Live) -> Iterator[Seen]:
    rules = live.client("s3").get_bucket_lifecycle_configuration(Bucket=live.bucket)["Rules"]
    ends = {
        rule.get("Filter", {}).get("Prefix", rule.get("Prefix", "")): rule["Expiration"]["Days"]
        for rule in rules
        if rule["Status"] == "Enabled" and "Days" in rule.get("Expiration", {})
    }
    days = [found for prefix, found in ends.items() if PAYLOADS.startswith(prefix)]
    if not days:
        yield fail(f"{PAYLOADS} is kept for ever")
    elif min(days) < LEAST_DAYS:
        yield fail(f"{PAYLOADS} is deleted after {min(days)} days; a job may need it for {LEAST_DAYS}")
    else:
        yield ok(f"{PAYLOADS} is deleted after {min(days)} days")


CHECKS = (privacy, encryption, lifecycle)
