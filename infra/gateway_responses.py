"""What API Gateway answers by itself, when a request never reaches the function: problem documents too.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html

With a CORS header, unlike the API's own answers: these hold nobody's data, and without it a browser shows "network error" for what
is a throttled request.
"""

import json
from collections.abc import Mapping
from typing import Any

HEADERS: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def _response(
    slug: str, title: str, *, status: int | None = None, retry_after: int | None = None
) -> dict[str, Any]:
    """One gateway response. Its template knows variables only; `messageString` comes with its quotation marks."""
    headers = {**HEADERS, **({"Retry-After": str(retry_after)} if retry_after else {})}
    known = {"type": f"urn:jobline:problem:{slug}", "title": title, **({"status": status} if status else {})}
    told = '"detail": $context.error.messageString, "request_id": "$context.requestId"'
    return {
        **({"statusCode": str(status)} if status else {}),
        "responseParameters": {
            f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()
        },
        "responseTemplates": {"application/json": f"{json.dumps(known)[:-1]}, {told}}}"},
    }


GATEWAY_RESPONSES: Mapping[str, Any] = {
    "DEFAULT_4XX": _response("gateway-refused", "Refused at the gateway"),
    "DEFAULT_5XX": _response("gateway-failed", "The gateway failed", retry_after=1),
    "REQUEST_TOO_LARGE": _response("too-large", "Too large", status=413),
    "THROTTLED": _response("throttled", "Too many requests", status=429, retry_after=1),
    "INTEGRATION_FAILURE": _response("unavailable", "Service unavailable", status=503, retry_after=2),
    "INTEGRATION_TIMEOUT": _response("timeout", "No answer in time", status=504, retry_after=2),
}
