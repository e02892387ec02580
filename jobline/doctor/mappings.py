"""What feeds the consumers: the mapping from queue to function, and what Chalice alone would leave out of it."""

from collections.abc import Iterator
from typing import Any

from chalicelib.lanes import BY_NAME
from infra.chalice_ext import ALLOW, PARTIAL, allow_recursion, recursion
from jobline.doctor.finding import Fix, Seen, check, fail, ok, unknown, warn
from jobline.doctor.live import Live

REDEPLOY = "python -m infra deploy --stage STAGE, or plain chalice deploy: both put it back."


FED = ("Enabled", "Creating", "Enabling", "Updating")


@check(
    "feeding",
    why="A lane without an enabled mapping is a lane whose jobs wait; with two, another function takes its messages.",
    mend=REDEPLOY + " What was paused goes on by POST /lanes/LANE/resume.",
)
def feeding(live: Live) -> Iterator[Seen]:
    for function, lane in live.fed.items():
        called, queue = live.names.functions[function], live.names.queues[lane]
        there = live.mappings(function)
        fed = [mapping for mapping in there if mapping["EventSourceArn"].endswith(f":{queue}")]
        if len(fed) != 1 or len(there) != 1:
            yield fail(f"{called} has {len(fed)} mappings from {queue} and {len(there)} in all, not 1")
            continue
        state, control = fed[0].get("State"), live.pauses.get(lane)
        if control is not None and control.paused:
            paused = f"{queue} is paused since {control.since:%Y-%m-%d %H:%M} by {control.by}"
            if state in FED:
                yield fail(f"{paused}, and yet feeds {called}: the tick should have turned it off")
            else:
                yield warn(paused)
        elif state not in FED:
            yield fail(
                f"{queue} does not feed {called}: {state}, and it is not paused",
                _feed(live, queue, fed[0]),
            )
        else:
            yield ok(f"{queue} feeds {called}")


def _feed(live: Live, queue: str, mapping: dict[str, Any]) -> Fix:
    return Fix(
        what=f"let {queue} feed its consumer",
        do=lambda: live.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=True),
    )


@check(
    "partial failures",
    why="Without ReportBatchItemFailures Lambda takes an answer that names failed messages for a success and deletes them all.",
    mend=REDEPLOY,
)
def partial_failures(live: Live) -> Iterator[Seen]:
    for function in live.fed:
        called = live.names.functions[function]
        for mapping in live.mappings(function):
            if set(PARTIAL) <= set(mapping.get("FunctionResponseTypes", [])):
                yield ok(f"{called} reports failed records one by one")
            else:
                yield fail(
                    f"{called} does not report failed records one by one", _report(live, called, mapping)
                )


def _report(live: Live, called: str, mapping: dict[str, Any]) -> Fix:
    return Fix(
        what=f"let {called} report failed records one by one",
        do=lambda: live.client("lambda").update_event_source_mapping(
            UUID=mapping["UUID"], FunctionResponseTypes=PARTIAL
        ),
    )


@check(
    "lanes",
    why="A lane that takes more at once than it declares takes it from the others; one that takes less is slower than planned.",
    mend=REDEPLOY,
)
def figures(live: Live) -> Iterator[Seen]:
    for function, name in live.fed.items():
        lane, called = BY_NAME.get(name), live.names.functions[function]
        if lane is None:
            continue
        wanted = (lane.batch_size, int(lane.window.total_seconds()), lane.concurrency)
        for mapping in live.mappings(function):
            has = (
                mapping.get("BatchSize"),
                mapping.get("MaximumBatchingWindowInSeconds") or 0,
                mapping.get("ScalingConfig", {}).get("MaximumConcurrency"),
            )
            told = f"{called}: batches of {has[0]} in {has[1]} s, {has[2] or 'any number'} at once"
            yield (
                ok(told)
                if has == wanted
                else fail(f"{told}; declared are {wanted[0]}, {wanted[1]} s, {wanted[2]}")
            )


@check(
    "recursion",
    why="Lambda ends what looks like an endless loop after about 16 rounds, and a job with many retries looks like one.",
    mend=REDEPLOY,
)
def recursion_allowed(live: Live) -> Iterator[Seen]:
    for function in live.fed:
        called = live.names.functions[function]
        setting = recursion(live.client("lambda"), called)
        if setting is None:
            yield unknown("this cloud has no such setting")
        elif setting == ALLOW:
            yield ok(f"{called} may feed itself retries")
        else:
            yield fail(f"{called} may not feed itself retries: RecursiveLoop={setting}", _allow(live, called))


def _allow(live: Live, called: str) -> Fix:
    return Fix(
        what=f"let {called} feed itself retries", do=lambda: allow_recursion(live.client("lambda"), called)
    )


CHECKS = (feeding, figures, partial_failures, recursion_allowed)
