"""Statistics as JSON: figures in steps, their sums, and by task and tenant."""

from collections.abc import Mapping
from typing import Annotated, TypedDict

from msgspec import Meta

from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.pipeline.statistics.figures import Figures
from chalicelib.pipeline.statistics.read import Found
from chalicelib.pipeline.statistics.spread import Spread
from chalicelib.prices import RunPrices

MOST_NAMES = 50
"""Tasks, and tenants, that are told by themselves: those with the most attempts."""

Milliseconds = Annotated[float | None, Meta(description="milliseconds; null: there were none")]


class SpreadDocument(TypedDict):
    """How long things took. Percentiles are at most 5 % off, the mean is exact."""

    count: int
    mean: Milliseconds
    p50: Milliseconds
    p95: Milliseconds
    p99: Milliseconds


class FiguresDocument(TypedDict):
    """What jobs came to."""

    started: Annotated[int, Meta(description="attempts that began")]
    succeeded: int
    retried: Annotated[int, Meta(description="attempts that failed with another one to come")]
    dead: int
    expired: int
    cancelled: int
    run: Annotated[SpreadDocument, Meta(description="an attempt, from its claim to its outcome")]
    wait: Annotated[SpreadDocument, Meta(description="from when an attempt might have started until it did")]
    billed_ms: Annotated[int, Meta(description="the share of the consumers' time")]
    dollars: Annotated[
        float, Meta(description="by list prices: consumers, a plain job's writes and messages; no more")
    ]


class StepDocument(FiguresDocument):
    """The figures of one step."""

    at: Time


class TaskFigures(FiguresDocument):
    """The figures of one task; `*` are those that were too many to be told apart."""

    task: str


class TenantFigures(FiguresDocument):
    """The figures of one tenant; `*` are those that were too many to be told apart."""

    tenant: str


class PricesDocument(TypedDict):
    """Which prices the dollars are reckoned by."""

    as_of: str
    region: str


class StatsDocument(TypedDict):
    """Statistics. They are approximate: a job's own document is the truth."""

    since: Time
    until: Time
    step: Annotated[int, Meta(description="seconds")]
    task: str | None
    tenant: Annotated[str | None, Meta(description="null: all tenants")]
    complete_until: Annotated[
        Time, Meta(description="before until: there was more than one question may read; ask for less")
    ]
    settled_until: Annotated[
        Time | None, Meta(description="figures before it do not change any more; null: none are settled")
    ]
    folded: Annotated[
        bool,
        Meta(
            description="true: there were too many tasks or tenants; some figures count in the sums of others alone"
        ),
    ]
    totals: FiguresDocument
    series: Annotated[
        list[StepDocument], Meta(description="the steps in which something happened, the oldest first")
    ]
    tasks: list[TaskFigures]
    tenants: Annotated[list[TenantFigures], Meta(description="if all tenants were asked for")]
    prices: PricesDocument


def stats_document(found: Found, prices: RunPrices) -> StatsDocument:
    """All of it."""
    asked = found.question
    return {
        "since": rfc3339(asked.since),
        "until": rfc3339(asked.until),
        "step": int(asked.step.total_seconds()),
        "task": asked.task,
        "tenant": asked.tenant,
        "complete_until": rfc3339(found.complete),
        "settled_until": None if found.bound is None else rfc3339(found.bound),
        "folded": found.folded,
        "totals": _figures(found.total, prices),
        "series": [
            {"at": rfc3339(at), **_figures(figures, prices)} for at, figures in sorted(found.steps.items())
        ],
        "tasks": [{"task": name, **_figures(one, prices)} for name, one in _heaviest(found.tasks)],
        "tenants": [{"tenant": name, **_figures(one, prices)} for name, one in _heaviest(found.tenants)]
        if asked.tenant is None
        else [],
        "prices": {"as_of": prices.as_of, "region": prices.region},
    }


def _heaviest(named: Mapping[str, Figures]) -> list[tuple[str, Figures]]:
    return sorted(named.items(), key=lambda one: (-one[1].weight, one[0]))[:MOST_NAMES]


def _figures(figures: Figures, prices: RunPrices) -> FiguresDocument:
    return {
        "started": figures.started,
        "succeeded": figures.succeeded,
        "retried": figures.retried,
        "dead": figures.dead,
        "expired": figures.expired,
        "cancelled": figures.cancelled,
        "run": _spread(figures.run),
        "wait": _spread(figures.wait),
        "billed_ms": figures.billed_ms,
        "dollars": round(prices.dollars(figures), 9),
    }


def _spread(spread: Spread) -> SpreadDocument:
    return {
        "count": spread.count,
        "mean": _ms(spread.mean),
        "p50": _ms(spread.quantile(0.5)),
        "p95": _ms(spread.quantile(0.95)),
        "p99": _ms(spread.quantile(0.99)),
    }


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
