"""The tasks' signatures in the OpenAPI document: each task's arguments as a schema, and which belong to which task's jobs."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.pipeline.task import Task

DEFS = "#/$defs/"


def with_tasks(schemas: dict[str, Any], body: str, tasks: Iterable[Task[Any, Any]]) -> None:
    """Let the body's schema say, for each task, what `args` are; add the schemas that this needs."""
    forms = []
    for task in tasks:
        args = _add(schemas, f"{task.name}.args", task.signature.schema)
        forms.append(
            {
                "title": task.name,
                "properties": {"task": {"const": task.name}, "args": args},
                "required": ["task", *(["args"] if _needs_args(task.signature.schema) else [])],
            }
        )
    if forms:
        schemas[body] = {**schemas[body], "oneOf": forms}


def _needs_args(schema: Mapping[str, Any]) -> bool:
    """Whether some argument has no default."""
    top = schema["$defs"][schema["$ref"].removeprefix(DEFS)]
    return bool(top.get("required"))


def _add(schemas: dict[str, Any], name: str, schema: Mapping[str, Any]) -> Any:
    """Move a schema's definitions among the components, under names that begin with `name`. Returns the schema itself."""
    moved = {defined: f"{name}.{defined}" for defined in schema.get("$defs", {})}
    for defined, definition in schema.get("$defs", {}).items():
        schemas[moved[defined]] = _moved(definition, moved)
    return _moved({key: value for key, value in schema.items() if key != "$defs"}, moved)


def _moved(value: Any, names: Mapping[str, str]) -> Any:
    """The value with its references pointing to where their targets are now."""
    if isinstance(value, Mapping):
        return {
            key: f"#/components/schemas/{names[one.removeprefix(DEFS)]}"
            if key == "$ref" and isinstance(one, str) and one.startswith(DEFS)
            else _moved(one, names)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_moved(one, names) for one in value]
    return value
