"""The schema of a workflow's tree, by hand: a node is one of five kinds, which its first word tells. `read_node` is what it describes."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.workflow import OnError
from chalicelib.lanes import LANES
from chalicelib.pipeline.check_how import MAX_TAG_CHARS, MAX_TAGS
from chalicelib.pipeline.task import MAX_ATTEMPTS
from chalicelib.pipeline.workflows.reading import MAX_SIZE

Json = dict[str, Any]

_STEP_EXAMPLE: Json = {
    "task": "summarise_csv",
    "args": {"text": "n\n1\n2\n", "column": "n"},
    "lane": "low",
    "tags": ["month"],
}
EXAMPLES: Mapping[str, Json] = {
    "WorkflowStep": _STEP_EXAMPLE,
    "WorkflowChain": {
        "chain": [
            {"task": "count_down", "args": {"steps": 2, "seconds": 0.1}},
            {"task": "stretch_key", "args": {"salt": "s", "rounds": 1000}, "into": "passphrase"},
        ]
    },
    "WorkflowGroup": {
        "group": [{"task": "count_down", "args": {"steps": 1, "seconds": 0.1}}, _STEP_EXAMPLE],
        "on_error": "collect",
        "min_success": 1,
    },
    "WorkflowChord": {
        "chord": [{"task": "stretch_key", "args": {"passphrase": "p", "salt": "s", "rounds": 1000}}],  # nosec B105
        "then": {
            "map": {"task": "stretch_key", "args": {"salt": "t"}, "into": "passphrase"},
            "from": "before",
        },
    },
    "WorkflowMap": {
        "map": {"task": "count_down", "args": {"seconds": 0.1}, "into": "steps"},
        "items": [1, 2, 3],
        "on_error": "ignore",
    },
}
"""One for each kind, of the tasks that every new project has."""

NODE = {"$ref": "#/components/schemas/WorkflowNode"}


def _kind(name: str, about: str, required: list[str], properties: Mapping[str, Any], **more: Any) -> Json:
    return {
        "title": name,
        "type": "object",
        "description": about,
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
        "examples": [EXAMPLES[name]],
        **more,
    }


def _text(about: str, **more: Any) -> Json:
    return {"type": "string", "description": about, **more}


_POLICY: Json = {
    "on_error": _text(
        "fail: one child that does not succeed ends it; collect: what went wrong stands in the child's place; ignore: null does",
        enum=[*OnError],
        default=OnError.FAIL.value,
    ),
    "min_success": {
        "type": "integer",
        "minimum": 0,
        "description": "so many children must succeed; with collect or ignore",
    },
}
_HOW: Json = {
    "lane": _text("the task's own by default", enum=[*LANES]),
    "max_attempts": {"type": "integer", "minimum": 1, "maximum": MAX_ATTEMPTS},
    "delay": {"type": "number", "minimum": 0, "description": "seconds, from when its turn comes"},
    "expires": {
        "type": "number",
        "exclusiveMinimum": 0,
        "description": "seconds, from when its turn comes, after which it is not started any more",
    },
    "tags": {
        "type": "array",
        "maxItems": MAX_TAGS,
        "items": {"type": "string", "minLength": 1, "maxLength": MAX_TAG_CHARS},
    },
    "on_success": _text("the task that follows its success, beside the workflow"),
    "on_failure": _text("the task that follows its death, beside the workflow"),
}

TREE: Mapping[str, Json] = {
    "WorkflowNode": {
        "title": "WorkflowNode",
        "description": "A workflow, or a part of one. Each kind may stand wherever a node may.",
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in EXAMPLES],
    },
    "WorkflowStep": _kind(
        "WorkflowStep",
        "One job of a task.",
        ["task"],
        {
            "task": _text("the task's name; GET /tasks lists them"),
            "args": {"type": "object", "description": "its arguments by name"},
            "into": _text("the argument that gets what comes before; left out: it does not want it"),
            **_HOW,
        },
    ),
    "WorkflowChain": _kind(
        "WorkflowChain",
        "One node after the other; each gets the result of the one before it. Its result is the last one's.",
        ["chain"],
        {"chain": {"type": "array", "minItems": 1, "items": NODE}},
    ),
    "WorkflowGroup": _kind(
        "WorkflowGroup",
        "All nodes side by side; each gets what comes before the group. Its result is the list of theirs, in their order.",
        ["group"],
        {"group": {"type": "array", "items": NODE}, **_POLICY},
    ),
    "WorkflowChord": _kind(
        "WorkflowChord",
        "A group, and what then gets the list of its results. It is read as a chain of the two.",
        ["chord", "then"],
        {"chord": {"type": "array", "items": NODE}, "then": NODE, **_POLICY},
    ),
    "WorkflowMap": _kind(
        "WorkflowMap",
        "One job of the step for each item, side by side. Its result is the list of theirs, in the order of the items.",
        ["map"],
        {
            "map": {
                "$ref": "#/components/schemas/WorkflowStep",
                "description": "`into` is the argument that gets the item",
            },
            "items": {"type": "array", "description": "give one of items, from and object"},
            "from": _text("the items are the result of what comes before", const="before"),
            "object": _text(
                "the key of an object in the stage's bucket, in your tenant's folder: each of its lines is an item, in JSON"
            ),
            "spread": {
                "type": "boolean",
                "description": "each item is the arguments: an object, or a list of them in the task's order",
            },
            "size": {
                "type": "integer",
                "minimum": 1,
                "maximum": MAX_SIZE,
                "description": "each job gets a list of so many items",
            },
            **_POLICY,
        },
        oneOf=[{"required": ["items"]}, {"required": ["from"]}, {"required": ["object"]}],
        anyOf=[
            {"properties": {"spread": {"const": True}}, "required": ["spread"]},
            {"properties": {"map": {"required": ["into"]}}},
        ],
    ),
}
"""By name, as components of the document."""
