"""A job's history held against its log lines: two services, each with rights of its own, and each transition told in both."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.pipeline.life import word_of
from jobline.logs.line import Line
from jobline.verify.law import CLOCKS

LEFT_OUT = frozenset(
    {
        "started",
        "requeued",
        "continued",
        "parked",
        "released",
        "waited",
        "joined",
        "replaced",
        "cancel_requested",
    }
)
"""What a history may leave out of its middle, to stay short."""

TOLD = LEFT_OUT | {"accepted", "succeeded", "retried", "died", "cancelled", "expired", "redriven"}


def contradicted(job: Mapping[str, Any], lines: Iterable[Line]) -> Iterator[str]:
    """A sentence for each thing that history and log tell differently."""
    told = [
        line for line in lines if line.fields.get("action") in TOLD and line.fields.get("job_id") == job["id"]
    ]
    for name in ("task", "tenant"):
        others = {str(line.fields[name]) for line in told if line.fields.get(name, job[name]) != job[name]}
        if others:
            yield f"its {name} is {job[name]}, and the log's is {', '.join(sorted(others))}"
    left = list(told)
    for number, entry in enumerate(job["history"], 1):
        word = word_of(entry["event"], entry["note"])
        same = [
            one for one in left if one.fields["action"] == word and one.fields.get("epoch") == entry["epoch"]
        ]
        if not same:
            continue
        at = datetime.fromisoformat(entry["at"])
        nearest = min(same, key=lambda line: abs(datetime.fromisoformat(line.at) - at))
        left.remove(nearest)
        # A line comes after its entry: as long as the write was tried, and the clocks of both differ.
        if abs(datetime.fromisoformat(nearest.at) - at) > CLOCKS:
            yield f"entry {number}, {entry['event']}: it says {entry['at']}, and the log {nearest.at}"
    known = {(word_of(entry["event"], entry["note"]), entry["epoch"]) for entry in job["history"]}
    cut = job["history"][0]["epoch"] if job["history"] and job["history"][0]["event"] == "redriven" else 0
    for line in left:
        word, epoch = line.fields["action"], line.fields.get("epoch", 0)
        # One write may be told twice, when its reply was lost; of many lives the oldest are left out.
        if word not in LEFT_OUT | {"accepted"} and epoch >= cut and (word, epoch) not in known:
            yield f"the log tells of {word} in epoch {epoch} at {line.at}, and the history does not"


def unwitnessed(job: Mapping[str, Any], lines: Iterable[Line]) -> Iterator[str]:
    """What the history tells and no line does: written past the functions, or by one that died before it could tell; or its line is gone."""
    told = [
        (line.fields.get("action"), line.fields.get("epoch"))
        for line in lines
        if line.fields.get("job_id") == job["id"]
    ]
    if not any(action == "accepted" for action, _ in told):
        yield "accepted"
    for number, entry in enumerate(job["history"], 1):
        told_as = (word_of(entry["event"], entry["note"]), entry["epoch"])
        if told_as in told:
            told.remove(told_as)
        else:
            yield f"entry {number}, {entry['event']} in epoch {entry['epoch']}"
