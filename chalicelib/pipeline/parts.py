"""All that the verbs work with, in one value: built by `wiring` from the real adapters, by tests from the twins."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.pipeline.console import Console
from chalicelib.pipeline.items import Items
from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.nobody import NOBODY_COUNTS, NOBODY_FEEDS, NOBODY_TRACES
from chalicelib.pipeline.ports import (
    ApiKeyStore,
    Courier,
    Crew,
    Feeds,
    Inputs,
    JobQueue,
    JobStore,
    KeyStore,
    Metrics,
    Outlet,
    PayloadStore,
    Quarantine,
    Runner,
    Tokens,
    Tracer,
    World,
)
from chalicelib.pipeline.sealer import NOT_SEALED, Sealer
from chalicelib.pipeline.task import Kind, Registry
from chalicelib.pipeline.tenant_gate import Memory


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The ports, the tasks and the numbers."""

    store: JobStore
    keys: KeyStore
    items: Items
    payloads: PayloadStore
    inputs: Inputs
    queue: JobQueue
    api_keys: ApiKeyStore
    quarantine: Quarantine
    outlet: Outlet
    courier: Courier
    world: World
    crew: Crew
    runners: Mapping[Kind, Runner]
    registry: Registry
    limits: Limits
    tracer: Tracer = NOBODY_TRACES
    metrics: Metrics = NOBODY_COUNTS
    feeds: Feeds = NOBODY_FEEDS
    sealer: Sealer = NOT_SEALED
    tenants: Memory = field(default_factory=Memory)
    console: Console | None = None  #: None: not on AWS
    tokens: Tokens | None = None  #: None: API keys alone
    signed: bool = False  #: who asks is known by AWS credentials, which API Gateway has checked; keys and tokens open nothing
