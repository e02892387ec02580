"""A stage is read by what is wired to what, not by names that others may have taken."""

import io
import json
import zipfile
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from infra import live
from infra.config import load, stage
from infra.names import Names
from infra.place import Place
from infra.recover import recover
from tests.support.no_account import no_account

NAMES = Names(app="jobline", stage="dev")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A cloud with the API's function in it, and three APIs of the same name."""
    no_account(monkeypatch, "eu-central-1")
    with mock_aws():
        trust = {"Version": "2012-10-17", "Statement": []}
        role = boto3.client("iam").create_role(
            RoleName="jobline-dev-api_handler", AssumeRolePolicyDocument=json.dumps(trust)
        )
        code = io.BytesIO()
        zipfile.ZipFile(code, "w").close()
        boto3.client("lambda").create_function(
            FunctionName=NAMES.functions["api_handler"],
            Role=role["Role"]["Arn"],
            Code={"ZipFile": code.getvalue()},
            Runtime="python3.11",
            Handler="app.app",
        )
        yield Place()


def api(place: Place) -> str:
    made: str = place.client("apigateway").create_rest_api(name=NAMES.rest_api)["id"]
    return made


def let_in(place: Place, rest_api: str) -> None:
    place.client("lambda").add_permission(
        FunctionName=NAMES.functions["api_handler"],
        StatementId=f"s{rest_api}",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:eu-central-1:123456789012:{rest_api}/*",
    )


def test_the_api_is_the_one_that_may_call_the_function(place):
    api(place)
    assert live.rest_api(place, NAMES) is None

    ours = api(place)
    let_in(place, ours)

    assert live.rest_api(place, NAMES) == ours


def test_an_api_that_is_gone_is_none_though_the_permission_stayed(place):
    ours = api(place)
    let_in(place, ours)
    place.client("apigateway").delete_rest_api(restApiId=ours)

    assert live.rest_api(place, NAMES) is None


def test_of_two_apis_somebody_has_to_choose(place):
    two = [api(place), api(place)]
    for each in two:
        let_in(place, each)

    with pytest.raises(live.Ambiguous, match="delete-rest-api") as told:
        live.rest_api(place, NAMES)

    assert all(each in str(told.value) for each in two)


def test_what_is_there_is_recovered_and_nothing_else(place):
    ours = api(place)
    let_in(place, ours)

    found = recover(place, stage("dev", load()))

    assert [each["name"] for each in found["resources"]] == ["api_handler_role", "api_handler", "rest_api"]
    assert found["resources"][-1] == {
        "name": "rest_api",
        "resource_type": "rest_api",
        "rest_api_id": ours,
        "rest_api_url": f"https://{ours}.execute-api.eu-central-1.amazonaws.com/api/",
    }


def test_of_a_stage_that_is_not_there_nothing_is_recovered(place):
    assert recover(place, stage("local", load())) is None
