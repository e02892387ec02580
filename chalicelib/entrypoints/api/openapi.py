"""The API as OpenAPI 3.1, made from the routes, from the types that they read and answer with, and from the tasks' signatures.

https://spec.openapis.org/oas/v3.1.1.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.entrypoints.api.body import NoBody
from chalicelib.entrypoints.api.headers import SCHEMAS
from chalicelib.entrypoints.api.openapi_tasks import with_tasks
from chalicelib.entrypoints.api.problem import MEDIA_TYPE, Problem
from chalicelib.entrypoints.api.problem_kinds import ALL_KINDS
from chalicelib.entrypoints.api.route import Reply, Route
from chalicelib.entrypoints.api.submission import NewBatchJob
from chalicelib.entrypoints.api.workflow_schema import TREE
from chalicelib.pipeline.task import Task

VERSION = "1"
COMPONENT = "#/components/schemas/{name}"

_ABOUT = """\
Submit jobs, ask what became of them, and mend what failed. Every error is an RFC 9457 problem (`application/problem+json`) \
whose `type` names its kind and whose `argument`, where there is one, names what is wrong. Times are RFC 3339, durations seconds. \
What a request holds and no one here knows, a field or a parameter, is refused by its name."""

_KEY = """\
An API key: `Authorization: Bearer jl_…`. It belongs to one tenant and shows that tenant's jobs only. Scopes: `submit`, `read`, \
`operate`; `admin` stands for all. A stage may also take tokens of its identity provider in the same place, or AWS signatures instead."""

Json = dict[str, Any]


def openapi(routes: Sequence[Route], *, tasks: Iterable[Task[Any, Any]]) -> Json:
    """The document. Without tasks it describes the API alone."""
    schemas = {**_schemas(routes), **TREE}
    queries = {route.query: schemas.pop(route.query.__name__) for route in _once(routes)}
    for body in ("NewJob", "NewBatchJob"):
        with_tasks(schemas, body, tasks)
    paths: Json = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, queries[route.query])
    return {
        "openapi": "3.1.0",
        "info": {"title": "Jobline", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": _problems(),
            "headers": {
                "RequestId": {"description": "how the log knows this request", "schema": {"type": "string"}}
            },
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": _KEY}},
        },
    }


def _once(routes: Sequence[Route]) -> list[Route]:
    """One route a query type."""
    return list({route.query: route for route in routes}.values())


def _schemas(routes: Sequence[Route]) -> Json:
    """Every type that a route reads or answers with, by name."""
    types: list[Any] = [Problem, NewBatchJob]
    for route in routes:
        types += [route.query, *([] if route.body is None else [route.body])]
        types += [reply.shape for reply in route.replies.values() if reply.shape is not None]
    _, components = msgspec.json.schema_components(types, ref_template=COMPONENT)
    return dict(components)


def _operation(route: Route, query: Json) -> Json:
    operation: Json = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.path.split("/")[1]],
        "parameters": [
            *(_parameter(name, "path", {"type": "string"}, required=True) for name in route.names),
            *(_parameter(name, "query", schema) for name, schema in query["properties"].items()),
            *(
                _parameter(name, "header", dict(SCHEMAS[name]), about)
                for name, about in route.headers.items()
            ),
        ],
        "responses": {
            **{str(status): _reply(reply) for status, reply in sorted(route.replies.items())},
            **{
                str(status): {"$ref": f"#/components/responses/Problem{status}"}
                for status in route.problem_statuses()
            },
        },
        "security": [{"key": [route.scope]}] if route.scope else [{}, {"key": []}],
    }
    if route.body is not None:
        content: Json = {"schema": {"$ref": COMPONENT.format(name=route.body.__name__)}}
        if route.example is not None:
            content["example"] = route.example
        operation["requestBody"] = {
            "required": not issubclass(route.body, NoBody),
            "content": {"application/json": content},
        }
    return operation


def _parameter(name: str, where: str, schema: Json, about: str = "", *, required: bool = False) -> Json:
    bare = _bare(schema)
    about = about or bare.pop("description", "")
    parameter: Json = {"name": name, "in": where, "required": required, "schema": bare}
    return {**parameter, "description": about} if about else parameter


def _bare(schema: Json) -> Json:
    """A parameter's schema: it is left out, and never null."""
    found = {name: value for name, value in schema.items() if name != "default" or value is not None}
    others = [one for one in found.pop("anyOf", []) if one != {"type": "null"}]
    return {**others[0], **found} if len(others) == 1 else found


def _reply(reply: Reply) -> Json:
    content: Json = {"schema": {"type": "string"} if reply.shape is None else _schema_of(reply.shape)}
    headers = {
        name: {"description": about, "schema": {"type": "string"}} for name, about in reply.headers.items()
    }
    return {
        "description": reply.meaning,
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}, **headers},
        "content": {
            reply.content_type: content,
            **{text: {"schema": {"type": "string"}} for text in reply.texts},
        },
    }


def _schema_of(shape: Any) -> Json:
    (schema,), _ = msgspec.json.schema_components([shape], ref_template=COMPONENT)
    return dict(schema)


def _problems() -> Json:
    """One response a status: the kinds of problem that it may be."""
    found: dict[int, list[str]] = {}
    for kind in ALL_KINDS:
        found.setdefault(kind.status, []).append(f"`{kind.slug}`: {kind.title}. {kind.mend}")
    return {
        f"Problem{status}": {
            "description": "\n".join(meanings),
            "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}, **_extra_headers(status)},
            "content": {MEDIA_TYPE: {"schema": {"$ref": COMPONENT.format(name="Problem")}}},
        }
        for status, meanings in found.items()
    }


def _extra_headers(status: int) -> Mapping[str, Json]:
    extra = {401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After", 503: "Retry-After"}
    return {extra[status]: {"schema": {"type": "string"}}} if status in extra else {}
