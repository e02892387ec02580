"""What jobs cost, by day, task and tenant: a tenant's own, or, for an administrator, everybody's. docs/costs.md"""

from datetime import timedelta
from typing import Annotated, Literal, NotRequired, TypedDict, get_args

import msgspec
from msgspec import Meta

from chalicelib.domain.errors import InvalidInput
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.entrypoints.api.reading import Moment, moment
from chalicelib.entrypoints.api.request import Request
from chalicelib.entrypoints.api.stats_shape import PricesDocument
from chalicelib.entrypoints.api.whose import AnotherOrAll, whose_or_all
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.statistics.figures import Figures
from chalicelib.pipeline.statistics.read import BY_HOURS, By, Found, Group, question, read
from chalicelib.prices import RunPrices, run_prices

DAY = timedelta(days=1)
USUAL = 7 * DAY

MOST_LINES = 1000
"""Those that cost most; the rest is in the sum alone."""

Word = Literal["day", "task", "tenant"]
_WORDS = {"day": By.STEP, "task": By.TASK, "tenant": By.TENANT}

Last = Annotated[
    int, Meta(ge=3600, le=BY_HOURS.days * 86400, description="seconds before until, in the stead of since")
]


class CostsQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Of which days, whose, and how told apart. Without `since` and `last`, seven days; days are those of UTC, and begin whole."""

    since: Moment | None = None
    until: Moment | None = None
    last: Last | None = None
    by: Annotated[str, Meta(description="one or several of day, task and tenant, with commas")] = "task"
    task: Annotated[str | None, Meta(description="of this task alone")] = None
    tenant: AnotherOrAll = None


class CostDocument(TypedDict):
    """What some jobs cost."""

    dollars: float
    consumers: Annotated[float, Meta(description="dollars of Lambda: time and invocations")]
    table: Annotated[float, Meta(description="dollars of the writes of plain jobs")]
    queue: Annotated[float, Meta(description="dollars of their messages")]
    billed_ms: int
    started: Annotated[int, Meta(description="attempts that began")]
    ended: Annotated[int, Meta(description="jobs that came to their end")]
    per_million: Annotated[float | None, Meta(description="dollars for a million that ended")]


class CostLine(CostDocument):
    """What the jobs of one line cost; `*` are tasks or tenants that were too many to be told apart."""

    day: NotRequired[Annotated[str, Meta(description="of UTC, such as 2026-01-31")]]
    task: NotRequired[str]
    tenant: NotRequired[str]


class CostsDocument(TypedDict):
    """Costs: by list prices, and approximate as statistics are."""

    since: Time
    until: Time
    by: list[Word]
    task: str | None
    tenant: Annotated[str | None, Meta(description="null: all tenants")]
    complete_until: Time
    folded: Annotated[bool, Meta(description="true: there were too many tasks or tenants to tell all apart")]
    total: CostDocument
    lines: Annotated[list[CostLine], Meta(description="the days in their order, and what costs most first")]
    left_off: Annotated[int, Meta(description="lines that cost less than these, and are in the sum alone")]
    prices: PricesDocument


def show_costs(request: Request) -> Answer:
    """The lines, and their sum."""
    query: CostsQuery = request.query
    words = _by(query.by)
    asked = question(
        since=moment(query.since, "since"),
        until=moment(query.until, "until"),
        last=timedelta(seconds=query.last) if query.last else None if query.since else USUAL - DAY,
        step=int(DAY.total_seconds()),
        task=query.task,
        tenant=whose_or_all(query.tenant, request),
        now=request.arrived,
    )
    by = frozenset(_WORDS[word] for word in words)
    found = patience(request.parts)(lambda: read(asked, by=by, parts=request.parts))
    return Answer(status=200, body=_document(found, words, run_prices()))


def _by(text: str) -> list[Word]:
    """The words, each once. Raises `InvalidInput`."""
    there: tuple[Word, ...] = get_args(Word)
    given = text.split(",")
    if not set(given) <= set(there):
        raise InvalidInput("by", f"is one or several of {', '.join(there)}, with commas between")
    return [word for word in there if word in given]


def _document(found: Found, words: list[Word], prices: RunPrices) -> CostsDocument:
    asked = found.question
    dear = sorted(found.groups.items(), key=lambda one: (-prices.dollars(one[1]), _names(one[0])))
    kept = sorted(
        dear[:MOST_LINES], key=lambda one: _names(one[0])[0]
    )  # stable: within a day, what costs most
    return {
        "since": rfc3339(asked.since),
        "until": rfc3339(asked.until),
        "by": words,
        "task": asked.task,
        "tenant": asked.tenant,
        "complete_until": rfc3339(found.complete),
        "folded": found.folded,
        "total": _cost(found.total, prices),
        "lines": [_line(group, figures, prices) for group, figures in kept],
        "left_off": len(dear) - len(kept),
        "prices": {"as_of": prices.as_of, "region": prices.region},
    }


def _names(group: Group) -> tuple[str, str, str]:
    return ("" if group.at is None else f"{group.at:%Y-%m-%d}", group.task or "", group.tenant or "")


def _line(group: Group, figures: Figures, prices: RunPrices) -> CostLine:
    cost = _cost(figures, prices)
    line = CostLine(**cost)  # type: ignore[typeddict-item]  # its own fields need not be there
    if group.at is not None:
        line["day"] = f"{group.at:%Y-%m-%d}"
    if group.task is not None:
        line["task"] = group.task
    if group.tenant is not None:
        line["tenant"] = group.tenant
    return line


def _cost(figures: Figures, prices: RunPrices) -> CostDocument:
    split = {name: round(dollars, 9) for name, dollars in prices.split(figures).items()}
    dollars = prices.dollars(figures)
    return {
        "dollars": round(dollars, 9),
        "consumers": split["consumers"],
        "table": split["table"],
        "queue": split["queue"],
        "billed_ms": figures.billed_ms,
        "started": figures.started,
        "ended": figures.ended,
        "per_million": round(dollars / figures.ended * 1_000_000, 4) if figures.ended else None,
    }
