"""Encryption at rest: always on, by a key of one's own where a stage names one, and with rights for it there alone."""

import json

import boto3
import pytest
from moto import mock_aws

from infra import names
from infra.config import CONFIG, faults
from infra.own_key import encrypted
from infra.policies import policy
from infra.small import small
from infra.stack import TEMPLATE

KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
BODY = small(TEMPLATE.read_text(encoding="utf-8"))


def of_kind(body, kind):
    return [one["Properties"] for one in json.loads(body)["Resources"].values() if one["Type"] == kind]


def test_without_a_key_the_template_is_as_it_is():
    assert encrypted(BODY, None) is BODY
    assert encrypted(BODY, "") is BODY
    assert "SSESpecification" not in BODY, "DynamoDB's own, which is always on"


def test_with_one_everything_that_holds_something_is_encrypted_by_it():
    body = encrypted(BODY, KEY)
    (table,) = of_kind(body, "AWS::DynamoDB::Table")
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
    (bucket,) = of_kind(body, "AWS::S3::Bucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert rule["BucketKeyEnabled"] is True
    queues = of_kind(body, "AWS::SQS::Queue")
    assert len(queues) == len(of_kind(BODY, "AWS::SQS::Queue")) >= 4
    for queue in queues:
        assert queue["KmsMasterKeyId"] == KEY
        assert "SqsManagedSseEnabled" not in queue, "SQS takes one of the two"
    topics = [one.get("KmsMasterKeyId") for one in of_kind(body, "AWS::SNS::Topic")]
    assert sorted(map(str, topics)) == ["None", KEY], "alarms may not use it"


def test_nothing_but_encryption_changes():
    def without(body):
        for kind in ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic"):
            assert of_kind(body, kind)
        template = json.loads(body)
        for one in template["Resources"].values():
            for name in (
                "SSESpecification",
                "BucketEncryption",
                "SqsManagedSseEnabled",
                "KmsMasterKeyId",
                "KmsDataKeyReusePeriodSeconds",
            ):
                one.get("Properties", {}).pop(name, None)
        return template

    assert without(encrypted(BODY, KEY)) == without(BODY)


@pytest.mark.parametrize("function", names.FUNCTIONS)
def test_each_function_may_use_it_through_the_services_alone_and_only_where_it_is_named(function):
    def granted(**keys):
        found = policy(function, app="jobline", stage="dev", **keys)["Statement"]
        return [one for one in found if one.get("Sid") == "AtRest"]

    assert granted() == []
    (one,) = granted(data_key=KEY)
    assert one["Resource"] == [KEY]
    through = one["Condition"]["StringLike"]["kms:ViaService"]
    assert through == [f"{service}.*.amazonaws.com" for service in ("dynamodb", "s3", "sns", "sqs")]


def test_what_is_no_key_is_refused_before_anything_is_changed():
    config = json.loads(CONFIG.read_text())
    environment = config["stages"]["dev"]["environment_variables"]
    for text, wrong in ((KEY, False), ("", False), ("alias/mine", True)):
        environment["JOBLINE_DATA_KEY"] = text
        assert any("JOBLINE_DATA_KEY" in fault for fault in faults("dev", config)) is wrong


def test_the_stack_is_made_with_it(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
        values = {
            "App": "jobline",
            "Stage": "t",
            "DeletionProtection": "false",
            "Watched": "false",
            "BucketName": "b-t",
        }
        boto3.client("cloudformation").create_stack(
            StackName="t",
            TemplateBody=encrypted(BODY, key),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        )
        # (Of the table, moto's CloudFormation leaves this out.)
        sqs = boto3.client("sqs")
        url = sqs.get_queue_url(QueueName="jobline-t-high")["QueueUrl"]
        assert (
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["KmsMasterKeyId"]
            == key
        )
        (rule,) = boto3.client("s3").get_bucket_encryption(Bucket="b-t")["ServerSideEncryptionConfiguration"][
            "Rules"
        ]
        assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key
