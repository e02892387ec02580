"""What jobs can be asked for, and how much waits."""

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
        {"lane": "high", "waiting": 1, "delayed": 0, "in_flight": 1},
        {"lane": "default", "waiting": 0, "delayed": 0, "in_flight": 0},
        {"lane": "low", "waiting": 0, "delayed": 1, "in_flight": 0},
        {"lane": "dead-letters", "waiting": 0, "delayed": 0, "in_flight": 0},
    ]
