"""Ways to break a stage, each with the check that has to see it."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.lanes import BY_NAME
from infra.chalice_ext import PARTIAL
from tests.doctor.healthy import NOW, Healthy, ms

FED = "consume_low"


@dataclass(frozen=True)
class Break:
    """`told` stands in what is found; `result` is what it amounts to; `also` are checks that cannot but see it, too."""

    check: str
    how: Callable[[Healthy], object]
    told: str
    result: str = "FAIL"
    fixable: bool = False
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.check}: {self.told}"


def configure(function: str, **settings) -> Callable[[Healthy], object]:
    return lambda stage: stage.client("lambda").update_function_configuration(
        FunctionName=stage.names.functions[function], **settings
    )


def queue(lane: str, **attributes) -> Callable[[Healthy], object]:
    return lambda stage: stage.client("sqs").set_queue_attributes(
        QueueUrl=stage.queue(lane), Attributes=attributes
    )


def reserve(function: str, number: int) -> Callable[[Healthy], object]:
    return lambda stage: stage.client("lambda").put_function_concurrency(
        FunctionName=stage.names.functions[function], ReservedConcurrentExecutions=number
    )


def other_code(stage: Healthy) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    stage.client("lambda").update_function_code(
        FunctionName=stage.names.functions["tick"], ZipFile=code.getvalue()
    )


def untraced(stage: Healthy) -> None:
    """moto's update takes no notice of it."""
    name = stage.names.functions["tick"]
    role = stage.client("lambda").get_function_configuration(FunctionName=name)["Role"]
    stage.client("lambda").delete_function(FunctionName=name)
    stage.function("tick", role, tracing="PassThrough")


def edge_api(stage: Healthy) -> None:
    gateway = stage.client("apigateway")
    operation = {"op": "replace", "path": "/endpointConfiguration/types/REGIONAL", "value": "EDGE"}
    gateway.update_rest_api(restApiId=stage.api, patchOperations=[operation])


def remap(stage: Healthy, **change) -> None:
    stage.client("lambda").update_event_source_mapping(UUID=stage.uuids[FED], **change)


def few_receives(stage: Healthy) -> None:
    policy = {"deadLetterTargetArn": dead_letters(stage), "maxReceiveCount": "3"}
    queue("high", RedrivePolicy=json.dumps(policy))(stage)


def elsewhere(stage: Healthy) -> None:
    policy = {
        "deadLetterTargetArn": dead_letters(stage).replace("dead-letters", "low"),
        "maxReceiveCount": "10",
    }
    queue("high", RedrivePolicy=json.dumps(policy))(stage)


def dead_letters(stage: Healthy) -> str:
    return f"arn:aws:sqs:us-east-1:{stage.place.account}:{stage.names.queues['dead-letters']}"


def more_rights(stage: Healthy) -> None:
    role = stage.names.roles["tick"]
    iam = stage.client("iam")
    document = iam.get_role_policy(RoleName=role, PolicyName=role)["PolicyDocument"]
    document["Statement"][0]["Action"].append("dynamodb:Scan")
    iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=json.dumps(document))


def managed(stage: Healthy) -> None:
    everything = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    arn = stage.client("iam").create_policy(PolicyName="handy", PolicyDocument=document)["Policy"]["Arn"]
    stage.client("iam").attach_role_policy(RoleName=stage.names.roles["tick"], PolicyArn=arn)


def ttl_off(stage: Healthy) -> None:
    stage.client("dynamodb").update_time_to_live(
        TableName=stage.names.table, TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": False}
    )


def recovery_off(stage: Healthy) -> None:
    stage.client("dynamodb").update_continuous_backups(
        TableName=stage.names.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )


def protection_off(stage: Healthy) -> None:
    stage.client("dynamodb").update_table(TableName=stage.names.table, DeletionProtectionEnabled=False)


def index_gone(stage: Healthy) -> None:
    stage.client("dynamodb").update_table(
        TableName=stage.names.table,
        GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "attention"}}],
    )


def public(stage: Healthy) -> None:
    stage.client("s3").put_public_access_block(
        Bucket=stage.bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True}
    )


def forget_logs(stage: Healthy) -> None:
    stage.client("logs").delete_log_group(logGroupName=stage.names.log_groups["tick"])


def forget_api_logs(stage: Healthy) -> None:
    """Its name begins the names of all the others."""
    stage.client("logs").delete_log_group(logGroupName=stage.names.log_groups["api_handler"])


def keep_logs(stage: Healthy) -> None:
    stage.client("logs").delete_retention_policy(logGroupName=stage.names.log_groups["tick"])


def alarm(stage: Healthy, name: str) -> str:
    return f"{stage.names.prefix}-{name}"


def unhook(stage: Healthy) -> None:
    stage.client("cloudwatch").put_metric_alarm(
        AlarmName=alarm(stage, "jobs-die"),
        Namespace="x",
        MetricName="x",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
    )


def unsubscribe(stage: Healthy) -> None:
    sns = stage.client("sns")
    for each in sns.list_subscriptions()["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])


def overdue(**span: float) -> Callable[[Healthy], object]:
    return lambda stage: stage.put(
        "job#20261121#A", "01JOB", attention={"S": "due#2"}, attention_at=ms(NOW - timedelta(**span))
    )


def undelivered(stage: Healthy) -> None:
    """Their consumer stands still: moto would start it."""
    stage.client("lambda").update_event_source_mapping(UUID=stage.uuids["dead_letters"], Enabled=False)
    stage.client("sqs").send_message(QueueUrl=stage.queue("dead-letters"), MessageBody="x")


def forget_memory(stage: Healthy) -> None:
    stage.client("s3").delete_object(Bucket=stage.bucket, Key=stage.names.state_key)


def new_mapping(stage: Healthy) -> None:
    client, function = stage.client("lambda"), stage.names.functions[FED]
    arn = client.get_event_source_mapping(UUID=stage.uuids[FED])["EventSourceArn"]
    client.delete_event_source_mapping(UUID=stage.uuids[FED])
    client.create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName=function,
        FunctionResponseTypes=PARTIAL,
        ScalingConfig={"MaximumConcurrency": BY_NAME["low"].concurrency},
    )


def paused(stage: Healthy) -> None:
    stage.put(
        "item#lane#control",
        "low",
        f_paused={"N": "1"},
        f_since=ms(NOW),
        f_by={"S": "ann (k1)"},
        f_turn={"N": "1"},
    )


def rests(stage: Healthy) -> None:
    paused(stage)
    remap(stage, Enabled=False)


def limit(stage: Healthy) -> None:
    stage.client("lambda").limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 99}


def loop(stage: Healthy) -> None:
    stage.client("lambda").loops[stage.names.functions[FED]] = "Terminate"


BREAKS = (
    Break(
        "functions",
        lambda stage: stage.client("lambda").delete_function(FunctionName="jobline-dev-tick"),
        "jobline-dev-tick is not there",
        also=("deploy memory",),
    ),
    Break(
        "environment",
        configure("tick", Environment={"Variables": {"JOBLINE_STAGE": "prod"}}),
        "JOBLINE_STAGE",
    ),
    Break("settings", configure("tick", Timeout=30), "jobline-dev-tick: 30 s, 512 MB; configured are 60 s"),
    Break("settings", configure("tick", MemorySize=128), "128 MB"),
    Break("runtime", configure("tick", Runtime="python3.10"), "several at once: python3.10, python3.11"),
    Break("tracing", untraced, "jobline-dev-tick: PassThrough"),
    Break("one code", other_code, "jobline-dev-tick"),
    Break("permissions", more_rights, "jobline-dev-tick does not say what tick-dev.json says"),
    Break("permissions", managed, "jobline-dev-tick also has handy"),
    Break(
        "schedule",
        lambda stage: stage.client("events").disable_rule(Name=stage.names.rule),
        "jobline-dev-tick-event is DISABLED",
    ),
    Break(
        "schedule",
        lambda stage: stage.client("events").remove_targets(Rule=stage.names.rule, Ids=["1"]),
        "does not start jobline-dev-tick",
    ),
    Break("API", edge_api, "EDGE"),
    Break(
        "API",
        lambda stage: stage.client("apigateway").delete_rest_api(restApiId=stage.api),
        "no REST API",
        also=("deploy memory",),
    ),
    Break("visibility", queue("low", VisibilityTimeout="60"), "jobline-dev-low hides for 60 s", fixable=True),
    Break("redrive", few_receives, "jobline-dev-high gives a message up after 3 deliveries"),
    Break("redrive", elsewhere, "jobline-dev-high sends nothing to jobline-dev-dead-letters"),
    Break("retention", queue("dead-letters", MessageRetentionPeriod="345600"), "the dead letters for 4"),
    Break(
        "feeding", lambda stage: remap(stage, Enabled=False), "jobline-dev-low does not feed", fixable=True
    ),
    Break("feeding", paused, "is paused since 2026-11-21 12:00 by ann (k1), and yet feeds"),
    Break(
        "feeding",
        rests,
        "jobline-dev-low is paused since 2026-11-21 12:00 by ann (k1)",
        result="WARN",
    ),
    Break(
        "feeding",
        lambda stage: stage.client("lambda").delete_event_source_mapping(UUID=stage.uuids[FED]),
        "jobline-dev-consume_low has 0 mappings",
        also=("deploy memory",),
    ),
    Break(
        "lanes",
        lambda stage: remap(stage, ScalingConfig={"MaximumConcurrency": 99}),
        "jobline-dev-consume_low: batches of 10 in 0 s, 99 at once; declared are 10, 0 s, 100",
    ),
    Break(
        "partial failures",
        lambda stage: remap(stage, FunctionResponseTypes=[]),
        "jobline-dev-consume_low does not report",
        fixable=True,
    ),
    Break("recursion", loop, "jobline-dev-consume_low may not feed itself retries", fixable=True),
    Break("concurrency", limit, "99 of the account's 1000 are unreserved, 100 are the least"),
    Break("stopped", reserve("consume_low", 0), "jobline-dev-consume_low is stopped"),
    Break("table keys", index_gone, "no index attention", also=("appointments",)),
    Break("table TTL", ttl_off, "DISABLED", fixable=True),
    Break("table recovery", recovery_off, "off", fixable=True),
    Break("table protection", protection_off, "can be deleted", fixable=True),
    Break("bucket privacy", public, "may be made public"),
    Break(
        "bucket encryption",
        lambda stage: stage.client("s3").delete_bucket_encryption(Bucket=stage.bucket),
        "is not there",
    ),
    Break("bucket lifecycle", lambda stage: stage.forgets_payloads(30), "deleted after 30 days"),
    Break(
        "bucket lifecycle",
        lambda stage: stage.client("s3").delete_bucket_lifecycle(Bucket=stage.bucket),
        "is not there",
    ),
    Break("log retention", keep_logs, "/aws/lambda/jobline-dev-tick keeps for ever", fixable=True),
    Break("log retention", forget_api_logs, "/aws/lambda/jobline-dev is not there"),
    Break("log retention", forget_logs, "/aws/lambda/jobline-dev-tick is not there"),
    Break(
        "alarms",
        lambda stage: stage.client("cloudwatch").delete_alarms(AlarmNames=[alarm(stage, "jobs-die")]),
        "missing: jobs-die",
    ),
    Break(
        "alarm actions",
        lambda stage: stage.client("cloudwatch").disable_alarm_actions(AlarmNames=[alarm(stage, "jobs-die")]),
        "jobs-die is muted",
        fixable=True,
    ),
    Break("alarm actions", unhook, "jobs-die tells nobody"),
    Break("alarm listeners", unsubscribe, "nobody is subscribed", result="WARN"),
    Break(
        "alarms now",
        lambda stage: stage.client("cloudwatch").set_alarm_state(
            AlarmName=alarm(stage, "jobs-die"), StateValue="ALARM", StateReason="test"
        ),
        "on: jobs-die",
        result="WARN",
    ),
    Break("sweep", lambda stage: stage.watermark(NOW - timedelta(minutes=9)), "0:06:00 behind"),
    Break(
        "sweep",
        lambda stage: stage.client("dynamodb").delete_item(
            TableName=stage.names.table, Key={"pk": {"S": "watermark"}, "sk": {"S": "fast"}}
        ),
        "never run",
    ),
    Break("appointments", overdue(hours=1), "overdue for 1:00:00: 01JOB"),
    Break("appointments", overdue(minutes=6), "overdue for 0:06:00: 01JOB", result="WARN"),
    Break("dead letters", undelivered, "1 wait", result="WARN", also=("feeding",)),
    Break(
        "quarantine",
        lambda stage: stage.put("quarantine#20261120", "m1"),
        "1 in quarantine#20261120",
        result="WARN",
    ),
    Break("deploy memory", forget_memory, "is not in the bucket"),
    Break("deploy memory", new_mapping, "not as it stands: consume_low-sqs-event-source"),
)
