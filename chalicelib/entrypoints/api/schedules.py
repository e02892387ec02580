"""Schedules: make, show, list, change, delete, pause, resume, fire now, and the next fire times."""

from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.cursor import unwrap, wrap
from chalicelib.entrypoints.api.document import brief, rfc3339
from chalicelib.entrypoints.api.request import Request
from chalicelib.entrypoints.api.schedule_shape import (
    Deleted,
    Fires,
    FiresQuery,
    SchedulePageDocument,
    SchedulesQuery,
    changes,
    new_schedule,
    schedule_document,
)
from chalicelib.pipeline.schedule_change import create, delete, fire_now, pause, resume, update
from chalicelib.pipeline.schedule_query import find, listed, next_fires


def create_schedule(request: Request) -> Answer:
    """Make a schedule: 201 with its document."""
    made = create(new_schedule(request.body), tenant=request.tenant, parts=request.parts)
    headers = {"Location": f"{request.raw.prefix}/schedules/{made.id}"}
    return Answer(status=201, body=schedule_document(made, request.parts), headers=headers)


def list_schedules(request: Request) -> Answer:
    """A page of schedules."""
    query: SchedulesQuery = request.query
    after = unwrap(query.cursor) or ""
    page = listed(tenant=request.tenant, limit=query.limit, after=after, parts=request.parts)
    body: SchedulePageDocument = {
        "schedules": [schedule_document(one, request.parts) for one in page.schedules],
        "cursor": wrap(page.cursor),
    }
    return Answer(status=200, body=body)


def show_schedule(request: Request) -> Answer:
    """One schedule."""
    found = find(request.name("id"), tenant=request.tenant, parts=request.parts)
    return Answer(status=200, body=schedule_document(found, request.parts))


def change_schedule(request: Request) -> Answer:
    """Give a schedule another rule or other arguments."""
    wanted = changes(request.body)
    changed = update(request.name("id"), wanted, tenant=request.tenant, parts=request.parts)
    return Answer(status=200, body=schedule_document(changed, request.parts))


def delete_schedule(request: Request) -> Answer:
    """Delete a schedule; of its jobs, those that are not due yet are cancelled."""
    delete(request.name("id"), tenant=request.tenant, parts=request.parts)
    body: Deleted = {"id": request.name("id")}
    return Answer(status=200, body=body)


def pause_schedule(request: Request) -> Answer:
    """Let a schedule fire no more until it is resumed."""
    paused = pause(request.name("id"), tenant=request.tenant, parts=request.parts)
    return Answer(status=200, body=schedule_document(paused, request.parts))


def resume_schedule(request: Request) -> Answer:
    """Let a paused schedule fire again."""
    resumed = resume(request.name("id"), tenant=request.tenant, parts=request.parts)
    return Answer(status=200, body=schedule_document(resumed, request.parts))


def fire_schedule(request: Request) -> Answer:
    """Submit a job of a schedule now."""
    job = fire_now(request.name("id"), tenant=request.tenant, parts=request.parts)
    return Answer(
        status=202,
        body=brief(job, request.parts),
        headers={"Location": f"{request.raw.prefix}/jobs/{job.id}"},
    )


def list_fires(request: Request) -> Answer:
    """The next fire times of a schedule."""
    query: FiresQuery = request.query
    found = find(request.name("id"), tenant=request.tenant, parts=request.parts)
    fires = next_fires(found, query.n, request.parts.world.now())
    body: Fires = {"fires": [rfc3339(at) for at in fires]}
    return Answer(status=200, body=body)
