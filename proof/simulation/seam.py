"""The one place where a worker meets the world: each call of a port passes here, and here the world goes wrong."""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib.domain.errors import Unavailable
from proof.simulation.clockwork import Clockwork, Killed, Sandbox, current
from proof.simulation.fate import Fate
from proof.simulation.profile import MINUTE, PAUSES, SECOND, Profile

if TYPE_CHECKING:
    from proof.simulation.monitor import Monitor

R = TypeVar("R")

LATENESS = (100, 2 * SECOND, 90 * SECOND, 5 * MINUTE)
STEPS = 60_000
"""A history that takes more steps than this goes round in circles."""

TIMEOUT = 1 * SECOND
"""How long a caller waits for a reply that does not come."""


class Seam:
    """Every call of one history."""

    def __init__(
        self, profile: Profile, clock: Clockwork, fate: Fate, monitor: "Monitor", *, traced: bool
    ) -> None:
        self.profile = profile
        self.clock = clock
        self.fate = fate
        self.monitor = monitor
        self.pace = Random(f"pace {profile.seed}")
        self.trace: list[str] | None = [] if traced else None
        self.steps = 0
        self.sent_in_tick = False

    def call(self, name: str, label: str, apply: Callable[[], R], *, table: bool = True) -> R:
        """Make the call, or what the seed has in store for it. `label` says what is written, for the trace and the matrix."""
        fiber: Any = current()
        box: Sandbox = fiber.box
        clock = self.clock
        clock.sleep(1 + int(self.pace.random() * self.profile.latency))
        self.steps += 1
        if self.steps > STEPS:
            self.monitor.fail("LIVE", f"{STEPS} steps and no end")
        if table and self._throttled():
            self._note_throttled(label, box)
            self.say(box, name, label, "throttled", None)
            raise Unavailable("throttled")
        fault = self.fate.of_call()
        if fault is None:
            answer = apply()
            if self.trace is not None:
                self.say(box, name, label, "", answer)
            return answer
        return self._faulty(fault, name, label, apply, box)

    def _faulty(self, fault: str, name: str, label: str, apply: Callable[[], R], box: Sandbox) -> R:
        clock = self.clock
        self._note(fault, name, label, box)
        answer: R
        match fault:
            case "error":
                self.say(box, name, label, fault, None)
                raise Unavailable("refused")
            case "crash_before":
                self.say(box, name, label, fault, None)
                self.kill(box)
                raise Killed
            case "crash_after":
                answer = apply()
                self.say(box, name, label, fault, answer)
                self.kill(box)
                raise Killed
            case "lost":
                answer = apply()
                self.say(box, name, label, fault, answer)
                clock.sleep(TIMEOUT)
                raise Unavailable("the reply was lost")
            case "late":
                self.say(box, name, label, fault, None)
                self._later(name, label, apply, box)
                clock.sleep(TIMEOUT)
                raise Unavailable("no reply in time")
            case "pause_before":
                self.say(box, name, label, fault, None)
                clock.sleep(self.pace.choice(PAUSES))
                answer = apply()
            case "pause_after":
                answer = apply()
                self.say(box, name, label, fault, answer)
                clock.sleep(self.pace.choice(PAUSES))
            case _:  # jump
                box.skew = int((self.pace.random() * 2 - 1) * self.profile.skew)
                answer = apply()
        self.say(box, name, label, f"{fault} over", answer)
        return answer

    def _later(self, name: str, label: str, apply: Callable[[], Any], box: Sandbox) -> None:
        def land() -> None:
            self.monitor.landing = True
            try:
                answer = apply()
            except Exception as error:  # noqa: BLE001 - nobody is there to hear it
                answer = error
            finally:
                self.monitor.landing = False
            self.say(box, name, label, "landed late", answer)

        self.clock.at(self.clock.now + self.pace.choice(LATENESS), land)

    def kill(self, box: Sandbox) -> None:
        """The whole sandbox is gone; its fibers notice when they wake."""
        box.dead = box.killed = True

    def _throttled(self) -> bool:
        window = self.profile.throttled
        return (
            window is not None
            and not self.fate.off
            and window[0] <= self.clock.now < window[1]
            and self.fate.strikes("throttled", always=True)
        )

    def _note_throttled(self, label: str, box: Sandbox) -> None:
        self.fate.hit("F63")
        if label == "succeeded" and box.ends is not None and self.clock.now > box.ends - 3 * SECOND:
            self.fate.hit("F31")

    def _note(self, fault: str, name: str, label: str, box: Sandbox) -> None:
        """Which fault of the matrix this is."""
        found = _NAMED.get((fault, label)) or _NAMED.get((fault, name))
        hit = self.fate.hit
        if found and (found[1] is None or found[1] == box.kind):
            hit(found[0])
        if fault in {"error", "lost"}:
            hit("F64")
        elif fault == "jump" and self.profile.skew:
            hit("F61")
        if fault.startswith("crash"):
            if box.kind == "dead-letters":
                hit("F40")
            if 0 < box.handled < box.batch:
                hit("F35")
            if box.kind == "tick" and box.woken:
                hit("F43")
            if box.kind == "tick" and (label == "schedule" or name == "store.create"):
                hit("F58")

    def say(self, box: Sandbox, name: str, label: str, fault: str, answer: Any) -> None:
        """A line of the trace."""
        if self.trace is not None:
            said = digest(answer)
            self.trace.append(
                f"{self.clock.now / 1000:10.3f} {box.name:<16} {name:<16} {label:<26} {fault:<18} {said}"
            )

    def note(self, text: str) -> None:
        """Something that is not a call."""
        if self.trace is not None:
            self.trace.append(f"{self.clock.now / 1000:10.3f} -- {text}")


class Still(Seam):
    """The seam while nobody is at work and all faults are over: a call is made at once, and nothing goes wrong."""

    def call(self, name: str, label: str, apply: Callable[[], R], *, table: bool = True) -> R:  # noqa: ARG002
        """Make the call."""
        self.steps += 1
        return apply()


_NAMED: dict[tuple[str, str], tuple[str, str | None]] = {
    ("crash_before", "store.create"): ("F01", "api"),
    ("crash_after", "store.create"): ("F02", "api"),
    ("crash_before", "queue.send"): ("F02", "api"),
    ("crash_after", "queue.send"): ("F03", "api"),
    ("lost", "store.create"): ("F04", "api"),
    ("crash_before", "claimed"): ("F17", None),
    ("crash_after", "claimed"): ("F18", None),
    ("lost", "claimed"): ("F19", None),
    ("crash_after", "succeeded"): ("F29", None),
    ("lost", "succeeded"): ("F30", None),
    ("lost", "cancelled"): ("F48", "api"),
    ("lost", "cancel_requested"): ("F48", "api"),
    ("crash_after", "payloads.put"): ("F65", None),
    ("lost", "payloads.put"): ("F65", None),
}


def digest(answer: Any) -> str:
    """An answer in a few words that say what matters."""
    if answer is None:
        return ""
    job = getattr(answer, "job", answer)
    if hasattr(job, "epoch") and hasattr(job, "state"):
        kind = type(answer).__name__.lower() if job is not answer else "row"
        return f"{kind} {job.id[-6:]} {job.state} e{job.epoch} a{job.attempts}"
    if isinstance(answer, BaseException):
        return f"{type(answer).__name__}: {answer}"
    rows = getattr(answer, "rows", None)
    if rows is not None:
        return f"{digest(rows)} up to {answer.reached:%H:%M:%S.%f}"
    if isinstance(answer, list | tuple):
        return f"[{', '.join(digest(each) for each in answer)}]"
    return str(answer)[:80]
