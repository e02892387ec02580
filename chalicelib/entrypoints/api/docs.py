"""The API for people: the OpenAPI document as one page that needs no script and no other host."""

import base64
import hashlib
from html import escape
from typing import Any

from chalicelib.entrypoints.api.docs_curl import EXPORTS, curl
from chalicelib.entrypoints.api.docs_schema import fields, kind, row, table
from chalicelib.entrypoints.api.problem_kinds import ALL_KINDS

Json = dict[str, Any]

STYLE = """\
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--link:#2563eb}
@media(prefers-color-scheme:dark){:root{--link:#8ab4f8}}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{margin-bottom:0}h2{margin-top:3rem;border-bottom:1px solid var(--line)}h3{margin-top:2.2rem}
a{color:var(--link)}code,pre{font:14px/1.45 ui-monospace,monospace}
pre{background:var(--soft);padding:.8rem;overflow-x:auto;border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:.94rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line)}
.method{display:inline-block;min-width:3.4rem;font-weight:700}.scope{opacity:.75}"""

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

CSP = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Nothing but this very style sheet: no script, no image, no other host."""


def page(document: Json) -> str:
    """The page."""
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = document["components"]["schemas"]
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>Jobline API</title><style>{STYLE}</style></head><body>",
            f"<h1>Jobline API</h1><p>{_prose(document['info']['description'])}</p>",
            '<p>For programs: <a href="openapi.json">openapi.json</a>. Asked with a key, it and this page show the tasks too.</p>',
            f"<p>{_prose(document['components']['securitySchemes']['key']['description'])}</p>",
            f"<pre>{escape(EXPORTS)}</pre>",
            f"<h2>Routes</h2>{_overview(operations)}",
            *(_operation(*one) for one in operations),
            f'<h2 id="problems">Problems</h2>{_problems()}',
            "<h2>Shapes</h2>",
            *(_schema(name, schema) for name, schema in schemas.items()),
            "</body></html>",
        ]
    )


def _overview(operations: list[tuple[str, str, Json]]) -> str:
    rows = [
        row(
            f'<a href="#{escape(operation["operationId"])}"><code>{method.upper()} {escape(path)}</code></a>',
            escape(operation["summary"]),
            _scope(operation),
        )
        for method, path, operation in operations
    ]
    return table("route", "what it does", "scope", rows=rows)


def _scope(operation: Json) -> str:
    needed = operation["security"]
    return "no key needed" if {} in needed else f"<code>{escape(needed[0]['key'][0])}</code>"


def _operation(method: str, path: str, operation: Json) -> str:
    parts = [
        f'<h3 id="{escape(operation["operationId"])}"><span class="method">{method.upper()}</span> <code>{escape(path)}</code></h3>',
        f'<p>{escape(operation["summary"])}. <span class="scope">Scope: {_scope(operation)}</span></p>',
        f"<pre>{escape(curl(method, path, operation))}</pre>",
    ]
    if operation["parameters"]:
        rows = [
            row(
                f"<code>{escape(one['name'])}</code>",
                one["in"],
                kind(one["schema"]),
                _prose(one.get("description", "")),
            )
            for one in operation["parameters"]
        ]
        parts.append(table("parameter", "in", "value", "meaning", rows=rows))
    body = operation.get("requestBody")
    if body:
        parts.append(f"<p>Body: {kind(body['content']['application/json']['schema'])}</p>")
    parts.append(table("status", "answer", "meaning", rows=_answers(operation["responses"])))
    return "".join(parts)


def _answers(responses: Json) -> list[str]:
    rows, problems = [], []
    for status, response in responses.items():
        if "$ref" in response:
            problems.append(f"<code>{status}</code>")
            continue
        shapes = [kind(content["schema"]) for content in response["content"].values()]
        rows.append(row(f"<code>{status}</code>", " ".join(shapes), escape(response["description"])))
    return [*rows, row(", ".join(problems), '<a href="#problems">Problem</a>', "")]


def _problems() -> str:
    rows = [
        row(
            f"<code>{one.status}</code>",
            f"<code>{one.type}</code>",
            f"{escape(one.title)}. {_prose(one.mend)}",
        )
        for one in ALL_KINDS
    ]
    return table("status", "type", "meaning and mending", rows=rows)


def _schema(name: str, schema: Json) -> str:
    about = escape(schema.get("description", ""))
    return f'<h3 id="schema-{escape(name)}">{escape(name)}</h3><p>{about}</p>{fields(schema)}'


def _prose(text: str) -> str:
    """Text with `code` in it."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{one}</code>" if number % 2 else one for number, one in enumerate(pieces))
