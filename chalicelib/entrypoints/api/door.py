"""The one way through every route: find it, see who asks, read query and body, call the handler; whatever is raised is a problem."""

import logging
from dataclasses import replace

from chalicelib import wiring
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.auth import admit
from chalicelib.entrypoints.api.body import NoBody, read_body
from chalicelib.entrypoints.api.problem import problem
from chalicelib.entrypoints.api.reading import read_query
from chalicelib.entrypoints.api.request import Raw, Request
from chalicelib.entrypoints.api.route import Route
from chalicelib.entrypoints.api.routes import allowed, find
from chalicelib.entrypoints.invocation import marked, watched
from chalicelib.pipeline.parts import Parts

log = logging.getLogger(__name__)

AUDITED = frozenset({"operate", "admin"})
"""The scopes of changes that people make."""


def answer(raw: Raw) -> Answer:
    """The answer to a request, whatever happens."""
    with marked(raw.id):
        return _answer(raw)


def _answer(raw: Raw) -> Answer:
    try:
        given = _options(raw) if raw.method == "OPTIONS" else _handled(raw)
    except Exception as error:  # noqa: BLE001 - no error may leave as anything but a problem
        given = problem(error, raw.id)
    given = replace(given, headers={"X-Request-Id": raw.id, **given.headers})
    facts = {
        "action": "answered",
        "method": raw.method,
        "route": raw.path,
        "status": given.status,
    }
    log.info("%s %s: %s", raw.method, raw.path, given.status, extra=facts)
    return given


def _options(raw: Raw) -> Answer:
    return Answer(status=204, headers={"Allow": ", ".join(allowed(raw.path))})


def _handled(raw: Raw) -> Answer:
    route = find(raw.method, raw.path)
    parts = wiring.parts()
    with watched(route.operation, parts):
        answer = _let_in(raw, route, parts)
        parts.tracer.note(fault=answer.status >= 500, status=answer.status)
    return answer


def _let_in(raw: Raw, route: Route, parts: Parts) -> Answer:
    arrived = parts.world.now()
    key = admit(raw, scope=route.scope, parts=parts)
    request = Request(
        raw=raw,
        parts=parts,
        arrived=arrived,
        key=key,
        query=read_query(raw.query, route.query),
        body=None if route.method == "GET" else read_body(raw.body, raw.headers, route.body or NoBody),
    )
    answer = route.handler(request)
    if route.method != "GET" and route.scope in AUDITED and not getattr(request.body, "dry_run", False):
        _told(request, route, answer)
    return answer


def _told(request: Request, route: Route, answer: Answer) -> None:
    """Who changed what: a line for each change that took place. Submissions have lines of their own, a job each."""
    assert request.key is not None, "a route with a scope has a key"
    target = "/".join(request.raw.names.values())
    facts = {
        "action": "changed",
        "operation": route.operation,
        "target": target,
        "key_id": request.key.id,
        "key_name": request.key.name,
        "tenant": request.key.tenant,
        "status": answer.status,
    }
    log.info("%s %s by key %s", route.operation, target, request.key.id, extra=facts)
