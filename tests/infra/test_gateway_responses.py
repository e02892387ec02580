"""What API Gateway says by itself reads as our own problems do."""

import json

import pytest

from infra.gateway_responses import GATEWAY_RESPONSES


@pytest.mark.parametrize(("kind", "response"), GATEWAY_RESPONSES.items(), ids=GATEWAY_RESPONSES)
def test_it_is_a_problem_document_that_names_the_request(kind, response):
    # given the gateway's variables: the message comes with its quotation marks
    text = response["responseTemplates"]["application/json"]
    filled = text.replace("$context.error.messageString", '"Too \\"many\\""').replace(
        "$context.requestId", "r-1"
    )

    problem = json.loads(filled)

    assert problem["type"].startswith("urn:jobline:problem:")
    assert problem["detail"] == 'Too "many"'
    assert problem["request_id"] == "r-1"
    assert str(problem.get("status", "")) == response.get("statusCode", "")
    assert "$" not in filled


@pytest.mark.parametrize("response", GATEWAY_RESPONSES.values(), ids=GATEWAY_RESPONSES)
def test_a_browser_may_read_it_and_keeps_nothing(response):
    headers = response["responseParameters"]

    assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    assert headers["gatewayresponse.header.Cache-Control"] == "'no-store'"
    assert all(value.startswith("'") and value.endswith("'") for value in headers.values())


def test_every_failure_has_one():
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(GATEWAY_RESPONSES)
