"""The HTTP API, from its OpenAPI document: a page for each area, with every route's parameters, body, answers, problems and an example."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Any

from chalicelib.entrypoints.api.docs_curl import EXPORTS, curl
from chalicelib.entrypoints.api.openapi import openapi
from chalicelib.entrypoints.api.routes import AREAS, ROUTES
from chalicelib.entrypoints.api.routes import PATHS as AREA_OF
from press.reference.shapes import kind, shape, used_by
from press.reference.table import code, table

Json = dict[str, Any]
Operation = tuple[str, str, Json]  # method, path, what the document says


@cache
def document() -> Json:
    """The API's own document, without the tasks of anybody's."""
    return openapi(ROUTES, tasks=())


def operations(area: str) -> list[Operation]:
    """The routes of an area, in the document's order."""
    paths: dict[str, Json] = document()["paths"]
    every = ((method, path, one) for path, methods in paths.items() for method, one in methods.items())
    return [(method, path, one) for method, path, one in every if AREA_OF[path] == area]


def overview() -> str:
    """The page before the areas' pages."""
    about, key = (
        document()["info"]["description"],
        document()["components"]["securitySchemes"]["key"]["description"],
    )
    parts = [
        "# The HTTP API",
        about,
        key,
        f"The examples are ready to be pasted after this:\n\n```text\n{EXPORTS}\n```",
    ]
    parts.append(
        "A stage shows the same, with its own tasks' schemas, at `/docs`, and to programs at `/openapi.json`. Errors: [problems](problems.md)."
    )
    for area in AREAS:
        rows = [
            (f"[`{method.upper()} {path}`](http/{area}.md#{_anchor(one)})", one["summary"], _scope(one))
            for method, path, one in operations(area)
        ]
        parts += [
            f"## [{area.capitalize()}](http/{area}.md)",
            table(("route", "what it does", "scope"), rows),
        ]
    return "\n\n".join(parts) + "\n"


def area_page(area: str) -> str:
    """One area's page: its routes, and the shapes that they read and answer with."""
    schemas: dict[str, Json] = document()["components"]["schemas"]
    parts = [f"# HTTP: {area}"]
    for method, path, operation in operations(area):
        parts += _operation(method, path, operation)
    names = used_by([one for _, _, one in operations(area)], schemas)
    if names:
        parts.append("## Shapes")
        parts += [shape(name, schemas[name]) for name in names]
    return "\n\n".join(filter(None, parts)) + "\n"


def _operation(method: str, path: str, operation: Json) -> list[str]:
    parts = [
        f'<a id="{_anchor(operation)}"></a>',
        f"## {method.upper()} {path}",
        f"{operation['summary']}. Scope: {_scope(operation)}.",
        f"```text\n{curl(method, path, operation)}\n```",
    ]
    rows = [
        (code(one["name"]), one["in"], kind(one["schema"]), one.get("description", ""))
        for one in operation["parameters"]
    ]
    parts.append(table(("parameter", "in", "value", "what it is"), rows))
    if body := operation.get("requestBody"):
        parts.append(
            f"Body: {kind(body['content']['application/json']['schema'])}{'' if body['required'] else ', or none'}."
        )
    parts.append(table(("status", "answer", "when"), _answers(operation["responses"].items())))
    return parts


def _answers(responses: Iterable[tuple[str, Json]]) -> list[tuple[str, str, str]]:
    rows, problems = [], []
    for status, response in responses:
        if "$ref" in response:
            problems.append(code(status))
        else:
            shapes = [kind(content["schema"]) for content in response.get("content", {}).values()]
            rows.append((code(status), " ".join(shapes), response["description"]))
    return [*rows, (", ".join(problems), "[Problem](../problems.md)", "")]


def _anchor(operation: Json) -> str:
    return str(operation["operationId"]).replace("_", "-")


def _scope(operation: Json) -> str:
    needed = operation["security"]
    return "no key needed" if {} in needed else code(str(needed[0]["key"][0]))


PAGES: Mapping[str, Callable[[], str]] = {
    f"reference/http/{area}.md": partial(area_page, area) for area in AREAS
}
