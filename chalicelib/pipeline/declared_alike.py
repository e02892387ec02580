"""Whether what a task says of requests that are alike can be kept: `unique`, `debounce`, `throttle`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from chalicelib.domain.errors import TaskMisdeclared
from chalicelib.domain.flow import Debounce, Throttle, Unique
from chalicelib.pipeline.gates import policies
from chalicelib.pipeline.limits import MAX_QUEUE_DELAY
from chalicelib.pipeline.secret import is_secret

if TYPE_CHECKING:
    from chalicelib.pipeline.task import Options

MOST_PER_PERIOD = 100
"""A throttle's item holds a line for each accepted job: with 100 it is 3 KB, and costs three write units."""

LONGEST_PERIOD = timedelta(days=30)
LONGEST_MOST = timedelta(days=7)
ALIKE = ("unique", "debounce", "throttle")


def check_alike(options: "Options", name: str) -> None:
    """Raise `TaskMisdeclared` that names the option which is wrong."""
    given = [option for option in ALIKE if getattr(options, option) is not None]
    if len(given) > 1:
        _wrong(
            name, given[0], f"and {given[1]} exclude each other: a request can be looked at in one way only"
        )
    for option in given:
        if not isinstance(getattr(options, option).key, tuple):
            _wrong(name, option, "key: give a tuple of names, not one text")
    if options.unique is not None:
        _check_unique(options.unique, name)
    if options.debounce is not None:
        _check_debounce(options.debounce, options.expires, name)
        _check_shared(options, options.debounce, name)
    if options.throttle is not None:
        _check_throttle(options.throttle, name)


def _check_unique(policy: Unique, name: str) -> None:
    until = policy.until
    if isinstance(until, timedelta):
        if not timedelta(0) < until <= LONGEST_PERIOD:
            _wrong(
                name,
                "unique",
                f"until={until!r} is not more than nothing and at most {LONGEST_PERIOD.days} days",
            )
    elif until not in ("started", "ended"):
        _wrong(name, "unique", f'until={until!r} is neither "started" nor "ended" nor a timedelta')
    if policy.on_conflict not in ("existing", "refuse"):
        _wrong(name, "unique", f'on_conflict={policy.on_conflict!r} is neither "existing" nor "refuse"')


def _check_debounce(policy: Debounce, expires: timedelta | None, name: str) -> None:
    if not timedelta(0) < policy.wait <= MAX_QUEUE_DELAY:
        _wrong(name, "debounce", f"wait={policy.wait!r} is not more than nothing and at most 15 minutes")
    if policy.most is not None and not policy.wait <= policy.most <= LONGEST_MOST:
        _wrong(name, "debounce", f"most={policy.most!r} is not between wait and {LONGEST_MOST.days} days")
    if expires is not None and (policy.most is None or policy.most >= expires):
        _wrong(
            name, "debounce", "has to have a most that is less than expires: a job may be put off for as long"
        )


def _check_shared(options: "Options", policy: Debounce, name: str) -> None:
    """A job's gates are made of its first arguments: those that may be replaced must not be part of them."""
    if options.ordered is not None:
        _wrong(
            name,
            "debounce",
            "and ordered exclude each other: a job in a line waits there, where nothing is replaced",
        )
    for kind, other in policies(options).items():
        if not set(other.key) <= set(policy.key):
            _wrong(
                name,
                "debounce",
                f"key has to name what the key of {kind} names: jobs of one debounce share their limits",
            )


def _check_throttle(policy: Throttle, name: str) -> None:
    if not 1 <= policy.limit <= MOST_PER_PERIOD:
        _wrong(name, "throttle", f"limit={policy.limit!r} is not between 1 and {MOST_PER_PERIOD}")
    if not timedelta(0) < policy.per <= LONGEST_PERIOD:
        _wrong(
            name,
            "throttle",
            f"per={policy.per!r} is not more than nothing and at most {LONGEST_PERIOD.days} days",
        )


def check_keys(options: "Options", name: str, parameters: Sequence[str]) -> None:
    """Raise `TaskMisdeclared` for a key that names no parameter."""
    for option in ALIKE:
        policy = getattr(options, option)
        for argument in () if policy is None else policy.key:
            if argument not in parameters:
                _wrong(name, option, f"key names {argument!r}, which is no parameter of the function")


def check_unkeyed(options: "Options", name: str, schema: Mapping[str, Any]) -> None:
    """Raise `TaskMisdeclared` for a key that is made of a secret argument: keys are kept and shown in plain text."""
    for option in (*ALIKE, "rate", "concurrency", "ordered"):
        policy = getattr(options, option)
        for argument in () if policy is None else policy.key:
            if is_secret(schema, [argument]):
                _wrong(name, option, f"key names {argument!r}, which is Secret: keys are shown")


def _wrong(name: str, option: str, why: str) -> NoReturn:
    raise TaskMisdeclared(f"@task {name}: {option} {why}")
