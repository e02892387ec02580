"""Log lines of a child process are carried to its parent, and go where the parent's go, with the parent's format and levels."""

import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from chalicelib.pipeline.context import fields_here

MESSAGE_CHARS = 16_000
TRACEBACK_CHARS = 2_000
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_LARGE = 2**63  # and NaN is not below it
_CARRIED = (
    "name",
    "levelno",
    "levelname",
    "pathname",
    "filename",
    "module",
    "lineno",
    "funcName",
    "created",
    "process",
    "threadName",
)


def spare_soft_limits() -> None:
    """Let no log line of this process ask for the name of its process.

    The standard library drops whatever is raised while it does, a soft limit that comes at that moment too:
    https://github.com/python/cpython/blob/v3.11.7/Lib/logging/__init__.py#L365-L373
    """
    logging.logMultiprocessing = False


def levels() -> Mapping[str, int]:
    """The levels that are set in this process, by logger; the root's name is empty."""
    loggers = list(logging.root.manager.loggerDict.items())
    named = {
        name: logger.level for name, logger in loggers if isinstance(logger, logging.Logger) and logger.level
    }
    return {**named, "": logging.root.level}


class Relay(logging.Handler):
    """The child's only handler. `tell` sends a message to the parent; False: there is no parent to send to.

    `held` keeps the soft limit away: a handler that drops exceptions would drop it, too.
    """

    def __init__(
        self, tell: Callable[[str, Any], bool], held: Callable[[], AbstractContextManager[None]]
    ) -> None:
        super().__init__()
        self._tell = tell
        self._held = held

    def install(self, levels: Mapping[str, int]) -> None:
        """Take the place of whatever the task modules have set up, at the parent's levels."""
        logging.root.handlers[:] = [self]
        spare_soft_limits()
        for name, level in levels.items():
            logging.getLogger(name or None).setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        """Send it, or print it where no line leads to the parent: in a process that the task itself has forked."""
        with self._held():
            try:
                if not self._tell("log", to_wire(record)):
                    sys.stderr.write(self.format(record) + "\n")
            except Exception:  # noqa: BLE001 - logging never breaks what it logs
                self.handleError(record)


def to_wire(record: logging.LogRecord) -> Mapping[str, Any]:
    """The record as JSON values: its words are final, its extras are carried if they are simple and printed if not."""
    facts = {name: getattr(record, name) for name in _CARRIED}
    facts["msg"] = _printable(record.getMessage())
    given = {name: value for name, value in record.__dict__.items() if name not in _OWN}
    extras = {**fields_here(), **given}
    if record.exc_info:
        trace = logging.Formatter().formatException(record.exc_info)[-TRACEBACK_CHARS:]
        facts["exc_text"] = _printable(
            trace
        )  # what a plain formatter prints; one that looks for `exc_info` finds none
        extras.setdefault("error", trace)
    return {**facts, "extra": {name: _simple(value) for name, value in extras.items()}}


def replay(wire: Mapping[str, Any]) -> None:
    """Log in this process what was logged in the child."""
    logger = logging.getLogger(wire["name"])
    if logger.isEnabledFor(wire["levelno"]):
        facts = {name: value for name, value in wire.items() if name != "extra"}
        logger.handle(logging.makeLogRecord({**wire["extra"], **facts}))


def _simple(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and abs(value) < _LARGE:
        return value
    return _printable(value if isinstance(value, str) else repr(value))


def _printable(text: str) -> str:
    return text[:MESSAGE_CHARS].encode("utf-8", "replace").decode()
