"""What IAM makes of a boto3 call: the actions that it needs, on which resources, with which condition keys.

The names and resources are those of https://docs.aws.amazon.com/service-authorization/latest/reference/, the leading keys those of
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

from tests.privilege.iam import Ask

SQS_BATCHES = {
    "SendMessageBatch": "SendMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
}
"""IAM knows no batches of SQS:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html"""

ITEMS = frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem"})
OBJECTS = frozenset({"GetObject", "PutObject", "DeleteObject"})
TOLD_MISSING = 404
"""S3 says so only to those who may list the bucket; others are told 403:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the calls go."""

    region: str
    account: str

    def arn(self, service: str, rest: str) -> str:
        """Of a thing of this region and account."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"


class Unmapped(Exception):
    """A call whose needs nobody has written down here."""


def needs(service: str, operation: str, params: Mapping[str, Any], place: Place) -> Iterator[Ask]:
    """What the call needs before it is answered. Raises `Unmapped`."""
    asks = NEEDS.get(service)
    if asks is None:
        raise Unmapped(f"{service}: {operation}")
    ours = {"aws:resourceaccount": (place.account,), "aws:principalaccount": (place.account,)}
    for action, resource, keys in asks(operation, params, place):
        yield Ask(action=f"{service}:{action}", resource=resource, keys={**ours, **keys})


def needs_told_missing(operation: str, params: Mapping[str, Any], status: int, place: Place) -> Iterator[Ask]:
    """What an S3 call needs besides, to be told that the object is missing."""
    if operation == "GetObject" and status == TOLD_MISSING:
        yield from needs("s3", "ListBucket", {"Bucket": params["Bucket"]}, place)


Need = tuple[str, str, Mapping[str, tuple[str, ...]]]


def _dynamodb(operation: str, params: Mapping[str, Any], place: Place) -> Iterator[Need]:
    if operation in ITEMS:
        key = params["Item"] if operation == "PutItem" else params["Key"]
        yield operation, _table(params["TableName"], place), _leading(key["pk"]["S"])
    elif operation == "Query":
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        condition, values = params["KeyConditionExpression"], params["ExpressionAttributeValues"]
        assert condition.startswith("#pk = :pk"), condition
        yield operation, _table(params["TableName"], place) + index, _leading(values[":pk"]["S"])
    elif operation == "BatchGetItem":
        for table, asked in params["RequestItems"].items():
            yield operation, _table(table, place), _leading(*(key["pk"]["S"] for key in asked["Keys"]))
    else:
        raise Unmapped(f"dynamodb: {operation}")


def _table(name: str, place: Place) -> str:
    return place.arn("dynamodb", f"table/{name}")


def _leading(*keys: str) -> Mapping[str, tuple[str, ...]]:
    return {"dynamodb:leadingkeys": keys}


def _sqs(operation: str, params: Mapping[str, Any], place: Place) -> Iterator[Need]:
    name = params["QueueName"] if operation == "GetQueueUrl" else urlparse(params["QueueUrl"]).path
    yield SQS_BATCHES.get(operation, operation), place.arn("sqs", name.rpartition("/")[2]), {}


def _s3(operation: str, params: Mapping[str, Any], _: Place) -> Iterator[Need]:
    bucket = f"arn:aws:s3:::{params['Bucket']}"
    if operation in OBJECTS:
        yield operation, f"{bucket}/{params['Key']}", {}
    elif operation == "ListBucket":
        yield operation, bucket, {}
    else:
        raise Unmapped(f"s3: {operation}")


def _sns(operation: str, params: Mapping[str, Any], _: Place) -> Iterator[Need]:
    if operation != "Publish":
        raise Unmapped(f"sns: {operation}")
    yield operation, params["TopicArn"], {}


FEEDING: dict[str, str] = {}
"""Mapping to the function that it feeds: IAM knows, the call does not say it."""


def _lambda(operation: str, params: Mapping[str, Any], place: Place) -> Iterator[Need]:
    if operation == "ListEventSourceMappings":
        yield operation, "*", {}
    elif operation == "UpdateEventSourceMapping":
        uuid = params["UUID"]
        yield (
            operation,
            place.arn("lambda", f"event-source-mapping:{uuid}"),
            {"lambda:functionarn": (FEEDING[uuid],)},
        )
    else:
        raise Unmapped(f"lambda: {operation}")


def _kms(operation: str, params: Mapping[str, Any], _: Place) -> Iterator[Need]:
    if operation not in ("GenerateDataKey", "Decrypt"):
        raise Unmapped(f"kms: {operation}")
    context = {
        f"kms:encryptioncontext:{name}": (value,) for name, value in params["EncryptionContext"].items()
    }
    yield operation, params["KeyId"], context


NEEDS: Mapping[str, Callable[[str, Mapping[str, Any], Place], Iterator[Need]]] = {
    "dynamodb": _dynamodb,
    "sqs": _sqs,
    "s3": _s3,
    "sns": _sns,
    "lambda": _lambda,
    "kms": _kms,
}
