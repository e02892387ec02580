"""The minute's run, by an EventBridge rule."""

from datetime import timedelta
from importlib import import_module
from typing import Any

from chalice import Blueprint, Rate

from chalicelib import wiring
from chalicelib.adapters import json_log
from chalicelib.entrypoints.invocation import marked, request_id, watched

ticks = Blueprint("app")


def ahead(function: str) -> None:
    """Import what the tick will need, if this function is the tick: every function imports this file."""
    if function == "tick":
        import_module("chalicelib.pipeline.tick")


@ticks.schedule(Rate(1, unit=Rate.MINUTES))
def tick(event: Any) -> dict[str, Any]:
    """Sweep and keep appointments; the answer is for whoever invokes it by hand."""
    from chalicelib.pipeline import tick as pipeline_tick

    json_log.configure()
    parts = wiring.parts()
    ends = parts.world.now() + timedelta(milliseconds=event.context.get_remaining_time_in_millis())
    with marked(request_id(event)), watched("tick", parts, ends=ends):
        ticked = pipeline_tick.tick(ends=ends, parts=parts)
    kept = ticked.kept
    return {
        "visited": kept.visited,
        "woken": kept.woken,
        "ended": kept.ended,
        "failed": kept.failed,
        "swept": {name: None if swept is None else swept.rows for name, swept in ticked.swept.items()},
    }
