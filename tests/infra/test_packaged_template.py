"""`chalice package` says the same of the functions as `chalice deploy` does, under the same names."""

from typing import Any

import pytest

from infra.gateway_responses import GATEWAY_RESPONSES
from infra.names import Names
from infra.packaging.bundle import Bundle

pytestmark = pytest.mark.slow  # Chalice downloads what the functions need


@pytest.fixture(scope="module")
def resources(bundle: Bundle) -> dict[str, Any]:
    made: dict[str, Any] = bundle._template["Resources"]
    return made


@pytest.fixture
def functions(resources: dict[str, Any]) -> list[dict[str, Any]]:
    return [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Serverless::Function"]


def test_a_function_is_called_what_its_logs_alarms_and_policy_say(functions):
    called = {properties["FunctionName"] for properties in functions}

    assert called == set(Names(app="jobline", stage="dev").functions.values())


def test_every_queue_reports_failed_records_and_its_function_may_feed_itself(functions):
    fed = [
        (properties, event["Properties"])
        for properties in functions
        for event in properties.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]

    assert len(fed) == 4
    for properties, mapping in fed:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert properties["RecursiveLoop"] == "Allow"


def test_every_function_knows_the_bucket_that_the_stack_makes_and_is_traced(functions):
    for properties in functions:
        assert properties["Environment"]["Variables"]["JOBLINE_BUCKET"] == {
            "Fn::Sub": "jobline-dev-payloads-${AWS::AccountId}-${AWS::Region}"
        }
        assert properties["Tracing"] == "Active"


def test_the_api_is_the_stages_own_and_traced_and_answers_for_what_never_reaches_it(resources):
    api = resources["RestAPI"]["Properties"]

    assert api["DefinitionBody"]["info"]["title"] == "jobline-dev"
    assert api["DefinitionBody"]["x-amazon-apigateway-gateway-responses"] == GATEWAY_RESPONSES
    assert api["TracingEnabled"] is True
    assert api["EndpointConfiguration"] == "REGIONAL"
