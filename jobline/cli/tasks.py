"""`jobline tasks`."""

from typing import Any
from urllib.parse import quote

import click

from jobline.cli import out
from jobline.cli.talk import Talk, talking
from jobline.cli.text import short


@click.command()
@talking
@click.argument("name", required=False)
def tasks(talk: Talk, name: str | None) -> None:
    """List the tasks, or show what one takes."""
    if name is None:
        found = talk.client.call("GET", "/tasks")
        rows = ((one["name"], one["lane"], _signature(one), _first_line(one)) for one in found["tasks"])
        talk.show(found, lambda: out.table(("name", "lane", "takes", "what it does"), rows, empty="no tasks"))
        return
    task = talk.client.call("GET", f"/tasks/{quote(name, safe='')}")
    talk.show(task, lambda: _show(task))


def _show(task: Any) -> None:
    properties, required = arguments_of(task)
    told = [(name, _argument(one, needed=name in required)) for name, one in properties.items()]
    out.facts(task["name"], [("does", task["description"]), ("lane", task["lane"]), *told])
    words = " ".join(["jobline submit", task["name"], *(f"{name}=..." for name in required)])
    out.lines("")
    out.say(words)


def arguments_of(task: Any) -> tuple[dict[str, Any], list[str]]:
    """The arguments' schemas by name, and which are needed."""
    schema = task["args"]
    if "$ref" in schema:
        schema = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema.get("properties", {}), schema.get("required", [])


def _argument(schema: Any, *, needed: bool) -> str:
    return kind(schema) + ("" if needed else f", or else {short(schema.get('default'), 40)}")


def kind(schema: Any) -> str:
    """A JSON schema in a few words: `integer, 1 to 10`, `list of string`, `blue | red`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(kind(one) for one in schema["anyOf"])
    name = str(schema.get("type", "anything"))
    if name == "array":
        return f"list of {kind(schema.get('items', {}))}"
    least, most = schema.get("minimum"), schema.get("maximum")
    bounds = [f"{least} to {most}"] if least is not None and most is not None else []
    bounds += [f"at least {least}"] if least is not None and most is None else []
    bounds += [f"at most {most}"] if most is not None and least is None else []
    return ", ".join([name, *bounds])


def _signature(task: Any) -> str:
    properties, required = arguments_of(task)
    return " ".join(name if name in required else f"[{name}]" for name in properties)


def _first_line(task: Any) -> str:
    return str(task["description"]).strip().split("\n")[0]
