"""The steps that stories are made of: what clients ask, what passes, what goes wrong beside the faults, and what people do."""

import json
from collections.abc import Callable, Mapping

from chalicelib.settings import DEAD_LETTERS
from proof.crashes.stage import Stage

Step = Callable[[Stage], None]


def submit(script: str = "ok", *, task: str = "work", pad: int = 0, times: int = 1, **how: object) -> Step:
    """A client submits the job, or so many at once."""
    request: Mapping[str, object] = {"task": task, "script": script, "pad": "a" * pad}
    return lambda stage: stage.submit(*[request] * times, **how)  # type: ignore[arg-type]


def drain(stage: Stage) -> None:
    stage.drain()


def tick(stage: Stage) -> None:
    stage.tick()


def quiet(stage: Stage) -> None:
    stage.run_on()


def wait(**span: float) -> Step:
    return lambda stage: stage.advance(**span)


def lose(stage: Stage) -> None:
    stage.lose_messages()


def cancel(stage: Stage) -> None:
    stage.cancel(stage.first())


def redrive(stage: Stage) -> None:
    stage.redrive(stage.first())


def throttled(stage: Stage) -> None:
    stage.throttle("default")


def rubbish(stage: Stage) -> None:
    """Messages that are none, or nobody's, and after them the good one once more."""
    nobody = "01KDWVY2G0" + "0123456789ABCDEF"
    stage.account.put("default", "}{")
    stage.account.put("default", json.dumps({"v": 1, "tenant": "default", "job": nobody, "epoch": 0}))
    stage.account.put(
        "default", json.dumps({"v": 1, "tenant": "somebody", "job": stage.first() or nobody, "epoch": 0})
    )
    for lane, body in stage.watch.ever[:1]:
        stage.account.put(lane, body)
    for fault in ("F15", "F16", "F37"):
        stage.seam.hits.hit(fault)


def dead_letter(stage: Stage) -> None:
    """A message of a job that is over arrives among the dead letters."""
    stage.seam.hits.hit("F39")
    for lane, body in stage.watch.ever[:1]:
        stage.account.put(DEAD_LETTERS if lane else lane, body)


def count(stage: Stage) -> None:
    stage.count()


def plan(what: str) -> Step:
    """A schedule is made, or deleted."""
    return lambda stage: stage.plan(what)


def register(stage: Stage) -> None:
    stage.register()


def submit_told(stage: Stage) -> None:
    """A job whose end an endpoint is told, if there is one."""
    if stage.endpoint is not None:
        stage.submit({"script": "ok"}, webhook=stage.endpoint)


def seal(number: int = 0) -> Step:
    """The stage seals what jobs carry, with this one of its keys."""
    return lambda stage: stage.seal(number)


def key_away(stage: Stage) -> None:
    """The key is switched off, and no process remembers anything."""
    stage.switch(off=True)


def key_back(stage: Stage) -> None:
    stage.switch(off=False)


def limit(**limits: object) -> Step:
    """The tenant is given limits."""
    return lambda stage: stage.limit(**limits)


def budget(dollars: float) -> Step:
    """The tenant is given a budget for a day."""
    return lambda stage: stage.budget(dollars)


def flow(tree: Mapping[str, object], **how: object) -> Step:
    """A client submits a workflow."""
    return lambda stage: stage.submit({"task": "jobline.workflow", "workflow": tree}, **how)  # type: ignore[arg-type]


def leaf(script: str = "ok", *, task: str = "leaf", fed: bool = False, **how: object) -> Mapping[str, object]:
    """A step of a workflow."""
    return {"task": task, "args": {"script": script}, **({"into": "given"} if fed else {}), **how}
