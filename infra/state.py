"""Where Chalice's memory of a stage is kept between machines: in the stage's bucket, beside the payloads.

Not in the repository, which several stages and accounts share; not in SSM, whose free parameters end at 4 KB, and this is more. The
bucket is there before the first function, is private, encrypted, and keeps older versions for 30 days.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.config import ROOT
from infra.place import Place

ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


def path(stage: str, root: Path = ROOT) -> Path:
    """Where Chalice itself looks for it."""
    return root / ".chalice" / "deployed" / f"{stage}.json"


def save(place: Place, bucket: str, key: str, file: Path) -> bool:
    """Keep the file; False: there is none."""
    if not file.exists():
        return False
    place.client("s3").put_object(
        Bucket=bucket, Key=key, Body=file.read_bytes(), ContentType="application/json"
    )
    return True


def restore(place: Place, bucket: str, key: str, file: Path) -> str:
    """Put what was kept where Chalice looks for it; says in a word what was done: restored, kept, set aside, or none.

    Kept: this machine's file is younger than what was kept, since somebody ran `chalice deploy` by itself. Set aside: this machine's file
    is of another account or region; Chalice would give this stage's functions the roles it names.
    """
    done = "none"
    if file.exists() and not _is_of(place, json.loads(file.read_text(encoding="utf-8"))):
        file.replace(file.with_suffix(".elsewhere.json"))
        done = "set aside"
    try:
        kept: Any = place.client("s3").get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return "kept" if file.exists() else done
        raise
    text = kept["Body"].read()
    if file.exists() and (
        file.stat().st_mtime > kept["LastModified"].timestamp() or file.read_bytes() == text
    ):
        return "kept"
    write(file, json.loads(text))
    return "restored"


def forget(place: Place, bucket: str, key: str, file: Path) -> None:
    """There is no such stage any more."""
    file.unlink(missing_ok=True)
    try:
        place.client("s3").delete_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ABSENT:
            raise


def write(file: Path, state: Mapping[str, Any]) -> None:
    """In Chalice's own form."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")


def _is_of(place: Place, state: Mapping[str, Any]) -> bool:
    """Whether the functions it names are in this account and region."""
    here = f":{place.region}:{place.account}:"
    return all(
        here in each["lambda_arn"]
        for each in state["resources"]
        if each["resource_type"] == "lambda_function"
    )
