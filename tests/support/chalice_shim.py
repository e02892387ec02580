"""Chalice's command, with a way round what an emulator lacks: it cannot import an API from Chalice's Swagger document.

    python -m infra deploy --stage dev --chalice tests.support.chalice_shim

The same API is made of single calls instead: resources, methods, integrations. Everything else is Chalice's own, and the emulator's. On
AWS nothing of this is used.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from chalice.awsclient import TypedAWSClient

VERBS = frozenset({"get", "put", "post", "patch", "delete", "head", "options"})


def import_rest_api(self: Any, swagger_document: Mapping[str, Any], endpoint_type: str) -> str:
    """A new API of these paths; its id."""
    gateway = self._client("apigateway")
    made: str = gateway.create_rest_api(
        name=swagger_document["info"]["title"], endpointConfiguration={"types": [endpoint_type]}
    )["id"]
    update_api_from_swagger(self, made, swagger_document)
    return made


def update_api_from_swagger(self: Any, rest_api_id: str, swagger_document: Mapping[str, Any]) -> None:
    """Make the paths and methods that are not there; the integrations anew, since they hold the function's ARN."""
    gateway = self._client("apigateway")
    there = {
        item["path"]: item["id"] for item in gateway.get_resources(restApiId=rest_api_id, limit=500)["items"]
    }
    for path, methods in swagger_document["paths"].items():
        resource = _resource(gateway, rest_api_id, path, there)
        for verb, method in methods.items():
            if verb in VERBS:
                _method(
                    gateway, rest_api_id, resource, verb.upper(), method["x-amazon-apigateway-integration"]
                )


def update_rest_api(self: Any, rest_api_id: str, patch_operations: list[dict[str, Any]]) -> None:
    """Chalice's patches set what creation has set; the emulator knows neither path."""


def wait_for_active(self: Any, function_name: str) -> None:
    _wait(self, "function_active", function_name)


def wait_for_function_update(self: Any, function_name: str) -> None:
    _wait(self, "function_updated", function_name)


def _wait(self: Any, what: str, function_name: str) -> None:
    """Looks more often than AWS would like: an emulator is ready at once."""
    waiter = self._client("lambda").get_waiter(what)
    waiter.config.delay = 0.1
    waiter.wait(FunctionName=function_name)


def _resource(gateway: Any, api: str, path: str, there: dict[str, str]) -> str:
    """The resource of a path, made with its parents if need be."""
    if path not in there:
        parent, _, last = path.rpartition("/")
        made = gateway.create_resource(
            restApiId=api, parentId=_resource(gateway, api, parent or "/", there), pathPart=last
        )
        there[path] = made["id"]
    return there[path]


def _method(gateway: Any, api: str, resource: str, verb: str, integration: Mapping[str, Any]) -> None:
    where = {"restApiId": api, "resourceId": resource, "httpMethod": verb}
    with suppress(gateway.exceptions.ConflictException):
        gateway.put_method(**where, authorizationType="NONE")
    gateway.put_integration(
        **where,
        type="AWS_PROXY",
        integrationHttpMethod=integration["httpMethod"],
        uri=integration["uri"],
    )


def install() -> None:
    for replacement in (import_rest_api, update_api_from_swagger, update_rest_api):
        setattr(TypedAWSClient, replacement.__name__, replacement)
    TypedAWSClient._wait_for_active = wait_for_active  # type: ignore[method-assign]
    TypedAWSClient._wait_for_function_update = wait_for_function_update  # type: ignore[method-assign]


def main() -> int:
    """As chalice.cli's: returns the exit status."""
    from chalice.cli import main as chalice

    install()
    status: int = chalice()
    return status
