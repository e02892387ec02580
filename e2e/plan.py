"""The order of a run. Where something has to be waited for, what needs no waiting comes first."""

from e2e.stories import (
    asking,
    cancelling,
    control,
    deploying,
    ending,
    evidence,
    redeploying,
    tenants,
    workflows,
    zipped,
)
from e2e.stories import packaged as other_way
from e2e.story import Check


def deployed(*, quick: bool, keep: bool) -> list[Check]:
    """A stage's life by `python -m infra deploy`; kept, it has no end."""
    stories = [
        *(deploying.story, asking.story, tenants.story, control.story, workflows.story, cancelling.story),
        tenants.limited,
        *(redeploying.story, zipped.story, redeploying.under_way, control.under_way),
        *(evidence.schedule, control.later, workflows.later, tenants.later, evidence.story),
        *(() if keep else (ending.story,)),
    ]
    return [check for story in stories for check in story.checks if check.quick or not quick]


def packaged() -> list[Check]:
    """A stage's life by `chalice package` and CloudFormation."""
    return other_way.story.checks
