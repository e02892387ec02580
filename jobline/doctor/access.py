"""What the doctor asks of AWS: the actions that whoever types `jobline doctor` must be allowed. All of them only read.

docs/operations.md has them as a policy; tests/doctor counts the calls of an examination and holds both to it.
"""

READS = (
    "apigateway:GET",
    "cloudwatch:DescribeAlarms",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "events:DescribeRule",
    "events:ListTargetsByRule",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "lambda:GetAccountSettings",
    "lambda:GetFunction",
    "lambda:GetFunctionConcurrency",
    "lambda:GetFunctionConfiguration",
    "lambda:GetFunctionRecursionConfig",
    "lambda:GetPolicy",
    "lambda:ListEventSourceMappings",
    "logs:DescribeLogGroups",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetObject",
    "s3:ListBucket",
    "sns:ListSubscriptionsByTopic",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
)
"""s3:ListBucket is for the answer to a GetObject of what is gone: without it S3 says 403, not 404."""

FIXES = (
    "cloudwatch:EnableAlarmActions",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTimeToLive",
    "lambda:PutFunctionRecursionConfig",
    "lambda:UpdateEventSourceMapping",
    "logs:PutRetentionPolicy",
    "sqs:SetQueueAttributes",
)
"""What `--fix` asks for besides."""

NAMED_OTHERWISE = {
    "apigateway:GetRestApi": "apigateway:GET",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
}
"""Calls whose action has another name:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"""


def action(service: str, operation: str) -> str:
    """The IAM action of a call: `lambda`, `GetFunction` to lambda:GetFunction."""
    called = f"{service}:{operation}"
    return NAMED_OTHERWISE.get(called, called)
