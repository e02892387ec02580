"""A judge of IAM policies, as far as ours go: what it does not know it refuses to judge, instead of guessing.

After https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html: a Deny that fits wins, then an Allow
that fits, else no.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Policy = Mapping[str, Any]

KNOWN = frozenset({"Sid", "Effect", "Action", "Resource", "Condition"})
VARIABLE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request as IAM sees it: an action on a resource, and the keys that conditions may look at, in lower case."""

    action: str
    resource: str
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


class Unjudgeable(Exception):
    """The policy says something that this judge has not learnt."""


def allowed(policy: Policy, ask: Ask) -> bool:
    """Whether a role with this one policy may."""
    effects = [statement["Effect"] for statement in policy["Statement"] if applies(statement, ask)]
    return "Allow" in effects and "Deny" not in effects


def applies(statement: Mapping[str, Any], ask: Ask) -> bool:
    """Whether the statement is about this request."""
    if unknown := set(statement) - KNOWN:
        raise Unjudgeable(f"{', '.join(sorted(unknown))} in statement {statement.get('Sid')}")
    return (
        any(like(ask.action.lower(), action.lower()) for action in statement["Action"])
        and any(covers(_filled(resource, ask), ask.resource) for resource in statement["Resource"])
        and all(_holds(operator, tests, ask) for operator, tests in statement.get("Condition", {}).items())
    )


def like(text: str, pattern: str) -> bool:
    """`*` is any characters, `?` is one."""
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if mark == "*" else "." if mark == "?" else re.escape(mark) for mark in pattern)
    return re.compile("".join(parts), re.DOTALL)


@cache
def covers(pattern: str, arn: str) -> bool:
    """Whether an ARN pattern takes this ARN: part by part, since a wildcard does not reach beyond its part.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(given) == 6 and all(map(like, given, wanted))


def _filled(text: str, ask: Ask) -> str:
    def value(found: re.Match[str]) -> str:
        values = ask.keys.get(found[1].lower(), ())
        if len(values) != 1:
            raise Unjudgeable(f"{found[0]} has {len(values)} values in a request")
        return values[0]

    return VARIABLE.sub(value, text)


OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda text, wanted: text == wanted,
    "StringLike": like,
}


def _holds(operator: str, tests: Mapping[str, str | Sequence[str]], ask: Ask) -> bool:
    """All tests of one operator. A key that the request does not have fails them, as AWS has it for operators that affirm."""
    several, _, name = operator.rpartition(":")
    compare = OPERATORS.get(name)
    if compare is None or several not in ("", "ForAnyValue"):
        raise Unjudgeable(f"condition operator {operator}")
    for key, wanted in tests.items():
        values = ask.keys.get(key.lower(), ())
        if not several and len(values) > 1:
            raise Unjudgeable(f"{operator} on {key}, which has several values")
        patterns = [_filled(one, ask) for one in ([wanted] if isinstance(wanted, str) else wanted)]
        if not any(compare(value, pattern) for value in values for pattern in patterns):
            return False
    return True


@dataclass(frozen=True, kw_only=True)
class Grant:
    """The least that a policy can lose: one action on one resource, as one statement allows it."""

    sid: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource} ({self.sid})"


def grants(policy: Policy) -> Iterator[Grant]:
    """All that is allowed, piece by piece."""
    for statement in policy["Statement"]:
        if statement["Effect"] == "Allow":
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    yield Grant(sid=statement["Sid"], action=action, resource=resource)


def without(policy: Policy, grant: Grant) -> Policy:
    """The policy that lacks just this grant."""
    kept: list[Mapping[str, Any]] = []
    for statement in policy["Statement"]:
        if statement["Sid"] != grant.sid:
            kept.append(statement)
            continue
        others = [action for action in statement["Action"] if action != grant.action]
        elsewhere = [resource for resource in statement["Resource"] if resource != grant.resource]
        kept += [
            {**statement, "Action": actions, "Resource": resources}
            for actions, resources in ((others, statement["Resource"]), ([grant.action], elsewhere))
            if actions and resources
        ]
    return {**policy, "Statement": kept}
