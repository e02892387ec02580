"""The end of a stage: its functions, API and stack go; what people keep stays, unless they say otherwise."""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from infra import state
from infra.chalice_run import chalice
from infra.changeset import until
from infra.config import Stage
from infra.deploy import Chalice
from infra.place import Place
from infra.recover import recover
from infra.stack import describe, outputs

GONE = frozenset({"ResourceNotFoundException", "NoSuchBucket", "404"})


def destroy(
    place: Place,
    stage: Stage,
    *,
    data: bool = False,
    run: Chalice = chalice,
    pause: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Take the stage down; `data`: its rows and payloads too. What was kept is named in the answer.

    Functions first: while the queues are there, no poller fails. Again is safe, also after half of it. Raises ChaliceFailed, StackFailed.
    """
    names, cloudformation = stage.names, place.client("cloudformation")
    file, stands = state.path(names.stage), describe(cloudformation, names.stack) is not None
    told = outputs(cloudformation, names.stack) if stands else {}
    bucket = told.get("Bucket") or stage.bucket(account=place.account, region=place.region)
    if found := recover(place, stage):
        state.write(file, found)
        run(["delete", "--stage", names.stage])
    state.forget(place, bucket, names.state_key, file)
    if stands:
        cloudformation.update_termination_protection(StackName=names.stack, EnableTerminationProtection=False)
        cloudformation.delete_stack(StackName=names.stack)
        until(lambda: _standing(cloudformation, names.stack), lambda status: status is None, pause)
    if data:
        _delete_table(place.client("dynamodb"), names.table)
        _delete_bucket(place.client("s3"), bucket)
        return []
    return [f"table {names.table}", f"bucket {bucket}"]


def _standing(cloudformation: Any, name: str) -> str | None:
    """The stack's status; None when it is gone."""
    stack = describe(cloudformation, name)
    return stack["StackStatus"] if stack and stack["StackStatus"] != "DELETE_COMPLETE" else None


def _delete_table(dynamodb: Any, table: str) -> None:
    try:
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=table)
        dynamodb.delete_table(TableName=table)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise


def _delete_bucket(s3: Any, bucket: str) -> None:
    """With every version of everything in it: S3 deletes no bucket that is not empty."""
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            old = [
                {"Key": version["Key"], "VersionId": version["VersionId"]}
                for version in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
            ]
            if old:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": old, "Quiet": True})
        s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
