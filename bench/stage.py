"""A stage to measure: a pipeline on the real adapters, before an emulator, with two plain tasks of its own."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from bench.quick.cloud import spoken_to
from chalicelib import wiring
from chalicelib.adapters.json_log import JsonFormatter
from chalicelib.adapters.runners import runners
from chalicelib.adapters.world import RealWorld
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import Options, Registry
from chalicelib.settings import Settings
from infra.stack import provision
from jobline.local.emulator import Emulator

APP = "bench"


def plain(text: str) -> dict[str, int]:
    """A plain job with a small result."""
    return {"length": len(text)}


def echo(text: str) -> dict[str, str]:
    """A plain job whose result is as long as its arguments."""
    return {"text": text}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a run needs to know."""

    parts: Parts
    settings: Settings
    sqs: Any
    """The poller's own client: on AWS that is Lambda's."""


@contextmanager
def emulated(log_dir: Path) -> Iterator[None]:
    """This process's boto3 speaks to an emulator of its own, and to nothing else."""
    with Emulator(log_dir=log_dir) as emulator, spoken_to(emulator):
        yield


@contextmanager
def stage() -> Iterator[Stage]:
    """A new stage in whatever cloud the environment names, wired so that the doors use it."""
    # Statistics cost a batch, not a job, and less the busier a container is: bench/uses_statistics.py counts them by themselves.
    named = {"JOBLINE_APP": APP, "JOBLINE_STAGE": f"s{time.time_ns() % 10**9}", "JOBLINE_STATISTICS": "off"}
    settings = Settings.from_env(named)
    session = boto3.session.Session()  # not boto3's default one, which may be older than the meter
    provision(
        session.client("cloudformation"),
        app=settings.app,
        stage=settings.stage,
        parameters={"DeletionProtection": "false"},
    )
    registry = Registry()
    for function in (plain, echo):
        registry.add(function, None, Options())
    parts = replace(
        wiring.build(settings), registry=registry, runners=runners(registry, settings.task_modules)
    )
    wiring.use(parts)
    try:
        with _only_warnings():
            yield Stage(parts=parts, settings=settings, sqs=session.client("sqs"))
    finally:
        wiring.use(None)


@contextmanager
def _only_warnings() -> Iterator[None]:
    """The doors log each job as they do on Lambda; here nobody reads that."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.handlers[:] = kept
        root.setLevel(level)


class Later(RealWorld):
    """The real world, some time ahead: what the tick sees when it comes later, without waiting for it."""

    def __init__(self, ahead: timedelta) -> None:
        super().__init__()
        self._ahead = ahead

    def now(self) -> datetime:
        """The time then."""
        return super().now() + self._ahead
