"""Every expression that the adapters send, held to rules of DynamoDB's that the emulators let pass."""

import re
from contextlib import suppress

import pytest
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from chalicelib.adapters.aws.direct.calls import DirectCalls
from chalicelib.domain.errors import PayloadMissing
from chalicelib.domain.job import Wakeup
from chalicelib.pipeline.ids import first_id
from tests.contract.rows import NOW
from tests.contract.test_errors import CALLS

EXPRESSIONS = ("ConditionExpression", "UpdateExpression", "KeyConditionExpression", "FilterExpression")
FUNCTIONS = {"set", "remove", "and", "or", "not", "between"}


@pytest.fixture(params=CALLS.values(), ids=list(CALLS))
def sent(request, aws):
    """All parameters that one verb of a port sends to DynamoDB."""
    seen = []

    def note(params, **_):
        seen.append(dict(params))

    events = aws.clients.dynamodb.meta.events
    events.register("before-parameter-build.dynamodb", note)
    try:
        with suppress(PayloadMissing):  # nothing was put; what was sent is what counts
            request.param(aws)
    finally:
        events.unregister("before-parameter-build.dynamodb", note)
    return seen


def test_no_name_in_an_expression_is_a_reserved_word(sent):
    reserved = {word.lower() for word in ReservedKeywords.get_reserved_keywords()}
    for params in sent:
        for expression in (params[name] for name in EXPRESSIONS if name in params):
            bare = re.findall(r"(?<![#:\w])[A-Za-z_]\w*(?!\w*\()", expression)
            assert not {word.lower() for word in bare} & reserved - FUNCTIONS, expression


def test_every_alias_is_told_and_every_one_told_is_used(sent):
    for params in sent:
        text = " ".join(params[name] for name in EXPRESSIONS if name in params)
        assert set(re.findall(r"#\w+", text)) == set(params.get("ExpressionAttributeNames", {}))
        assert set(re.findall(r":\w+", text)) == set(params.get("ExpressionAttributeValues", {}))


def test_no_range_ends_before_it_begins(sent):
    # DynamoDB and ministack refuse it, moto answers nothing found.
    for params in sent:
        if "BETWEEN" in params.get("KeyConditionExpression", ""):
            values = params["ExpressionAttributeValues"]
            assert values[":low"]["S"] <= values[":high"]["S"]


def test_a_world_that_calls_directly_does(aws):
    if not aws.clients._is_direct:
        pytest.skip("this one does not")
    aws.queue.send([Wakeup(tenant="t", job_id=first_id(NOW), epoch=0)])
    aws.store.read(first_id(NOW))
    for client in (aws.clients.dynamodb, aws.clients.sqs):
        assert isinstance(client, DirectCalls)
        assert client._way
        assert client._way.odd == 0
