"""Judges what became of a job against what was expected of it. Pure: an order and the job's document in, a verdict out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from examples.demo.expectation import Expectation, Outcome
from examples.demo.watch import LOST, TERMINAL

# What is written into a job's history when it ends. Exactly one of these may ever be there.
ENDINGS = frozenset({"succeeded", "died", "cancelled", "expired"})
# Deaths that the task itself decided on. All others are the machinery's: never right, whatever the input.
OF_THE_TASK = frozenset({"failed", "timed_out"})


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether it went as it should, and the sentence that says why not."""

    ok: bool
    sentence: str = ""


GOOD = Verdict(ok=True)


def judge(expect: Expectation, job: Mapping[str, Any]) -> Verdict:
    """The verdict over one job, as it was last seen."""
    if job["state"] == LOST:
        return _bad("it was accepted and is lost: the API does not know it")
    if job["state"] not in TERMINAL:
        return _bad(f"it has no outcome: {job['state']} after {job['attempts']} attempts")
    endings = [entry["event"] for entry in job.get("history", ()) if entry["event"] in ENDINGS]
    if len(endings) != 1:
        return _bad(
            f"its history holds {len(endings)} outcomes instead of one: {', '.join(endings) or 'none'}"
        )
    if job["state"] == "SUCCEEDED":
        return _success(expect, job)
    if job["state"] == "DEAD":
        return _death(expect, job)
    return _bad(f"it ended as {job['state']}, which nobody asked for")


def _success(expect: Expectation, job: Mapping[str, Any]) -> Verdict:
    if expect.outcome is Outcome.DEATH:
        return _bad(f"it succeeded, but should have died of {expect.error}")
    return _attempts(expect, job)


def _death(expect: Expectation, job: Mapping[str, Any]) -> Verdict:
    found = died_of(job)
    if job["reason"] not in OF_THE_TASK:
        return _bad(f"it died by the machinery's doing ({job['reason']}): {found}")
    if expect.outcome is Outcome.EITHER:
        return GOOD
    if expect.outcome is Outcome.SUCCESS:
        return _bad(f"it died: {found}")
    if (job["error"] or {}).get("type") != expect.error:
        return _bad(f"it should have died of {expect.error}, but died of {found}")
    return _attempts(expect, job)


def _attempts(expect: Expectation, job: Mapping[str, Any]) -> Verdict:
    if job["attempts"] < expect.attempts:
        return _bad(
            f"it took {job['attempts']} attempts where at least {expect.attempts} were to be expected"
        )
    return GOOD


def died_of(job: Mapping[str, Any]) -> str:
    """The last error of a job in one line."""
    error = job["error"] or {"type": "no error", "message": "none was recorded"}
    return f"{error['type']}: {' '.join(str(error['message']).split())}"


def troubles(job: Mapping[str, Any]) -> list[str]:
    """What the attempts before the last one failed of: types of errors, as the history notes them."""
    return [str(entry["note"]) for entry in job.get("history", ()) if entry["event"] == "retry_scheduled"]


def _bad(sentence: str) -> Verdict:
    return Verdict(ok=False, sentence=sentence)
