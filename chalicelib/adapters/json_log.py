"""Log lines as JSON, one a line: a sentence for people, fields for machines."""

import json
import logging
import math
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from itertools import islice
from typing import Any

from chalicelib.pipeline.context import fields_here

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_OWN = frozenset({"at", "level", "logger", "message", "error"})
FIELD_CHARS = 2000
MOST_FIELDS = 40
MOST_VALUES = 50
NAME_CHARS = 100
LINE_CHARS = 64_000
"""Of one line; a log event may have 256 KB. What is longer keeps its short fields."""
SHORT_CHARS = 100

_bound: ContextVar[dict[str, object]] = ContextVar("jobline_log_fields", default={})  # noqa: B039 - never changed in place


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Every line that is logged within, on whatever thread the work goes on, has these fields. None is left out."""
    mark = _bound.set(
        {**_bound.get(), **{name: value for name, value in fields.items() if value is not None}}
    )
    try:
        yield
    finally:
        _bound.reset(mark)


class JsonFormatter(logging.Formatter):
    """Every line is one JSON object in ASCII, whatever its values hold: nothing that anybody writes can end it or colour a screen."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. Never raises: what cannot be said is left out."""
        own: dict[str, Any] = {
            "at": f"{_second(int(record.created))}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name[:NAME_CHARS],
            "message": _message(record),
        }
        given = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        if record.exc_info and "error" not in given:
            given["error"] = self.formatException(record.exc_info)[-FIELD_CHARS:]
        fields = {**_bound.get(), **fields_here(), **given}
        told = {
            str(name)[:NAME_CHARS]: value[:FIELD_CHARS] if type(value) is str else _simple(value)
            for name, value in (fields if len(fields) <= MOST_FIELDS else _first(fields)).items()
            if name not in _OWN or name == "error"
        }
        line = _json({**own, **told})
        return line if len(line) <= LINE_CHARS else _json({**own, **_short(told), "cut": len(line)})


_json = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    """A second since 1970, in words: the lines of a batch share it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


def _first(fields: Mapping[str, object]) -> Mapping[str, object]:
    return dict(islice(fields.items(), MOST_FIELDS))


def _short(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields by which lines are searched."""
    scalars = {name: value for name, value in fields.items() if not isinstance(value, dict | list)}
    return {name: value for name, value in scalars.items() if len(str(value)) <= SHORT_CHARS}


def _message(record: logging.LogRecord) -> str:
    """The sentence; its template alone if what it was given does not fit. The logging module would print the values then."""
    try:
        return record.getMessage()[:FIELD_CHARS]
    except Exception:  # noqa: BLE001 - any `__str__` may be broken
        return str(record.msg)[:FIELD_CHARS] if isinstance(record.msg, str) else "<not printable>"


def _simple(value: Any, depth: int = 2) -> Any:
    """A value as JSON can say it, within bounds."""
    if type(value) is str:  # as nearly all are
        return value[:FIELD_CHARS]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if depth and isinstance(value, dict):
        some = list(value.items())[:MOST_VALUES]
        return {str(name)[:NAME_CHARS]: _simple(one, depth - 1) for name, one in some}
    if depth and isinstance(value, list | tuple):
        return [_simple(one, depth - 1) for one in value[:MOST_VALUES]]
    with suppress(Exception):
        return str(value)[:FIELD_CHARS]
    return "<not printable>"


def configure(level: int = logging.INFO) -> None:
    """Send the root logger's lines to standard error as JSON, once a process; Lambda's own handler is replaced."""
    root = logging.getLogger()
    if any(isinstance(handler.formatter, JsonFormatter) for handler in root.handlers):
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.logMultiprocessing = False  # see `runners.relay.spare_soft_limits`: threads have soft limits, too
    for noisy in ("botocore", "boto3", "urllib3", "asyncio", "aws_xray_sdk"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
