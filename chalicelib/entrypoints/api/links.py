"""Links into AWS's own pages: a job's log lines, and its traces. A stage that is not on AWS has none.

The forms of these addresses are AWS's: docs/unverified.md says which of them nobody has promised.
"""

import re
from datetime import datetime, timedelta
from urllib.parse import quote

from chalicelib.domain.job import TERMINAL, Job
from chalicelib.entrypoints.api.job_shape import LinksDocument
from chalicelib.pipeline.console import Console
from chalicelib.pipeline.ids import time_of

AROUND = timedelta(minutes=5)
"""How long before and after a job's life is looked: clocks differ, and lines come late."""


def links(job: Job, console: Console, now: datetime) -> LinksDocument:
    """Both, for the time of the job's life."""
    since = time_of(job.id) - AROUND
    until = (job.history[-1].at if job.state in TERMINAL and job.history else now) + AROUND
    home = f"https://{console.region}.console.aws.amazon.com"
    traced = quote(f'annotation.job_id = "{job.id}"', safe="")
    return {
        "logs": f"{home}/cloudwatch/home?region={console.region}#logsV2:logs-insights$3FqueryDetail$3D{_query(job, console, since, until)}",
        "traces": f"{home}/xray/home?region={console.region}#/traces?timeRange={_time(since)}~{_time(until)}&filter={traced}",
    }


def _query(job: Job, console: Console, since: datetime, until: datetime) -> str:
    """The console's own way of writing a value: `~(name~'text~list~(~'text))`, with `*` and two digits for what is no letter."""
    text = f'fields @timestamp, level, action, attempt, epoch, message\n| filter job_id = "{job.id}"\n| sort @timestamp'
    groups = "".join(f"~'{_escaped(f'/aws/lambda/{name}')}" for name in console.functions)
    times = f"end~'{_escaped(_time(until))}~start~'{_escaped(_time(since))}~timeType~'ABSOLUTE~tz~'UTC"
    return f"~({times}~editorString~'{_escaped(text)}~source~({groups}))"


def _escaped(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", lambda match: f"*{ord(match[0]):02x}", text)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
