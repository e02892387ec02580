"""`crash_every_point`: a task is killed before and after each of its effects, and worse; then its author's invariant has to hold."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.pipeline.task import REGISTRY, Registry, Task
from jobline.testing.faults import Fault, Schedule
from jobline.testing.paste import as_a_test
from jobline.testing.report import Report
from jobline.testing.schedules import Invariant, Played, Setup, Subject
from jobline.testing.seams.named import Named
from jobline.testing.story import tell, verdict


class ScheduleFailed(AssertionError):
    """The invariant does not hold after this schedule; the message tells the story."""

    def __init__(self, message: str, schedule: str) -> None:
        super().__init__(message)
        self.schedule = schedule


class NotRepeatable(AssertionError):
    """A schedule names an effect that there was not: the task has changed since, or does not do the same every time."""


def crash_every_point(
    task: Task[..., Any],
    args: tuple[Any, ...] | Mapping[str, Any] = (),
    *,
    invariant: Invariant,
    setup: Setup | None = None,
    effects: Sequence[Named] = (),
    faults: Sequence[Fault | str] = tuple(Fault),
    pairs: int = 300,
    schedule: str | None = None,
    registry: Registry = REGISTRY,
) -> Report:
    """Run a job of the task again and again, each time with something else going wrong, and ask the invariant each time.

    The real pipeline runs it, in memory and in virtual time: what a killed attempt leaves behind is delivered again. First nothing goes
    wrong, then one fault at each effect, then two, the pairs spread evenly over all there are.

    Args:
        task, args: the job, as `task.submit(args)` takes it.
        invariant: asked with a `Run` once all jobs are over; asserts, or returns whether it holds.
        setup: makes the world anew before each schedule; what it returns, or yields before it cleans up, is `run.world`.
        effects: what to see besides boto3, HTTP, submitted jobs, checkpoints and steps: functions, methods, or their dotted names.
        faults: those that may happen; all by default.
        pairs: how many schedules of two faults to play at most.
        schedule: play only this one, such as "1:crash_after 3:lost"; "" is the one in which nothing goes wrong.
        registry: where the task is registered, if not by `@task`.

    Raises `ScheduleFailed` with the shortest schedule that fails, and prints a test that repeats it; `NotRepeatable`; ValueError for what
    cannot be tested: no effect is seen, a schedule or a fault that is none; TypeError for what is no task.
    """
    __tracebackhide__ = True
    given: object = task  # whatever the annotation says
    if not isinstance(given, Task) or task.name not in registry:
        raise TypeError(f"{task!r} is no task of the registry: declare it with @task")
    subject = Subject(
        task=task, args=args, invariant=invariant, setup=setup, effects=effects, registry=registry
    )
    wanted = [Fault(fault) for fault in faults]
    if schedule is not None:
        played = subject.play(Schedule.read(schedule))
        _check(played, subject, held=0)
        return _report(played, singles=0, pairs=0, possible=0)
    try:
        report = _explore(subject, wanted, pairs)
    except ScheduleFailed as failed:
        pasted = as_a_test(sys._getframe(1), Schedule.read(failed.schedule))  # noqa: SLF001 - whoever called
        hint = f'Repeat it with schedule="{failed.schedule}" in the call.'
        print(hint if pasted is None else f"A test to paste:\n\n{pasted}")
        raise
    print(report)
    return report


def _explore(subject: Subject, faults: Sequence[Fault], limit: int) -> Report:
    __tracebackhide__ = True
    calm = subject.play(Schedule())
    _check(calm, subject, held=0)
    if not calm.effects:
        raise ValueError(
            f"{subject.task.name}: no effect of it was seen, so there is nothing to crash at\n{tell(calm)}\n"
            "Name its effects with `effects=` or mark them with `@effect`."
        )
    singles = list(calm.longer(faults))
    longer: list[Schedule] = []
    # A message that comes once more while the attempt runs changes nothing that could matter to another fault.
    second = [fault for fault in faults if fault is not Fault.DOUBLED]
    for held, one in enumerate(singles, start=1):
        played = subject.play(one)
        _check(played, subject, held=held)
        longer += played.longer(second)
    count = min(limit, len(longer))
    for held, number in enumerate(range(count), start=1 + len(singles)):
        _check(subject.play(longer[number * len(longer) // count]), subject, held=held)
    return _report(calm, singles=len(singles), pairs=count, possible=len(longer))


def _check(played: Played, subject: Subject, *, held: int) -> None:
    __tracebackhide__ = True
    if played.unreached:
        there = len(played.effects)
        raise NotRepeatable(
            f'schedule "{played.schedule}": there {"is" if there == 1 else "are"} only {there} effect{"" if there == 1 else "s"} in it\n'
            f"{tell(played)}\nThe task has changed, or does not do the same every time: let its chance and its time come from `setup`."
        )
    if played.wrong is None:
        return
    what = f'schedule "{played.schedule}"' if len(played.schedule) else "nothing goes wrong at all"
    before = f", the shortest that fails; {held} before it held" if held else ""
    message = (
        f"{subject.task.name}, {what}{before}:\n\n{tell(played)}\n\n{verdict(played, subject.invariant)}"
    )
    cause = None if isinstance(played.wrong, AssertionError) else played.wrong
    raise ScheduleFailed(message, str(played.schedule)) from cause


def _report(calm: Played, *, singles: int, pairs: int, possible: int) -> Report:
    return Report(
        task=calm.job.task,
        effects=tuple(line.effect for line in calm.effects),
        singles=singles,
        pairs=pairs,
        possible_pairs=possible,
    )
