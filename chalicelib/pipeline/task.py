"""A task: a function that jobs can ask for, and how its jobs are to be run."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, ParamSpec, TypeVar

from chalicelib.domain.errors import MAX_DELAY, InvalidInput, TaskMisdeclared, UnknownTask
from chalicelib.domain.flow import Concurrency, Debounce, Ordered, Rate, Throttle, Unique
from chalicelib.domain.job import KEEP, KEY_LIFE
from chalicelib.domain.late import regex
from chalicelib.domain.lean import dataclass
from chalicelib.domain.retry import MAX_BACKOFF, Backoff, RetryPolicy
from chalicelib.domain.workflow import Policy
from chalicelib.lanes import LANES
from chalicelib.pipeline.batch_signature import BatchSignature
from chalicelib.pipeline.declared_alike import check_alike, check_keys, check_unkeyed
from chalicelib.pipeline.gates import check_policies, check_shared, keyed_by
from chalicelib.pipeline.generators import driven, driven_async
from chalicelib.pipeline.signature import Signature
from chalicelib.pipeline.topics import MOMENTS, is_pattern
from chalicelib.pipeline.workflows.flow import policy
from chalicelib.pipeline.workflows.reading import MAX_SIZE, is_whole
from chalicelib.pipeline.workflows.step_flow import MapFlow, StepFlow, items_of

P = ParamSpec("P")
R = TypeVar("R")

MAX_ATTEMPTS = 50
"""The most attempts a job may have. With the longest backoff of a day a job so ends well before its stored arguments do."""

LONGEST = timedelta(hours=12)
"""The longest time limit: no SQS message can be hidden for longer."""

MAX_EXPIRES = MAX_DELAY + timedelta(days=1)
"""The latest deadline for starting: a job that is put off for as long as possible can still have one."""

ANSWERS = KEY_LIFE + timedelta(hours=1)
"""How long a job is kept at least after its end if it may answer for other requests: their idempotency keys stand for it as long."""
BUILT_IN = "jobline."
"""What the names of Jobline's own tasks begin with, and nobody else's may."""

_WEBHOOK = regex(r"wh_[0-9a-z]{10}")
_NAME = regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")


class Kind(StrEnum):
    """Where a task's function runs."""

    THREAD = "thread"
    LOOP = "loop"
    PROCESS = "process"


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """All that `@task` takes. Durations are timedeltas."""

    lane: str = "default"
    cpu: bool = False
    max_attempts: int = 5
    backoff: Backoff = Backoff()
    retry_on: tuple[type[BaseException], ...] = (Exception,)
    give_up_on: tuple[type[BaseException], ...] = ()
    time_limit: timedelta | None = None
    soft_time_limit: timedelta | None = None
    keep: timedelta = KEEP
    expires: timedelta | None = None
    on_success: str | None = None
    on_failure: str | None = None
    rate: Rate | None = None
    concurrency: Concurrency | None = None
    ordered: Ordered | None = None
    unique: Unique | None = None
    debounce: Debounce | None = None
    throttle: Throttle | None = None
    batch: bool = False
    schedule: str | timedelta | None = None
    timezone: str = "UTC"
    catch_up: str = "one"
    webhook: str | None = None
    topics: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def kept(self) -> timedelta:
        """How long a job is kept after its end. One that another request's answer may be is kept as long as that may be repeated."""
        if self.unique is None and self.debounce is None:
            return self.keep
        period = self.unique.until if self.unique is not None else None
        return max(self.keep, ANSWERS + (period if isinstance(period, timedelta) else timedelta(0)))

    def check(self, name: str) -> None:
        """Raise `TaskMisdeclared` that names the option which is wrong."""
        wrong = {
            "name": not _NAME.fullmatch(name) or name.startswith(BUILT_IN),
            "lane": self.lane not in LANES,
            "max_attempts": not 1 <= self.max_attempts <= MAX_ATTEMPTS,
            "backoff": not timedelta(0) <= self.backoff.base <= self.backoff.cap <= MAX_BACKOFF,
            "time_limit": self.time_limit is not None and not timedelta(0) < self.time_limit <= LONGEST,
            "soft_time_limit": self.soft_time_limit is not None
            and not timedelta(0) < self.soft_time_limit < (self.time_limit or LONGEST),
            "keep": not timedelta(0) < self.keep <= timedelta(days=366),
            "expires": self.expires is not None and not timedelta(0) < self.expires <= MAX_EXPIRES,
            "topics": not _tuple_of(self.topics, is_pattern),
            "webhook": self.webhook is not None and not _WEBHOOK.fullmatch(self.webhook),
            "events": not _tuple_of(self.events, MOMENTS.__contains__),
        }
        for option, is_wrong in wrong.items():
            if is_wrong:
                said = name if option == "name" else getattr(self, option)
                raise TaskMisdeclared(
                    f"@task {name}: {option}={said!r} is out of range; see the docstring of `task`"
                )
        check_alike(self, name)
        self._check_schedule(name)

    def _check_schedule(self, name: str) -> None:
        if self.schedule is None:
            for option in ("timezone", "catch_up"):
                if getattr(self, option) != type(self).__dataclass_fields__[option].default:
                    raise TaskMisdeclared(f"@task {name}: {option} is for a schedule, and there is none")
            return
        from chalicelib.pipeline.timetable import declared_rule  # a parser that few tasks need

        try:
            declared_rule(self.schedule, self.timezone, self.catch_up).check()
        except InvalidInput as error:
            option = "schedule" if error.argument in ("cron", "every") else error.argument
            raise TaskMisdeclared(f"@task {name}: {option}: {error.why}") from error


def _tuple_of(given: object, takes: Callable[[str], bool]) -> bool:
    """Whether it is a tuple of such texts. A text alone, or a list, was meant as one and would be something else."""
    return isinstance(given, tuple) and all(isinstance(one, str) and takes(one) for one in given)


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """How one job is to be submitted; None means the task's own. Either `delay` or `at`, not both."""

    delay: timedelta | None = None
    at: datetime | None = None
    expires: timedelta | None = None
    lane: str | None = None
    max_attempts: int | None = None
    tags: tuple[str, ...] = ()
    tenant: str = "default"
    key: str | None = None
    on_success: str | None = None
    on_failure: str | None = None
    webhook: str | None = None
    group: str | None = None
    events: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Task(Generic[P, R]):
    """A registered function. Calling it runs the function here and now; `delay` and `submit` make a job."""

    name: str
    function: Callable[P, R]
    kind: Kind
    options: Options
    signature: Signature  #: a `BatchSignature`, exactly if `options.batch`
    submitter: "Submitter"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function here and now, as if it were not a task."""
        return self.function(*args, **kwargs)

    def delay(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Submit a job with these arguments. Returns its handle. Raises `InvalidInput` that names a wrong argument."""
        return self.submitter(self, self.signature.bind(args, kwargs), Submission())

    def submit(self, args: tuple[Any, ...] | Mapping[str, Any] = (), **how: Any) -> Any:
        """Submit a job; `how` is `delay=, at=, expires=, lane=, max_attempts=, tags=, tenant=, key=, group=, on_success=, on_failure=, events=, webhook=`."""
        named = self.signature.bind((), args) if isinstance(args, Mapping) else self.signature.bind(args, {})
        return self.submitter(self, named, Submission(**how))

    def s(self, *args: Any, **kwargs: Any) -> StepFlow:
        """This task with these arguments, as a step of a workflow. What comes before it goes into its first free argument."""
        return StepFlow(task=self, args=args, kwargs=kwargs)

    def si(self, *args: Any, **kwargs: Any) -> StepFlow:
        """As `s`, immutable: it does not get what comes before it."""
        return StepFlow(task=self, args=args, kwargs=kwargs, immutable=True)

    def map(
        self, items: Iterable[Any] | None = None, *, on_error: str = "fail", min_success: int = 0, **args: Any
    ) -> MapFlow:
        """A job for each item, side by side; `args` are given to all of them. Without items: those are the result of what comes before.

        The item goes into the first argument that is not among `args`. on_error, min_success: as of `group`. Raises `InvalidInput`.
        """
        return self._mapped(items, args, policy(on_error, min_success))

    def starmap(
        self, items: Iterable[Any] | None = None, *, on_error: str = "fail", min_success: int = 0, **args: Any
    ) -> MapFlow:
        """As `map`; each item is the arguments of its job: a list of them in their order, or an object of them by name."""
        return replace(self._mapped(items, args, policy(on_error, min_success)), spread=True)

    def chunks(
        self,
        items: Iterable[Any] | None,
        size: int,
        *,
        on_error: str = "fail",
        min_success: int = 0,
        **args: Any,
    ) -> MapFlow:
        """As `map`; each job gets a list of up to `size` (1 to 10,000) items. `items` None: the result of what comes before."""
        if not is_whole(size) or not 1 <= size <= MAX_SIZE:
            raise InvalidInput("size", f"not a number from 1 to {MAX_SIZE:,}")
        return replace(self._mapped(items, args, policy(on_error, min_success)), size=size)

    def _mapped(self, items: Iterable[Any] | None, args: Mapping[str, Any], how: Policy) -> MapFlow:
        return MapFlow(step=StepFlow(task=self, kwargs=args), items=items_of(items), policy=how)

    @property
    def work(self) -> Callable[..., Any]:
        """The function as an attempt calls it: a generator is taken through its checkpoints to its end."""
        function: Any = self.function
        if inspect.isgeneratorfunction(function):
            return driven(function)
        return driven_async(function) if inspect.isasyncgenfunction(function) else function

    @property
    def retry(self) -> RetryPolicy:
        """When a failed attempt is worth another."""
        options = self.options
        return RetryPolicy(
            max_attempts=options.max_attempts,
            backoff=options.backoff,
            retry_on=options.retry_on,
            give_up_on=options.give_up_on,
        )


Submitter = Callable[[Task[Any, Any], Mapping[str, Any], Submission], Any]


@dataclass(kw_only=True)
class Registry:
    """The tasks by name: an explicit table, filled by the decorator when a task module is imported."""

    tasks: dict[str, Task[Any, Any]] = field(default_factory=dict)
    submitter: Submitter | None = None
    #: patterns of the topics whose events go outside as well
    external: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Task[Any, Any]:
        """The task. Raises `UnknownTask`."""
        try:
            return self.tasks[name]
        except KeyError:
            raise UnknownTask(name) from None

    def __contains__(self, name: object) -> bool:
        """Whether a task of that name is registered."""
        return name in self.tasks

    def __iter__(self) -> Iterator[Task[Any, Any]]:
        """The tasks by name."""
        return iter(sorted(self.tasks.values(), key=lambda task: task.name))

    def add(self, function: Callable[P, R], name: str | None, options: Options) -> Task[P, R]:
        """Register the function. Raises `TaskMisdeclared`; the same function again (a reload) takes its own place."""
        name = name or function.__name__
        options.check(name)
        asynchronous = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
        if options.cpu and asynchronous:
            raise TaskMisdeclared(f"@task {name}: cpu=True needs a plain function, this one is async")
        before = self.tasks.get(name)
        if before and (before.function.__module__, before.function.__qualname__) != (
            function.__module__,
            function.__qualname__,
        ):
            raise TaskMisdeclared(
                f"@task {name}: {before.function.__module__} has a task of that name already"
            )
        signature = BatchSignature(function) if options.batch else Signature(function)
        if options.batch and (inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)):
            raise TaskMisdeclared(f"@task {name}: batch=True needs a function that returns, this one yields")
        if options.schedule is not None:
            _check_needs_nothing(name, signature)
        kind = Kind.LOOP if asynchronous else Kind.PROCESS if options.cpu else Kind.THREAD
        check_policies(name, options, signature.names)
        check_keys(options, name, signature.names)
        if signature.secrets:
            check_unkeyed(options, name, signature.schema)
        if options.topics and options.batch:
            raise TaskMisdeclared(
                f"@on {name}: a subscriber gets one event; batch=True is for submitted jobs"
            )
        if options.topics and not (signature.names and set(signature.required) <= {signature.names[0]}):
            raise TaskMisdeclared(
                f"@on {name}: a subscriber has one argument, the event; further ones need defaults"
            )
        task = Task(
            name=name,
            function=function,
            kind=kind,
            options=options,
            signature=signature,
            submitter=self.submit,
        )
        if options.topics and keyed_by(task, signature.names[0]):
            raise TaskMisdeclared(f"@on {name}: a key is made of the event, which is no plain value")
        self.tasks[name] = task
        return task

    def subscribe(self, task: Task[P, R], topics: tuple[str, ...]) -> Task[P, R]:
        """Let a task that is registered hear of these topics too. Raises `TaskMisdeclared`."""
        every = tuple(dict.fromkeys((*task.options.topics, *topics)))
        return self.add(task.function, task.name, replace(task.options, topics=every))

    def send_outside(self, patterns: tuple[str, ...]) -> None:
        """Let events of these topics go outside as well. Raises `TaskMisdeclared`."""
        for pattern in patterns:
            if not is_pattern(pattern):
                raise TaskMisdeclared(f"external({pattern!r}): no topic, and no pattern that ends in .*")
        self.external.extend(pattern for pattern in patterns if pattern not in self.external)

    def submit(self, task: Task[Any, Any], args: Mapping[str, Any], how: Submission) -> Any:
        """Submit a job of the task, by whoever is wired to do so. Raises `CallerError`, `Unavailable`."""
        if self.submitter is None:
            raise RuntimeError("no pipeline is wired: import chalicelib.wiring first")
        return self.submitter(task, args, how)

    def check(self) -> None:
        """Raise `TaskMisdeclared` if a task contradicts another one or names one that does not exist. Called once all task modules are loaded."""
        for task in self:
            for option in ("on_success", "on_failure"):
                follower = getattr(task.options, option)
                if follower is not None and follower not in self:
                    raise TaskMisdeclared(f"@task {task.name}: {option} names {follower!r}, which is no task")
                if follower is not None and keyed_by(self[follower], "job"):
                    raise TaskMisdeclared(
                        f"@task {follower}: it follows {task.name}; a key cannot be made of `job`"
                    )
        check_shared(self)


def _check_needs_nothing(name: str, signature: Signature) -> None:
    """Nobody gives a declared schedule's jobs any arguments."""
    try:
        signature.check({})
    except InvalidInput as error:
        raise TaskMisdeclared(
            f"@task {name}: schedule: {error.argument} has no default, and a declared schedule gives no arguments"
        ) from error


REGISTRY = Registry()
"""Where `@task` registers. Tests make registries of their own."""
