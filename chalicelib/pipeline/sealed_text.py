"""Sealed text where a field holds text: in small items, and what an exception or a running task says of itself."""

from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from dataclasses import replace
from typing import Any

from chalicelib.domain.errors import KeyUnavailable, PayloadMissing
from chalicelib.domain.events import Event
from chalicelib.domain.job import Failure, Job, Progress
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.sealer import MARK, Field, Whose

PREFIX = "sealed:"
"""What sealed text begins with, and no JSON does."""

SHOWN = "(sealed)"
"""What stands in lists, and wherever the key cannot be used."""


def sealed_text(text: str, whose: Whose, parts: Parts, *, alike: bool = False) -> str:
    """The text, sealed where the stage seals. Raises `KeyUnavailable`."""
    if not parts.sealer.on:
        return text
    return PREFIX + urlsafe_b64encode(parts.sealer.seal(text.encode(), whose, alike=alike)).decode()


def opened_text(text: str, whose: Whose, parts: Parts) -> str:
    """The text again. Raises `KeyUnavailable`, `PayloadMissing`."""
    if not text.startswith(PREFIX):
        return text
    try:
        body = urlsafe_b64decode(text.removeprefix(PREFIX))
    except ValueError as error:
        raise PayloadMissing(f"the {whose.field} of {whose.id} is damaged") from error
    return parts.sealer.open(body, whose).decode()


def sealed_event(event: Event, job: Job, parts: Parts) -> Event:
    """The event; what it would write of the exception and of the task's own words is sealed. Raises `KeyUnavailable`."""
    if not parts.sealer.on:
        return event
    given: dict[str, Any] = {}
    error: Failure | None = getattr(event, "error", None)
    if error is not None:
        words = f"{len(error.message)} {error.message}{error.traceback}"
        given["error"] = replace(
            error, message=sealed_text(words, _whose(job, Field.ERROR), parts), traceback=""
        )
    progress: Progress | None = getattr(event, "progress", None)
    if progress is not None and progress.message:
        said = sealed_text(progress.message, _whose(job, Field.PROGRESS), parts)
        given["progress"] = replace(progress, message=said)
    return replace(event, **given) if given else event


def opened_error(job: Job, parts: Parts) -> Failure | None:
    """What went wrong, in the exception's words. Raises `KeyUnavailable`."""
    error = job.error
    if error is None or not _is_sealed_error(error):
        return error
    with suppress(PayloadMissing):  # an exception may have said something that only looks like it
        length, _, said = opened_text(error.message, _whose(job, Field.ERROR), parts).partition(" ")
        return replace(error, message=said[: int(length)], traceback=said[int(length) :])
    return error


def opened_progress(job: Job, parts: Parts) -> Progress | None:
    """What the task last said of itself. Raises `KeyUnavailable`."""
    told = job.progress
    if told is None or not _is_sealed(told.message):
        return told
    with suppress(PayloadMissing):
        return replace(told, message=opened_text(told.message, _whose(job, Field.PROGRESS), parts))
    return told


def opened_words(job: Job, parts: Parts) -> Job:
    """The job with both of them open; where the key cannot be used, they say that they are sealed."""
    if not _sealed(job):
        return job
    try:
        return replace(job, error=opened_error(job, parts), progress=opened_progress(job, parts))
    except KeyUnavailable:
        return closed_words(job)


def closed_words(job: Job) -> Job:
    """The job as lists show it: what is sealed is not opened."""
    if not _sealed(job):
        return job
    error, told = job.error, job.progress
    if error is not None and _is_sealed_error(error):
        error = replace(error, message=SHOWN)
    if told is not None and _is_sealed(told.message):
        told = replace(told, message=SHOWN)
    return replace(job, error=error, progress=told)


def _sealed(job: Job) -> bool:
    error, told = job.error, job.progress
    return (error is not None and _is_sealed_error(error)) or (told is not None and _is_sealed(told.message))


def _is_sealed_error(error: Failure) -> bool:
    """What is sealed has its traceback inside. A task's own exception has one beside it, whatever it says: nobody may have to wait for a key for that."""
    return not error.traceback and _is_sealed(error.message)


def _is_sealed(words: str) -> bool:
    """Whether it is sealed text, and not words that begin like it."""
    if not words.startswith(PREFIX):
        return False
    try:
        return b64decode(words.removeprefix(PREFIX), altchars=b"-_", validate=True).startswith(MARK)
    except ValueError:
        return False


def _whose(job: Job, field: Field) -> Whose:
    return Whose(tenant=job.tenant, id=job.id, field=field)
