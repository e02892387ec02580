"""Where a process of the local stack logs to: JSON lines, in the form that the functions have on Lambda."""

import logging
from pathlib import Path

from chalicelib.adapters import json_log


def log_to(path: Path | None) -> None:
    """Let this process's log lines go to the end of that file; None: to standard error."""
    json_log.configure()
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(path.open("a", encoding="utf-8", buffering=1))
