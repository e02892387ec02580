"""Where the parts meet: built from the environment on first use, kept while the process is warm. Importing this does nothing else."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.sealer import NOT_SEALED
from chalicelib.pipeline.task import REGISTRY, Kind, Registry, Submission, Task
from chalicelib.settings import BadSetting, Settings

if TYPE_CHECKING:
    from chalicelib.adapters.aws.clients import Clients
    from chalicelib.adapters.aws.queue import SqsQueue
    from chalicelib.pipeline.handle import JobHandle
    from chalicelib.pipeline.items import Items
    from chalicelib.pipeline.ports import Courier, Feeds, Inputs, Metrics, Outlet, Tokens, World
    from chalicelib.pipeline.schedules import Schedules
    from chalicelib.pipeline.sealer import Sealer

_lock = threading.RLock()
_parts: Parts | None = None


def parts() -> Parts:
    """The pipeline of this process. Raises `BadSetting`, `TaskMisdeclared`."""
    global _parts  # noqa: PLW0603 - the one place that keeps what is built on first use
    with _lock:
        if _parts is None:
            _parts = build(Settings.from_env(os.environ))
        return _parts


def consumer_parts() -> Parts:
    """The pipeline of a process that runs tasks: where a task is `cpu=True`, what children are forked from is started ahead."""
    built = parts()
    if any(task.kind is Kind.PROCESS for task in built.registry):
        with suppress(OSError):  # the first child says so, as its attempt's failure
            getattr(built.runners[Kind.PROCESS], "warm", _nothing)()
    return built


def _nothing() -> None:
    """What starts ahead a runner that has nothing to start: a twin."""


def use(replacement: Parts | None) -> Parts | None:
    """Let this process use other parts; None: build from the environment again. Returns what it used before. For tests."""
    global _parts
    with _lock:
        before, _parts = _parts, replacement
    return before


def load_tasks(modules: tuple[str, ...]) -> Registry:
    """Import the task modules, so that their decorators register, and check what they declared."""
    for module in modules:
        import_module(module)
    REGISTRY.check()
    return REGISTRY


def build(settings: Settings) -> Parts:
    """A pipeline on the real adapters."""
    from chalicelib.adapters.aws.clients import Clients
    from chalicelib.adapters.aws.items import DynamoItems
    from chalicelib.adapters.aws.payloads import AwsPayloads
    from chalicelib.adapters.aws.queue import SqsQueue
    from chalicelib.adapters.aws.store import DynamoStore
    from chalicelib.adapters.crew import ThreadCrew
    from chalicelib.adapters.late import late
    from chalicelib.adapters.metrics import EmfMetrics
    from chalicelib.adapters.observed import ObservedQueue, ObservedStore
    from chalicelib.adapters.runners import runners
    from chalicelib.adapters.statistics import Statistics, on_a_timer
    from chalicelib.adapters.tracing import tracer
    from chalicelib.adapters.world import RealWorld
    from chalicelib.lanes import MEMORY
    from chalicelib.pipeline.nobody import NOBODY_COUNTS

    registry = load_tasks(settings.task_modules)
    clients, crew, world = Clients(direct=settings.direct_calls), ThreadCrew(), RealWorld()
    traces = tracer(settings.table)
    items = DynamoItems(clients, settings.table, crew)
    counts: Metrics = EmfMetrics(settings.table, world) if settings.metrics else NOBODY_COUNTS
    if settings.statistics:
        later = on_a_timer if settings.lingers else None
        counts = Statistics(items, world, memory=MEMORY, beside=counts, later=later)
    lanes = SqsQueue(clients, settings.queues, crew)
    return Parts(
        store=ObservedStore(DynamoStore(clients, settings.table, crew), traces, counts),
        keys=late(lambda: _side_tables().DynamoKeys(clients, settings.table)),
        items=items,
        payloads=AwsPayloads(clients, settings.table, settings.bucket),
        inputs=late(lambda: _inputs(clients, settings)),
        queue=ObservedQueue(lanes, traces),
        api_keys=late(lambda: _side_tables().DynamoApiKeys(clients, settings.table)),
        quarantine=late(lambda: _side_tables().DynamoQuarantine(clients, settings.table)),
        outlet=late(lambda: _outlet(clients, settings, lanes)),
        courier=late(lambda: _courier(settings)),
        world=world,
        crew=crew,
        runners=runners(registry, settings.task_modules),
        registry=registry,
        limits=settings.limits,
        sealer=_sealer(settings, clients, items, world),
        tracer=traces,
        metrics=counts,
        feeds=late(lambda: _feeds(clients, settings)),
        console=settings.console,
        tokens=_tokens(settings, world),
        signed=settings.signed,
    )


# What few events need, each imported by the first call of it (`late`).


def _inputs(clients: "Clients", settings: Settings) -> "Inputs":
    from chalicelib.adapters.aws.inputs import S3Inputs

    return S3Inputs(clients, settings.bucket)


def _outlet(clients: "Clients", settings: Settings, lanes: "SqsQueue") -> "Outlet":
    from chalicelib.adapters.aws.outlet import SnsOutlet

    return SnsOutlet(clients, settings.events, lanes)


def _courier(settings: Settings) -> "Courier":
    from chalicelib.adapters.courier import HttpsCourier

    return HttpsCourier(loopback=settings.webhooks_to_loopback)


def _feeds(clients: "Clients", settings: Settings) -> "Feeds":
    from chalicelib.adapters.aws.feeds import LambdaFeeds

    return LambdaFeeds(clients, settings.consumers)


def _side_tables() -> Any:
    return import_module("chalicelib.adapters.aws.side_tables")


def _tokens(settings: Settings, world: "World") -> "Tokens | None":
    """What reads the bearer tokens of the issuer that this stage believes; None: it believes none."""
    if settings.trust is None:
        return None
    from chalicelib.adapters.issued_tokens import IssuedTokens
    from chalicelib.adapters.page import HttpsPages

    return IssuedTokens(settings.trust, HttpsPages(), world)


def _sealer(settings: Settings, clients: "Clients", items: "Items", world: "World") -> "Sealer":
    """What this stage seals with. Raises `BadSetting` when it names a key and the library is not there: nothing is accepted in the clear."""
    if settings.seal_key is None and not settings.open_keys:
        return NOT_SEALED
    try:
        from chalicelib.adapters.cipher import AesGcm
    except ImportError as error:
        raise BadSetting(
            "JOBLINE_SEAL_KEY or JOBLINE_OPEN_KEYS is set, and the library `cryptography` is not in the package: "
            "name it in requirements.txt (docs/sealing.md)"
        ) from error
    from chalicelib.adapters.aws.key_service import Kms
    from chalicelib.pipeline.sealing.envelope import Envelope
    from chalicelib.pipeline.sealing.ring import Ring

    ring = Ring(
        items,
        Kms(clients),
        world,
        stage=settings.table,
        seals=settings.seal_key,
        opens=settings.open_keys,
    )
    return Envelope(ring, AesGcm())


def submit(task: Task[Any, Any], args: Mapping[str, Any], how: Submission) -> "JobHandle":
    """What `f.delay(...)` and `f.submit(...)` do: accept one job. Raises `CallerError`, or `Unavailable`: then ask again."""
    from chalicelib.pipeline.asked import (
        Submitted,  # accepting is no work of consumers, nor of the tick: those start without it
    )
    from chalicelib.pipeline.enqueue import JobRequest
    from chalicelib.pipeline.enqueue import submit as accepted
    from chalicelib.pipeline.handle import JobHandle

    pipeline = parts()
    if task is WORKFLOW:
        from chalicelib.pipeline.workflows.keeping import kept  # files and hashes, which few jobs need

        args = {**args, "workflow": kept(args["workflow"], tenant=how.tenant, parts=pipeline)}
    answer = accepted([JobRequest(task=task.name, args=args, how=how)], parts=pipeline)[0]
    if not isinstance(answer, Submitted):
        raise answer
    return JobHandle(answer.job.id, tenant=answer.job.tenant, parts=pipeline, made=answer.made)


def publish(topic: str, payload: Any = None, *, id: str | None = None, tenant: str = "default") -> str:
    """What `chalicelib.publish` does: the event's id, once every subscriber's job has its row."""
    from chalicelib.pipeline.publish import publish

    return publish(topic, payload, id=id, tenant=tenant, parts=parts()).id


def results(given: Any, *, tenant: str | None = None) -> Iterator[Any]:
    """What `chalicelib.results` does."""
    from chalicelib.pipeline.workflows.results_of import results_of

    return results_of(given, tenant=tenant, parts=parts())


def schedules(tenant: str = "default") -> "Schedules":
    """A tenant's schedules, to make and change at run time."""
    from chalicelib.pipeline.schedules import Schedules

    return Schedules(tenant=tenant, parts=parts())
