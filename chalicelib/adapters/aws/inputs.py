"""Long inputs of maps as objects of the stage's bucket, read in parts. An ETag says whether it is still the same object.

A put is one PutObject, which streams from a file and so needs little memory, up to S3's 5 GB for one request; what is larger is put there
by whoever has it.
"""

from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.errors import calling, code_of
from chalicelib.adapters.aws.payloads import GONE
from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.ports import Piece

CHANGED = frozenset({"PreconditionFailed", "412"})
BEYOND = frozenset({"InvalidRange", "416"})


class S3Inputs:
    """Inputs in one bucket."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients = clients
        self._bucket = bucket

    def put(self, key: str, body: BinaryIO) -> None:
        """PutObject."""
        with calling("PutObject"):
            self._clients.s3.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/x-ndjson"
            )

    def read(self, key: str, start: int, most: int, version: str | None = None) -> Piece:
        """GetObject of a range, if it is of that version. A range of an object that is empty is none, which S3 calls an error."""
        unchanged: Any = {} if version is None else {"IfMatch": version}
        with calling("GetObject"):
            try:
                answer = self._clients.s3.get_object(
                    Bucket=self._bucket, Key=key, Range=f"bytes={start}-{start + most - 1}", **unchanged
                )
                body = answer["Body"].read()
            except ClientError as error:
                code = code_of(error)
                if code in GONE:
                    raise InvalidInput("object", f"there is no {key}") from error
                if code in CHANGED:
                    raise InvalidInput("object", f"{key} has changed") from error
                if code in BEYOND:
                    return Piece(body=b"", size=start, version=version or "")
                raise
        size = int(answer["ContentRange"].rpartition("/")[2])
        return Piece(body=body, size=size, version=answer["ETag"])
