"""The same day with each function signing as its own role, and the emulator refusing what its policy does not allow."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters import json_log
from chalicelib.domain.errors import ServiceRefused
from infra import stack
from infra.names import FUNCTIONS, Names
from infra.policies import policy
from jobline.local.emulator import REGION, SERVICES, Emulator
from tests.privilege.calls import Place
from tests.privilege.conftest import STAGES
from tests.privilege.recorder import Credentials
from tests.privilege.scenario import Day
from tests.privilege.stage import Deployed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ACCOUNT = "000000000000"
ADMINISTRATOR = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local"}
"""With an account's number for a key, the emulator takes the caller for the account itself."""

TAKEN_FOR = {
    "${aws:PrincipalAccount}": ACCOUNT,  # a policy's variables are plain text to it
    '"sqs:SendMessage"': '"sqs:SendMessage", "sqs:SendMessageBatch"',  # AWS has no such action; it asks for it
    '"StringLike": {"lambda:FunctionArn"': '"StringLikeIfExists": {"lambda:FunctionArn"',  # it does not know the key
}
"""Where the emulator's engine is not IAM. Nor does it know dynamodb:LeadingKeys, so the Deny on API keys is not judged here."""

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com", "AWS": "*"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Enforcing(Emulator):
    """An emulator that asks who is calling, and judges by the caller's policies."""

    def _settings(self, mark: str) -> dict[str, str]:
        return {**super()._settings(mark), "AUTH": "true"}


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """The emulator, and what its administrator may."""

    emulator: Enforcing

    def role(self, name: str, document: Mapping[str, Any]) -> Credentials:
        """A session of a new role with this one policy."""
        iam, sts = self.emulator.client("iam"), self.emulator.client("sts")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        text = json.dumps(document)
        for written, taken in TAKEN_FOR.items():
            text = text.replace(written, taken)
        iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=text)
        session: Credentials = sts.assume_role(RoleArn=arn, RoleSessionName=name)["Credentials"]
        return session


@pytest.fixture
def cloud(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setattr("jobline.local.emulator.DUMMY_CREDENTIALS", ADMINISTRATOR)
    monkeypatch.setattr(json_log, "configure", lambda: None)
    with Enforcing(log_dir=tmp_path, services=(*SERVICES, "iam")) as emulator:
        for variable, value in emulator.environment.items():
            monkeypatch.setenv(variable, value)
        yield Cloud(emulator=emulator)


def deployed(cloud: Cloud, **instead: Mapping[str, Any]) -> Deployed:
    """The stage dev, each function with a role of its own; `instead`: other policies than theirs."""
    environment = STAGES["dev"]["environment_variables"]
    names = Names(app=environment["JOBLINE_APP"], stage=environment["JOBLINE_STAGE"])
    rights = {
        name: cloud.role(
            names.roles[name], instead.get(name) or policy(name, app=names.app, stage=names.stage)
        )
        for name in FUNCTIONS
    }
    return Deployed(environment, Place(region=REGION, account=ACCOUNT), rights)


@pytest.fixture
def plain_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that does not refuse plain HTTP, which is all that this emulator speaks."""
    only = '{"aws:SecureTransport": "false"}'
    template = stack.TEMPLATE.read_text(encoding="utf-8")
    assert only in template
    copy = tmp_path / "template.yaml"
    copy.write_text(template.replace(only, '{"aws:SecureTransport": "nobody"}'), encoding="utf-8")
    monkeypatch.setattr(stack, "TEMPLATE", copy)


def test_who_may_everything_that_is_needed_may_it_over_tls_only(cloud: Cloud):
    stage = deployed(cloud)

    with pytest.raises(ServiceRefused, match="explicit deny in a resource-based policy"):
        stage.parts["api_handler"].queue.depths()


@pytest.mark.long
def test_a_whole_day_passes_with_each_function_under_its_own_policy(cloud: Cloud, plain_http: None):
    stage = deployed(cloud)

    Day(stage).pass_by()

    assert {call.function for call in stage.record.calls} >= set(FUNCTIONS)


def test_a_function_with_anothers_policy_is_refused(cloud: Cloud):
    # given a tick that has the role of the dead letters' consumer, which lists nothing
    stage = deployed(cloud, tick=policy("dead_letters", app="jobline", stage="dev"))

    with pytest.raises(ServiceRefused, match="dynamodb:Query"):
        stage.tick()
