"""Chalice's memory of the stage: kept in the bucket, and of the stage that stands."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.recover import recover
from infra.state import ABSENT
from jobline.doctor.finding import Seen, check, fail, ok, unknown
from jobline.doctor.live import Live


@check(
    "deploy memory",
    why="Without it, or with another's, the next deploy makes a second API and fails on the mappings.",
    mend="python -m infra recover --stage STAGE",
)
def memory(live: Live) -> Iterator[Seen]:
    standing = recover(live.place, live.stage)
    if standing is None:
        yield unknown("nothing of the stage stands")
        return
    try:
        kept = live.client("s3").get_object(Bucket=live.bucket, Key=live.names.state_key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] not in ABSENT:
            raise
        yield fail(f"{live.names.state_key} is not in the bucket")
        return
    there, remembered = _facts(standing), _facts(json.loads(kept))
    wrong = sorted(
        name for name in there.keys() | remembered.keys() if there.get(name) != remembered.get(name)
    )
    yield (
        fail(f"not as it stands: {', '.join(wrong)}")
        if wrong
        else ok(f"{len(there)} resources, as they stand")
    )


def _facts(state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is remembered of each resource. Not the API's address: it follows from the id, and an emulator's is its own."""
    return {
        each["name"]: {name: value for name, value in each.items() if name != "rest_api_url"}
        for each in state["resources"]
    }


CHECKS = (memory,)
