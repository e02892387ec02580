"""What the template promises, read from the template itself: emulators leave some of it out without a word."""

import json
from typing import Any

import pytest
from cfnlint.decode import decode

from infra.policies import CONFIG
from infra.stack import TEMPLATE

LANES = {"HighLane": "high", "DefaultLane": "default", "LowLane": "low"}
QUEUES = {**LANES, "DeadLetters": "dead-letters"}
DAY = 24 * 60 * 60


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    parsed, problems = decode(str(TEMPLATE))
    assert not problems
    return parsed


@pytest.fixture
def resources(template: dict[str, Any]) -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in template["Resources"].items()}


@pytest.mark.parametrize(("logical", "name"), QUEUES.items())
def test_a_queues_name_follows_from_app_and_stage(resources, logical, name):
    assert resources[logical]["QueueName"] == {"Fn::Sub": f"${{App}}-${{Stage}}-{name}"}


def test_the_tables_name_follows_from_app_and_stage(resources):
    assert resources["Table"]["TableName"] == {"Fn::Sub": "${App}-${Stage}"}


def test_the_buckets_name_is_the_accounts_own_unless_one_is_chosen_since_bucket_names_are_global(resources):
    assert resources["Payloads"]["BucketName"] == {
        "Fn::If": [
            "NamedBucket",
            {"Ref": "BucketName"},
            {"Fn::Sub": "${App}-${Stage}-payloads-${AWS::AccountId}-${AWS::Region}"},
        ]
    }


@pytest.mark.parametrize("logical", LANES)
def test_a_message_that_keeps_coming_back_goes_to_the_dead_letters(resources, logical):
    assert resources[logical]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]},
        "maxReceiveCount": {"Ref": "MaxReceiveCount"},
    }


@pytest.mark.parametrize("logical", QUEUES)
def test_a_message_stays_hidden_for_as_long_as_lambdas_pollers_ask(template, resources, logical):
    # given the longest that any consumer may run, in any stage
    config = json.loads(CONFIG.read_text())
    timeouts = [
        settings["lambda_timeout"]
        for stage in config["stages"].values()
        for function, settings in stage["lambda_functions"].items()
        if function.startswith("consume_") or function == "dead_letters"
    ]

    assert resources[logical]["VisibilityTimeout"] == {"Ref": "VisibilityTimeout"}
    assert template["Parameters"]["VisibilityTimeout"]["Default"] >= 6 * max(timeouts)


@pytest.mark.parametrize("logical", QUEUES)
def test_queues_are_encrypted_at_rest(resources, logical):
    assert resources[logical]["SqsManagedSseEnabled"] is True


def test_dead_letters_outlive_the_lanes_messages(template, resources):
    lane = template["Parameters"]["LaneRetention"]

    assert resources["DeadLetters"]["MessageRetentionPeriod"] == 14 * DAY
    assert 4 * DAY <= lane["Default"] <= lane["MaxValue"] < 14 * DAY


def test_only_the_lanes_may_use_the_dead_letter_queue(resources):
    allowed = resources["DeadLetters"]["RedriveAllowPolicy"]

    assert allowed["redrivePermission"] == "byQueue"
    assert [arn["Fn::Sub"].rpartition(":")[2] for arn in allowed["sourceQueueArns"]] == [
        resources[lane]["QueueName"]["Fn::Sub"] for lane in LANES
    ]


def test_nothing_is_reached_over_plain_http(resources):
    queues, bucket = resources["QueuesOverTlsOnly"], resources["PayloadsOverTlsOnly"]
    for policy in (queues, bucket):
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Principal"] == "*"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert queues["Queues"] == [{"Ref": logical} for logical in QUEUES]


def test_the_table_is_paid_by_use_and_can_be_brought_back(resources):
    table = resources["Table"]

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] == {"Fn::If": ["Protected", True, False]}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_the_one_index_holds_keys_alone(resources):
    (index,) = resources["Table"]["GlobalSecondaryIndexes"]

    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


@pytest.mark.parametrize("logical", ["Table", "Payloads"])
def test_what_jobs_left_behind_outlives_the_stack(template, logical):
    resource = template["Resources"][logical]

    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource["UpdateReplacePolicy"] == "Retain"


def test_protection_is_on_unless_a_stage_says_otherwise(template):
    assert template["Parameters"]["DeletionProtection"]["Default"] == "true"


def test_the_bucket_is_private_and_encrypted(resources):
    bucket = resources["Payloads"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    ]


def test_payloads_are_forgotten_and_broken_uploads_cleared(resources):
    forget, deleted, abort = resources["Payloads"]["LifecycleConfiguration"]["Rules"]

    assert (forget["Prefix"], forget["ExpirationInDays"]) == ("payloads/", 460)
    assert "Prefix" not in deleted
    assert deleted["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert deleted["ExpiredObjectDeleteMarker"] is True
    assert "Prefix" not in abort
    assert abort["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_the_template_is_small_enough_to_be_sent_inline():
    assert len(TEMPLATE.read_bytes()) < 51_200  # CloudFormation's limit for TemplateBody
