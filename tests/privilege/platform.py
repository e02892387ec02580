"""What Lambda does with a function's role, unseen by our code: it polls, it keeps the logs, it passes on the traces."""

from collections.abc import Iterator, Mapping

from infra.names import FED_BY, Names
from tests.privilege.calls import Place, needs
from tests.privilege.iam import Ask

POLLING = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""Lambda's poller takes the execution role's rights:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions"""

LOGGING = ("logs:CreateLogStream", "logs:PutLogEvents")
"""https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html; the group is the stack's."""

TRACING = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
"""The daemon beside the function sends what it is told by UDP:
https://docs.aws.amazon.com/lambda/latest/dg/python-tracing.html"""

NO_RESOURCE: Mapping[str, str] = {
    **dict.fromkeys(
        TRACING,
        "X-Ray has no resource for segments: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html",
    ),
    "lambda:ListEventSourceMappings": "a list has no resource: "
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html",
}
"""The actions that may be granted on `*`, and why."""


def asked_by_lambda(function: str, names: Names, place: Place) -> Iterator[Ask]:
    """All that it asks for in this function's name."""
    if function in FED_BY:
        url = f"https://queue/{place.account}/{names.queues[FED_BY[function]]}"
        for action in POLLING:
            yield from needs("sqs", action, {"QueueUrl": url}, place)
    group = place.arn("logs", f"log-group:{names.log_groups[function]}")
    stream = f"{group}:log-stream:2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef"
    for action in LOGGING:
        yield Ask(action=action, resource=stream)
    for action in TRACING:
        yield Ask(action=action, resource="*")
