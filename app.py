"""The doors, and nothing else: what Chalice deploys and Lambda calls. What they lead to is in chalicelib/."""

import os

from chalice import Chalice

from chalicelib.entrypoints.consumer import (
    consume_default,
    consume_high,
    consume_low,
    consumers,
    dead_letters,
)
from chalicelib.entrypoints.tick import tick, ticks

__all__ = ["app", "consume_default", "consume_high", "consume_low", "dead_letters", "tick"]

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
