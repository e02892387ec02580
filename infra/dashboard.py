"""The stage's dashboard: twelve graphs, three a row. Text, as infra/lanes.py writes it into the template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.domain.lane import Lane

_STAGE = "${App}-${Stage}"
_OURS = ("JobsAccepted", "JobsStarted", "JobsSucceeded", "JobsRetried", "JobsDead", "JobsCancelled")


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One graph: its title, the statistic of its metrics, and these, each as CloudWatch writes it without its brackets."""

    title: str
    stat: str
    metrics: Sequence[str]
    more: str = ""


def dashboard(lanes: Sequence[Lane]) -> str:
    """The resource."""
    drawn = ",\n".join(_drawn(number, graph) for number, graph in enumerate(_graphs(lanes)))
    return f"""\
  Dashboard:
    Type: AWS::CloudWatch::Dashboard
    Condition: IsWatched
    Properties:
      DashboardName: !Sub ${{App}}-${{Stage}}
      DashboardBody: !Sub |
        {{"widgets": [
{drawn}
        ]}}
"""


def _graphs(lanes: Sequence[Lane]) -> Iterable[Graph]:
    consumers = [lane.consumer for lane in lanes]
    queues = [lane.name for lane in lanes]
    sweep = '"annotations": {"horizontal": [{"label": "alarm", "value": 300}]}, '
    yield Graph(
        title="Jobs a minute",
        stat="Sum",
        metrics=[
            f'"Jobline", "{name}", "service", "{_STAGE}", {_label(name.removeprefix("Jobs").lower())}'
            for name in _OURS
        ],
    )
    yield Graph(
        title="Waiting, by lane",
        stat="Maximum",
        metrics=[_queue("ApproximateNumberOfMessagesVisible", name) for name in (*queues, "dead-letters")],
    )
    yield Graph(
        title="Oldest message, seconds",
        stat="Maximum",
        metrics=[_queue("ApproximateAgeOfOldestMessage", name) for name in queues],
    )
    yield Graph(
        title="In the queue, p95 ms", stat="p95", metrics=[_by_lane("QueueWait", name) for name in queues]
    )
    yield Graph(title="Run time, p95 ms", stat="p95", metrics=[_by_lane("RunTime", name) for name in queues])
    yield Graph(
        title="Sweep behind by, seconds",
        stat="Maximum",
        metrics=[f'"Jobline", "SweepLag", "service", "{_STAGE}"'],
        more=sweep,
    )
    functions = [("", "api"), *((f"-{name}", name) for name in (*consumers, "tick", "dead_letters"))]
    yield Graph(
        title="Functions: failed and throttled",
        stat="Sum",
        metrics=[
            f'"AWS/Lambda", "{metric}", "FunctionName", "{_STAGE}{name}", {_label(f"{label} {metric.lower()}")}'
            for name, label in functions
            for metric in ("Errors", "Throttles")
        ],
    )
    yield Graph(
        title="Functions: at once",
        stat="Maximum",
        metrics=[
            f'"AWS/Lambda", "ConcurrentExecutions", "FunctionName", "{_STAGE}{name}", {_label(label)}'
            for name, label in functions
        ],
    )
    yield Graph(
        title="Records a batch; billed ms",
        stat="Sum",
        metrics=[
            f'"Jobline", "BatchSize", "service", "{_STAGE}", {{"stat": "Average"}}',
            f'"Jobline", "BilledTime", "service", "{_STAGE}", {{"yAxis": "right"}}',
        ],
    )
    yield Graph(
        title="API: requests and failures",
        stat="Sum",
        metrics=[
            f'"AWS/ApiGateway", "{name}", "ApiName", "{_STAGE}"' for name in ("Count", "4XXError", "5XXError")
        ],
    )
    yield Graph(
        title="API: latency, ms",
        stat="p90",
        metrics=[
            f'"AWS/ApiGateway", "Latency", "ApiName", "{_STAGE}", {{"stat": "{p}", "label": "{p}"}}'
            for p in ("p50", "p90", "p99")
        ],
    )
    yield Graph(
        title="Table: units written and read, throttled",
        stat="Sum",
        metrics=[
            f'"AWS/DynamoDB", "{name}", "TableName", "{_STAGE}"'
            for name in (
                "ConsumedWriteCapacityUnits",
                "ConsumedReadCapacityUnits",
                "WriteThrottleEvents",
                "ReadThrottleEvents",
            )
        ],
    )


def _drawn(number: int, graph: Graph) -> str:
    row, column = divmod(number, 3)
    rows = ",\n".join(f"              [{metric}]" for metric in graph.metrics)
    return (
        f'          {{"type": "metric", "x": {8 * column}, "y": {6 * row}, "width": 8, "height": 6, "properties": {{\n'
        f'            "title": "{graph.title}", "region": "${{AWS::Region}}", "stat": "{graph.stat}", "period": 60, '
        f'"view": "timeSeries", {graph.more}"metrics": [\n'
        f"{rows}\n"
        "            ]}}"
    )


def _queue(metric: str, name: str) -> str:
    return f'"AWS/SQS", "{metric}", "QueueName", "{_STAGE}-{name}", {_label(name)}'


def _by_lane(metric: str, name: str) -> str:
    return f'"Jobline", "{metric}", "service", "{_STAGE}", "lane", "{name}", {_label(name)}'


def _label(word: str) -> str:
    return f'{{"label": "{word}"}}'
