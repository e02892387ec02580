"""From nothing to a stage that answers, by the command that people type."""

import boto3
import httpx
from botocore.exceptions import ClientError

from e2e.api import Api
from e2e.project import NUMBERS, STAGE, TIMEOUT, VISIBILITY
from e2e.story import Story
from e2e.world import NAMES, World
from infra import live
from infra.names import FED_BY
from jobline.local.stack import create_dev_key

story = Story("deploy")

TABLE_OPTION = ("--parameter", f"VisibilityTimeout={VISIBILITY}")


@story.check("the emulator asks who is calling", vital=True, quick=True)
def enforced(world: World) -> str:
    stranger = boto3.client(
        "dynamodb", **{**world.cloud.client_options, "aws_access_key_id": "AKIANOBODY0000000000"}
    )
    try:
        stranger.list_tables()
    except ClientError as error:
        return f"IAM enforced: a stranger is told {error.response['Error']['Code']}"
    raise AssertionError("a stranger may list the tables")


@story.check("python -m infra deploy sets the stage up and says that it holds", vital=True, quick=True)
def deployed(world: World) -> str:
    world.infra("policies")
    said = world.infra("deploy", "--stage", STAGE, "--yes", *TABLE_OPTION)
    assert said.rstrip().endswith(f"{NAMES.prefix} holds"), f"it ends: {said[-200:]}"
    numbers = ", ".join(f"{name}={value}" for name, value in NUMBERS.items())
    return (
        f"consumers may run {TIMEOUT} s, {numbers}; the API was made call by call, since the emulator imports no Swagger 2; "
        "the TLS conditions and SendMessageBatch are bent for its IAM"
    )


@story.check("an API key is made, and the API answers to it", vital=True, quick=True)
def has_a_key(world: World) -> None:
    api = live.rest_api(world.cloud.place, NAMES)
    assert api is not None, "no REST API may call the API's function"
    open_api(world, world.cloud.place.api_url(api, "api"))


def open_api(world: World, url: str) -> None:
    """Make a key, as an operator would, and be its caller from now on."""
    names = {"JOBLINE_APP": NAMES.app, "JOBLINE_STAGE": NAMES.stage}
    world.api = Api(url, create_dev_key({**world.cloud.environment, **names}))
    world.api.call("GET", "/jobs")


@story.check("a stranger gets a problem document, and no job", quick=True)
def strangers(world: World) -> None:
    answer = httpx.post(f"{world.api.url}/jobs", json={"task": "echo"}, timeout=60, trust_env=False)
    assert answer.status_code == 401, f"{answer.status_code}: {answer.text[:200]}"
    kind = answer.headers["Content-Type"]
    assert kind == "application/problem+json", f"Content-Type: {kind}"


@story.check("each queue feeds its own function, record by record, and retries may go round", quick=True)
def mappings(world: World) -> None:
    for function, lane in FED_BY.items():
        called = NAMES.functions[function]
        (mapping,) = live.mappings(world.cloud.place, called)
        assert mapping.queue_arn.endswith(f":{NAMES.queues[lane]}"), f"{called} is fed by {mapping.queue_arn}"
        assert mapping.partial, f"{called} does not report failed records one by one"
        setting = world.cloud.ask("lambda").get_function_recursion_config(FunctionName=called)
        assert setting["RecursiveLoop"] == "Allow", f"{called} may not feed itself"
