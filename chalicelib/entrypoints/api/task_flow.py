"""What a task says about the flow of its jobs, as the API shows it."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta

from chalicelib.domain.flow import Debounce, Ordered, Rate, Throttle, Unique
from chalicelib.pipeline.task import Options

Seconds = Annotated[float, Meta(description="seconds")]
Key = Annotated[
    list[str], Meta(description="arguments whose values jobs share it by; none: all jobs of the task")
]
Shared = Annotated[str | None, Meta(description="the name under which several tasks share it")]


class RateDocument(TypedDict):
    """So many attempts start in a time."""

    limit: int
    per: Seconds
    burst: int
    key: Key
    name: Shared


class ConcurrencyDocument(TypedDict):
    """So many attempts run at once."""

    limit: int
    key: Key
    name: Shared


class OrderedDocument(TypedDict):
    """One job of a group at a time, in the order of acceptance."""

    on_retry: Literal["hold", "skip"]
    key: Key
    name: Shared


class UniqueDocument(TypedDict):
    """While one job is there, another one is not made. `until`: `started`, `ended`, or so many seconds after acceptance."""

    until: str | float
    on_conflict: Literal["existing", "refuse"]
    key: Key
    name: Shared


class DebounceDocument(TypedDict):
    """The last of many requests, once it is quiet."""

    wait: Seconds
    most: Seconds | None
    key: Key


class ThrottleDocument(TypedDict):
    """So many jobs are accepted in any such time."""

    limit: int
    per: Seconds
    key: Key
    name: Shared


class FlowDocument(TypedDict):
    """Only what the task declares is there."""

    rate: NotRequired[RateDocument]
    concurrency: NotRequired[ConcurrencyDocument]
    ordered: NotRequired[OrderedDocument]
    unique: NotRequired[UniqueDocument]
    debounce: NotRequired[DebounceDocument]
    throttle: NotRequired[ThrottleDocument]


def flow_document(options: Options) -> FlowDocument:
    """What is declared."""
    found: dict[str, Any] = {}
    for name in ("rate", "concurrency", "ordered", "unique", "debounce", "throttle"):
        policy = getattr(options, name)
        if policy is not None:
            shared = {"key": list(policy.key), "name": getattr(policy, "name", None)}
            found[name] = {**shared, **_numbers(policy)}
    found.get("debounce", {}).pop("name", None)
    flow: FlowDocument = found  # type: ignore[assignment]  # put together by name
    return flow


def _numbers(policy: object) -> dict[str, Any]:
    match policy:
        case Rate():
            return {"limit": policy.limit, "per": policy.per.total_seconds(), "burst": policy.burst}
        case Throttle():
            return {"limit": policy.limit, "per": policy.per.total_seconds()}
        case Ordered():
            return {"on_retry": policy.on_retry}
        case Unique():
            until = policy.until if isinstance(policy.until, str) else policy.until.total_seconds()
            return {"until": until, "on_conflict": policy.on_conflict}
        case Debounce():
            most = None if policy.most is None else policy.most.total_seconds()
            return {"wait": policy.wait.total_seconds(), "most": most}
        case _:
            return {"limit": getattr(policy, "limit", 0)}
