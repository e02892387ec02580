"""One cold start, timed from outside: from the moment the process is asked for to the line in which it says that it is ready."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.cold_start.room import Room
from infra.names import FED_BY

CLIENTS: Mapping[str, tuple[str, ...]] = {
    "app": ("dynamodb", "sqs"),
    **dict.fromkeys(FED_BY, ("dynamodb",)),
    "tick": ("dynamodb",),
}
"""Function to the clients that it makes for its first usual event: a job accepted, a job run, a message handed back, an idle minute.
Others are made when they are first needed. tests/cost/test_cold_start.py holds this."""

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",  # as on Lambda, credentials come from here
    "AWS_SECRET_ACCESS_KEY": "none",
    "JOBLINE_APP": "jobline",
    "JOBLINE_STAGE": "dev",
    "LANG": "C.UTF-8",
}

READY = """
import json, os, time
print(json.dumps({"cpu": time.process_time(), "modules": sorted(sys.modules)}), flush=True)
os._exit(0)  # how a process ends is no part of how it starts
"""

BARE = """
import boto3
from botocore.config import Config
session, config = boto3.session.Session(), Config(retries={"mode": "standard", "total_max_attempts": 3})
clients = [session.client(name, config=config) for name in CLIENTS]
def handler(event, context): return {}
"""

OURS = """
import app
assert callable(getattr(app, FUNCTION))
from chalicelib import wiring
from chalicelib.adapters.aws.clients import Clients
made, init = [], Clients.__init__
def remember(self, **options):
    made.append(self)
    init(self, **options)
Clients.__init__ = remember
wiring.consumer_parts() if FUNCTION.startswith("consume_") else wiring.parts()
(clients,) = made
for name in CLIENTS: getattr(clients, name)
"""


@dataclass(frozen=True, kw_only=True)
class Start:
    """How it went."""

    wall: float
    """Seconds, from outside."""
    cpu: float
    """Seconds of processor that the process itself took."""
    modules: frozenset[str]
    """What it had imported."""


def program(function: str | None, clients: tuple[str, ...], room: Room) -> str:
    """Python that gets ready: one of our functions, or None for the bare handler. /var/task comes first, as on Lambda."""
    paths = [str(room.task)] * (function is not None) + [str(room.runtime)]
    head = f"import sys; sys.path[:0] = {paths!r}; FUNCTION, CLIENTS = {function!r}, {clients!r}"
    return head + (BARE if function is None else OURS) + READY


def start(function: str | None, clients: tuple[str, ...], room: Room) -> Start:
    """Start one and wait until it, and all that it started, is gone. Raises RuntimeError if it does not get ready."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", "-c", program(function, clients, room)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**ENVIRONMENT, "_HANDLER": f"app.{function}"},
        text=True,
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        wall = time.perf_counter() - begun
        try:
            _, errors = process.communicate(timeout=60)  # to the end of the pipes: children hold them too
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    if not line:
        raise RuntimeError(f"{function or 'the bare handler'} did not start: {errors}")
    told = json.loads(line)
    return Start(wall=wall, cpu=told["cpu"], modules=frozenset(told["modules"]))
