"""The routes of lanes. What is done to a lane is done to all tenants' jobs in it: that takes an administrator's key."""

from chalicelib.entrypoints.api.lanes import LaneControl, LaneList, list_lanes, pause_lane, resume_lane
from chalicelib.entrypoints.api.route import Reply, Route

LANE_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/lanes",
        scope="read",
        handler=list_lanes,
        summary="See how much waits in each lane, and which are paused",
        replies={200: Reply(meaning="The lanes, the dead-letter queue last.", shape=LaneList)},
    ),
    Route(
        method="POST",
        path="/lanes/{name}/pause",
        scope="admin",
        handler=pause_lane,
        summary="Let a lane's jobs wait, of all tenants",
        replies={
            200: Reply(
                meaning="It is paused, perhaps since long: it takes no more jobs within a minute or so. Those that run go on.",
                shape=LaneControl,
            )
        },
    ),
    Route(
        method="POST",
        path="/lanes/{name}/resume",
        scope="admin",
        handler=resume_lane,
        summary="Let a paused lane's jobs run",
        replies={200: Reply(meaning="Its jobs run, within a minute or so.", shape=LaneControl)},
    ),
)
