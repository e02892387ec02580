"""Large arguments and results: up to 8 KiB in an item of their own, beyond that in S3, whichever costs less.

An item of n KiB costs n write units ($0.625 a million) and n/4 read units; S3 costs $5 a million puts and $0.40 a million gets: they
meet at 8 KiB (docs/decisions/0003-payloads.md). Both are addressed by job and SHA-256, so a put that happens twice is one payload.
"""

from datetime import datetime
from hashlib import sha256

from botocore.exceptions import ClientError

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.errors import calling, code_of
from chalicelib.adapters.aws.keys import key
from chalicelib.adapters.aws.rows import to_ms
from chalicelib.domain.errors import PayloadMissing
from chalicelib.domain.job import Place, Stored

ITEM_BYTES = 8 * 1024
GONE = frozenset({"NoSuchKey", "404", "NotFound"})


class AwsPayloads:
    """Payloads in one table and one bucket."""

    def __init__(self, clients: Clients, table: str, bucket: str) -> None:
        self._clients = clients
        self._table = table
        self._bucket = bucket

    def put(self, job_id: str, body: bytes, keep_until: datetime) -> Stored:
        """PutItem or PutObject. Objects are deleted by the bucket's lifecycle rule, later than any `keep_until` can be."""
        digest = sha256(body).hexdigest()
        if len(body) <= ITEM_BYTES:
            ttl = {"N": str(to_ms(keep_until) // 1000 + 1)}
            item = {**key(f"payload#{job_id}", digest), "body": {"B": body}, "ttl": ttl}
            with calling("PutItem"):
                self._clients.dynamodb.put_item(TableName=self._table, Item=item)
            return Stored(place=Place.ITEM, sha256=digest, size=len(body))
        with calling("PutObject"):
            self._clients.s3.put_object(
                Bucket=self._bucket,
                Key=_object_key(job_id, digest),
                Body=body,
                ContentType="application/json",
            )
        return Stored(place=Place.OBJECT, sha256=digest, size=len(body))

    def get(self, job_id: str, stored: Stored) -> bytes:
        """GetItem or GetObject, and the SHA-256 again."""
        body = self._item(job_id, stored) if stored.place is Place.ITEM else self._object(job_id, stored)
        if body is None:
            raise PayloadMissing(f"job {job_id}: the stored payload {stored.sha256[:12]} is gone")
        if sha256(body).hexdigest() != stored.sha256:
            raise PayloadMissing(f"job {job_id}: the stored payload {stored.sha256[:12]} is damaged")
        return body

    def _item(self, job_id: str, stored: Stored) -> bytes | None:
        with calling("GetItem"):
            answer = self._clients.dynamodb.get_item(
                TableName=self._table, Key=key(f"payload#{job_id}", stored.sha256), ConsistentRead=True
            )
        item = answer.get("Item")
        return None if item is None else bytes(item["body"]["B"])

    def _object(self, job_id: str, stored: Stored) -> bytes | None:
        with calling("GetObject"):
            try:
                answer = self._clients.s3.get_object(
                    Bucket=self._bucket, Key=_object_key(job_id, stored.sha256)
                )
                return answer["Body"].read()
            except ClientError as error:
                if code_of(error) in GONE:
                    return None
                raise


def _object_key(job_id: str, digest: str) -> str:
    return f"payloads/{job_id}/{digest}"
