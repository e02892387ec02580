"""What a caller may say of how a job is to be submitted: refused by the name of the argument, before anything is written."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.errors import MAX_DELAY, InvalidInput, NotFound
from chalicelib.domain.flow import Debounce
from chalicelib.lanes import LANES
from chalicelib.pipeline.gates import keyed_by
from chalicelib.pipeline.ids import is_tenant
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import MAX_ATTEMPTS, MAX_EXPIRES, Options, Submission, Task
from chalicelib.pipeline.topics import MOMENTS
from chalicelib.pipeline.webhooks import endpoint_of

MAX_TAGS = 10
MAX_TAG_CHARS = 64
MAX_KEY_CHARS = 200


def check_how(how: Submission, task: Task[Any, Any], parts: Parts) -> None:
    """Raise `InvalidInput` that names the argument which is wrong."""
    _check_kinds(how)
    _check_times(how, task.options, parts.world.now())
    _check_choices(how, parts)
    if how.group is not None and task.options.ordered is None:
        raise InvalidInput(
            "group", f"the jobs of {task.name!r} have no order: it is not declared with ordered="
        )


def _check_kinds(how: Submission) -> None:
    """Refuse a number where a time is asked for, as people who come from elsewhere write it."""
    given: dict[str, tuple[object, type, str]] = {
        "delay": (how.delay, timedelta, "a timedelta"),
        "expires": (how.expires, timedelta, "a timedelta"),
        "at": (how.at, datetime, "a datetime"),
    }
    for name, (value, kind, words) in given.items():
        if value is not None and not isinstance(value, kind):
            raise InvalidInput(name, f"{value!r} is not {words}")


def _check_times(how: Submission, options: Options, now: datetime) -> None:
    """Refuse a due time or a deadline that is out of range, by the name of the argument."""
    if how.delay is not None and how.at is not None:
        raise InvalidInput("delay", "give delay or at, not both")
    if how.at is not None and how.at.tzinfo is None:
        raise InvalidInput("at", "a time without a time zone")
    wait = how.at - now if how.at is not None else how.delay or timedelta(0)
    if how.delay is not None and wait < timedelta(0):
        raise InvalidInput("delay", "is negative")
    if wait > MAX_DELAY:
        raise InvalidInput(
            "at" if how.at is not None else "delay", f"is more than {MAX_DELAY.days} days ahead"
        )
    expires = how.expires if how.expires is not None else options.expires
    if options.debounce is not None:
        _check_debounced(how, options.debounce)
    if expires is not None and not max(wait, timedelta(0)) < expires <= MAX_EXPIRES:
        whose = "" if how.expires is not None else f" (the task's own, {expires})"
        raise InvalidInput("expires", f"is not after the time at which the job is due{whose}")


def _check_debounced(how: Submission, policy: Debounce) -> None:
    """Refuse what contradicts a debounce: it says when its jobs start."""
    for option in ("delay", "at"):
        if getattr(how, option) is not None:
            raise InvalidInput(option, "the task is debounced, which says when its jobs start")
    if how.expires is not None and (policy.most is None or how.expires <= policy.most):
        raise InvalidInput(
            "expires", "is not after the latest time to which the task's debounce can put the job off"
        )


def _check_choices(how: Submission, parts: Parts) -> None:
    """Refuse any other option that is out of range, by the name of the argument."""
    if not is_tenant(how.tenant):
        raise InvalidInput("tenant", "not 1 to 64 letters, digits, dots, dashes and underscores")
    if how.lane is not None and how.lane not in LANES:
        raise InvalidInput("lane", f"{how.lane!r} is none of {', '.join(LANES)}")
    if how.max_attempts is not None and not 1 <= how.max_attempts <= MAX_ATTEMPTS:
        raise InvalidInput("max_attempts", f"{how.max_attempts} is not between 1 and {MAX_ATTEMPTS}")
    if len(how.tags) > MAX_TAGS:
        raise InvalidInput("tags", f"more than {MAX_TAGS} tags")
    for number, tag in enumerate(how.tags):
        if not 1 <= len(tag) <= MAX_TAG_CHARS or not tag.isprintable():
            raise InvalidInput(f"tags[{number}]", f"not 1 to {MAX_TAG_CHARS} printable characters")
    if how.key is not None and not (1 <= len(how.key) <= MAX_KEY_CHARS and how.key.isprintable()):
        raise InvalidInput("idempotency_key", f"not 1 to {MAX_KEY_CHARS} printable characters")
    if how.group is not None and not (1 <= len(how.group) <= MAX_KEY_CHARS and how.group.isprintable()):
        raise InvalidInput("group", f"not 1 to {MAX_KEY_CHARS} printable characters")
    _check_who_hears(how, parts)


def _check_who_hears(how: Submission, parts: Parts) -> None:
    """Refuse followers and moments that do not exist, by the name of the argument."""
    if how.events is not None and not {*how.events} <= {*MOMENTS}:
        raise InvalidInput("events", f"not some of {', '.join(MOMENTS)}")
    if how.webhook is not None:
        try:
            endpoint_of(how.webhook, tenant=how.tenant, parts=parts)
        except NotFound as error:
            raise InvalidInput("webhook", str(error)) from error
    for option in ("on_success", "on_failure"):
        follower = getattr(how, option)
        if follower is not None and follower not in parts.registry:
            raise InvalidInput(option, f"no task is called {follower!r}")
        if follower is not None and keyed_by(parts.registry[follower], "job"):
            raise InvalidInput(option, f"a key of {follower!r} is made of `job`, which is no plain value")
