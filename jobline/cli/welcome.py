"""What `jobline up` tells a person once everything runs: lines to copy, each of which works as it stands."""

import json
import shlex
from collections.abc import Sequence
from typing import Any

from rich.console import Console

EXAMPLE = ("summarise_csv", {"text": "city,people\nUlm,126\nBonn,331\n", "column": "people"})


def welcome(facts: dict[str, Any], tasks: Sequence[str], out: Console) -> None:
    """Print it. `tasks` are the names that the API knows."""
    api, key, pids = facts["api_url"], facts["api_key"], facts["pids"]
    authorized = f"-H 'Authorization: Bearer {key}'"
    name, args = EXAMPLE if EXAMPLE[0] in tasks else (next(iter(tasks), "TASK"), {})
    body = shlex.quote(json.dumps({"task": name, "args": args}))
    aws = facts["environment"]
    credentials = (
        f"AWS_ACCESS_KEY_ID={aws['AWS_ACCESS_KEY_ID']} AWS_SECRET_ACCESS_KEY={aws['AWS_SECRET_ACCESS_KEY']}"
    )
    aws_command = (
        f"{credentials} aws --region {aws['AWS_DEFAULT_REGION']} --endpoint-url {facts['emulator_url']}"
    )
    table = f"{aws['JOBLINE_APP']}-{aws['JOBLINE_STAGE']}"

    def part(title: str, *lines: str) -> None:
        out.print(f"\n{title}", style="bold")
        for line in lines:
            out.print(f"  {line}", markup=False)

    out.print("Jobline is up.", style="bold green")
    part(
        "Where",
        f"API   {api}",
        f"page  {api}/dashboard    (sign in with the key)",
        f"docs  {facts['docs_url']}",
        f"AWS   {facts['emulator_url']}",
        f"logs  {facts['log_dir']}",
    )
    part("API key, for this run alone", key)
    part(
        "Submit a job",
        f"curl -s {api}/jobs {authorized} -H 'Content-Type: application/json' -d {body}",
        *([f"(tasks: {', '.join(tasks)})"] if tasks else []),
    )
    part(
        "Watch it",
        f"curl -s '{api}/jobs?limit=5' {authorized}",
        "jobline watch ID         (in this folder; `jobline list`, `jobline submit` and the others work here too)",
    )
    part(
        "Look into the table and the queues",
        f"{aws_command} dynamodb scan --table-name {table} --max-items 5",
        f"{aws_command} sqs list-queues",
    )
    part(
        "Kill a process and watch it come back",
        f"kill -9 {pids['consumer']}    (the consumer; also: ticker {pids['ticker']}, api {pids['api']})",
    )
    out.print("\nCtrl-C stops everything.", style="bold")
