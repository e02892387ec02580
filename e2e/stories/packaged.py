"""The other way: what `chalice package` wrote goes to CloudFormation as it is; only the zip's address is put in, as `aws cloudformation package` does."""

import json
from typing import Any

from e2e.api import ENDED
from e2e.patience import until
from e2e.project import VISIBILITY
from e2e.stories.deploying import open_api
from e2e.stories.ending import CHALICES, DATA, standing
from e2e.stories.evidence import ledger, queues
from e2e.story import Story
from e2e.world import NAMES, World
from infra.changeset import until as settled
from infra.names import FED_BY
from infra.packaging.bundle import TEMPLATE, Bundle
from infra.stack import describe, outputs, wait

story = Story("package")

FUNCTIONS = f"{NAMES.prefix}-functions"
ARTIFACTS = f"{NAMES.prefix}-artifacts"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
BATCH = 50

PROVISION = """
import json, sys
import boto3
from infra.stack import provision
app, stage, parameters = sys.argv[1:]
provision(boto3.client("cloudformation"), app=app, stage=stage, parameters=json.loads(parameters))
"""
"""Run in the checkout: its template is bent for the emulator."""


@story.check("the stack stands on an empty account", vital=True)
def stood_up(world: World) -> None:
    place = world.cloud.place
    parameters = {
        "DeletionProtection": "false",
        "VisibilityTimeout": str(VISIBILITY),
        "BucketName": NAMES.bucket(account=place.account, region=place.region),
    }
    world.run("-c", PROVISION, NAMES.app, NAMES.stage, json.dumps(parameters))


@story.check("a change set of what chalice package wrote makes the functions and the API", vital=True)
def made(world: World) -> str:
    bundle: Bundle = world.left("bundle")
    cloudformation, s3 = world.cloud.ask("cloudformation"), world.cloud.ask("s3")
    s3.create_bucket(Bucket=ARTIFACTS)
    s3.upload_file(str(bundle.path), ARTIFACTS, "deployment.zip")
    template = json.loads(bundle.path.with_name(TEMPLATE).read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            assert resource["Properties"]["CodeUri"] == "./deployment.zip", resource["Properties"]["CodeUri"]
            resource["Properties"]["CodeUri"] = f"s3://{ARTIFACTS}/deployment.zip"
    s3.put_object(Bucket=ARTIFACTS, Key="template.json", Body=json.dumps(template).encode())
    proposed = cloudformation.create_change_set(
        StackName=FUNCTIONS,
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateURL=f"{world.cloud.url}/{ARTIFACTS}/template.json",
        Capabilities=CAPABILITIES,
    )["Id"]
    told = until(
        "the change set is worked out",
        lambda: cloudformation.describe_change_set(ChangeSetName=proposed),
        lambda found: found["Status"] in ("CREATE_COMPLETE", "FAILED"),
        within=60,
    )
    assert told["Status"] == "CREATE_COMPLETE", told.get("StatusReason")
    cloudformation.execute_change_set(ChangeSetName=proposed)
    until(
        "it is carried out",
        lambda: _status(cloudformation),
        lambda status: status not in ("REVIEW_IN_PROGRESS", None),
        within=60,
    )
    wait(cloudformation, FUNCTIONS)
    return f"{len(told['Changes'])} resources"


@story.check("each queue feeds its function, and failed records are reported one by one")
def mappings(world: World) -> str:
    found = world.cloud.ask("lambda").list_event_source_mappings()["EventSourceMappings"]
    fed = {each["EventSourceArn"].rpartition(":")[2]: each for each in found}
    assert fed.keys() == set(NAMES.queues.values()), fed.keys()
    for function, lane in FED_BY.items():
        mapping = fed[NAMES.queues[lane]]
        assert mapping["FunctionArn"].endswith(f":{NAMES.functions[function]}"), mapping["FunctionArn"]
        kinds = mapping.get("FunctionResponseTypes")
        assert kinds == ["ReportBatchItemFailures"], f"{NAMES.queues[lane]}: {kinds}"
    return "RecursiveLoop=Allow is in the template; the emulator's CloudFormation does not carry it out"


@story.check("jobs run: one retries and succeeds, a batch ends well, a stored payload comes back", vital=True)
def jobs(world: World) -> str:
    url = outputs(world.cloud.ask("cloudformation"), FUNCTIONS)["EndpointURL"]
    api = url.partition("//")[2].partition(".")[0]
    open_api(world, world.cloud.place.api_url(api, "api"))
    retried = world.api.submit("stumble", args={"times": 1})
    text = "x" * 500_000
    large = world.api.submit("echo", args={"text": text})
    batch = [{"task": "echo", "args": {"text": str(n)}, "tags": ["batch"]} for n in range(BATCH)]
    world.api.all_succeeded("batch", world.api.submit_many(batch), within=120)
    assert world.api.succeeded(retried)["attempts"] == 2
    assert world.api.succeeded(large)["result"] == text
    dead = world.api.submit("stumble", args={"times": 9}, max_attempts=1, ends="DEAD")
    found = until("it dies", lambda: world.api.job(dead), lambda job: job["state"] in ENDED, within=60)
    assert found["state"] == "DEAD", found
    return f"{len(world.api.promised)} jobs at {url}"


story.check("every job has its row and ended as it had to")(ledger)
story.check("all queues are empty")(queues)


@story.check("deleting the stack of functions leaves nothing of it, and the data stay")
def deleted(world: World) -> None:
    cloudformation: Any = world.cloud.ask("cloudformation")
    cloudformation.delete_stack(StackName=FUNCTIONS)
    settled(lambda: _status(cloudformation), lambda status: status is None, lambda _: None)
    left = standing(world)
    ours = {kind: left[kind] for kind in CHALICES if kind in left}
    assert not ours, f"left behind: {ours}"
    assert set(DATA) <= left.keys(), f"the data are gone: {left.keys()}"


def _status(cloudformation: Any) -> str | None:
    stack = describe(cloudformation, FUNCTIONS)
    return stack["StackStatus"] if stack and stack["StackStatus"] != "DELETE_COMPLETE" else None
