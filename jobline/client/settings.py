"""Which API an application talks to: what its configuration says, or else the environment."""

import os
from collections.abc import Mapping
from typing import Any

URL, KEY = "JOBLINE_URL", "JOBLINE_API_KEY"


class NotConfigured(RuntimeError):
    """Neither the application's configuration nor the environment says which API there is, or with which key."""


def url_and_key(config: Mapping[str, Any]) -> tuple[str, str]:
    """The two. Raises `NotConfigured` that names the one which is missing."""
    found = {name: config.get(name) or os.environ.get(name) for name in (URL, KEY)}
    for name, value in found.items():
        if not isinstance(value, str) or not value:
            raise NotConfigured(
                f"{name} is neither in the application's configuration nor in the environment"
            )
    return str(found[URL]), str(found[KEY])
