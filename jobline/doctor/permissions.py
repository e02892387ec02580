"""What each function may do: the policies of its role, as committed and no others."""

import json
from collections.abc import Iterator

from infra.config import CONFIG
from jobline.doctor.finding import Seen, check, fail, ok
from jobline.doctor.live import Live


@check(
    "permissions",
    why="A role that may more than its committed policy is a hole, one that may less fails in the middle of a job.",
    mend="python -m infra deploy --stage STAGE; a second policy on a role has to be taken away by hand.",
)
def permissions(live: Live) -> Iterator[Seen]:
    iam = live.client("iam")
    for function, role in live.names.roles.items():
        file = CONFIG.parent / live.configured["lambda_functions"][function]["iam_policy_file"]
        wanted = json.loads(file.read_text(encoding="utf-8"))
        inline = iam.list_role_policies(RoleName=role)["PolicyNames"]
        managed = [
            each["PolicyName"] for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        ]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in inline]
        if managed:
            yield fail(f"{role} also has {', '.join(managed)}")
        if len(documents) != 1:
            yield fail(f"{role} has {len(documents)} policies of its own, not 1")
        elif documents[0] != wanted:
            yield fail(f"{role} does not say what {file.name} says")
        elif not managed:
            yield ok(f"{role} is {file.name}")


CHECKS = (permissions,)
