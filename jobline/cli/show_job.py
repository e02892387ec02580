"""A job as people like to see it: a row of a table, or all that is known."""

from collections.abc import Iterable, Mapping
from typing import Any

from jobline.cli import out
from jobline.cli.text import ago, between, local, safe, short

COLUMNS = ("id", "task", "state", "created", "took", "what")
ALL_TRACEBACK = 30  # lines; the last say where it failed


def table(jobs: Iterable[Mapping[str, Any]], *, empty: str) -> None:
    """One row a job."""
    out.table(COLUMNS, (_row(job) for job in jobs), empty=empty)


def _row(job: Mapping[str, Any]) -> tuple[Any, ...]:
    took = between(job["started_at"], job["finished_at"])
    return (job["id"], job["task"], job["state"], ago(job["created_at"]), took, _what(job))


def _what(job: Mapping[str, Any]) -> str:
    """The one thing worth knowing in a list."""
    if job["error"] and job["state"] in {"DEAD", "RETRYING"}:
        return error(job)
    if job["progress"] and job["state"] == "RUNNING":
        return progress(job)
    if job["due_at"] and job["state"] in {"SCHEDULED", "QUEUED", "RETRYING"}:
        return f"due {ago(job['due_at'])}"
    return " ".join(f"#{tag}" for tag in job["tags"])


def error(job: Mapping[str, Any]) -> str:
    """Its error in a line."""
    told = job["error"]
    words = f"{told['type']}: {told['message']}" if told["message"] else str(told["type"])
    return words.replace("\n", " ")


def progress(job: Mapping[str, Any]) -> str:
    """How far it is: `50 % page 3, done in 2 min`."""
    told = job["progress"]
    parts = [
        "" if told["fraction"] is None else f"{told['fraction']:.0%}",
        told["message"],
        f"(done {ago(told['eta'])})" if told["eta"] and job["state"] == "RUNNING" else "",
    ]
    return " ".join(part for part in parts if part)


def whole(job: Mapping[str, Any]) -> None:
    """All of it, but long values are cut: --json has them whole."""
    waited = between(job["created_at"], job["started_at"])
    took = between(job["started_at"], job["finished_at"])
    out.facts(
        f"{job['task']} {job['id']}",
        [
            ("state", job["state"]),
            ("reason", job["reason"]),
            ("cancelling", "asked to stop" if job["cancel_requested"] and not job["finished_at"] else ""),
            ("progress", progress(job) if job["progress"] and job["state"] != "SUCCEEDED" else ""),
            ("lane", job["lane"]),
            ("tags", ", ".join(job["tags"])),
            ("cause", job["cause"]),
            ("attempts", f"{job['attempts']} of {job['max_attempts']}"),
            ("created", local(job["created_at"])),
            ("due", local(job["due_at"])),
            ("started", local(job["started_at"]) + (f", waited {waited}" if waited else "")),
            ("finished", local(job["finished_at"]) + (f", took {took}" if took else "")),
            ("expires", local(job["expires_at"])),
            ("args", _value(job, "args")),
            ("result", _value(job, "result") if job["state"] == "SUCCEEDED" else ""),
            ("error", error(job) if job["error"] else ""),
        ],
    )
    _history(job)
    _traceback(job)
    if then := _next(job):
        out.lines("", *then)


def _value(job: Mapping[str, Any], name: str) -> str:
    stored = job.get(f"{name}_stored")
    return (
        short(job[name])
        if stored is None
        else f"{stored['bytes']:,} bytes, {stored['why'].replace('_', ' ')}"
    )


def _history(job: Mapping[str, Any]) -> None:
    if job["history"]:
        out.lines("", "history")
    for entry in job["history"]:
        out.lines(
            "  "
            + " ".join(part for part in (entry["at"][11:23], entry["event"], safe(entry["note"])) if part)
        )


def _traceback(job: Mapping[str, Any]) -> None:
    if job["error"] and job["error"]["traceback"] and job["state"] in {"DEAD", "RETRYING"}:
        told = safe(job["error"]["traceback"].rstrip(), lines=True).split("\n")
        cut = [f"... {len(told) - ALL_TRACEBACK} lines ..."] if len(told) > ALL_TRACEBACK else []
        out.lines("", "traceback", *(f"  {line}" for line in (*cut, *told[-ALL_TRACEBACK:])))


def _next(job: Mapping[str, Any]) -> tuple[str, ...]:
    """What one would type next."""
    if job["finished_at"] and job["state"] != "DEAD":
        return ()
    if job["state"] != "DEAD":
        return (f"jobline watch {job['id']}      follows it",)
    own = (
        ()
        if job["task"].startswith("jobline.")
        else (f"jobline replay {job['id']} --debug   runs it here, in the debugger",)
    )
    return (
        f"jobline logs {job['id']}             shows its log lines",
        *own,
        f"jobline retry {job['id']}            gives it another life",
    )
