"""The real adapters, on boto3: rows and side tables in DynamoDB, lanes in SQS, large payloads in DynamoDB or S3."""
