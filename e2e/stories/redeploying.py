"""Another version is deployed while jobs are under way: old and new code work on the same rows, and nothing is lost."""

import time

from e2e.project import STAGE, release
from e2e.story import Story
from e2e.world import NAMES, World

story = Story("redeploy")
under_way = Story("after it")

BEFORE, WAVE, MOST = 200, 20, 800
"""Jobs before the deploy; jobs at a time while it goes on; and all of them at most."""
PAUSE, TASK_TIME = 1.0, 0.2  # seconds
ALL = 180.0  # seconds, for all of them to end


@story.check("a line of code changes, and is deployed while jobs are under way")
def redeployed(world: World) -> str:
    ids = world.api.submit_many([_job(n) for n in range(BEFORE)])
    release(world.project, 2)
    deploy = world.start("-m", "infra", "deploy", "--stage", STAGE, "--yes")
    while deploy.running and len(ids) + WAVE <= MOST:
        ids += world.api.submit_many([_job(n) for n in range(len(ids), len(ids) + WAVE)])
        time.sleep(PAUSE)
    said = deploy.ended()
    assert said.rstrip().endswith(f"{NAMES.prefix} holds"), f"it ends: {said[-200:]}"
    ids += world.api.submit_many([_job(n) for n in range(len(ids), len(ids) + WAVE)])
    world.leave("paced", ids)
    return (
        f"{BEFORE} jobs before, {len(ids) - BEFORE - WAVE} while it went on, {WAVE} after; "
        "the emulator is made to let old code end its work, as AWS does"
    )


def _job(number: int) -> dict[str, object]:
    return {"task": "pace", "args": {"number": number, "seconds": TASK_TIME}, "tags": ["redeploy"]}


@under_way.check("the job that died of the bug is redriven, and succeeds in the mended code")
def redriven(world: World) -> str:
    job = world.left("dead job")
    answer = world.api.call("POST", f"/jobs/{job}/retry", status=202)
    assert answer["state"] == "QUEUED", answer["state"]
    world.api.promised[job] = "SUCCEEDED"
    found = world.api.succeeded(job)
    assert found["result"] == "mended in version 2", found["result"]
    return str(found["result"])


@under_way.check("all jobs that were under way end well, some run by the old code and some by the new")
def none_lost(world: World) -> str:
    ids = world.left("paced")
    found = world.api.all_succeeded("redeploy", ids, within=ALL)
    wrong = [n for n, job_id in enumerate(ids) if found[job_id]["result"][0] != n]
    assert not wrong, f"{len(wrong)} have another's result"
    versions = [found[job_id]["result"][1] for job_id in ids]
    old, new = versions.count(1), versions.count(2)
    assert old, "the old code ran none of them: nothing was under way"
    assert new, "the new code ran none of them"
    again = sum(job["attempts"] > 1 for job in found.values())
    assert not again, f"{again} had lost their worker: what runs when the code changes ends in peace"
    return f"{old} by version 1, {new} by version 2, each at its first attempt"
