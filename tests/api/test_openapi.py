"""The OpenAPI document is valid, is all that Chalice has registered, and says of tasks what their signatures say."""

import json
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.entrypoints.api.openapi import openapi
from chalicelib.entrypoints.api.routes import AREA_PATHS, METHODS, ROUTES, routes_of
from chalicelib.pipeline.task import Options, Registry
from tests.api.desk import Caller, Desk
from tests.api.test_bad_requests import NOT_A_JOB, WRONG_ARGUMENTS


def test_the_document_is_valid_with_and_without_tasks(desk: Desk):
    for tasks in ((), desk.parts.registry):
        assert list(OpenAPIV31SpecValidator(openapi(ROUTES, tasks=tasks)).iter_errors()) == []


def test_only_a_key_shows_the_tasks(desk: Desk, ann: Caller):
    without, with_key = desk.nobody().get("/openapi.json"), ann.get("/openapi.json")
    assert with_key.body == json.loads(json.dumps(desk.document))
    assert "typed" not in without.text
    assert set(without.body["paths"]) == set(with_key.body["paths"])


def test_every_route_that_chalice_has_is_documented_or_refuses(desk: Desk):
    # given what Chalice has registered
    registered = {(method, path) for path, methods in app.routes.items() for method in methods}
    documented = {
        (method.upper(), path) for path, methods in desk.document["paths"].items() for method in methods
    }

    # then all that is documented is there, and the rest is what 404s, 405s, OPTIONS and HEAD are made from
    assert documented == {(route.method, route.path) for route in ROUTES}
    assert documented <= registered
    for method, path in sorted(registered - documented):
        status = (
            desk.nobody()
            .ask(method, path.replace("{proxy+}", "a/b").replace("{id}", "x").replace("{file}", "main.js"))
            .status
        )
        if path in ("/", "/{proxy+}"):
            assert status == 404
        elif method == "OPTIONS":
            assert status == 204
        elif method == "HEAD" and ("GET", path) in documented:
            assert status in (200, 401)
        else:
            assert status == 405


def test_every_path_takes_every_method_on_api_gateway():
    assert all(set(methods) == set(METHODS) for methods in app.routes.values())


def test_operations_have_names_of_their_own_and_a_sentence(desk: Desk):
    operations = [one for methods in desk.document["paths"].values() for one in methods.values()]
    assert len({one["operationId"] for one in operations}) == len(operations) == len(ROUTES)
    assert all(one["summary"] and one["summary"][0].isupper() for one in operations)


def test_the_examples_are_good_requests(desk: Desk, ann: Caller):
    components = _components(openapi(ROUTES, tasks=()))
    shown = [
        (route.body, route.example)
        for route in ROUTES
        if route.body is not None and route.example is not None
    ]
    assert len(shown) > 10
    for body, example in shown:
        schema = {"$ref": f"#/components/schemas/{body.__name__}", **components}
        assert list(OAS31Validator(schema).iter_errors(example)) == [], body


def _components(document: dict[str, Any]) -> dict[str, Any]:
    return {"components": document["components"]}


def _accepts(document: dict[str, Any], body: Any) -> bool:
    schema = {"$ref": "#/components/schemas/NewJob", **_components(document)}
    return bool(OAS31Validator(schema).is_valid(body))


GOOD = [
    {"task": "add", "args": {"a": 1}},
    {"task": "add", "args": {"a": 1, "b": 2}, "delay": 5, "tags": ["x"]},
    {"task": "echo"},
    {"task": "echo", "args": {"value": {"any": ["thing"]}}, "lane": "low", "max_attempts": 1},
    {"task": "typed", "args": {"number": 1, "word": "w", "place": {"x": 1, "y": 2}, "colour": "blue"}},
    {"task": "typed", "args": {"number": 10, "word": "", "words": ["a"], "when": "2026-01-01T00:00:00Z"}},
]


@pytest.mark.parametrize("body", GOOD, ids=str)
def test_what_the_schema_takes_the_api_takes(desk: Desk, ann: Caller, body):
    assert _accepts(desk.document, body)
    assert ann.post("/jobs", body).status == 202


BEYOND_SCHEMAS = {"at", "expires", "max_attempts", "tags[0]", "args.when"}
"""What a schema cannot say: what depends on the clock, that 2.0 is no integer, that a tag is printable, that `format` is meant."""


@pytest.mark.parametrize("bad", [bad for bad in (*NOT_A_JOB, *WRONG_ARGUMENTS) if bad.raw is None], ids=str)
def test_what_the_api_refuses_the_schema_refuses_too_as_far_as_one_can(desk: Desk, bad):
    if _accepts(desk.document, bad.body):
        assert bad.argument in BEYOND_SCHEMAS or {"delay", "at"} <= set(bad.body)


def test_definitions_of_tasks_do_not_get_mixed_up():
    # given two tasks, each with a Point of its own
    import msgspec

    made = Registry()
    for name, kind in (("flat", int), ("deep", list[int])):
        point = msgspec.defstruct("Point", [("x", kind)])

        def function(place):
            return place

        function.__annotations__ = {"place": point, "return": point}
        made.add(function, name, Options())

    # then each has its own schema
    schemas = openapi(ROUTES, tasks=made)["components"]["schemas"]
    assert schemas["flat.args.Point"]["properties"]["x"] == {"type": "integer"}
    assert schemas["deep.args.Point"]["properties"]["x"]["type"] == "array"
    OpenAPIV31SpecValidator(openapi(ROUTES, tasks=made)).validate()


def test_chalice_can_make_an_api_of_the_routes():
    from chalice.deploy.swagger import CFNSwaggerGenerator
    from chalice.deploy.validate import validate_route_content_types, validate_routes

    validate_routes(app.routes)
    validate_route_content_types(app.routes, app.api.binary_types)
    swagger = CFNSwaggerGenerator().generate_swagger(app)
    assert set(swagger["paths"]) == {*(route.path for route in ROUTES), "/", "/{proxy+}"}
    assert "access-control" not in json.dumps(swagger).lower()


@pytest.mark.parametrize("area", AREA_PATHS)
def test_an_areas_paths_are_those_of_its_routes(area):
    told = [(route.method, route.path) for route in routes_of(area)]
    assert list(dict.fromkeys(path for _, path in told)) == list(AREA_PATHS[area])
    assert len(set(told)) == len(told), "a method of a path is declared twice"


def test_all_areas_routes_are_the_api():
    assert {route.path for route in ROUTES} == {path for paths in AREA_PATHS.values() for path in paths}
    assert len({route.operation for route in ROUTES}) == len(ROUTES)
