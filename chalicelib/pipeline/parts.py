"""All that the verbs work with, in one value: built by `wiring` from the real adapters, by tests from the twins."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.ports import (
    ApiKeyStore,
    Crew,
    JobQueue,
    JobStore,
    KeyStore,
    PayloadStore,
    Quarantine,
    Runner,
    World,
)
from chalicelib.pipeline.task import Kind, Registry


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The ports, the tasks and the numbers."""

    store: JobStore
    keys: KeyStore
    payloads: PayloadStore
    queue: JobQueue
    api_keys: ApiKeyStore
    quarantine: Quarantine
    world: World
    crew: Crew
    runners: Mapping[Kind, Runner]
    registry: Registry
    limits: Limits
