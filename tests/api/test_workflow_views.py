"""What is shown of workflows: trees with counts, children and results page by page, pictures; and how much one request may read."""

from typing import Any

import pytest

from chalicelib.domain.job import State, Stored
from chalicelib.entrypoints.api import workflow_views
from chalicelib.pipeline.workflows import count, reads
from chalicelib.pipeline.workflows.reads import MOST_READS
from tests.api.desk import Caller, Desk
from tests.api.test_workflows import CHAIN, STEP, broken_chain, made, mended, worked

FAIL = {"task": "fail", "args": {"why": "x"}}


def tree(caller: Caller, job: str) -> Any:
    reply = caller.get(f"/workflows/{job}")
    assert reply.status == 200, reply.text
    return reply.body["tree"]


def nodes(node: Any) -> dict[str, Any]:
    """By path."""
    below = [*node["nodes"], *([node["became"]] if node["became"] else [])]
    return {node["path"]: node} | {path: one for child in below for path, one in nodes(child).items()}


def counted(node: Any) -> tuple[Any, ...]:
    counts = node["counts"]
    return counts["total"], counts["ended"], counts["succeeded"], counts["failed"]


def children(caller: Caller, job: str, query: str = "") -> list[Any]:
    """All pages'."""
    found, cursor = [], ""
    for _ in range(200):
        page = caller.get(f"/workflows/{job}/children?limit=100{query}{cursor}").body
        found += page["children"]
        if page["cursor"] is None:
            return found
        cursor = f"&cursor={page['cursor']}"
    raise AssertionError("the pages do not end")


class Spy:
    """How often the ports were read since it was last asked."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reads = 0
        for port, name in (
            (desk.parts.store, "read"),
            (desk.parts.items, "read"),
            (desk.parts.payloads, "get"),
        ):
            monkeypatch.setattr(port, name, self._counted(getattr(port, name)))

    def _counted(self, call: Any) -> Any:
        def counted(*args: Any, **more: Any) -> Any:
            self.reads += 1
            return call(*args, **more)

        return counted

    def since(self) -> int:
        found, self.reads = self.reads, 0
        return found


# --------------------------------------------------------------------------------------------------------------------- tree


def test_a_tree_tells_how_far_each_part_is(desk: Desk, ann: Caller):
    # given a chain of a step, a group of a step and a chain, and a map
    job = made(
        ann,
        {
            "chain": [
                STEP,
                {"group": [STEP, {"chain": [STEP, STEP]}]},
                {"map": {"task": "add", "into": "a"}, "items": [1, 2]},
            ]
        },
    )

    # when nobody has begun
    found = nodes(tree(ann, job))
    assert {path: node["state"] for path, node in found.items()} == {
        "workflow": "QUEUED",
        **dict.fromkeys(
            (
                "workflow.chain[0]",
                "workflow.chain[1]",
                "workflow.chain[1].group[0]",
                "workflow.chain[1].group[1]",
                "workflow.chain[1].group[1].chain[0]",
                "workflow.chain[1].group[1].chain[1]",
                "workflow.chain[2]",
            )
        ),
    }
    assert counted(found["workflow"]) == (3, 0, 0, 0)
    assert counted(found["workflow.chain[2]"]) == (2, 0, 0, 0)

    # and when it has come to the group
    for _ in range(4):
        desk.work()
    found = nodes(tree(ann, job))
    assert found["workflow"]["state"] == "WAITING"
    assert found["workflow.chain[0]"]["state"] == "SUCCEEDED"
    assert found["workflow.chain[1]"]["state"] in {"WAITING", "RUNNING"}
    assert found["workflow.chain[2]"]["state"] is None
    assert counted(found["workflow"]) == (3, 1, 1, 0)

    # and when it is done
    worked(desk)
    body = ann.get(f"/workflows/{job}").body
    assert (body["state"], body["complete"]) == ("SUCCEEDED", True)
    found = nodes(body["tree"])
    assert {node["state"] for node in found.values()} == {"SUCCEEDED"}
    assert counted(found["workflow"]) == (3, 3, 3, 0)
    assert counted(found["workflow.chain[1]"]) == (2, 2, 2, 0)
    assert counted(found["workflow.chain[2]"]) == (2, 2, 2, 0)
    assert all(desk.row(node["job"]).state is State.SUCCEEDED for node in found.values())


def test_a_tree_tells_what_failed_and_what_never_began(desk: Desk, ann: Caller):
    job = broken_chain(desk, ann)
    body = ann.get(f"/workflows/{job}").body
    assert (body["state"], body["reason"]) == ("DEAD", "failed")
    assert "ValueError: x" in body["error"]["message"]
    one, two, three = body["tree"]["nodes"]
    assert (one["state"], two["state"], three["state"]) == ("SUCCEEDED", "DEAD", None)
    assert two["error"] == {"type": "ValueError", "message": "x"}
    assert counted(body["tree"]) == (3, 2, 1, 1)


def test_a_retried_one_shows_the_steps_that_it_keeps(desk: Desk, ann: Caller):
    job = broken_chain(desk, ann)
    kept = tree(ann, job)["nodes"][0]["job"]
    mended(desk)
    ann.post(f"/workflows/{job}/retry")
    worked(desk)
    found = tree(ann, job)
    assert [node["state"] for node in found["nodes"]] == ["SUCCEEDED"] * 3
    assert found["nodes"][0]["job"] == kept
    assert counted(found) == (3, 3, 3, 0)


def test_what_a_retried_group_keeps_within_its_parts_is_shown(desk: Desk, ann: Caller):
    # given a group one of whose chains failed at its second step
    job = made(ann, {"group": [STEP, {"chain": [STEP, FAIL]}, STEP], "on_error": "collect", "min_success": 3})
    worked(desk)
    before = nodes(tree(ann, job))
    assert counted(before["workflow"]) == (3, 3, 2, 1)

    # when it is retried, and does better
    mended(desk)
    ann.post(f"/workflows/{job}/retry")
    worked(desk)

    # then all is shown as it was done, in whichever life
    after = nodes(tree(ann, job))
    assert {node["state"] for node in after.values()} == {"SUCCEEDED"}
    for path in ("workflow.group[0]", "workflow.group[2]", "workflow.group[1].chain[0]"):
        assert after[path]["job"] == before[path]["job"]
    assert after["workflow.group[1]"]["job"] != before["workflow.group[1]"]["job"]
    assert [child["job"]["id"] for child in children(ann, job)] == [
        after[f"workflow.group[{number}]"]["job"] for number in range(3)
    ]


def test_a_step_that_became_a_workflow_shows_it(desk: Desk, ann: Caller):
    from chalicelib import chain
    from chalicelib.pipeline.task import Options

    add = desk.parts.registry["add"]

    def plan() -> Any:
        return chain(add.s(1), add.s(2))

    desk.parts.registry.add(plan, None, Options())
    job = made(ann, {"chain": [{"task": "plan"}, {"task": "echo", "into": "value"}]})
    worked(desk)
    step = tree(ann, job)["nodes"][0]
    assert (step["state"], step["became"]["kind"], step["became"]["path"]) == (
        "SUCCEEDED",
        "chain",
        "workflow.chain[0].became",
    )
    assert [node["task"] for node in step["became"]["nodes"]] == ["add", "add"]
    assert [node["state"] for node in step["became"]["nodes"]] == ["SUCCEEDED"] * 2

    # and the job itself, asked for as a workflow, begins with its task
    root = tree(ann, step["job"])
    assert (root["kind"], root["task"], root["became"]["state"]) == ("step", "plan", "SUCCEEDED")
    assert [child["job"]["state"] for child in children(ann, step["job"])] == ["SUCCEEDED"]


def test_what_a_returned_workflow_keeps_of_the_one_before_it_is_shown(desk: Desk, ann: Caller):
    # given a task that returns a chain, whose second step fails
    from chalicelib import chain
    from chalicelib.pipeline.task import Options

    tasks = desk.parts.registry
    tasks.add(lambda: chain(tasks["add"].s(1), tasks["fail"].si("x")), "plan", Options(max_attempts=1))
    job = made(ann, {"chain": [{"task": "plan"}]})
    worked(desk)
    before = tree(ann, job)["nodes"][0]["became"]["nodes"]
    assert [node["state"] for node in before] == ["SUCCEEDED", "DEAD"]

    # when it is retried, and returns the same
    mended(desk)
    ann.post(f"/workflows/{job}/retry")
    worked(desk)

    # then the step that it kept is shown
    after = tree(ann, job)["nodes"][0]["became"]["nodes"]
    assert [node["state"] for node in after] == ["SUCCEEDED", "SUCCEEDED"]
    assert (after[0]["job"], after[1]["job"] == before[1]["job"]) == (before[0]["job"], False)


def test_large_groups_and_maps_are_counted_by_their_marks(desk: Desk, ann: Caller, monkeypatch):
    job = made(ann, {"map": {"task": "add", "into": "a"}, "items": list(range(1050))})
    worked(desk)
    spy = Spy(desk, monkeypatch)
    found = tree(ann, job)
    assert counted(found) == (1050, 1050, 1050, 0)
    assert found["nodes"] == []
    assert spy.since() <= 5  # its row, its arguments, the book: no page, and no child


def test_a_single_step_is_a_chain_of_one(desk: Desk, ann: Caller):
    job = made(ann, STEP)
    worked(desk)
    found = tree(ann, job)
    assert (found["kind"], len(found["nodes"]), found["nodes"][0]["state"]) == ("chain", 1, "SUCCEEDED")


def test_one_request_reads_so_much_and_tells_what_it_could_not_see(desk: Desk, ann: Caller, monkeypatch):
    # given a workflow of more parts than a request may read
    wide = {"group": [{"group": [{"chain": [STEP] * 3}] * 8}] * 10}
    job = made(ann, wide)
    worked(desk)
    worked(desk)
    assert desk.row(job).state == "SUCCEEDED"
    spy = Spy(desk, monkeypatch)

    # when somebody looks
    body = ann.get(f"/workflows/{job}").body

    # then it has read no more than that, and what is nearer the top is known
    assert spy.since() <= MOST_READS + 1  # and the row itself
    assert body["complete"] is False
    found = nodes(body["tree"])
    assert all(node["looked"] for path, node in found.items() if path.count("group") <= 1)
    assert any(not node["looked"] for node in found.values())
    assert all(node["state"] in (None, "SUCCEEDED") for node in found.values())

    # and of what it did not see, a look from nearer by tells
    hidden = next(node for node in found.values() if node["kind"] == "group" and node["path"] != "workflow")
    assert ann.get(f"/workflows/{hidden['job']}").body["complete"] is True


def test_a_long_chain_is_known_beyond_the_reads(desk: Desk, ann: Caller, monkeypatch):
    job = made(ann, {"chain": [STEP] * 40})
    worked(desk)
    worked(desk)
    monkeypatch.setattr(reads.Reads.__init__, "__defaults__", (10,))
    found = tree(ann, job)
    assert [node["state"] for node in found["nodes"]] == ["SUCCEEDED"] * 40
    assert found["nodes"][0]["job"] is None
    assert counted(found) == (40, 40, 40, 0)


def test_counts_that_are_not_all_say_so(desk: Desk, ann: Caller, monkeypatch):
    job = made(ann, {"map": {"task": "fail", "into": "why"}, "items": ["x"] * 350, "on_error": "ignore"})
    worked(desk)
    assert counted(tree(ann, job)) == (350, 350, 0, 350)
    monkeypatch.setattr(count, "MOST_PAGES", 2)
    body = ann.get(f"/workflows/{job}").body
    assert counted(body["tree"]) == (350, 200, 0, 200)
    assert (body["tree"]["counts"]["exact"], body["complete"]) == (False, False)


def test_a_workflow_whose_tree_is_gone_says_so(desk: Desk, ann: Caller):
    job = made(ann, {"group": [STEP] * 30})
    assert isinstance(desk.row(job).args, Stored)
    desk.payloads.bodies.clear()
    for rest in ("", "/children", "/graph"):
        reply = ann.get(f"/workflows/{job}{rest}")
        assert (reply.status, reply.slug) == (409, "not-possible")


# ----------------------------------------------------------------------------------------------------------------- children


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_every_child_is_on_one_page_in_order(desk: Desk, ann: Caller, limit: int):
    count_ = 20 if limit == 1 else 230
    job = made(ann, {"map": {"task": "add", "into": "a"}, "items": list(range(count_))})
    worked(desk)
    found, cursor = [], ""
    while True:
        page = ann.get(f"/workflows/{job}/children?limit={limit}{cursor}").body
        assert len(page["children"]) <= limit
        found += page["children"]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert [child["number"] for child in found] == list(range(count_))
    assert [child["job"]["args"]["a"] for child in found] == list(range(count_))


def test_those_that_failed_are_found_among_thousands_in_a_few_reads(desk: Desk, ann: Caller, monkeypatch):
    # given a thousand children of which two failed
    desk.parts.registry["fail"].__dict__["function"] = _fail_at_odd
    items = [f"fine {number}" for number in range(1000)]
    items[317], items[942] = "bad a", "bad b"
    job = made(ann, {"map": {"task": "fail", "into": "why"}, "items": items, "on_error": "ignore"})
    worked(desk)

    # when somebody asks for the dead ones
    spy = Spy(desk, monkeypatch)
    page = ann.get(f"/workflows/{job}/children?state=DEAD").body

    # then it is they, for a handful of reads
    assert [child["number"] for child in page["children"]] == [317, 942]
    assert page["cursor"] is None
    assert spy.since() < 12
    assert len(children(ann, job, "&state=SUCCEEDED")) == 998
    assert children(ann, job, "&state=QUEUED") == []
    assert children(ann, job, "&state=CANCELLED") == []


def test_those_that_have_not_ended_are_found_beside_those_that_have(desk: Desk, ann: Caller):
    # given a map some of whose children have ended, and others wait for their time
    job = made(ann, {"map": {"task": "add", "into": "a", "delay": 600}, "items": [1, 2, 3]})
    desk.work()
    ids = [child["job"]["id"] for child in children(ann, job)]
    ann.post(f"/jobs/{ids[1]}/cancel")

    # then each is found by its state
    assert [child["number"] for child in children(ann, job, "&state=QUEUED")] == [0, 2]
    assert [child["number"] for child in children(ann, job, "&state=CANCELLED")] == [1]
    assert children(ann, job, "&state=SUCCEEDED") == []


def test_pages_that_hold_none_of_them_are_gone_past_even_with_few_reads(desk: Desk, ann: Caller, monkeypatch):
    job = made(ann, {"map": {"task": "fail", "into": "why"}, "items": ["x"] * 620, "on_error": "ignore"})
    worked(desk)
    monkeypatch.setattr(reads.Reads.__init__, "__defaults__", (4,))
    assert children(ann, job, "&state=SUCCEEDED") == []


def _fail_at_odd(why: str) -> None:
    if why.startswith("bad"):
        raise ValueError(why)


def test_a_page_of_children_reads_so_much_and_goes_on_by_its_cursor(desk: Desk, ann: Caller, monkeypatch):
    job = made(ann, {"map": {"task": "add", "into": "a"}, "items": list(range(400))})
    worked(desk)
    monkeypatch.setattr(reads.Reads.__init__, "__defaults__", (30,))
    spy = Spy(desk, monkeypatch)
    page = ann.get(f"/workflows/{job}/children?limit=100").body
    assert spy.since() <= 31
    assert 0 < len(page["children"]) < 30
    assert page["cursor"] is not None
    assert [child["number"] for child in children(ann, job)] == list(range(400))
    assert children(ann, job, "&state=EXPIRED") == []


def test_children_that_are_not_made_yet_are_not_listed(desk: Desk, ann: Caller):
    job = made(ann, CHAIN)
    assert children(ann, job) == []
    desk.work()
    first, *rest = children(ann, job)
    assert (first["number"], first["job"]["workflow"]["place"]) == (0, "step 0")
    assert [child["job"] for child in rest] == [None, None]
    assert [child["number"] for child in children(ann, job, "&state=QUEUED")] == [0]


@pytest.mark.parametrize("rest", ["children", "results"])
@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00"])
def test_a_cursor_that_no_page_gave_is_refused(desk: Desk, ann: Caller, rest, cursor):
    job = made(ann, {"group": [STEP]})
    worked(desk)
    assert ann.get(f"/workflows/{job}/{rest}?cursor={cursor}").argument == "cursor"
    foreign = ann.get("/jobs?limit=1").body["cursor"]
    assert ann.get(f"/workflows/{job}/{rest}?cursor={foreign}").argument == "cursor"


# ------------------------------------------------------------------------------------------------------------------ results


def results(caller: Caller, job: str, query: str = "") -> list[Any]:
    found, cursor = [], ""
    for _ in range(100):
        page = caller.get(f"/workflows/{job}/results?limit=100{query}{cursor}").body
        found += page["results"]
        if page["cursor"] is None:
            return found
        cursor = f"&cursor={page['cursor']}"
    raise AssertionError("the pages do not end")


def test_a_list_of_results_is_paged(desk: Desk, ann: Caller):
    job = made(ann, {"map": {"task": "add", "into": "a"}, "items": list(range(130))})
    worked(desk)
    assert [one["result"] for one in results(ann, job)] == [number + 1 for number in range(130)]
    page = ann.get(f"/workflows/{job}/results?limit=3").body
    assert [one["number"] for one in page["results"]] == [0, 1, 2]


def test_results_that_lie_with_the_children_are_paged(desk: Desk, ann: Caller):
    # given a workflow that ends with a map of more children than a list holds, one of which fails
    desk.parts.registry["fail"].__dict__["function"] = _fail_at_odd
    items = [f"fine {number}" for number in range(1_100)]
    items[7] = "bad"
    last = {"map": {"task": "fail", "into": "why"}, "items": items, "on_error": "ignore"}
    job = made(ann, {"chain": [STEP, last]})
    worked(desk)
    assert "manifest" in ann.get(f"/jobs/{job}").body["result"]

    # then its results come page by page, and say which child each is of
    found = results(ann, job)
    assert [one["number"] for one in found] == list(range(1_100))
    assert {one["state"] for one in found} == {"SUCCEEDED", "DEAD"}
    assert (found[7]["state"], found[7]["result"]) == ("DEAD", None)
    assert desk.row(found[8]["job"]).workflow == tree(ann, job)["nodes"][1]["job"]


def test_a_page_of_results_ends_before_it_is_too_large(desk: Desk, ann: Caller, monkeypatch):
    monkeypatch.setattr(workflow_views, "ROOM", 5_000)
    monkeypatch.setattr("chalicelib.pipeline.workflows.gather.MOST_LISTED", 1)
    job = made(
        ann, {"map": {"task": "echo", "into": "value"}, "items": ["x" * 2_000, "y" * 2_000, "z" * 9_000, "w"]}
    )
    worked(desk)
    first = ann.get(f"/workflows/{job}/results").body
    assert [one["number"] for one in first["results"]] == [0, 1]
    rest = ann.get(f"/workflows/{job}/results?cursor={first['cursor']}").body
    assert rest["results"][0]["result_stored"]["why"] == "too_large"
    assert [one["result"] for one in rest["results"]] == [None, "w"]


def test_what_has_no_list_of_results_says_so(desk: Desk, ann: Caller):
    waits, single, dead = made(ann, {"group": [STEP]}), made(ann, STEP), broken_chain(desk, ann)
    again = made(ann, {"group": [STEP]})
    worked(desk)
    assert ann.get(f"/workflows/{waits}/results").status == 200
    for job, why in ((single, "is no list"), (dead, "is DEAD")):
        reply = ann.get(f"/workflows/{job}/results")
        assert (reply.status, reply.slug) == (409, "not-possible")
        assert why in reply.body["detail"]
    assert ann.get(f"/workflows/{again}/results?limit=0").argument == "limit"


# ------------------------------------------------------------------------------------------------------------------ the picture


def test_a_picture_has_a_box_for_each_part_and_an_arrow_for_each_result(desk: Desk, ann: Caller):
    job = made(ann, {"chord": [STEP, STEP], "then": {"task": "echo", "into": "value"}})
    worked(desk)
    drawn = ann.get(f"/workflows/{job}/graph").body
    assert [(box["kind"], box["label"], box["state"]) for box in drawn["nodes"]] == [
        ("step", "add", "SUCCEEDED"),
        ("step", "add", "SUCCEEDED"),
        ("join", "all of them", "SUCCEEDED"),
        ("step", "echo", "SUCCEEDED"),
    ]
    assert [(edge["from"], edge["to"]) for edge in drawn["edges"]] == [
        ("n0", "n2"),
        ("n1", "n2"),
        ("n2", "n3"),
    ]
    assert drawn["complete"] is True


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("", None, "application/json"),
        ("", "*/*", "application/json"),
        ("", "text/vnd.mermaid", "text/vnd.mermaid; charset=utf-8"),
        ("", "text/plain;q=0.9, */*", "text/vnd.mermaid; charset=utf-8"),
        ("", "application/json, text/plain", "application/json"),
        ("?format=mermaid", "application/json", "text/vnd.mermaid; charset=utf-8"),
        ("?format=json", "text/plain", "application/json"),
    ],
)
def test_the_picture_comes_in_the_form_that_is_asked_for(desk: Desk, ann: Caller, query, accept, kind):
    job = made(ann, CHAIN)
    reply = ann.get(f"/workflows/{job}/graph{query}", headers={"Accept": accept})
    assert (reply.status, reply.headers["Content-Type"]) == (200, kind)
    assert reply.text.startswith("flowchart" if "mermaid" in kind else "{")


def test_a_form_that_is_not_known_is_refused(desk: Desk, ann: Caller):
    assert ann.get(f"/workflows/{made(ann, CHAIN)}/graph?format=png").argument == "format"


def test_nothing_is_shown_of_what_is_no_workflow_or_anothers(desk: Desk, ann: Caller, bob: Caller):
    job, whole = ann.submit(), made(ann, CHAIN)
    for rest in ("", "/children", "/results", "/graph", "/graph?format=mermaid"):
        for caller, wrong in ((ann, job), (bob, whole), (ann, "01KDWPVNG0FMNSVKE1CC0RQBKJ")):
            reply = caller.get(f"/workflows/{wrong}{rest}")
            assert (reply.status, reply.body["detail"]) == (404, f"there is no workflow {wrong!r}")
