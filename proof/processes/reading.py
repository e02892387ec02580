"""All rows of the stage, read straight from the emulator, not through the API or the bad network."""

from collections.abc import Container, Mapping
from typing import Any

from chalicelib.adapters.aws.rows import from_item
from chalicelib.domain.job import Job


def rows(dynamodb: Any, table: str, *, newer: Container[str] = ()) -> Mapping[str, Job]:
    """Job id -> job, all that there are but those of newer code. Raises NewerRow for any other that cannot be read."""
    found: dict[str, Job] = {}
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            job_id = item["sk"]["S"]
            if item["pk"]["S"].startswith("job#") and job_id not in newer:
                found[job_id] = from_item(item)
    return found
