"""Workflows, as docs/workflows.md tells of them. What a workflow does itself is shared by its children."""

from io import BytesIO
from typing import Any

from bench.ground import Ground, feature
from bench.uses import MANY, Begin, work
from chalicelib.pipeline.built_in import WORKFLOW

PAGE = 100


def _run(ground: Ground, begin: Begin, tree: dict[str, Any]) -> None:
    begin()
    jobs = ground.submit(WORKFLOW.name, {"workflow": tree})
    ground.drain()
    ground.check(jobs)


@feature("a workflow of one step, with the step's job")
def single(ground: Ground, begin: Begin) -> int:
    _run(ground, begin, {"task": ground.task(work), "args": {"number": 1}})
    return 1


@feature("a step of a chain of ten")
def step(ground: Ground, begin: Begin) -> int:
    task = ground.task(work)
    first = {"task": task, "args": {"number": 1}}
    _run(ground, begin, {"chain": [first, *[{"task": task, "into": "number"}] * (MANY - 1)]})
    return MANY


@feature("a child of a group of a hundred")
def member(ground: Ground, begin: Begin) -> int:
    task = ground.task(work)
    _run(ground, begin, {"group": [{"task": task, "args": {"number": one}} for one in range(PAGE)]})
    return PAGE


@feature("a child of a map of two hundred lines")
def item(ground: Ground, begin: Begin) -> int:
    task, key, lines = ground.task(work), "inputs/default/cost.jsonl", 2 * PAGE
    ground.parts.inputs.put(key, BytesIO(b"".join(b"%d\n" % one for one in range(lines))))
    _run(ground, begin, {"map": {"task": task, "into": "number"}, "object": key})
    return lines
