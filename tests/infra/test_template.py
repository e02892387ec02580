"""What the template promises, read from the template itself: emulators leave some of it out without a word."""

import json
import re
from typing import Any

import pytest
from cfnlint.decode import decode

from chalicelib.lanes import DECLARED
from infra.config import CONFIG, visibility_of
from infra.lane_template import logical
from infra.names import FED_BY
from infra.small import INLINE, small
from infra.stack import TEMPLATE

LANES = {f"{logical(lane)}Lane": lane.name for lane in DECLARED}
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


@pytest.mark.parametrize(("logical", "name"), QUEUES.items())
def test_a_message_stays_hidden_for_as_long_as_lambdas_pollers_ask(template, resources, logical, name):
    # given the longest that its consumer may run, in any stage
    config = json.loads(CONFIG.read_text())
    (function,) = [function for function, queue in FED_BY.items() if queue == name]
    timeouts = [stage["lambda_functions"][function]["lambda_timeout"] for stage in config["stages"].values()]

    assert template["Parameters"]["VisibilityTimeout"]["Default"] == ""
    assert resources[logical]["VisibilityTimeout"] == {
        "Fn::If": ["OwnVisibility", visibility_of(name), {"Ref": "VisibilityTimeout"}]
    }
    assert visibility_of(name) >= 6 * max(timeouts)


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
    forget, inputs, deleted, abort = resources["Payloads"]["LifecycleConfiguration"]["Rules"]

    assert (forget["Prefix"], forget["ExpirationInDays"]) == ("payloads/", 460)
    assert (inputs["Prefix"], inputs["ExpirationInDays"]) == ("inputs/", 460)
    assert "Prefix" not in deleted
    assert deleted["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert deleted["ExpiredObjectDeleteMarker"] is True
    assert "Prefix" not in abort
    assert abort["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


ALARMED_FUNCTIONS = (*(f"-{lane.consumer}" for lane in DECLARED), "-dead_letters", "-tick")


@pytest.fixture
def alarms(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each alarm, by its name without the stage."""
    return {
        resource["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${App}-${Stage}-"): resource[
            "Properties"
        ]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def watched(alarm: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
    """Namespace, metric, dimensions."""
    dimensions = {each["Name"]: each["Value"]["Fn::Sub"] for each in alarm["Dimensions"]}
    return alarm["Namespace"], alarm["MetricName"], dimensions


@pytest.mark.parametrize("lane", LANES.values())
def test_old_messages_in_a_lane_wake_somebody(alarms, lane):
    assert watched(alarms[f"{lane}-lane-old"]) == (
        "AWS/SQS",
        "ApproximateAgeOfOldestMessage",
        {"QueueName": f"${{App}}-${{Stage}}-{lane}"},
    )


def test_what_people_wait_for_alarms_soonest(alarms):
    soon, later, last = (alarms[f"{lane}-lane-old"]["Threshold"] for lane in ("high", "default", "low"))

    assert soon < later < last


def test_dead_letters_and_dead_jobs_wake_somebody(alarms):
    assert watched(alarms["dead-letters-stay"])[1:] == (
        "ApproximateNumberOfMessagesVisible",
        {"QueueName": "${App}-${Stage}-dead-letters"},
    )
    assert watched(alarms["jobs-die"]) == ("Jobline", "JobsDead", {"service": "${App}-${Stage}"})
    assert alarms["jobs-die"]["Statistic"] == "Sum"


def test_a_tick_that_does_not_run_at_all_wakes_somebody_too(alarms):
    lags = alarms["sweep-lags"]

    assert watched(lags) == ("Jobline", "SweepLag", {"service": "${App}-${Stage}"})
    assert lags["TreatMissingData"] == "breaching"


def test_a_stage_where_nothing_happens_is_quiet(alarms):
    quiet = {name for name, alarm in alarms.items() if alarm["TreatMissingData"] == "notBreaching"}

    assert quiet == set(alarms) - {"sweep-lags"}


@pytest.mark.parametrize("suffix", ALARMED_FUNCTIONS)
@pytest.mark.parametrize(("metric", "what"), [("Errors", "fails"), ("Throttles", "throttled")])
def test_a_function_that_fails_or_is_not_started_wakes_somebody(alarms, suffix, metric, what):
    name = suffix[1:].replace("_", "-")

    assert watched(alarms[f"{name}-{what}"]) == (
        "AWS/Lambda",
        metric,
        {"FunctionName": f"${{App}}-${{Stage}}{suffix}"},
    )


def test_an_api_that_fails_or_is_slow_wakes_somebody(alarms):
    api = {"ApiName": "${App}-${Stage}"}

    assert watched(alarms["api-fails"]) == ("AWS/ApiGateway", "5XXError", api)
    assert watched(alarms["api-slow"]) == ("AWS/ApiGateway", "Latency", api)
    assert alarms["api-slow"]["ExtendedStatistic"] == "p90"


def test_every_alarm_says_what_it_means_and_tells_the_topic_when_it_comes_and_goes(alarms):
    for name, alarm in alarms.items():
        assert len(alarm["AlarmDescription"]) > 25, name
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "Alarms"}], name


def test_alarms_may_publish_though_the_topic_trusts_nobody_else(resources):
    allow, deny = resources["AlarmsOnly"]["PolicyDocument"]["Statement"]

    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert set(allow["Condition"]) == {"ArnLike", "StringEquals"}
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert "KmsMasterKeyId" not in resources["Alarms"], "alarms may not use SNS's own key"


def test_a_queue_takes_from_our_topic_alone(resources):
    deny, allow = resources["UndeliveredFromTheTopic"]["PolicyDocument"]["Statement"]

    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allow["Principal"] == {"Service": "sns.amazonaws.com"}
    assert allow["Condition"] == {
        "ArnEquals": {"aws:SourceArn": {"Ref": "Events"}},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }


def test_events_are_encrypted_and_over_tls_only(resources):
    _, deny = resources["EventsOverTlsOnly"]["PolicyDocument"]["Statement"]

    assert resources["Events"]["KmsMasterKeyId"] == "alias/aws/sns"
    assert deny["Effect"] == "Deny"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_function_has_a_log_group_with_an_end(template):
    groups = [r for r in template["Resources"].values() if r["Type"] == "AWS::Logs::LogGroup"]

    assert len(groups) == len(ALARMED_FUNCTIONS) + 1
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetention"} for group in groups)


def test_a_stage_on_one_machine_is_not_watched(template):
    kinds = ("AWS::Logs::", "AWS::CloudWatch::", "AWS::SNS::Subscription")
    for name, resource in template["Resources"].items():
        if resource["Type"].startswith(kinds):
            assert resource["Condition"] in ("IsWatched", "TellsSomebody"), name


def test_the_dashboard_is_read_by_cloudwatch_and_shows_our_own_figures(resources):
    text = resources["Dashboard"]["DashboardBody"]["Fn::Sub"]
    for name, value in (("App", "jobline"), ("Stage", "dev"), ("AWS::Region", "eu-central-1")):
        text = text.replace(f"${{{name}}}", value)

    widgets = json.loads(text)["widgets"]

    rows = [row for widget in widgets for row in widget["properties"]["metrics"]]
    ours = {row[1] for row in rows if row[0] == "Jobline"}
    assert {"JobsAccepted", "JobsSucceeded", "JobsDead", "QueueWait", "RunTime", "SweepLag"} <= ours
    assert all(row[2:4] == ["service", "jobline-dev"] for row in rows if row[0] == "Jobline")
    assert "$" not in text
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)


def test_every_exception_from_a_rule_has_its_reason(template):
    for name, resource in template["Resources"].items():
        for rule in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            assert len(rule["comment"]) > 40, name


def test_the_template_is_small_enough_to_be_sent_inline():
    assert len(small(TEMPLATE.read_text()).encode()) < INLINE


def test_what_is_sent_is_what_is_written(template, tmp_path):
    sent = tmp_path / "template.json"
    sent.write_text(small(TEMPLATE.read_text()))

    read, problems = decode(str(sent))

    assert not problems
    for said in (template, read):
        body = said["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
        body["Fn::Sub"] = re.sub(r"\s+", "", body["Fn::Sub"])
    plain = json.loads(json.dumps(template))
    for resource in plain["Resources"].values():
        resource.pop("Metadata", None)
    assert json.loads(json.dumps(read)) == plain
