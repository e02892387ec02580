"""What an update of the stack would do, known before it is done: a change set, and which of its changes endanger what people keep."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from infra.stack import POLLS, StackFailed, describe, pauses, wait

KEPT = frozenset(
    {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Logs::LogGroup"}
)
"""Types that hold what cannot be made again: rows, payloads, messages, subscriptions, logs."""

NOTHING = ("didn't contain changes", "No updates are to be performed")
NEVER_STOOD = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})
PENDING = frozenset({"CREATE_PENDING", "CREATE_IN_PROGRESS"})
WAITING = frozenset({"AVAILABLE", "EXECUTE_IN_PROGRESS"})


class WouldLoseData(Exception):
    """The changes would delete or replace what people keep; says which."""

    def __init__(self, changes: "list[Change]") -> None:
        super().__init__(", ".join(f"{change.resource} ({change.effect})" for change in changes))
        self.changes = changes


@dataclass(frozen=True, kw_only=True)
class Change:
    """What would become of one resource."""

    action: str
    """Add, Modify, Remove, Import or Dynamic."""
    resource: str
    type: str
    name: str
    replacement: str
    """True, False or Conditional; of a Modify."""
    properties: tuple[str, ...]
    """What about it changes."""

    @property
    def effect(self) -> str:
        """In a word, for people."""
        if self.action == "Modify" and self.replacement in ("True", "Conditional"):
            return "replace" if self.replacement == "True" else "perhaps replace"
        return self.action.lower()

    @property
    def endangers(self) -> bool:
        """Whether rows, payloads, messages, subscriptions or logs could be gone afterwards."""
        return self.type in KEPT and self.effect in ("remove", "replace", "perhaps replace", "dynamic")


@dataclass(frozen=True, kw_only=True)
class ChangeSet:
    """Changes that CloudFormation holds ready. `id` is an ARN."""

    id: str
    stack: str
    changes: tuple[Change, ...]


def propose(
    cloudformation: Any,
    name: str,
    values: Mapping[str, str],
    *,
    label: str,
    body: str,
    pause: Callable[[float], None] = time.sleep,
) -> ChangeSet | None:
    """Ask what this template would change with these parameters; None: nothing. `label` names the change set, once only.

    A parameter that is not given keeps the value that the stack has. What an earlier stack left behind (the table, the bucket) is
    taken in again, if the template names it in plain letters. Raises StackFailed.
    """
    stack = _stack(cloudformation, name, pause)
    there = {parameter["ParameterKey"] for parameter in (stack or {}).get("Parameters", [])}
    parameters: list[dict[str, Any]] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in values.items()
    ]
    parameters += [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted(there - values.keys())]
    made = cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=label,
        ChangeSetType="UPDATE" if stack else "CREATE",
        TemplateBody=body,
        Parameters=parameters,
        ImportExistingResources=True,
    )["Id"]
    told = until(
        lambda: _described(cloudformation, made, name), lambda found: found["Status"] not in PENDING, pause
    )
    if told["Status"] == "FAILED":
        why = told.get("StatusReason", "no reason given")
        discard(cloudformation, ChangeSet(id=made, stack=name, changes=()))
        if any(words in why for words in NOTHING):
            return None
        raise StackFailed(name, "not to be changed so", [why])
    changes = tuple(_change(each["ResourceChange"]) for each in told["Changes"])
    proposed = ChangeSet(id=made, stack=name, changes=changes)
    if not changes:
        discard(cloudformation, proposed)
        return None
    return proposed


def check(changes: Iterable[Change]) -> None:
    """Raises WouldLoseData if any of them endangers what people keep."""
    losses = [change for change in changes if change.endangers]
    if losses:
        raise WouldLoseData(losses)


def execute(cloudformation: Any, given: ChangeSet, *, pause: Callable[[float], None] = time.sleep) -> None:
    """Do it, and wait until the stack stands. Raises StackFailed."""
    cloudformation.execute_change_set(ChangeSetName=given.id, StackName=given.stack)
    until(lambda: _execution(cloudformation, given), lambda status: status not in WAITING, pause)
    wait(cloudformation, given.stack, pause=pause)


def discard(cloudformation: Any, given: ChangeSet) -> None:
    """Forget it; and a stack that was there for its sake alone."""
    cloudformation.delete_change_set(ChangeSetName=given.id, StackName=given.stack)
    stack = describe(cloudformation, given.stack)
    if stack and stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        cloudformation.delete_stack(StackName=given.stack)


def _stack(cloudformation: Any, name: str, pause: Callable[[float], None]) -> Mapping[str, Any] | None:
    """The stack that stands, or None. What never stood is cleared away: CloudFormation would only refuse to touch it."""
    stack = describe(cloudformation, name)
    if stack and stack["StackStatus"] in NEVER_STOOD:
        cloudformation.delete_stack(StackName=name)
        until(lambda: describe(cloudformation, name), lambda found: found is None, pause)
        return None
    return None if stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS" else stack


def _described(cloudformation: Any, made: str, name: str) -> dict[str, Any]:
    """All pages as one."""
    told: dict[str, Any] = cloudformation.describe_change_set(ChangeSetName=made, StackName=name)
    more = told
    while token := more.get("NextToken"):
        more = cloudformation.describe_change_set(ChangeSetName=made, StackName=name, NextToken=token)
        told["Changes"] += more["Changes"]
    return told


def _execution(cloudformation: Any, given: ChangeSet) -> str:
    """How far it is. A change set that is gone has been executed: CloudFormation clears them away afterwards."""
    try:
        status: str = cloudformation.describe_change_set(ChangeSetName=given.id, StackName=given.stack)[
            "ExecutionStatus"
        ]
    except ClientError as error:
        if "ChangeSetNotFound" in str(error):
            return "EXECUTE_COMPLETE"
        raise
    return status


def until(look: Callable[[], Any], enough: Callable[[Any], bool], pause: Callable[[float], None]) -> Any:
    """Look until it is enough, and say what was seen. Raises StackFailed after POLLS looks."""
    found = look()
    for seconds in islice(pauses(), POLLS):
        if enough(found):
            return found
        pause(seconds)
        found = look()
    raise StackFailed("", f"still {found} after {POLLS} looks", [])


def _change(told: Mapping[str, Any]) -> Change:
    details = {
        detail["Target"].get("Name") or detail["Target"]["Attribute"] for detail in told.get("Details", [])
    }
    return Change(
        action=told["Action"],
        resource=told["LogicalResourceId"],
        type=told["ResourceType"],
        name=told.get("PhysicalResourceId", "").rpartition(":")[2].rpartition("/")[2],
        replacement=told.get("Replacement", "False"),
        properties=tuple(sorted(details)),
    )
