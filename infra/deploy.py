"""A stage, from nothing or from what it was: the stack, the functions, and proof that it holds."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from infra import changeset, lanes, state
from infra.chalice_run import ChaliceFailed, chalice
from infra.changeset import Change, ChangeSet
from infra.config import NotReady, Stage, placed_faults
from infra.keyless import watched
from infra.own_key import VARIABLE, encrypted
from infra.place import Place
from infra.policies import outdated
from infra.recover import recover
from infra.small import small
from infra.stack import TEMPLATE, describe, outputs

TABLE_NAME = "TableName: !Sub ${App}-${Stage}\n"
BUCKET_NAME = 'BucketName: !If [NamedBucket, !Ref BucketName, !Sub "${App}-${Stage}-payloads-${AWS::AccountId}-${AWS::Region}"]'

Chalice = Callable[[list[str]], None]
"""Runs Chalice's command. Raises ChaliceFailed."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What whoever deploys decides."""

    parameters: Mapping[str, str]
    """Of the template; what is not given keeps the value that the stack has."""
    may_lose_data: bool = False


def check(config: Mapping[str, object]) -> None:
    """Raises NotReady when what is committed is not what would be deployed."""
    faults = []
    if files := outdated(config):
        faults.append(f"{', '.join(files)}: not what infra/policies.py says; run: python -m infra policies")
    if files := lanes.outdated():
        faults.append(f"{', '.join(files)}: not what chalicelib/lanes.py says; run: python -m infra lanes")
    if faults:
        raise NotReady(faults)


def propose(place: Place, stage: Stage, options: Options) -> ChangeSet | None:
    """What would change in the stack. Raises NotReady, StackFailed, WouldLoseData; nothing is left behind then."""
    cloudformation, names = place.client("cloudformation"), stage.names
    values = {
        "App": names.app,
        "Stage": names.stage,
        "BucketName": stage.environment.get("JOBLINE_BUCKET", ""),
        **options.parameters,
    }
    faults = list(
        placed_faults(
            stage, account=place.account, region=place.region, visibility=_visibility(place, stage, values)
        )
    )
    if faults:
        raise NotReady(faults)
    label = f"deploy-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    proposed = changeset.propose(
        cloudformation,
        names.stack,
        values,
        label=label,
        body=body(stage, stage.bucket(account=place.account, region=place.region)),
    )
    if proposed and not options.may_lose_data:
        try:
            changeset.check(proposed.changes)
        except changeset.WouldLoseData:
            changeset.discard(cloudformation, proposed)
            raise
    return proposed


def body(stage: Stage, bucket: str) -> str:
    """The template as this stage's settings make it, in JSON."""
    plain = small(rendered(stage.names.table, bucket))
    return watched(encrypted(plain, stage.environment.get(VARIABLE)), stage.environment)


def rendered(table: str, bucket: str) -> str:
    """The template with the names of what outlives a stack in plain letters.

    CloudFormation takes in what is there already only if it need not work the name out. Otherwise a stage that was destroyed and kept
    its data could never be deployed again.
    """
    text = TEMPLATE.read_text(encoding="utf-8")
    for expression, name in ((TABLE_NAME, f"TableName: {table}\n"), (BUCKET_NAME, f"BucketName: {bucket}")):
        if text.count(expression) != 1:
            raise NotReady([f"infra/template.yaml does not have this once: {expression}"])
        text = text.replace(expression, name)
    return text


def apply(place: Place, proposed: ChangeSet, *, pause: Callable[[float], None] = time.sleep) -> None:
    """Change the stack as proposed. Raises StackFailed."""
    changeset.execute(place.client("cloudformation"), proposed, pause=pause)
    place.client("cloudformation").update_termination_protection(
        StackName=proposed.stack, EnableTerminationProtection=True
    )


def release(place: Place, stage: Stage, *, run: Chalice = chalice) -> str:
    """Deploy the functions and the API, with Chalice's memory of them from the bucket and back into it.

    Says what became of that memory: see `state.restore`. A release that failed half way leaves what it made, and Chalice wrote nothing
    down: so it is read from the cloud, and the next try goes on from there. Raises ChaliceFailed.
    """
    name = stage.names.stage
    bucket, key, file = bucket_of(place, stage), stage.names.state_key, state.path(name)
    done = state.restore(place, bucket, key, file)
    if not file.exists() and (found := recover(place, stage)):
        state.write(file, found)
        done = "recovered"
    try:
        run(["deploy", "--stage", name])
    except ChaliceFailed:
        if found := recover(place, stage):
            state.write(file, found)
        raise
    finally:
        state.save(place, bucket, key, file)
    return done


def bucket_of(place: Place, stage: Stage) -> str:
    """The stage's bucket, as the stack has it."""
    return outputs(place.client("cloudformation"), stage.names.stack)["Bucket"]


def dangers(changes: tuple[Change, ...]) -> list[str]:
    """The resources that people would miss."""
    return [change.resource for change in changes if change.endangers]


def _visibility(place: Place, stage: Stage, values: Mapping[str, str]) -> int | None:
    """What the queues' timeout will be: given now, or as the stack has it; None: each lane its own."""
    if "VisibilityTimeout" in values:
        return _seconds(values["VisibilityTimeout"])
    stack = describe(place.client("cloudformation"), stage.names.stack)
    for parameter in stack.get("Parameters", []) if stack else []:
        if parameter["ParameterKey"] == "VisibilityTimeout":
            return _seconds(parameter["ParameterValue"])
    return None


def _seconds(text: str) -> int | None:
    if text and not text.isdecimal():
        raise NotReady([f"VisibilityTimeout={text!r} is no number of seconds"])
    return int(text) if text else None
