"""The doors, and nothing else: what Chalice deploys and Lambda calls. What they lead to is in chalicelib/."""

import os
from typing import Any

from chalice import Chalice

from chalicelib.entrypoints.consumer import CONSUMERS, consumers, dead_letters
from chalicelib.entrypoints.tick import tick, ticks

__all__ = ["app", "dead_letters", "tick"]

if os.environ.get("AWS_CHALICE_CLI_MODE"):  # `chalice deploy` and the like; Lambda's zip has no infra
    from infra import chalice_ext, chalice_local

    chalice_ext.install()
    chalice_local.install()

app = Chalice(app_name="jobline", configure_logs=False)  # our own lines are JSON, and from INFO on
# Lambda says which function it starts. Only the API's function needs the API; the others start faster without it.
if os.environ.get("_HANDLER", "app.app") == "app.app":
    from chalicelib.entrypoints.api.blueprint import api

    app.register_blueprint(api)
app.register_blueprint(consumers)
app.register_blueprint(ticks)


def __getattr__(name: str) -> Any:
    """consume_<lane>, for each lane of chalicelib/lanes.py: Lambda enters by these names."""
    if name in CONSUMERS:
        return CONSUMERS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
