"""Is this stage well? One cheap question each to the table and the queues, asked at most every few seconds."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.problem import MEDIA_TYPE, RETRY_AFTER, Problem, details
from chalicelib.entrypoints.api.problem_kinds import UNAVAILABLE
from chalicelib.entrypoints.api.request import Request
from chalicelib.pipeline.parts import Parts

log = logging.getLogger(__name__)

REMEMBER = timedelta(seconds=5)
"""Anybody may ask, and each question costs five calls."""

OK, FAILED = "ok", "failed"

_last: tuple[Parts, datetime, Mapping[str, str]] | None = None


class Health(TypedDict):
    """All is well."""

    status: Literal["ok"]
    checks: Annotated[dict[str, Literal["ok"]], Meta(description="what was asked")]


def health(request: Request) -> Answer:
    """200 when the table and the queues answer, else 503."""
    checks = _checks(request.parts)
    failed = [name for name, found in checks.items() if found != OK]
    if not failed:
        return Answer(status=200, body={"status": OK, "checks": checks})
    told = details(UNAVAILABLE, f"{' and '.join(failed)} did not answer", request.id)
    body: Problem = {**told, "checks": dict(checks)}
    return Answer(status=503, body=body, headers={"Retry-After": RETRY_AFTER}, content_type=MEDIA_TYPE)


def _checks(parts: Parts) -> Mapping[str, str]:
    """What was found, perhaps some seconds ago."""
    global _last  # noqa: PLW0603 - kept as long as the parts are the same
    last, now = _last, parts.world.now()
    if last is not None and last[0] is parts and now - last[1] < REMEMBER:
        return last[2]
    questions = {"table": lambda: parts.store.watermark("fast"), "queues": parts.queue.depths}
    answers = parts.crew.each(lambda name: questions[name](), questions)
    checks = {}
    for name, answer in zip(questions, answers, strict=True):
        checks[name] = FAILED if isinstance(answer, Exception) else OK
        if isinstance(answer, Exception):
            log.error("health: %s: %s", name, answer, extra={"action": "unhealthy", "check": name})
    _last = (parts, now, checks)
    return checks
