"""docs/privileges.md: who may do what, as one table made from the policies.

python -m infra.privileges      after a change in infra/policies.py
"""

from collections.abc import Iterator

from infra.config import ROOT
from infra.names import FUNCTIONS
from infra.policies import policy

PAGE = ROOT / "docs" / "privileges.md"
APP, STAGE = "APP", "STAGE"

HEAD = """\
# Who may do what

Each function has a role of its own with one policy (infra/policies.py, written to .chalice/policies/). This table is made from them by
`python -m infra.privileges`. tests/privilege holds it to the code, both ways: in a day in which every function does all that its code can
reach, every call is allowed, and every grant is missed if it is taken away. A dot is a grant.

No function deletes a row or scans the table: DeleteItem, and the Query of those who take messages, are for small items alone (`item#*`). None may write an
API key: a Deny on `apikey#*` stands over the grants of PutItem and UpdateItem. `*` stands where AWS takes nothing else: X-Ray has no
resource for segments, Lambda none for a list of mappings. Mappings may be changed only if they feed a consumer of this stage's lanes
(`lambda:FunctionArn`). The bucket has to be this account's.

"""


def page() -> str:
    """The page's text."""
    policies = {name: set(_granted(name)) for name in FUNCTIONS}
    rows = sorted(set().union(*policies.values()))
    lines = [
        f"| action | on | {' | '.join(FUNCTIONS)} |",
        "|---|---|" + ":-:|" * len(FUNCTIONS),
        *(
            f"| {action} | `{resource}` | "
            + " | ".join("•" if (action, resource) in policies[name] else " " for name in FUNCTIONS)
            + " |"
            for action, resource in rows
        ),
    ]
    return HEAD + "\n".join(lines) + "\n"


def _granted(function: str) -> Iterator[tuple[str, str]]:
    for statement in policy(function, app=APP, stage=STAGE)["Statement"]:
        if statement["Effect"] == "Allow":
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    yield action, resource.removeprefix("arn:aws:").replace("?" * 12, "ACCOUNT")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
