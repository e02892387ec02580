"""Set up a stage's queues, table and bucket from template.yaml where it may be thrown away: on one machine, in tests.

    provision(boto3.client("cloudformation"), app="jobline", stage="dev")

Safe to call again: a stack that is there is brought up to date, and one that is up to date is left alone. For a stage on AWS see
infra/deploy.py, which shows what it would change before it does.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.names import Names
from infra.small import small

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef

TEMPLATE = Path(__file__).with_name("template.yaml")

POLLS = 150  # of at most 5 s: a little over 12 minutes, where a table with its index takes one or two
LONGEST_PAUSE = 5.0  # seconds
DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
STARTED = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"})


class StackFailed(Exception):
    """The stack did not come to be as asked; says in which state it is, and what CloudFormation said of each resource."""

    def __init__(self, name: str, status: str, reasons: list[str]) -> None:
        told = "".join(f"\n  {reason}" for reason in reasons) or "\n  no resource reported a failure"
        super().__init__(f"stack {name} is {status}:{told}")
        self.name = name
        self.status = status
        self.reasons = reasons


def stack_name(app: str, stage: str) -> str:
    return Names(app=app, stage=stage).stack


def provision(
    cloudformation: "CloudFormationClient",
    *,
    app: str,
    stage: str,
    parameters: Mapping[str, str] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, str]:
    """Create or update the stack of this app and stage, wait until it stands, and return its outputs.

    `parameters` are the template's own (VisibilityTimeout, BucketName, DeletionProtection, ...), as strings.
    What is not given takes the template's default, also on an update, but nobody watches such a stage and its bucket has the
    short name that settings.py takes for granted. Raises StackFailed.
    """
    name = stack_name(app, stage)
    alone = {"Watched": "false", "BucketName": f"{app}-{stage}-payloads"}
    values = {"App": app, "Stage": stage, **alone, **(parameters or {})}
    if _submit(cloudformation, name, values):
        wait(cloudformation, name, pause=pause)
    return outputs(cloudformation, name)


def _submit(cloudformation: "CloudFormationClient", name: str, values: Mapping[str, str]) -> bool:
    """Ask for the stack as the template has it. False: it is so already."""
    body = small(TEMPLATE.read_text(encoding="utf-8"))
    given: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in values.items()
    ]
    if describe(cloudformation, name) is None:
        cloudformation.create_stack(StackName=name, TemplateBody=body, Parameters=given)
        return True
    try:
        cloudformation.update_stack(StackName=name, TemplateBody=body, Parameters=given)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return False
        raise
    return True


def wait(
    cloudformation: "CloudFormationClient", name: str, *, pause: Callable[[float], None] = time.sleep
) -> None:
    """Until the stack stands. Raises StackFailed when it does not come to that, or not within POLLS looks."""
    status = "gone"
    for seconds in islice(pauses(), POLLS):
        stack = describe(cloudformation, name)
        status = stack["StackStatus"] if stack else "gone"
        if status in DONE:
            return
        if not status.endswith("_IN_PROGRESS"):
            raise StackFailed(name, status, failures(cloudformation, name))
        pause(seconds)
    raise StackFailed(name, f"still {status} after {POLLS} looks", failures(cloudformation, name))


def pauses() -> Iterator[float]:
    """Seconds between looks: short at first, then LONGEST_PAUSE for ever."""
    seconds = 0.1  # an emulator is done at once
    while True:
        yield seconds
        seconds = min(seconds * 2, LONGEST_PAUSE)


def describe(cloudformation: "CloudFormationClient", name: str) -> "StackTypeDef | None":
    """The stack as it is, or None."""
    try:
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def failures(cloudformation: "CloudFormationClient", name: str) -> list[str]:
    """What this operation's events say of the resources that failed, in the order it happened."""
    told = []
    for event in cloudformation.describe_stack_events(StackName=name)["StackEvents"]:  # newest first
        status = event.get("ResourceStatus", "")
        if status in STARTED and event.get("PhysicalResourceId") == event["StackId"]:
            break
        if status.endswith("_FAILED"):
            told.append(f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason', status)}")
    return told[::-1]


def outputs(cloudformation: "CloudFormationClient", name: str) -> dict[str, str]:
    """What the template's outputs say. Raises StackFailed when there is no such stack."""
    stack = describe(cloudformation, name)
    if stack is None:
        raise StackFailed(name, "gone", [])
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
