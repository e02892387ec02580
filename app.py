"""The doors, and nothing else: what Chalice deploys and Lambda calls. What they lead to is in chalicelib/."""

import gc
import os
from typing import Any

_collecting = gc.isenabled()
gc.disable()  # what is imported stays; looking for garbage in it takes a twentieth of a cold start

from chalice import Chalice  # noqa: E402 - see above

from chalicelib.domain.late import collect_again  # noqa: E402
from chalicelib.entrypoints import consumer  # noqa: E402
from chalicelib.entrypoints import tick as ticking  # noqa: E402
from chalicelib.entrypoints.consumer import CONSUMERS, consumers, dead_letters  # noqa: E402
from chalicelib.entrypoints.tick import tick, ticks  # noqa: E402

__all__ = ["app", "dead_letters", "tick"]

if os.environ.get("AWS_CHALICE_CLI_MODE"):  # `chalice deploy` and the like; Lambda's zip has no infra
    from infra import chalice_ext, chalice_local

    chalice_ext.install()
    chalice_local.install()

app = Chalice(app_name="jobline", configure_logs=False)  # our own lines are JSON, and from INFO on
# Lambda says which function it starts. Each imports what it needs itself, and starts faster without what the others need.
_started = os.environ.get("_HANDLER", "app.app").removeprefix("app.")
if _started == "app":
    from chalicelib.entrypoints.api.blueprint import api

    app.register_blueprint(api)
app.register_blueprint(consumers)
app.register_blueprint(ticks)
consumer.ahead(_started)
ticking.ahead(_started)
if _collecting:
    collect_again()


def __getattr__(name: str) -> Any:
    """consume_<lane>, for each lane of chalicelib/lanes.py: Lambda enters by these names."""
    if name in CONSUMERS:
        return CONSUMERS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
