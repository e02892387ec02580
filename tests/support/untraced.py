"""A pytest plugin for `make coverage`: what is not ours is not traced.

Coverage's tracer is called for each line of moto and botocore too, only to say that they are none of its files: that makes them three
times as slow. Here it is switched off while they work at what never calls back into our code.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from botocore.client import BaseClient
from botocore.session import Session

from chalicelib.adapters.aws.direct.calls import let_past


def untraced(call: Callable[..., Any]) -> Callable[..., Any]:
    """The same, without this thread's tracer."""

    @wraps(call)
    def quietly(*args: Any, **kwargs: Any) -> Any:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return call(*args, **kwargs)
        finally:
            sys.settrace(tracer)

    return quietly


_before = BaseClient._make_api_call  # type: ignore[attr-defined]
BaseClient._make_api_call = untraced(_before)  # type: ignore[attr-defined]
let_past(BaseClient._make_api_call, around=_before)  # type: ignore[attr-defined]
Session.create_client = untraced(Session.create_client)  # type: ignore[method-assign]
