"""Jobline: its own door for the function, its own enqueue for the producer."""

import os
import sys
from dataclasses import replace
from typing import Any

from bench.race import work
from bench.race.child import handler, serve
from chalicelib import wiring
from chalicelib.adapters.runners import runners
from chalicelib.domain.job import Job
from chalicelib.pipeline.enqueue import JobRequest
from chalicelib.pipeline.enqueue import enqueue as accepted
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.task import Options, Registry
from chalicelib.settings import Settings

MOST = 1000
"""Jobs that one request may submit."""


def prepare() -> None:
    """The stage as CloudFormation makes it; the quick cloud has no CloudFormation, and takes table and queues as they are named."""
    if os.environ["RACE_CLOUD"] == "quick":
        return
    import boto3

    from infra.stack import provision

    client = boto3.client("cloudformation")
    provision(
        client, app="race", stage=os.environ["JOBLINE_STAGE"], parameters={"DeletionProtection": "false"}
    )


def _wired() -> Any:
    if os.environ.get("RACE_HOW") == "botocore":
        os.environ["JOBLINE_DIRECT_CALLS"] = "off"
    settings, registry = Settings.from_env(os.environ), Registry()
    for name, function in work.KINDS.items():
        registry.add(function, name, Options())
    built = wiring.build(settings)
    if os.environ.get("RACE_HOW") == "gathered":
        built = _gathered(built, settings)
    parts = replace(built, registry=registry, runners=runners(registry, settings.task_modules))
    wiring.use(parts)
    return parts


def _gathered(parts: Any, settings: Settings) -> Any:
    """The same, with the prototype below its store."""
    from bench.race.gathered import GatheredStore

    below = parts.store._store  # noqa: SLF001 - under the one that tells what is written
    parts.store._store = GatheredStore(below, below._clients, settings.table)  # noqa: SLF001
    return parts


def main() -> None:
    """As producer or as function."""
    parts = _wired()
    if sys.argv[1] == "function":
        import app

        handler(app.consume_default)
        return

    def enqueue(kind: str, jobs: int) -> list[str]:
        ids = []
        for start in range(0, jobs, MOST):
            requests = [JobRequest(task=kind, args={"text": work.TEXT})] * min(MOST, jobs - start)
            for answer in accepted(requests, parts=parts):
                if not isinstance(answer, Job):
                    raise answer
                ids.append(answer.id)
        return ids

    def result(job_id: str) -> Any:
        row = parts.store.read(job_id)
        return row and row.result and load(row.result, whose=result_of(row), parts=parts)

    serve({"prepare": prepare, "enqueue": enqueue, "result": result})


if __name__ == "__main__":
    main()
