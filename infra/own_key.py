"""Encryption at rest by a key of one's own: what the stack's template then says of table, bucket, queues and topic.

`JOBLINE_DATA_KEY` of a stage names it. Without, each service's own key is used, which costs nothing; the template that is committed says that.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

VARIABLE = "JOBLINE_DATA_KEY"
REUSED = 3600
"""Seconds for which SQS uses one data key: it asks KMS once an hour, not once a batch."""

_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]{1,40}:\d{12}:key/[A-Za-z0-9-]{1,64}")


def misnamed(environment: Mapping[str, str]) -> Iterator[str]:
    """A sentence if what is named is no key."""
    named = environment.get(VARIABLE)
    if named and not _ARN.fullmatch(named):
        yield f"{VARIABLE} is {named!r}, not the ARN of a KMS key (arn:aws:kms:...:key/...)"


def encrypted(body: str, key: str | None) -> str:
    """The template, in JSON, with that key wherever something lies; as it is without one."""
    if not key:
        return body
    template = json.loads(body)
    for resource in template["Resources"].values():
        properties: dict[str, Any] = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::DynamoDB::Table":
                properties["SSESpecification"] = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
            case "AWS::S3::Bucket":
                by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
                rule = {"ServerSideEncryptionByDefault": by_key, "BucketKeyEnabled": True}
                properties["BucketEncryption"] = {"ServerSideEncryptionConfiguration": [rule]}
            case "AWS::SQS::Queue":
                properties.pop("SqsManagedSseEnabled")
                properties |= {"KmsMasterKeyId": key, "KmsDataKeyReusePeriodSeconds": REUSED}
            case "AWS::SNS::Topic" if (
                "KmsMasterKeyId" in properties
            ):  # alarms come from a service that may not use it
                properties["KmsMasterKeyId"] = key
    return json.dumps(template, separators=(",", ":"), ensure_ascii=False)
