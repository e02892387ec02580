"""Releases: dead jobs given another life step by step; made, looked at, paused, resumed and stopped."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
from msgspec import Meta

from chalicelib.domain.errors import JoblineError, KeyUnavailable, PayloadMissing
from chalicelib.domain.job import Reason
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.body import NoBody
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.entrypoints.api.new_args import Args, Operations, other_args
from chalicelib.entrypoints.api.problem import Problem, problem
from chalicelib.entrypoints.api.request import Request
from chalicelib.pipeline.items import from_ms
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.redrive import DeadFilter
from chalicelib.pipeline.release import Phase, Release
from chalicelib.pipeline.release import other_args as made_of
from chalicelib.pipeline.release_change import (
    MOST_RATE,
    Shown,
    find_release,
    make_release,
    preview,
    releases,
    turn_release,
)
from chalicelib.pipeline.sealed_text import SHOWN
from chalicelib.pipeline.shown_args import shown_args, shown_change

LISTED = 50
DEFAULT_RATE = 60
DEFAULT_STOP_AT = 20


class NewRelease(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which dead jobs shall have another life, how fast, and when to stop. A filter that is left out takes any."""

    task: str | None = None
    fingerprint: str | None = None
    reason: Reason | None = None
    rate: Annotated[
        int, Meta(ge=1, le=MOST_RATE, description="jobs a minute, once the first eleven have ended")
    ] = DEFAULT_RATE
    stop_at: Annotated[
        int, Meta(ge=0, le=100, description="it stops when more than this per cent of a wave die again")
    ] = DEFAULT_STOP_AT
    patch: Operations | None = None
    args: Args | None = None
    dry_run: Annotated[bool, Meta(description="only say what would be done")] = False


class ReleaseDocument(TypedDict):
    """A release: what was asked for, and how far it is."""

    id: str
    state: Literal["running", "paused", "stopped", "done"]
    why: Annotated[str, Meta(description="why it is stopped, paused or done")]
    by: Annotated[str, Meta(description="the name and the id of the API key that asked for it")]
    created_at: Time
    task: str | None
    fingerprint: str | None
    reason: str | None
    rate: int
    stop_at: int
    change: Annotated[Any, Meta(description="the patch or the args; null: arguments stay as they are")]
    wave: Annotated[Literal["none", "one", "ten", "all"], Meta(description="the last wave that was begun")]
    redriven: int
    open: Annotated[int, Meta(description="redriven, and not ended yet")]
    succeeded: int
    died: Annotated[int, Meta(description="again")]
    ended_otherwise: Annotated[int, Meta(description="cancelled, expired or forgotten")]
    skipped: Annotated[int, Meta(description="no more dead when their turn came")]
    refused: Annotated[int, Meta(description="the new arguments do not fit; they stay dead")]
    refusal: Annotated[str, Meta(description="the last of these, in words")]


class ReleaseList(TypedDict):
    """The newest first, of the last 90 days."""

    releases: list[ReleaseDocument]


class SampleDocument(TypedDict):
    """A job that would be redriven, and its arguments as they would be, or why they do not fit."""

    id: str
    task: str
    error: str | None
    args: NotRequired[dict[str, Any]]
    problem: NotRequired[Problem]


class ReleasePreview(TypedDict):
    """What a release would do. Nothing was written."""

    jobs: int
    more: Annotated[bool, Meta(description="there may be further ones")]
    sample: list[SampleDocument]


class Turn(NoBody, kw_only=True, forbid_unknown_fields=True):
    """Why, for whoever looks at it later."""

    why: Annotated[str, Meta(max_length=300)] = ""


def create_release(request: Request) -> Answer:
    """Make a release, or say what it would do."""
    wish: NewRelease = request.body
    wanted = DeadFilter(
        tenant=request.tenant, task=wish.task, fingerprint=wish.fingerprint, reason=wish.reason
    )
    other = other_args(wish.args, wish.patch)
    if wish.dry_run:
        ahead = preview(wanted, other, parts=request.parts)
        told: ReleasePreview = {
            "jobs": ahead.jobs,
            "more": ahead.more,
            "sample": [_sample(shown, request) for shown in ahead.sample],
        }
        return Answer(status=200, body=told)
    release = make_release(
        wanted, other, rate=wish.rate, stop_at=wish.stop_at, by=request.who, parts=request.parts
    )
    where = {"Location": f"{request.raw.prefix}/dead/releases/{release.id}"}
    return Answer(status=201, body=_document(release, request.parts), headers=where)


def list_releases(request: Request) -> Answer:
    """The newest releases."""
    found = releases(tenant=request.tenant, limit=LISTED, parts=request.parts)
    body: ReleaseList = {"releases": [_document(one, request.parts) for one in found]}
    return Answer(status=200, body=body)


def show_release(request: Request) -> Answer:
    """One release."""
    return Answer(
        status=200,
        body=_document(
            find_release(request.name("id"), tenant=request.tenant, parts=request.parts), request.parts
        ),
    )


def pause_release(request: Request) -> Answer:
    """Pause it: what was redriven goes on, nothing more is."""
    return _turned(request, Phase.PAUSED)


def resume_release(request: Request) -> Answer:
    """Go on with a paused one."""
    return _turned(request, Phase.RUNNING)


def stop_release(request: Request) -> Answer:
    """End it before its time."""
    return _turned(request, Phase.STOPPED)


def _turned(request: Request, to: Phase) -> Answer:
    turn: Turn = request.body
    by = "" if to is Phase.RUNNING else f"by {request.who}"
    why = ": ".join(filter(None, (by, turn.why)))
    release = turn_release(request.name("id"), to, why=why, tenant=request.tenant, parts=request.parts)
    return Answer(status=200, body=_document(release, request.parts))


def _sample(shown: Shown, request: Request) -> SampleDocument:
    job, args = shown
    found: SampleDocument = {
        "id": job.id,
        "task": job.task,
        "error": None if job.error is None else job.error.type,
    }
    if isinstance(args, JoblineError):
        return {**found, "problem": problem(args, request.id).body}
    if args is None:
        return found
    return {**found, "args": shown_args(job.task, args, request.parts.registry)}


def _change(release: Release, parts: Parts) -> Any:
    """The new arguments, or the patch, as they may be shown; a word in their place where the key cannot be used."""
    try:
        other = made_of(release, parts)
    except (KeyUnavailable, PayloadMissing):
        return SHOWN
    change = None if other is None else other.args if other.args is not None else other.patch
    return None if change is None else shown_change(release.task or None, change, parts.registry)


def _document(release: Release, parts: Parts) -> ReleaseDocument:
    change = _change(release, parts)
    return {
        "id": release.id,
        "state": Phase(release.phase).value,
        "why": release.why,
        "by": release.by,
        "created_at": rfc3339(from_ms(release.created)),
        "task": release.task or None,
        "fingerprint": release.fingerprint or None,
        "reason": release.reason or None,
        "rate": release.rate,
        "stop_at": release.stop_at,
        "change": change,
        "wave": ("none", "one", "ten", "all")[release.stage],
        "redriven": release.taken,
        "open": len(release.open),
        "succeeded": release.succeeded,
        "died": release.died,
        "ended_otherwise": release.other,
        "skipped": release.skipped,
        "refused": release.refused,
        "refusal": release.refusal,
    }
