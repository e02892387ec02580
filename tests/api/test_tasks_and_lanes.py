"""What jobs can be asked for, and how much waits."""

from datetime import timedelta

from chalicelib.domain.flow import Concurrency, Debounce, Ordered, Rate, Throttle, Unique
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.pipeline.ports import Feed
from chalicelib.pipeline.task import Options
from tests.api.desk import Caller, Desk


def test_tasks_are_listed_by_name_with_their_schemas(ann: Caller):
    tasks = ann.get("/tasks").body["tasks"]
    assert [task["name"] for task in tasks] == ["add", "echo", "fail", "typed"]
    assert tasks[0] == {
        "name": "add",
        "description": "Add two numbers.",
        "runs_on": "thread",
        "lane": "default",
        "max_attempts": 5,
        "backoff": {"base": 2.0, "cap": 900.0},
        "time_limit": None,
        "soft_time_limit": None,
        "keep": 7 * 86400.0,
        "expires": None,
        "on_success": None,
        "on_failure": None,
        "flow": {},
        "batch": False,
        "topics": [],
        "events": [],
        "webhook": None,
        "args": tasks[0]["args"],
        "result": {"type": "integer"},
    }
    schema = tasks[0]["args"]["$defs"]["Arguments"]
    assert schema["properties"] == {"a": {"type": "integer"}, "b": {"type": "integer", "default": 1}}
    assert (schema["required"], schema["additionalProperties"]) == (["a"], False)


def test_one_task_is_shown_alone(ann: Caller):
    assert ann.get("/tasks/typed").body == ann.get("/tasks").body["tasks"][3]


def test_lanes_say_how_much_waits_is_delayed_and_is_worked_on(desk: Desk, ann: Caller):
    # given two waiting jobs in one lane, one of them taken, and a delayed one in another
    ann.submit(lane="high")
    ann.submit(lane="high")
    ann.submit(lane="low", delay=60)
    desk.queue.receive("high", 1)

    # then the lanes say so, the dead-letter queue last
    lanes = ann.get("/lanes").body["lanes"]
    assert lanes == [
        {"lane": "high", "waiting": 1, "delayed": 0, "in_flight": 1, "paused": None},
        {"lane": "default", "waiting": 0, "delayed": 0, "in_flight": 0, "paused": None},
        {"lane": "low", "waiting": 0, "delayed": 1, "in_flight": 0, "paused": None},
        {"lane": "dead-letters", "waiting": 0, "delayed": 0, "in_flight": 0, "paused": None},
    ]


def test_a_lane_is_paused_by_an_administrator_and_everybody_sees_since_when_and_by_whom(
    desk: Desk, ann: Caller
):
    admin = desk.caller("admin")
    job = ann.submit(lane="low")

    told = admin.post("/lanes/low/pause")

    assert told.status == 200
    assert told.body["lane"] == "low"
    assert told.body["paused"]["since"] == rfc3339(desk.world.now())
    assert told.body["paused"]["by"].endswith(")")
    assert admin.post("/lanes/low/pause").body == told.body
    shown = {one["lane"]: one["paused"] for one in ann.get("/lanes").body["lanes"]}
    assert shown == {"high": None, "default": None, "low": told.body["paused"], "dead-letters": None}
    assert desk.parts.feeds.look("low") is Feed.OFF

    assert admin.post("/lanes/low/resume").body == {"lane": "low", "paused": None}
    assert ann.get("/lanes").body["lanes"][2]["paused"] is None
    desk.work()
    assert desk.row(job).state == "SUCCEEDED"


def test_who_may_cancel_jobs_of_his_own_may_not_stop_everybodys(desk: Desk):
    for what in ("pause", "resume"):
        answer = desk.caller("submit", "read", "operate").post(f"/lanes/low/{what}")
        assert (answer.status, answer.slug) == (403, "forbidden")


def test_what_is_no_lane_is_not_found(desk: Desk):
    for name in ("nowhere", "dead-letters", "LOW"):
        for what in ("pause", "resume"):
            answer = desk.caller("admin").post(f"/lanes/{name}/{what}")
            assert (answer.status, answer.slug) == (404, "not-found"), answer.text
            assert name in answer.body["detail"]


def test_a_task_shows_what_it_says_of_its_jobs_flow(desk: Desk, ann: Caller):
    hour = timedelta(hours=1)
    policies = {
        "rate": Rate(10, timedelta(seconds=1), key=("who",)),
        "concurrency": Concurrency(3, name="export"),
        "ordered": Ordered(on_retry="skip"),
        "unique": Unique(until=hour),
        "debounce": Debounce(wait=timedelta(seconds=5), key=("who",)),
        "throttle": Throttle(2, per=hour),
    }
    shown = {
        "rate": {"limit": 10, "per": 1.0, "burst": 1, "key": ["who"], "name": None},
        "concurrency": {"limit": 3, "key": [], "name": "export"},
        "ordered": {"on_retry": "skip", "key": [], "name": None},
        "unique": {"until": 3600.0, "on_conflict": "existing", "key": [], "name": None},
        "debounce": {"wait": 5.0, "most": None, "key": ["who"]},
        "throttle": {"limit": 2, "per": 3600.0, "key": [], "name": None},
    }

    def some(who: str) -> None: ...

    for policy, declared in policies.items():
        desk.parts.registry.add(some, f"flows_{policy}", Options(**{policy: declared}))
        found = ann.get(f"/tasks/flows_{policy}").body
        assert found["flow"] == {policy: shown[policy]}
    assert ann.get("/tasks/echo").body["flow"] == {}


def test_a_job_shows_its_limits_and_where_it_came_from(desk: Desk, ann: Caller):
    def some(who: str) -> None: ...

    desk.parts.registry.add(some, "paced", Options(rate=Rate(10, timedelta(seconds=1), key=("who",))))
    made = ann.post("/jobs", {"task": "paced", "args": {"who": "acme"}, "events": ["dead"]}).body
    assert (made["limits"], made["cause"], made["events"]) == (['rate paced:"acme"'], None, ["dead"])
