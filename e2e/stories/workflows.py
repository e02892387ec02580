"""Workflows on the deployed thing: each kind of node, a failure of which only the failed part is done again, a cancel; seen over HTTP."""

from typing import Any

from e2e.api import ENDED, IN_TIME, Document
from e2e.patience import until
from e2e.story import Story
from e2e.world import World

story = Story("workflows")
later = Story("workflows, later")

CHILDREN = 250
"""Two pages of marks and a half."""
MANY = 3 * IN_TIME


def _submit(world: World, workflow: Any, *, ends: str = "SUCCEEDED", **more: Any) -> str:
    made = world.api.call("POST", "/workflows", {"workflow": workflow, **more}, status=202)
    world.api.promised[made["id"]] = ends
    return str(made["id"])


def _tree(world: World, workflow: str) -> Any:
    return world.api.call("GET", f"/workflows/{workflow}")["tree"]


def _children(world: World, workflow: str, **query: str) -> list[Document]:
    """The jobs, page by page."""
    found: list[Document] = []
    query = {"limit": "100", **query}
    for _ in range(50):
        page = world.api.call("GET", f"/workflows/{workflow}/children", query=query)
        found += [child["job"] for child in page["children"] if child["job"] is not None]
        if page["cursor"] is None:
            return found
        query["cursor"] = page["cursor"]
    raise AssertionError(f"the children of {workflow} have no end")


@story.check("a chain hands on results; its tree, and its picture, show each step")
def chained(world: World) -> str:
    step = {"task": "plus", "args": {"more": 10}, "into": "number"}
    job = _submit(world, {"chain": [{"task": "plus", "args": {"number": 1, "more": 1}}, step, step]})
    found = world.api.succeeded(job)
    assert found["result"] == 22, found["result"]
    tree = _tree(world, job)
    assert [node["state"] for node in tree["nodes"]] == ["SUCCEEDED"] * 3, tree
    assert tree["counts"] | {"exact": True} == {
        "total": 3,
        "ended": 3,
        "succeeded": 3,
        "failed": 0,
        "exact": True,
    }, tree
    text = world.api.http.get(f"/workflows/{job}/graph", headers={"Accept": "text/vnd.mermaid"})
    assert text.status_code == 200, text.text
    assert text.text.count(":::succeeded") == 3, text.text
    assert text.text.count("-->") == 2, text.text
    again = world.api.call("POST", f"/workflows/{job}/resubmit", {"from": 2}, status=202)["id"]
    world.api.promised[again] = "SUCCEEDED"
    found = world.api.succeeded(again)
    assert found["result"] == 22, found["result"]
    return f"{tree['nodes'][0]['job']} to {tree['nodes'][2]['job']}; its last step again: {again}"


@story.check(f"a chord of {CHILDREN} children joins once, with all results (its end is looked for below)")
def chord_begun(world: World) -> None:
    chord = [{"task": "plus", "args": {"number": number, "more": 0}} for number in range(CHILDREN)]
    then = {"task": "total", "into": "numbers"}
    world.leave("chord", _submit(world, {"chord": chord, "then": then}))


@story.check("a map of what a step has found, and a task that returns a workflow")
def mapped(world: World) -> str:
    items = {"task": "numbers", "args": {"count": 7}}
    each = {"map": {"task": "plus", "args": {"more": 1}, "into": "number"}, "from": "before"}
    job = _submit(world, {"chain": [items, each, {"task": "total", "into": "numbers"}]})
    dynamic = _submit(world, {"chain": [{"task": "unfold", "args": {"count": 3}}]})
    found = world.api.succeeded(job)
    assert found["result"] == sum(range(7)) + 7, found["result"]
    assert world.api.succeeded(dynamic)["result"] == sum(range(3)) + 3
    counts = _tree(world, job)["nodes"][1]["counts"]
    assert (counts["total"], counts["succeeded"]) == (7, 7), counts
    became = _tree(world, dynamic)["nodes"][0]["became"]
    assert became["state"] == "SUCCEEDED", became
    edges = world.api.call("GET", f"/workflows/{dynamic}/graph")["edges"]
    assert [edge["kind"] for edge in edges].count("becomes") == 3, edges  # to each of its first steps
    return f"{counts['total']} children, then a workflow of {len(became['nodes'])} steps that a task returned"


@story.check("a workflow dies of a bug in one child, to be retried when it is mended (looked for below)")
def broken(world: World) -> str:
    steps = [{"task": "plus", "args": {"number": number, "more": 0}} for number in range(3)]
    # The group waits for all of them, so that what a retry keeps does not hang on who was first.
    whole = {"chain": [{"group": [*steps, {"task": "mend"}], "on_error": "ignore", "min_success": 4}]}
    job = _submit(world, whole)
    dead = world.api.ended(job)
    assert dead["state"] == "DEAD", dead["state"]
    counts = _tree(world, job)["nodes"][0]["counts"]
    assert (counts["total"], counts["succeeded"], counts["failed"]) == (4, 3, 1), counts
    group = _tree(world, job)["nodes"][0]["job"]
    bad = _children(world, group, state="DEAD")
    assert [child["task"] for child in bad] == ["mend"], bad
    world.api.promised |= {group: "DEAD", bad[0]["id"]: "DEAD"}
    world.leave("broken workflow", job)
    world.leave(
        "its good children", sorted(child["id"] for child in _children(world, group, state="SUCCEEDED"))
    )
    return f"{counts['failed']} of {counts['total']} failed"


@story.check("a cancelled workflow ends at once, and what has not started does not start")
def cancelled(world: World) -> str:
    slow = {"task": "pace", "args": {"number": 1, "seconds": 3.0}}
    job = _submit(world, {"chain": [slow, slow, slow]}, ends="CANCELLED")
    until(
        "its first step runs",
        lambda: _tree(world, job)["nodes"][0]["state"],
        lambda state: state in {"RUNNING", "SUCCEEDED"},
        within=IN_TIME,
    )
    gone = world.api.call("POST", f"/workflows/{job}/cancel")
    assert gone["state"] == "CANCELLED", gone["state"]
    until(
        "its steps have ended",
        lambda: [child["state"] for child in _children(world, job)],
        lambda states: set(states) <= ENDED,
        within=IN_TIME,
    )
    states = [child["state"] for child in _children(world, job)]
    assert len(states) < 3, f"all steps were made: {states}"
    assert world.api.job(job)["state"] == "CANCELLED"
    return f"its steps: {', '.join(states)}"


@story.check("while a workflow runs, its tree tells how far it is; jobs and workflows are told apart")
def chord_ended(world: World) -> str:
    job = world.left("chord")
    seen: list[int] = []

    def state() -> str:
        body = world.api.call("GET", f"/workflows/{job}")
        seen.append(body["tree"]["nodes"][0]["counts"]["ended"])
        return str(body["state"])

    until("the chord has ended", state, lambda found: found in ENDED, within=MANY, every=1.0)
    assert seen == sorted(seen), f"it went back: {seen}"
    found = world.api.succeeded(job)
    assert found["result"] == sum(range(CHILDREN)), found["result"]
    group = _tree(world, job)["nodes"][0]
    assert group["counts"]["total"] == group["counts"]["succeeded"] == CHILDREN, group
    children = _children(world, group["job"])
    assert len({child["id"] for child in children}) == CHILDREN, len(children)
    assert {child["workflow"]["of"] for child in children} == {group["job"]}
    first = world.api.call("GET", f"/workflows/{group['job']}/results", query={"limit": "10"})
    assert [one["result"] for one in first["results"]] == list(range(10)), first
    tops = world.api.call("GET", "/jobs", query={"children": "false", "limit": "100"})["jobs"]
    assert group["job"] not in {top["id"] for top in tops}
    assert world.api.http.get(f"/workflows/{children[0]['id']}").status_code == 404
    return f"ended, as it was seen: {', '.join(map(str, dict.fromkeys(seen)))}"


@later.check("mended and retried, the workflow does what had failed, and only that")
def retried(world: World) -> str:
    job = world.left("broken workflow")
    world.api.call("POST", f"/workflows/{job}/retry", status=202)
    found = world.api.succeeded(job)
    group = _tree(world, job)["nodes"][0]["job"]
    children = _children(world, group)
    assert [child["state"] for child in children] == ["SUCCEEDED"] * 4, children
    kept = sorted(child["id"] for child in children if child["task"] == "plus")
    assert kept == world.left("its good children"), kept
    assert found["result"][3].startswith("mended in version"), found["result"]
    return f"{len(kept)} children kept, one done again"
