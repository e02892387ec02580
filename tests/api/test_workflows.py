"""Workflows over HTTP: what is taken, what is refused and by which name, and what can be done to one."""

import json
import re
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from chalicelib import current_job
from chalicelib.domain.errors import InvalidInput
from chalicelib.entrypoints.api.workflow_schema import EXAMPLES, TREE
from chalicelib.pipeline.task import Options
from chalicelib.pipeline.workflows.mermaid import mermaid
from chalicelib.pipeline.workflows.reading import HOW, read_node
from infra.config import ROOT
from tests.api.desk import Caller, Desk, documented

STEP = {"task": "add", "args": {"a": 1}}
CHAIN = {"chain": [STEP, {"task": "add", "args": {"b": 10}, "into": "a"}, {"task": "echo", "into": "value"}]}


def worked(desk: Desk) -> None:
    """Everything that leads to something by itself is done."""
    for _ in range(60):
        desk.work()


def made(caller: Caller, workflow: Any, **how: Any) -> str:
    reply = caller.post("/workflows", {"workflow": workflow, **how})
    assert reply.status == 202, reply.text
    return str(reply.body["id"])


def broken_chain(desk: Desk, caller: Caller) -> str:
    """Dead at its second of three steps."""
    chain = [STEP, {"task": "fail", "into": "why"}, {"task": "echo", "into": "value"}]
    made_ = made(caller, {"chain": [{"task": "echo", "args": {"value": "x"}}, *chain[1:]]})
    worked(desk)
    assert desk.row(made_).state == "DEAD"
    return made_


def mended(desk: Desk) -> None:
    desk.parts.registry["fail"].__dict__["function"] = lambda why: f"mended {why}"


# --------------------------------------------------------------------------------------------------------------- submission


def test_a_workflow_is_accepted_run_and_shown_as_a_job(desk: Desk, ann: Caller):
    reply = ann.post("/workflows", {"workflow": CHAIN, "tags": ["t"]})
    assert reply.status == 202
    where = reply.headers["Location"]
    assert where.endswith(f"/workflows/{reply.body['id']}")
    assert (reply.body["task"], reply.body["tags"]) == ("jobline.workflow", ["t"])
    worked(desk)
    job = ann.get(f"/jobs/{reply.body['id']}").body
    assert (job["state"], job["result"]) == ("SUCCEEDED", 12)


def test_a_workflow_that_ends_in_time_is_answered_with_its_result(desk: Desk, ann: Caller):
    desk.world.meanwhile = desk.work
    reply = ann.post("/workflows", {"workflow": CHAIN}, headers={"Prefer": "wait=20"})
    assert (reply.status, reply.body["result"]) == (200, 12)


def test_an_idempotency_key_stands_for_one_workflow(ann: Caller):
    key = {"Idempotency-Key": "k"}
    first, again = (ann.post("/workflows", {"workflow": CHAIN}, headers=key) for _ in range(2))
    assert first.body["id"] == again.body["id"]
    other = ann.post("/workflows", {"workflow": STEP}, headers=key)
    assert (other.status, other.slug) == (409, "key-reused")


def test_a_workflow_can_wait_for_its_time(desk: Desk, ann: Caller):
    late = ann.post("/workflows", {"workflow": CHAIN, "delay": 3600})
    assert late.body["state"] == "SCHEDULED"
    assert ann.post("/workflows", {"workflow": CHAIN, "at": "2020"}).argument == "at"


@pytest.mark.parametrize("path", ["/jobs", "/jobs/batch"])
def test_there_is_one_way_in(ann: Caller, path):
    job = {"task": "jobline.workflow", "args": {"workflow": CHAIN}}
    reply = ann.post(path, {"jobs": [job]} if "batch" in path else job)
    problem = reply.body["jobs"][0]["problem"] if "batch" in path else reply.body
    assert (problem["status"], problem["argument"]) == (422, "task")
    assert "/workflows" in problem["detail"]


WRONG = [
    ({}, "workflow"),
    ({"workflow": []}, "workflow"),
    ({"workflow": {}}, "workflow"),
    ({"workflow": {"task": "none"}}, "workflow.task"),
    ({"workflow": {"task": "add"}}, "workflow.args.a"),
    ({"workflow": {"task": "add", "args": {"a": 1}, "into": "b"}}, "workflow.into"),
    ({"workflow": {"chain": []}}, "workflow.chain"),
    ({"workflow": {"chain": [STEP, {"task": "add", "args": {"a": "x"}}]}}, "workflow.chain[1].args.a"),
    ({"workflow": {"chain": [STEP, {**STEP, "lane": "none"}]}}, "workflow.chain[1].lane"),
    ({"workflow": {"chain": [STEP], "on_error": "fail"}}, "workflow.chain[0].on_error"),
    (
        {"workflow": {"group": [STEP, {"group": [{"task": "echo", "args": {"v": 1}}]}]}},
        "workflow.group[1].group[0].args.v",
    ),
    ({"workflow": {"group": [STEP], "min_success": 1}}, "workflow.min_success"),
    ({"workflow": {"group": [STEP], "on_error": "ignore", "min_success": 2}}, "workflow.min_success"),
    ({"workflow": {"chord": [STEP]}}, "workflow.then"),
    ({"workflow": {"chord": [STEP, {"task": "add"}], "then": STEP}}, "workflow.chord[1].args.a"),
    ({"workflow": {"chord": [STEP], "then": {"task": "none"}}}, "workflow.then.task"),
    (
        {
            "workflow": {
                "chain": [STEP, {"chord": [STEP, {"chord": [STEP], "then": {"task": "none"}}], "then": STEP}]
            }
        },
        "workflow.chain[1].chord[1].then.task",
    ),
    ({"workflow": {"map": {"task": "add", "into": "a"}, "items": [1, "x"]}}, "workflow.items[1].args.a"),
    ({"workflow": {"map": {"task": "add"}, "items": [1]}}, "workflow.map.into"),
    ({"workflow": {"map": {"task": "add", "into": "a"}, "from": "before"}}, "workflow.from"),
    ({"workflow": {"map": {"task": "add", "into": "a"}}}, "workflow"),
    ({"workflow": STEP, "max_attempts": 1}, "max_attempts"),
    ({"workflow": STEP, "on_success": "none"}, "on_success"),
    ({"workflow": STEP, "input": 1}, "input"),
    ({"workflow": STEP, "lane": "none"}, "lane"),
]


@pytest.mark.parametrize(("body", "argument"), WRONG, ids=[argument for _, argument in WRONG])
def test_what_is_wrong_is_named_by_its_place_as_it_was_sent(desk: Desk, ann: Caller, body, argument):
    reply = ann.post("/workflows", body)
    if argument == "workflow.chain[0].on_error":
        argument = "workflow.on_error"
    assert (reply.status, reply.argument) == (422, argument), reply.text
    assert desk.store.rows == {}


# ------------------------------------------------------------------------------------------------------------------- schema


def _takes(body: Any) -> bool:
    schema = {"$ref": "#/components/schemas/NewWorkflow", "components": documented()["components"]}
    return bool(OAS31Validator(schema).is_valid(body))


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_kind_has_an_example_that_its_schema_and_the_reader_take(name):
    shown = documented()["components"]["schemas"][name]["examples"]
    assert shown == [EXAMPLES[name]]
    OAS31Validator(
        {"$ref": f"#/components/schemas/{name}", "components": documented()["components"]}
    ).validate(shown[0])
    assert _takes({"workflow": shown[0]})
    read_node(shown[0])


def test_the_examples_run_on_the_tasks_of_a_new_project(desk: Desk, ann: Caller):
    # given the tasks that every new project has
    from chalicelib.tasks import examples

    for task in (examples.summarise_csv, examples.stretch_key, examples.count_down):
        desk.parts.registry.tasks[task.name] = task

    # then each example is taken
    for example in EXAMPLES.values():
        assert desk.row(made(ann, example)).task == "jobline.workflow"


def test_the_page_of_docs_has_these_examples_and_the_picture_of_one():
    page = (ROOT / "docs" / "workflows.md").read_text(encoding="utf-8")
    blocks = {kind: re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL) for kind in ("json", "mermaid")}
    assert [json.loads(block) for block in blocks["json"]] == list(EXAMPLES.values())
    assert blocks["mermaid"][0] == mermaid(read_node(EXAMPLES["WorkflowChord"]))


def test_each_example_is_of_its_kind_alone():
    for name, example in EXAMPLES.items():
        takers = [
            kind
            for kind in EXAMPLES
            if OAS31Validator(
                {"$ref": f"#/components/schemas/{kind}", "components": documented()["components"]}
            ).is_valid(example)
        ]
        assert takers == [name]


def test_the_schema_has_every_word_that_the_reader_knows():
    assert set(TREE["WorkflowStep"]["properties"]) == {"task", "args", "into", *HOW}
    for name, word in (("Chain", "chain"), ("Group", "group"), ("Chord", "chord"), ("Map", "map")):
        with pytest.raises(InvalidInput) as told:
            read_node({word: EXAMPLES[f"Workflow{name}"][word], "then": STEP, "no such word": 1})
        known = set(told.value.why.partition("known are ")[2].split(", "))
        assert set(TREE[f"Workflow{name}"]["properties"]) == known


@pytest.mark.parametrize("body", [body for body, _ in WRONG], ids=[argument for _, argument in WRONG])
def test_what_the_reader_refuses_for_its_form_the_schema_refuses(body):
    # What the schema takes is right in its form: what is wrong with it depends on tasks, on counts, or on what comes before.
    assert not _takes(body) or _reads(body["workflow"]) or "min_success" in body["workflow"]


def _reads(tree):
    try:
        read_node(tree)
    except InvalidInput:
        return False
    return True


# --------------------------------------------------------------------------------------------------------- the job documents


def test_a_waiting_workflow_says_for_what_and_its_children_of_what(desk: Desk, ann: Caller):
    chain, group = made(ann, CHAIN), made(ann, {"group": [STEP, STEP, STEP]})
    desk.work()
    waiting = {job["id"]: job for job in ann.get("/jobs?state=WAITING").body["jobs"]}
    assert waiting[chain]["workflow"] == {"of": None, "place": None, "children": 3, "waits_for": "step 0"}
    assert waiting[group]["workflow"] == {
        "of": None,
        "place": None,
        "children": 3,
        "waits_for": "its children",
    }
    parts = [job for job in ann.get("/jobs").body["jobs"] if job["workflow"]["of"]]
    assert sorted((job["workflow"]["of"], job["workflow"]["place"]) for job in parts) == sorted(
        [(chain, "step 0"), *((group, f"child {number}") for number in range(3))]
    )
    worked(desk)
    ended = ann.get(f"/jobs/{chain}").body["workflow"]
    assert ended == {"of": None, "place": None, "children": 3, "waits_for": None}
    assert ann.get(f"/jobs/{ann.submit()}").body["workflow"] is None


def test_the_log_lines_of_a_part_name_its_workflow(desk: Desk, ann: Caller, caplog: pytest.LogCaptureFixture):
    # given a task that logs
    def say() -> None:
        current_job().logger.info("said by the task")

    desk.parts.registry.add(say, None, Options())
    caplog.set_level("INFO")

    # when it runs as part of a workflow, and alone
    job = made(ann, {"chain": [{"task": "say"}]})
    ann.submit("say", {})
    worked(desk)

    # then its own lines, and ours about it, say of what it is part
    lines = [vars(record) for record in caplog.records if vars(record).get("task") == "say"]
    own = [line.get("workflow") for line in lines if line["message"] == "said by the task"]
    ours = [row.log_fields().get("workflow") for row in desk.store.rows.values() if row.task == "say"]
    assert sorted(own, key=str) == sorted(ours, key=str) == sorted([job, None], key=str)


def test_a_list_can_do_without_the_parts_of_workflows(desk: Desk, ann: Caller):
    alone, whole = ann.submit(), made(ann, {"group": [STEP] * 5})
    worked(desk)
    assert len(ann.get("/jobs").body["jobs"]) == 7
    assert {job["id"] for job in ann.get("/jobs?children=false").body["jobs"]} == {alone, whole}
    assert ann.get("/jobs?children=no").argument == "children"


# --------------------------------------------------------------------------------------------------- cancel, retry, resubmit


def test_a_cancelled_workflow_starts_nothing_more(desk: Desk, ann: Caller):
    job = made(ann, CHAIN)
    desk.work()
    reply = ann.post(f"/workflows/{job}/cancel")
    assert (reply.status, reply.body["state"]) == (200, "CANCELLED")
    worked(desk)
    states = [found["state"] for found in ann.get("/jobs").body["jobs"] if found["workflow"]["of"] == job]
    assert states == ["CANCELLED"]
    assert ann.post(f"/workflows/{job}/cancel").body["state"] == "CANCELLED"


def test_a_retry_does_only_what_has_not_succeeded(desk: Desk, ann: Caller):
    job = broken_chain(desk, ann)
    before = len(desk.store.rows)
    mended(desk)
    reply = ann.post(f"/workflows/{job}/retry")
    assert reply.status == 202
    assert reply.headers["Location"].endswith(f"/workflows/{job}")
    worked(desk)
    assert ann.get(f"/jobs/{job}").body["result"] == "mended x"
    assert len(desk.store.rows) == before + 2  # the broken step, and the one that never was
    assert ann.post(f"/workflows/{job}/retry").status == 409


def test_part_of_a_workflow_is_not_retried_alone(desk: Desk, ann: Caller):
    outer = made(ann, {"group": [{"chain": [{"task": "fail", "args": {"why": "x"}}]}]})
    worked(desk)
    inner = next(row for row in desk.store.rows.values() if row.workflow == outer)
    reply = ann.post(f"/workflows/{inner.id}/retry")
    assert (reply.status, reply.slug) == (409, "not-possible")
    assert outer in reply.body["detail"]


def test_a_chain_is_run_again_from_one_of_its_steps(desk: Desk, ann: Caller):
    # given a chain that has succeeded, and one that is dead
    done, dead = made(ann, CHAIN, tags=["t"]), broken_chain(desk, ann)
    worked(desk)
    mended(desk)
    count = len(desk.store.rows)

    # when they are submitted again from their second step
    again, other = (ann.post(f"/workflows/{job}/resubmit", {"from": 1}) for job in (done, dead))
    assert (again.status, other.status) == (202, 202)
    assert again.body["tags"] == ["t"]
    worked(desk)

    # then they are workflows of their own, which got what the first step came to, and ran two steps each
    assert ann.get(f"/jobs/{again.body['id']}").body["result"] == 12
    assert ann.get(f"/jobs/{other.body['id']}").body["result"] == "mended x"
    assert len(desk.store.rows) == count + 2 + 4
    assert desk.row(dead).state == "DEAD"


def test_a_chain_is_run_again_from_its_beginning_with_what_it_had(desk: Desk, ann: Caller):
    done = made(ann, CHAIN)
    worked(desk)
    middle = ann.post(f"/workflows/{done}/resubmit", {"from": 1}).body["id"]
    worked(desk)
    again = ann.post(f"/workflows/{middle}/resubmit", {"from": 0}).body["id"]
    worked(desk)
    assert ann.get(f"/jobs/{again}").body["result"] == 12


def test_the_steps_before_may_have_succeeded_in_an_earlier_life(desk: Desk, ann: Caller):
    job = broken_chain(desk, ann)
    ann.post(f"/workflows/{job}/retry")
    worked(desk)
    mended(desk)
    again = ann.post(f"/workflows/{job}/resubmit", {"from": 1}).body["id"]
    worked(desk)
    assert ann.get(f"/jobs/{again}").body["result"] == "mended x"


def test_resubmitting_twice_with_a_key_is_resubmitting_once(desk: Desk, ann: Caller):
    done = made(ann, CHAIN)
    worked(desk)
    key = {"Idempotency-Key": "k"}
    first, again = (ann.post(f"/workflows/{done}/resubmit", {"from": 1}, headers=key) for _ in range(2))
    assert first.body["id"] == again.body["id"]
    assert ann.post(f"/workflows/{done}/resubmit", {"from": 2}, headers=key).slug == "key-reused"


def test_what_cannot_be_resubmitted_says_why(desk: Desk, ann: Caller):
    running, group, dead = made(ann, CHAIN), made(ann, {"group": [STEP]}), broken_chain(desk, ann)
    fresh = made(ann, CHAIN)

    def told(job: str, step: Any) -> tuple[int, str | None, str]:
        reply = ann.post(f"/workflows/{job}/resubmit", {"from": step})
        return reply.status, reply.argument, reply.body["detail"]

    assert told(fresh, 0) == (409, None, f"workflow {fresh} is QUEUED: wait for its end, or cancel it first")
    assert told(group, 0) == (409, None, f"workflow {group} is no chain: it has no steps")
    assert told(running, 3) == (422, "from", "from: 3, and its steps are 0 to 2")
    assert told(dead, 2) == (409, None, f"step 1 of workflow {dead} has not succeeded, or is forgotten")
    assert told(dead, -1)[:2] == (422, "from")
    assert told(dead, "1")[:2] == (422, "from")
    ann.post(f"/workflows/{fresh}/cancel")
    assert told(fresh, 1)[0] == 409
    desk.payloads.bodies.clear()


def test_a_job_is_no_workflow_and_neither_is_anybody_elses(desk: Desk, ann: Caller, bob: Caller):
    job, whole = ann.submit(), made(ann, CHAIN)
    for caller, wrong in ((ann, job), (bob, whole), (ann, "01KDWPVNG0FMNSVKE1CC0RQBKJ"), (ann, "x")):
        for verb, body in (("cancel", None), ("retry", None), ("resubmit", {"from": 0})):
            reply = caller.post(f"/workflows/{wrong}/{verb}", body)
            assert (reply.status, reply.body["detail"]) == (404, f"there is no workflow {wrong!r}")
