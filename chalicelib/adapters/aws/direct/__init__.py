"""Calls to DynamoDB and SQS without botocore's machinery: the same request, made in a fraction of the time. docs/decisions/0031-direct-calls.md"""

from chalicelib.adapters.aws.direct.calls import DIRECT, directly

__all__ = ["DIRECT", "directly"]
