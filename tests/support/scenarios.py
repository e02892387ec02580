"""Small stories, each a list of steps in which any call may go wrong, and the ends that each may have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.domain.errors import JoblineError, Retry
from chalicelib.domain.job import State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.redrive import redrive
from tests.support.drive import drain, run_until_quiet, tick
from tests.support.faults import Crash
from tests.support.stage import Stage

Step = Callable[[Stage], object]

BIG = "a" * 1000
S = State


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`ends` are the states that the story's job may end in."""

    name: str
    steps: Sequence[Step]
    ends: frozenset[State] = frozenset({S.SUCCEEDED})


def submitting(**how) -> Step:
    """Submit the job; a step that fails may come again, with the same key."""
    return lambda stage: stage.submit(args={"x": BIG}, **how)


def waiting(**span: float) -> Step:
    """Let time pass, and tick."""

    def step(stage: Stage) -> None:
        stage.world.advance(timedelta(**span))
        tick(stage.parts)

    return step


def draining(stage: Stage) -> None:
    """Handle what is there."""
    drain(stage.parts)


def _first(stage: Stage) -> list[str]:
    """The story's job, if it got that far."""
    return [row.id for row in stage.store.rows.values() if row.task == "work"][:1]


def cancelling(stage: Stage) -> None:
    """Cancel the job."""
    for job_id in _first(stage):
        cancel(job_id, tenant="default", parts=stage.parts)


def redriving(stage: Stage) -> None:
    """Redrive the job, whose task has been mended."""
    stage.registry.tasks.pop("work")
    stage.works(result=BIG, on_failure="after", max_attempts=2)
    for job_id in _first(stage):
        redrive(job_id, tenant="default", parts=stage.parts)


def quietly(stage: Stage) -> None:
    """Let the story come to its end before the next step."""
    run_until_quiet(stage.parts)


def task(**options) -> Step:
    """A task that returns something large."""

    def step(stage: Stage) -> None:
        stage.mourns("after")
        stage.works(result=BIG, **options)

    return step


def bad_task(times: int = 10**6, error: Callable[[], BaseException] = ValueError, **options) -> Step:
    """A task that fails so many times."""

    def step(stage: Stage) -> None:
        stage.mourns("after")
        stage.fails(times=times, error=error, **options)

    return step


SCENARIOS = (
    Scenario(name="plain", steps=[task(), submitting(), draining]),
    Scenario(name="retry", steps=[bad_task(times=2), submitting(), draining, waiting(minutes=1), draining]),
    Scenario(
        name="long retry",
        steps=[
            bad_task(times=1, error=lambda: Retry(after=3600)),
            submitting(),
            draining,
            waiting(minutes=59),
        ],
    ),
    Scenario(
        name="death",
        steps=[
            bad_task(max_attempts=3, on_failure="after"),
            submitting(),
            draining,
            waiting(minutes=1),
            draining,
        ],
        ends=frozenset({S.DEAD}),
    ),
    Scenario(name="continuation", steps=[task(on_success="after"), submitting(), draining, draining]),
    Scenario(
        name="scheduled",
        steps=[
            task(),
            submitting(delay=timedelta(hours=1)),
            waiting(minutes=58),
            draining,
            waiting(minutes=2),
        ],
    ),
    Scenario(
        name="cancelled before it ran",
        steps=[task(), submitting(), cancelling, draining],
        ends=frozenset({S.CANCELLED, S.SUCCEEDED}),
    ),
    Scenario(
        name="cancelled while scheduled",
        steps=[task(), submitting(delay=timedelta(hours=1)), cancelling, waiting(hours=1)],
        ends=frozenset({S.CANCELLED, S.SUCCEEDED}),
    ),
    Scenario(
        name="cancelled between attempts",
        steps=[bad_task(times=1), submitting(), draining, cancelling],
        ends=frozenset({S.CANCELLED, S.SUCCEEDED}),
    ),
    Scenario(
        name="redriven",
        steps=[bad_task(max_attempts=1, on_failure="after"), submitting(), quietly, redriving, draining],
        ends=frozenset({S.SUCCEEDED, S.DEAD}),
    ),
    Scenario(name="keyed", steps=[task(), submitting(key="k"), submitting(key="k"), draining]),
    Scenario(
        name="expired",
        steps=[task(), submitting(expires=timedelta(minutes=5)), waiting(minutes=6), draining],
        ends=frozenset({S.EXPIRED}),
    ),
    Scenario(
        name="lost by the queue",
        steps=[
            task(on_success="after"),
            submitting(),
            lambda stage: stage.lose_messages(),
            waiting(minutes=4),
        ],
    ),
)


def play(scenario: Scenario, stage: Stage) -> list[BaseException]:
    """Take the steps; a step that fails, or whose process dies, is simply over. What went wrong is returned."""
    failed: list[BaseException] = []
    for step in scenario.steps:
        try:
            step(stage)
        except (Crash, JoblineError) as error:
            failed.append(error)
    return failed
