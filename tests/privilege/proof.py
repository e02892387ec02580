"""The proof itself: what a policy must allow, held against what it grants, both ways."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.settings import Settings
from infra.policies import policy
from tests.privilege.iam import Ask, Grant, Policy, allowed, grants, without
from tests.privilege.platform import asked_by_lambda
from tests.privilege.played import Played


def policy_of(function: str, stage: Played) -> Policy:
    """The function's policy, as `python -m infra policies` writes it for this stage; a test holds the files to that."""
    settings = Settings.from_env(stage.environment)
    return policy(
        function,
        app=stage.names.app,
        stage=stage.names.stage,
        bucket=stage.environment.get("JOBLINE_BUCKET"),
        seal_key=settings.seal_key,
        open_keys=settings.open_keys,
    )


def asked(function: str, stage: Played) -> list[Ask]:
    """All that is asked for in the function's name: by its code, over the whole day, and by Lambda."""
    return [*stage.record.asks(function), *asked_by_lambda(function, stage.names, stage.place)]


def refused(document: Policy, asks: Iterable[Ask]) -> list[str]:
    """What the policy does not allow, in words."""
    return sorted({str(ask) for ask in asks if not allowed(document, ask)})


def unused(document: Policy, asks: Iterable[Ask]) -> list[str]:
    """The grants that could be taken away, each by itself, without anything being refused."""
    asks = list(asks)
    return [str(grant) for grant in grants(document) if not _missed(document, grant, asks)]


def _missed(document: Policy, grant: Grant, asks: Iterable[Ask]) -> bool:
    poorer = without(document, grant)
    same = [ask for ask in asks if ask.action.lower() == grant.action.lower()]
    return any(allowed(document, ask) and not allowed(poorer, ask) for ask in same)


def granting(document: Policy, *actions: str, on: str) -> Policy:
    """The policy with one grant more."""
    more: Mapping[str, Any] = {"Sid": "More", "Effect": "Allow", "Action": [*actions], "Resource": [on]}
    return {**document, "Statement": [*document["Statement"], more]}
