"""The routes. This table is the API: what is not in it does not exist.

An area's routes, and all that they lead to, are imported by the first request for one of its paths: a cold start need not pay for what
most requests never ask for.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chalicelib.entrypoints.api.refusals import MethodNotAllowed, NoSuchRoute

if TYPE_CHECKING:
    from chalicelib.entrypoints.api.route import Route

    ROUTES: tuple[Route, ...]

AREAS: Mapping[str, str] = {
    "jobs": "JOB_ROUTES",
    "steps": "STEP_ROUTES",
    "dead": "DEAD_ROUTES",
    "releases": "RELEASE_ROUTES",
    "lanes": "LANE_ROUTES",
    "stats": "STATS_ROUTES",
    "costs": "COST_ROUTES",
    "plan": "PLAN_ROUTES",
    "budgets": "BUDGET_ROUTES",
    "tenants": "TENANT_ROUTES",
    "topics": "TOPIC_ROUTES",
    "schedules": "SCHEDULE_ROUTES",
    "webhooks": "WEBHOOK_ROUTES",
    "workflows": "WORKFLOW_ROUTES",
    "about": "ABOUT_ROUTES",
    "dashboard": "DASHBOARD_ROUTES",
}
"""Area to the name of its table, in routes_<area>.py."""

AREA_PATHS: Mapping[str, tuple[str, ...]] = {
    "jobs": (
        "/jobs",
        "/jobs/batch",
        "/jobs/{id}",
        "/jobs/{id}/cancel",
        "/jobs/cancel",
        "/jobs/{id}/retry",
    ),
    "steps": ("/jobs/{id}/steps",),
    "dead": (
        "/dead",
        "/dead/groups",
        "/dead/redrive",
    ),
    "releases": (
        "/dead/releases",
        "/dead/releases/{id}",
        "/dead/releases/{id}/pause",
        "/dead/releases/{id}/resume",
        "/dead/releases/{id}/stop",
    ),
    "lanes": (
        "/lanes",
        "/lanes/{name}/pause",
        "/lanes/{name}/resume",
    ),
    "stats": ("/stats",),
    "costs": ("/costs",),
    "plan": ("/tasks/{name}/plan",),
    "budgets": (
        "/budgets",
        "/tenants/{name}/budget",
        "/tasks/{name}/budget",
        "/stage/budget",
    ),
    "tenants": (
        "/tenants",
        "/tenants/{name}/limits",
    ),
    "topics": (
        "/topics",
        "/topics/{name}/events",
    ),
    "schedules": (
        "/schedules",
        "/schedules/{id}",
        "/schedules/{id}/pause",
        "/schedules/{id}/resume",
        "/schedules/{id}/fire",
        "/schedules/{id}/next",
    ),
    "webhooks": (
        "/webhooks",
        "/webhooks/{id}",
        "/webhooks/{id}/rotate",
        "/webhooks/{id}/test",
    ),
    "workflows": (
        "/workflows",
        "/workflows/{id}",
        "/workflows/{id}/children",
        "/workflows/{id}/results",
        "/workflows/{id}/graph",
        "/workflows/{id}/cancel",
        "/workflows/{id}/retry",
        "/workflows/{id}/resubmit",
    ),
    "about": (
        "/tasks",
        "/tasks/{name}",
        "/me",
        "/health",
        "/openapi.json",
        "/docs",
    ),
    "dashboard": (
        "/dashboard",
        "/dashboard/{file}",
    ),
}
"""Area to its paths, which Chalice has to know at the start. A test holds them to the tables."""

PATHS: Mapping[str, str] = {path: area for area, paths in AREA_PATHS.items() for path in paths}
"""Path to its area."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""All methods are registered for every path, so that the ones a path does not take get our 405 on API Gateway as well."""


@cache
def routes_of(area: str) -> "tuple[Route, ...]":
    """An area's routes."""
    found: tuple[Route, ...] = getattr(import_module(f"{__package__}.routes_{area}"), AREAS[area])
    return found


def __getattr__(name: str) -> Any:
    """`ROUTES`: all of them, for whoever tells of the API or looks at it as a whole."""
    if name == "ROUTES":
        return tuple(route for area in AREAS for route in routes_of(area))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _at(path: str) -> "Mapping[str, Route]":
    """The routes of a path, by method."""
    if path not in PATHS:
        raise NoSuchRoute("no route has this path")
    return {route.method: route for route in routes_of(PATHS[path]) if route.path == path}


def allowed(path: str) -> tuple[str, ...]:
    """The methods that a path takes. Raises `NoSuchRoute`."""
    there = _at(path)
    methods = {*there, "OPTIONS"} | ({"HEAD"} if "GET" in there else set())
    return tuple(method for method in METHODS if method in methods)


def find(method: str, path: str) -> "Route":
    """The route; HEAD is answered as GET is. Raises `NoSuchRoute`, `MethodNotAllowed`."""
    allow = allowed(path)
    wanted = "GET" if method == "HEAD" else method
    if method not in allow or wanted not in _at(path):
        raise MethodNotAllowed(method, path, allow)
    return _at(path)[wanted]
