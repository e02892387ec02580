"""What `jobline up` tells a person once everything runs: lines to copy, each of which works as it stands."""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from typing import Any

from rich.console import Console

from jobline.cli.tasks import arguments_of

EXAMPLE = ("summarise_csv", {"text": "city,people\nUlm,126\nBonn,331\n", "column": "people"})


def welcome(facts: dict[str, Any], known: Sequence[Any], out: Console) -> None:
    """Print it. `known` are the tasks as the API tells of them."""
    api, key, pids = facts["api_url"], facts["api_key"], facts["pids"]
    authorized = f"-H 'Authorization: Bearer {key}'"
    tasks = [task["name"] for task in known]
    name, args = EXAMPLE if EXAMPLE[0] in tasks else next(map(_example, known), ("TASK", {}))
    words = shlex.join(
        [called(), "submit", name, *(f"{key}={_typed(value)}" for key, value in args.items()), "--wait"]
    )
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
    part("Submit a job, from another terminal in this folder", words, f"{called()} list")
    part(
        "The same over HTTP",
        f"curl -s {api}/jobs {authorized} -H 'Content-Type: application/json' -d {body}",
        *([f"(tasks: {', '.join(tasks)})"] if tasks else []),
    )
    part(
        "Watch it",
        f"curl -s '{api}/jobs?limit=5' {authorized}",
        f"(or {called()} watch ID, logs ID, replay ID)",
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


def _example(task: Any) -> tuple[str, dict[str, Any]]:
    """Arguments that the task would take, of those that it needs."""
    properties, required = arguments_of(task)
    return task["name"], {name: _value(properties[name]) for name in required}


def _value(schema: Any) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _value(schema["anyOf"][0])
    least = schema.get("minimum", 1)
    values = {"integer": least, "number": least, "boolean": True, "array": [], "object": {}, "null": None}
    return values.get(schema.get("type", ""), "text")


def _typed(value: Any) -> str:
    """As a VALUE on the command line: JSON, or else a text."""
    return value if isinstance(value, str) else json.dumps(value)


def called() -> str:
    """This command as it can be typed again here: a project's own is not on everybody's path."""
    script = Path(sys.argv[0])
    found = which("jobline")
    if script.name != "jobline" or (found and Path(found).resolve() == script.resolve()):
        return "jobline"
    return os.path.relpath(script) if script.resolve().is_relative_to(Path.cwd()) else str(script)
