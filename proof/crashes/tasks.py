"""The tasks of the scenarios, each playing the script that its job brings, and the runner that plays them in held time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chalicelib.domain.errors import Retry
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.context import current_job
from chalicelib.pipeline.finished import FinishedJob
from chalicelib.pipeline.outcome import Outcome, Raised, run
from chalicelib.pipeline.ports import Call
from chalicelib.pipeline.task import Options, Registry
from chalicelib.pipeline.workflows.flow import Flow, chord
from proof.crashes.clock import SECOND, HeldClock
from proof.crashes.seam import Crash, Seam
from proof.simulation.control.tasks import declare_all

SLOW = 12 * SECOND  #: how long the tasks run that take their time
BRIEF = 3 * SECOND  #: and one that ends before its attempt has looked at the row
WISH_AT = 2 * SECOND  #: when in that time others do something about the job
TAKES = {
    "mutiny": SLOW,
    "obey": SLOW,
    "doomed": SLOW,
    "talk": SLOW,
    "crowd": SLOW,
    "another": SLOW,
    "unheeding": BRIEF,
    "lockout": SLOW,
}


def play(script: str) -> dict[str, Any]:
    """Do what the script says. The result names the epoch, so that the monitor can tell whose it is."""
    job = current_job()
    word, _, number = script.partition(":")
    if word == "fail" and job.attempt <= int(number):
        raise ValueError("as the script says")
    if word == "always" and job.epoch < int(number):
        raise ValueError("until it is mended")
    if word == "unheeding":
        raise ValueError("nobody told it of the wish")
    if word == "retry" and job.attempt == 1:
        raise Retry(after=int(number))
    if word == "before" and CLOCK[-1].ms < int(number) * SECOND:
        raise ValueError("it is too early")
    if word == "obey":
        job.check_cancelled()
    if word == "parts":
        for part in range(job.state or 0, int(number)):
            _takes(18 * SECOND)
            job.checkpoint(part + 1)
    if word == "steps":
        for step in range(int(number)):
            job.step(f"step {step}", _takes, SECOND)
        if job.attempt == 1:
            raise ValueError("after all steps")
    return {"epoch": job.epoch, "pad": "r" * int(number) if word == "large" else ""}


CLOCK: list[HeldClock] = []
"""The stage's, the last one: a part of a long job and a step take their time."""


def _takes(milliseconds: int) -> int:
    CLOCK[-1].ms += milliseconds
    return milliseconds


def grouped(script: str, group: str = "", pad: str = "") -> dict[str, Any]:  # noqa: ARG001
    return play(script)


def work(script: str, pad: str = "") -> dict[str, Any]:  # noqa: ARG001 - the bytes are what matters
    return play(script)


def after(job: FinishedJob) -> dict[str, Any]:  # noqa: ARG001
    return play("ok")


def leaf(script: str, given: Any = None) -> dict[str, Any]:
    """A step of a workflow."""
    return {**play(script), "given": given}


def growing(script: str, pad: str = "") -> Flow:  # noqa: ARG001
    """A task that becomes a workflow."""
    play(script)
    step: Any = REGISTRY["leaf"]
    return chord([step.si("ok"), step.si("ok")], step.s(script="ok"))


REGISTRY = Registry()
_SHORT = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=20))
REGISTRY.add(work, "work", Options(backoff=_SHORT, max_attempts=3))
REGISTRY.add(work, "chained", Options(backoff=_SHORT, max_attempts=3, on_success="after", on_failure="after"))
REGISTRY.add(after, "after", Options(backoff=_SHORT, max_attempts=5))


def _declare(function: Any, name: str, **options: Any) -> None:
    REGISTRY.add(function, name, Options(**options))


_declare(leaf, "leaf", backoff=_SHORT, max_attempts=3)
_declare(growing, "grower", backoff=_SHORT, max_attempts=3)
declare_all(_declare, grouped)


class ScriptRunner:
    """All runners in one: the task's code runs at once, at the end of the time that its script takes."""

    def __init__(self, clock: HeldClock, seam: Seam, meanwhile: Callable[[str, str], None]) -> None:
        self._clock = clock
        self._seam = seam
        self._meanwhile = meanwhile
        self.starts: list[str] = []

    def start(self, call: Call) -> "ScriptExecution":
        """Start it, unless the script says that this kills the worker."""
        self._seam.watch.monitor.started(call.facts, self._seam.box)
        self.starts.append(call.facts.id)
        word, _, number = str(call.args.get("script", "")).partition(":")
        if word == "kill" and call.facts.attempt <= int(number):
            self._seam.note(f"{self._seam.box.name} is killed by its task")
            raise Crash
        return ScriptExecution(call, word, self._clock, self._seam, self._meanwhile)


class ScriptExecution:
    """One run of a script."""

    def __init__(
        self,
        call: Call,
        word: str,
        clock: HeldClock,
        seam: Seam,
        meanwhile: Callable[[str, str], None],
    ) -> None:
        self._call = call
        self._word = word
        self._seam = seam
        self._clock = clock
        self._meanwhile = meanwhile
        self._began = clock.ms
        self._ends = clock.ms + TAKES.get(word, 0)
        self._noticed = False

    def finished(self, within: timedelta) -> bool:
        """Wait so long for it; on the way it may speak, and somebody may want it cancelled."""
        if self._clock.ms < self._ends:
            self._clock.pause(within)
        if self._word in TAKES and self._clock.ms - self._began >= WISH_AT and not self._noticed:
            self._noticed = True
            self._meanwhile(self._word, self._call.facts.id)
        spent = self._clock.ms - self._began
        if self._word == "doomed" and spent >= SLOW // 2:
            raise Crash
        if self._word == "talk" and spent < SLOW and spent % (4 * SECOND) < SECOND:
            self._call.line.report(spent / SLOW, "going on")
            self._call.line.beat()
        return self._clock.ms >= self._ends

    def outcome(self) -> Outcome:
        """What happened."""
        box = self._seam.box
        outcome = run(REGISTRY[self._call.task], self._call)
        if box.dead:
            raise Crash
        if isinstance(outcome, Raised):
            self._seam.hits.hit("F21")
        return outcome

    def soften(self) -> None:
        """No script has a soft limit."""

    def stop(self) -> None:
        """It is over: nobody asks for its outcome."""
