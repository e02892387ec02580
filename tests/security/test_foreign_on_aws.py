"""Another tenant's id and one that never was take the same requests to AWS: the real adapters before moto, each request written down."""

from typing import Any

import pytest

from chalicelib.entrypoints.api.routes import ROUTES
from tests.contract.backends import Aws, in_process
from tests.security.ground import UNKNOWN, Ground, ask, furnished, quiet

WITH_ID = [route for route in ROUTES if "id" in route.names]
PORTS = ("store", "keys", "items", "payloads", "inputs", "api_keys", "quarantine")


@pytest.fixture(scope="module")
def ground_and_aws():
    """The furnished stage, its table a real one's likeness."""
    with in_process() as aws, quiet():
        yield furnished(**{port: getattr(aws, port) for port in PORTS}), aws


def written_down(aws: Aws) -> list[tuple[Any, ...]]:
    """From now on what is asked of AWS: the operation, what it is given, and its conditions, but no values."""
    seen: list[tuple[Any, ...]] = []

    def note(params: Any, model: Any, **_: Any) -> None:
        texts = {name: text for name, text in params.items() if name.endswith("Expression")}
        flags = {name: params[name] for name in params if isinstance(params[name], bool | int)}
        seen.append((model.name, sorted(params), sorted(texts.items()), sorted(flags.items())))

    for client in (aws.clients.dynamodb, aws.clients.s3, aws.clients.sqs):
        client.meta.events.register("provide-client-params", note)
    return seen


def test_a_foreign_id_asks_of_aws_what_an_unknown_one_does_on_every_route(
    ground_and_aws: tuple[Ground, Aws],
):
    ground, aws = ground_and_aws
    bob = ground.desk.caller("admin", tenant="bob")
    assert bob.get("/tasks").status == 200  # his key is known, and its day is noted
    seen, found, total = written_down(aws), [], 0
    for route in WITH_ID:
        requests = []
        for given in (ground.id_for(route), UNKNOWN[route.path.split("/")[1]]):
            seen.clear()
            assert ask(bob, route, given).status == 404, route
            requests.append(list(seen))
        total += len(requests[0])
        found += [(route.path, *requests)] if requests[0] != requests[1] else []
    assert not found
    assert total >= len(WITH_ID), "and something was asked"


def test_the_judge_sees_a_request_more(ground_and_aws: tuple[Ground, Aws]):
    ground, aws = ground_and_aws
    seen = written_down(aws)
    ground.desk.caller("admin", tenant="bob").get(f"/jobs/{ground.jobs}")
    first = list(seen)
    ground.desk.parts.store.read(ground.jobs)
    assert len(seen) == len(first) + 1
