"""The routes of webhooks. Their scope is `operate`: who may redirect what jobs tell is no mere reader."""

from chalicelib.entrypoints.api.route import Reply, Route
from chalicelib.entrypoints.api.webhooks import (
    EndpointChange,
    EndpointDocument,
    EndpointList,
    NewEndpoint,
    Rotation,
    TestDocument,
    change_webhook,
    create_webhook,
    delete_webhook,
    list_webhooks,
    rotate_webhook,
    send_test_webhook,
    show_webhook,
)

WEBHOOK_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/webhooks",
        scope="operate",
        handler=create_webhook,
        summary="Register an endpoint for webhooks",
        body=NewEndpoint,
        example={"url": "https://hooks.example.com/jobline", "events": ["succeeded", "dead"]},
        replies={
            201: Reply(
                meaning="It is there; this is the only time that its secret is shown.",
                shape=EndpointDocument,
                headers={"Location": "where it can be asked for"},
            )
        },
        problems=(409,),
    ),
    Route(
        method="GET",
        path="/webhooks",
        scope="operate",
        handler=list_webhooks,
        summary="List the endpoints",
        replies={200: Reply(meaning="All of them.", shape=EndpointList)},
    ),
    Route(
        method="GET",
        path="/webhooks/{id}",
        scope="operate",
        handler=show_webhook,
        summary="Show an endpoint",
        replies={200: Reply(meaning="The endpoint, without its secret.", shape=EndpointDocument)},
    ),
    Route(
        method="PATCH",
        path="/webhooks/{id}",
        scope="operate",
        handler=change_webhook,
        summary="Change an endpoint, or switch it off and on",
        body=EndpointChange,
        example={"enabled": True},
        replies={200: Reply(meaning="The endpoint as it is now.", shape=EndpointDocument)},
    ),
    Route(
        method="DELETE",
        path="/webhooks/{id}",
        scope="operate",
        handler=delete_webhook,
        summary="Delete an endpoint",
        replies={204: Reply(meaning="It is gone; nothing more is sent to it.")},
    ),
    Route(
        method="POST",
        path="/webhooks/{id}/rotate",
        scope="operate",
        handler=rotate_webhook,
        summary="Give an endpoint a new secret",
        body=Rotation,
        example={"overlap": 86400},
        replies={
            200: Reply(
                meaning="The endpoint with its new secret, which is shown only now.", shape=EndpointDocument
            )
        },
        problems=(409,),
    ),
    Route(
        method="POST",
        path="/webhooks/{id}/test",
        scope="operate",
        handler=send_test_webhook,
        summary="Send an endpoint a test message",
        replies={
            202: Reply(
                meaning="It is on its way, as a job.",
                shape=TestDocument,
                headers={"Location": "where its job can be asked for"},
            )
        },
    ),
)
