"""How many may run at once: what the lanes may take, what is set aside, and what the account has."""

from collections.abc import Iterator

from jobline.doctor.finding import Seen, check, fail, ok, warn
from jobline.doctor.live import Live

UNRESERVED = 100  # Lambda keeps so many for functions that reserve none
MEND = "docs/lanes.md, Shares: give the lanes less in chalicelib/lanes.py, or ask AWS for a higher limit."


@check(
    "concurrency",
    why="A mapping that may start more than Lambda lets it start is throttled, and throttled messages end among the dead letters.",
    mend=MEND,
)
def concurrency(live: Live) -> Iterator[Seen]:
    asked = 0
    for function in live.fed:
        called = live.names.functions[function]
        most = sum(
            each.get("ScalingConfig", {}).get("MaximumConcurrency", 0) for each in live.mappings(function)
        )
        reserved = _reserved(live, called)
        if reserved == 0:
            continue  # told by `stopped`
        if reserved is not None and most > reserved:
            yield fail(f"{called} reserves {reserved} and its queue may start {most}")
        asked += most if reserved is None else 0
    account = live.client("lambda").get_account_settings()["AccountLimit"]
    limit, free = account["ConcurrentExecutions"], account["UnreservedConcurrentExecutions"]
    if free < UNRESERVED:
        yield fail(f"{free} of the account's {limit} are unreserved, {UNRESERVED} are the least")
    elif asked > free:
        yield warn(f"the lanes may start {asked}, and {free} of the account's {limit} are unreserved")
    else:
        yield ok(f"{free} of the account's {limit} are unreserved; the lanes' own limits come to {asked}")


@check(
    "stopped",
    why="A function whose reserved concurrency is 0 was stopped by hand; deploys leave it so.",
    mend="When the reason is gone: aws lambda delete-function-concurrency --function-name FUNCTION",
)
def stopped(live: Live) -> Iterator[Seen]:
    for function in live.functions:
        called = live.names.functions[function]
        if _reserved(live, called) == 0:
            yield fail(f"{called} is stopped")
        else:
            yield ok(f"{called} may run")


def _reserved(live: Live, called: str) -> int | None:
    """None: it shares what nobody reserves."""
    found: int | None = (
        live.client("lambda")
        .get_function_concurrency(FunctionName=called)
        .get("ReservedConcurrentExecutions")
    )
    return found


CHECKS = (concurrency, stopped)
