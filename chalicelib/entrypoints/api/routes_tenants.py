"""The routes of tenants' limits. Nobody sets limits for oneself: that takes an administrator's key."""

from chalicelib.entrypoints.api.route import Reply, Route
from chalicelib.entrypoints.api.tenants import (
    NewLimits,
    TenantDocument,
    TenantList,
    delete_limits,
    list_tenants,
    put_limits,
    show_limits,
)

TENANT_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/tenants",
        scope="admin",
        handler=list_tenants,
        summary="List the tenants that have limits",
        replies={200: Reply(meaning="All of them, by name.", shape=TenantList)},
    ),
    Route(
        method="GET",
        path="/tenants/{name}/limits",
        scope="admin",
        handler=show_limits,
        summary="Show a tenant's limits",
        replies={200: Reply(meaning="The limits.", shape=TenantDocument)},
    ),
    Route(
        method="PUT",
        path="/tenants/{name}/limits",
        scope="admin",
        handler=put_limits,
        summary="Limit all of a tenant's jobs together: how fast, how many at once, how many accepted, how much else",
        body=NewLimits,
        example={
            "rate": {"limit": 10, "per": 1, "burst": 5},
            "concurrency": 20,
            "accepted": {"limit": 100000, "per": 86400},
            "bytes": {"limit": 1000000000, "per": 86400},
            "unfinished": 10000,
            "schedules": 100,
            "children": 1000,
        },
        replies={
            200: Reply(
                meaning="These are its limits; all know of them within a minute.", shape=TenantDocument
            )
        },
    ),
    Route(
        method="DELETE",
        path="/tenants/{name}/limits",
        scope="admin",
        handler=delete_limits,
        summary="Take all limits of a tenant away",
        replies={204: Reply(meaning="It has none; all know of it within a minute.")},
    ),
)
