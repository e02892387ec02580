"""`@task` and `@on`: how a function becomes one that jobs, and events, can ask for."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, overload

from chalicelib.domain.errors import TaskMisdeclared
from chalicelib.pipeline.task import REGISTRY, Options, Task

P = ParamSpec("P")
R = TypeVar("R")


@overload
def task(function: Callable[P, R], /) -> Task[P, R]: ...


@overload
def task(*, name: str | None = ..., **options: Any) -> Callable[[Callable[P, R]], Task[P, R]]: ...


def task(function: Callable[..., Any] | None = None, /, *, name: str | None = None, **options: Any) -> Any:
    """Make a function a task.

    A plain function runs on a thread, an `async def` one on the event loop, one with `cpu=True` in a child process. Its signature is
    the schema of its arguments; arguments and result are JSON values (dataclasses, datetimes, Literal, TypedDict ... are converted).
    A generator is a long job: each `yield` is a checkpoint (docs/long-jobs.md).

    Options:
        name: what jobs call it; by default the function's own name.
        batch: the function takes `list[T]`, many jobs in one call, and returns an outcome for each; see docs/batch-tasks.md.
        cpu: run in a child process, with real parallelism and a hard time limit.
        lane: "high", "default", "low", or one of your own (chalicelib/lanes.py).
        max_attempts: 1 to 50, counted when an attempt *starts*; 5.
        backoff: `Backoff(base=, cap=)`, exponential with full jitter; 2 s doubling up to 15 min.
        retry_on, give_up_on: exception types that are worth another attempt, or are not (wins).
        time_limit: an attempt (of a long job: one invocation's part) that takes longer is over, recorded as timed out, and retried; the invocation's time left if None.
        soft_time_limit: when `SoftTimeLimitExceeded` is raised inside the task; less than `time_limit`.
        keep: how long a finished job and its result can be asked for; 7 days (dead jobs: at least 30).
        expires: a job that did not start within this time after acceptance is not started any more.
        schedule: when it runs by itself: cron ("0 3 * * *") or a timedelta of at least a minute, counted from 1970. Needs no arguments.
        timezone: of the cron rule, "Europe/Berlin"; UTC.
        catch_up: which fires of an outage are made up for: "skip", "one" (the newest), "all" (at most 50) or "all:N"; "one".
        rate: `Rate(limit, per, key=, burst=)`: how many attempts of a key may start in a time, on all functions together (docs/limits.md).
        unique: `Unique(key=, until=, on_conflict=)`: while one job of a key is there, another one is not made.
        debounce: `Debounce(wait=, most=, key=)`: of requests that follow each other closely, only the last one's job runs.
        throttle: `Throttle(limit=, per=, key=)`: further jobs are refused. One of these three; docs/unique.md.
        concurrency: `Concurrency(limit, key=)`: how many attempts of a key may run at once (docs/limits.md).
        ordered: `Ordered(key=, on_retry=)`: jobs of a group run one at a time, in the order of acceptance (docs/limits.md).
        on_success, on_failure: the name of a task that is submitted, exactly once, with the finished job.
        events: which of a job's own moments are published, as events of the topics `job.<moment>`: "accepted", "started",
            "progressed", "succeeded", "retried", "dead", "cancelled", "expired".
        webhook: the id of the endpoint that is told how its jobs end; see docs/webhooks.md.

    Raises `TaskMisdeclared` at import for what contradicts itself.
    """

    def declared(function: Callable[P, R]) -> Task[P, R]:
        if isinstance(function, Task):
            raise TaskMisdeclared(f"@task {function.name}: is a task already; @on stands above @task")
        return REGISTRY.add(function, name, Options(**options))

    return declared if function is None else declared(function)


def on(*topics: str, name: str | None = None, **options: Any) -> Callable[[Any], Task[..., Any]]:
    """Make a function a task that runs once for each event of these topics, with the event as its one argument.

    `@on("order.paid")`, or above `@task` for what is a task already. `order.*` is for all topics that begin with `order.`, `*` for all.
    The annotation `Event[Order]` says what the payload has to be; it is checked when somebody publishes. Takes the options of `@task`.

    Raises `TaskMisdeclared` at import.
    """

    def declared(function: Any) -> Task[..., Any]:
        if not topics:
            raise TaskMisdeclared(f"@on {getattr(function, '__name__', '')}: names no topic")
        if not isinstance(function, Task):
            return REGISTRY.add(function, name, Options(topics=topics, **options))
        if name is not None or options:
            raise TaskMisdeclared(f"@on {function.name}: is a task already; its options belong to @task")
        return REGISTRY.subscribe(function, topics)

    return declared


def external(*topics: str) -> None:
    """Let events of these topics go to the stage's SNS topic as well, where others may subscribe. Patterns as in `@on`.

    Raises `TaskMisdeclared`.
    """
    REGISTRY.send_outside(topics)
