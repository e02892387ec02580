"""A stage's log groups on AWS, asked for one job's lines."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from jobline.logs.line import Line, Wanted, made_at, parsed

LATE = timedelta(minutes=1)
"""How late CloudWatch may show a line: so far back it is looked again."""


class CloudWatch:
    """Every function's log group: the API's for the acceptance, the consumers' for the attempts, the tick's for what it woke."""

    def __init__(
        self,
        logs: Any,
        groups: Mapping[str, str],
        wanted: Wanted,
        *,
        asking: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`logs`: boto3's client. `groups`: function to log group. `asking` is told of each group before it is asked."""
        self._logs = logs
        self._groups = groups
        self._wanted = wanted
        self._asking = asking
        self._from = wanted.since or made_at(wanted.job_id) or datetime.fromtimestamp(0, UTC)
        self._seen: set[tuple[str, str]] = set()

    def more(self) -> list[Line]:
        """The new ones of all groups, by their times. Raises botocore's ClientError."""
        found = [line for name, group in self._groups.items() for line in self._of(name, group)]
        found.sort(key=lambda line: line.at)
        if found:
            self._from = max(self._from, datetime.fromisoformat(found[-1].at) - LATE)
        return found

    def _of(self, name: str, group: str) -> list[Line]:
        self._asking(name)
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=group,
            startTime=max(0, int(self._from.timestamp() * 1000)),
            filterPattern=pattern(self._wanted),
        )
        events = [
            event for page in pages for event in page["events"] if _mark(group, event) not in self._seen
        ]
        self._seen.update(_mark(group, event) for event in events)
        lines = (parsed(event["message"], name) for event in events)
        return [line for line in lines if line and self._wanted.takes(line.fields)]


def _mark(group: str, event: Mapping[str, Any]) -> tuple[str, str]:
    """By which an event is known again. An emulator may give it no id."""
    return group, event.get("eventId") or f"{event.get('timestamp')} {event['message']}"


def pattern(wanted: Wanted) -> str:
    """CloudWatch's words for it. An id is letters and digits alone, so nothing of it can be syntax."""
    own = f'($.job_id = "{wanted.job_id}")'
    return f'{{ {own} || ($.workflow = "{wanted.job_id}") }}' if wanted.children else f"{{ {own} }}"
