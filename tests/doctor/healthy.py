"""A stage as a deploy leaves it, in a cloud in this process: the stack, and by hand what Chalice makes."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cfnlint.decode import decode
from moto.dynamodb.models import dynamodb_backends

from chalicelib.lanes import BY_NAME
from infra import state
from infra.chalice_ext import PARTIAL
from infra.config import CONFIG, ROOT, Stage, load
from infra.config import stage as read_stage
from infra.names import API, FED_BY
from infra.place import Place
from infra.recover import recover
from infra.stack import TEMPLATE, provision
from tests.support.zipped import TINY

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STAGE = "dev"
BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


class Lambda:
    """moto's Lambda, and the two things that it lacks: recursion settings, and the account's own limits."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.reset()

    def reset(self) -> None:
        self.loops: dict[str, str] = {}
        self.limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_function_recursion_config(self, *, FunctionName: str) -> dict[str, str]:  # noqa: N803 - boto3's names
        return {"RecursiveLoop": self.loops.get(FunctionName, "Allow")}

    def put_function_recursion_config(self, *, FunctionName: str, RecursiveLoop: str) -> None:  # noqa: N803
        self.loops[FunctionName] = RecursiveLoop

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": self.limit}


class Cloud(Place):
    """This process, as a place."""

    def client(self, service: str) -> Any:
        made = super().client(service)
        if service == "lambda" and not isinstance(made, Lambda):
            made = self._clients[service] = Lambda(made)
        return made


@cache
def template() -> dict[str, Any]:
    """Read once: half a second."""
    parsed, _ = decode(str(TEMPLATE))
    return parsed


@cache
def package() -> bytes:
    """Our sources, as a package has them."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for file in (ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")):
            archive.write(file, file.relative_to(ROOT).as_posix())
    return made.getvalue()


class Healthy:
    """The stage, and the few words in which tests break it."""

    def __init__(self, place: Place, tmp_path: Any) -> None:
        self.place = place
        self.client("lambda").reset()
        self.config = load()
        self.stage: Stage = read_stage(STAGE, self.config)
        self.names = self.stage.names
        self.bucket = self.stage.bucket(account=place.account, region=place.region)
        self.uuids: dict[str, str] = {}
        self._stack()
        self._functions()
        self._doors()
        self._data(tmp_path)

    def client(self, service: str) -> Any:
        return self.place.client(service)

    def queue(self, lane: str) -> str:
        url: str = self.client("sqs").get_queue_url(QueueName=self.names.queues[lane])["QueueUrl"]
        return url

    def put(self, pk: str, sk: str, **attributes: Any) -> None:
        item = {"pk": {"S": pk}, "sk": {"S": sk}, **attributes}
        self.client("dynamodb").put_item(TableName=self.names.table, Item=item)

    def watermark(self, at: datetime) -> None:
        self.put("watermark", "fast", at=ms(at))

    def _stack(self) -> None:
        parameters = {"Watched": "true", "BucketName": ""}
        provision(self.client("cloudformation"), app="jobline", stage=STAGE, parameters=parameters)
        self._made(NOW - timedelta(days=30))
        self._left_out()
        topic = f"arn:aws:sns:{self.place.region}:{self.place.account}:{self.names.alarms}"
        for resource in template()["Resources"].values():
            if resource["Type"] == "AWS::CloudWatch::Alarm":
                self._alarm(resource["Properties"], topic)
        self.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")

    def _made(self, at: datetime) -> None:
        """The table was made then. (moto asks the wall's clock, which knows nothing of NOW.)"""
        dynamodb_backends[self.place.account][self.place.region].tables[self.names.table].created_at = at

    def _left_out(self) -> None:
        """What moto's CloudFormation takes no notice of. tests/infra holds the template to it, and the emulator does it."""
        for name in self.names.log_groups.values():
            self.client("logs").put_retention_policy(logGroupName=name, retentionInDays=30)
        dynamodb, table = self.client("dynamodb"), self.names.table
        dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True}
        )
        dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        self.client("s3").put_public_access_block(
            Bucket=self.bucket, PublicAccessBlockConfiguration=dict.fromkeys(BLOCKS, True)
        )
        self.forgets_payloads(460)

    def forgets_payloads(self, days: int) -> None:
        rule = {"ID": "forget", "Status": "Enabled", "Prefix": "payloads/", "Expiration": {"Days": days}}
        self.client("s3").put_bucket_lifecycle_configuration(
            Bucket=self.bucket, LifecycleConfiguration={"Rules": [rule]}
        )

    def _alarm(self, properties: dict[str, Any], topic: str) -> None:
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=properties["AlarmName"]["Fn::Sub"].replace("${App}-${Stage}", self.names.prefix),
            Namespace=properties["Namespace"],
            MetricName=properties["MetricName"],
            Period=300,
            EvaluationPeriods=1,
            Threshold=1,
            Statistic="Sum",
            ComparisonOperator=properties["ComparisonOperator"],
            AlarmActions=[topic],
        )

    def function(self, function: str, role: str, tracing: str = "Active") -> None:
        given = self.config["stages"][STAGE]["lambda_functions"][function]
        self.client("lambda").create_function(
            FunctionName=self.names.functions[function],
            Runtime="python3.11",
            Role=role,
            Handler=f"app.{function}",
            Code={"ZipFile": TINY},
            Timeout=given["lambda_timeout"],
            MemorySize=given["lambda_memory_size"],
            Environment={"Variables": {**self.stage.environment, "JOBLINE_BUCKET": self.bucket}},
            TracingConfig={"Mode": tracing},
        )

    def _functions(self) -> None:
        trust = {"Version": "2012-10-17", "Statement": []}
        for function in self.names.functions:
            given = self.config["stages"][STAGE]["lambda_functions"][function]
            role = self.names.roles[function]
            policy = (CONFIG.parent / given["iam_policy_file"]).read_text()
            arn = self.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
            self.client("iam").put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=policy)
            self.function(function, arn["Role"]["Arn"])
        for function, lane in FED_BY.items():
            queue = f"arn:aws:sqs:{self.place.region}:{self.place.account}:{self.names.queues[lane]}"
            declared = BY_NAME.get(lane)
            limit = {"MaximumConcurrency": declared.concurrency} if declared else {}
            self.uuids[function] = self.client("lambda").create_event_source_mapping(
                EventSourceArn=queue,
                FunctionName=self.names.functions[function],
                BatchSize=declared.batch_size if declared else 10,
                ScalingConfig=limit,
                FunctionResponseTypes=PARTIAL,
            )["UUID"]

    def _doors(self) -> None:
        tick = self.client("lambda").get_function_configuration(FunctionName=self.names.functions["tick"])
        events = self.client("events")
        events.put_rule(Name=self.names.rule, ScheduleExpression="rate(1 minute)")
        events.put_targets(Rule=self.names.rule, Targets=[{"Id": "1", "Arn": tick["FunctionArn"]}])
        self.api = self.client("apigateway").create_rest_api(
            name=self.names.rest_api, endpointConfiguration={"types": ["REGIONAL"]}
        )["id"]
        self.client("lambda").add_permission(
            FunctionName=self.names.functions[API],
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{self.place.region}:{self.place.account}:{self.api}/*",
        )

    def _data(self, tmp_path: Any) -> None:
        self.watermark(NOW - timedelta(minutes=3, seconds=30))
        file = tmp_path / "dev.json"
        found = recover(self.place, self.stage)
        assert found
        state.write(file, found)
        state.save(self.place, self.bucket, self.names.state_key, file)


def ms(at: datetime) -> dict[str, str]:
    return {"N": str(int(at.timestamp() * 1000))}
