"""What API Gateway is told of signatures: every path that needs a credential asks for one where the stage says so, and none does elsewhere."""

import pytest
from chalice.deploy.swagger import SwaggerGenerator, TemplatedSwaggerGenerator

from app import app
from chalicelib.entrypoints.api.routes import METHODS, ROUTES
from infra import chalice_ext

DEPLOYED = {"api_handler_arn": "arn:aws:lambda:us-east-1:123456789012:function:jobline-dev"}


GENERATORS = {
    "deploy": lambda: SwaggerGenerator("us-east-1", DEPLOYED),
    "package": TemplatedSwaggerGenerator,
}


@pytest.fixture(params=GENERATORS.values(), ids=list(GENERATORS))
def document(request, monkeypatch):
    """The API's document as `chalice deploy` or `chalice package` makes it, with JOBLINE_IAM being that."""

    def made(switch: str | None) -> dict:
        monkeypatch.setenv("JOBLINE_STAGE", "dev")
        monkeypatch.delenv("JOBLINE_IAM", raising=False)
        if switch is not None:
            monkeypatch.setenv("JOBLINE_IAM", switch)
        return chalice_ext.generate_swagger(request.param(), app)

    return made


def asks(document: dict) -> dict[str, set[str]]:
    """Path to what its methods ask for."""
    return {
        path: {str(method.get("security")) for method in methods.values()}
        for path, methods in document["paths"].items()
    }


def test_the_paths_that_stay_open_are_those_whose_routes_need_no_scope():
    paths = {route.path for route in ROUTES}
    open_ = {path for path in paths if all(r.scope is None for r in ROUTES if r.path == path)}
    assert open_ == chalice_ext.OPEN


def test_every_method_of_every_other_path_asks_for_a_signature(document):
    made = document("on")
    for path, methods in made["paths"].items():
        assert len(methods) == len(METHODS)
        expected = "None" if path in chalice_ext.OPEN else "[{'sigv4': []}]"
        assert asks(made)[path] == {expected}, path
    assert {"/", "/{proxy+}", "/jobs", "/me"} <= {p for p, asked in asks(made).items() if asked != {"None"}}
    assert made["securityDefinitions"]["sigv4"]["x-amazon-apigateway-authtype"] == "awsSigv4"


@pytest.mark.parametrize("switch", [None, "off"])
def test_by_default_nothing_asks_for_one(document, switch):
    made = document(switch)
    assert {asked for asks_ in asks(made).values() for asked in asks_} == {"None"}
    assert "securityDefinitions" not in made
