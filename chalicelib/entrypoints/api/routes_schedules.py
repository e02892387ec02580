"""The routes of schedules."""

from chalicelib.entrypoints.api.job_shape import JobDocument
from chalicelib.entrypoints.api.route import Reply, Route
from chalicelib.entrypoints.api.schedule_shape import (
    Deleted,
    Fires,
    FiresQuery,
    NewScheduleBody,
    ScheduleChanges,
    ScheduleDocument,
    SchedulePageDocument,
    SchedulesQuery,
)
from chalicelib.entrypoints.api.schedules import (
    change_schedule,
    create_schedule,
    delete_schedule,
    fire_schedule,
    list_fires,
    list_schedules,
    pause_schedule,
    resume_schedule,
    show_schedule,
)

SCHEDULE_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/schedules",
        scope="operate",
        handler=create_schedule,
        summary="Make a schedule: cron with a time zone, a period, or once",
        body=NewScheduleBody,
        example={
            "id": "nightly",
            "task": "count_down",
            "args": {"steps": 3, "seconds": 0.5},
            "cron": "0 3 * * *",
            "timezone": "Europe/Berlin",
            "catch_up": "one",
        },
        replies={
            201: Reply(
                meaning="It will fire. With an id of your own this is safe to repeat.",
                shape=ScheduleDocument,
                headers={"Location": "where the schedule can be asked for"},
            )
        },
        problems=(409,),
    ),
    Route(
        method="GET",
        path="/schedules",
        scope="read",
        handler=list_schedules,
        summary="List schedules",
        query=SchedulesQuery,
        replies={200: Reply(meaning="A page of schedules.", shape=SchedulePageDocument)},
    ),
    Route(
        method="GET",
        path="/schedules/{id}",
        scope="read",
        handler=show_schedule,
        summary="Show a schedule",
        replies={200: Reply(meaning="The schedule.", shape=ScheduleDocument)},
    ),
    Route(
        method="PATCH",
        path="/schedules/{id}",
        scope="operate",
        handler=change_schedule,
        summary="Give a schedule another rule or other arguments",
        body=ScheduleChanges,
        example={"cron": "30 3 * * MON-FRI", "timezone": "Europe/Berlin"},
        replies={200: Reply(meaning="Each fire time from now on has the new rule.", shape=ScheduleDocument)},
        problems=(409,),
    ),
    Route(
        method="DELETE",
        path="/schedules/{id}",
        scope="operate",
        handler=delete_schedule,
        summary="Delete a schedule",
        replies={200: Reply(meaning="It fires never again.", shape=Deleted)},
        problems=(409,),
    ),
    Route(
        method="POST",
        path="/schedules/{id}/pause",
        scope="operate",
        handler=pause_schedule,
        summary="Let a schedule fire no more until it is resumed",
        replies={200: Reply(meaning="It is paused; nothing starts any more.", shape=ScheduleDocument)},
    ),
    Route(
        method="POST",
        path="/schedules/{id}/resume",
        scope="operate",
        handler=resume_schedule,
        summary="Let a paused schedule fire again, from now on",
        replies={200: Reply(meaning="It is active.", shape=ScheduleDocument)},
    ),
    Route(
        method="POST",
        path="/schedules/{id}/fire",
        scope="operate",
        handler=fire_schedule,
        summary="Submit a job of a schedule now, whatever its rule says",
        replies={
            202: Reply(
                meaning="The job is accepted.",
                shape=JobDocument,
                headers={"Location": "where the job can be asked for"},
            )
        },
    ),
    Route(
        method="GET",
        path="/schedules/{id}/next",
        scope="read",
        handler=list_fires,
        summary="See when a schedule fires next",
        query=FiresQuery,
        replies={200: Reply(meaning="The next fire times.", shape=Fires)},
    ),
)
