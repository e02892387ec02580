"""Log lines as JSON, one a line: a sentence for people, fields for machines."""

import json
import logging
import sys
from typing import Any

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
FIELD_CHARS = 2000


class JsonFormatter(logging.Formatter):
    """Every line is one JSON object, whatever a message holds: line breaks and control characters are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "at": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage()[:FIELD_CHARS],
        }
        line.update({name: value for name, value in record.__dict__.items() if name not in _STANDARD})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)[-FIELD_CHARS:]
        return json.dumps(line, ensure_ascii=True, default=lambda value: str(value)[:FIELD_CHARS])


def configure(level: int = logging.INFO) -> None:
    """Send the root logger's lines to standard error as JSON, once a process; Lambda's own handler is replaced."""
    root = logging.getLogger()
    if any(isinstance(handler.formatter, JsonFormatter) for handler in root.handlers):
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("botocore", "boto3", "urllib3", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
