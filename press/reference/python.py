"""The Python API, from signatures and docstrings: what the public modules' `__all__` names."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from press.reference.table import code, table

WIDTH = 100
Function = ast.FunctionDef | ast.AsyncFunctionDef
RETURNED = (
    "chalicelib.pipeline.task.Task",
    "chalicelib.pipeline.handle.JobHandle",
    "chalicelib.pipeline.schedules.Schedules",
)
"""What one gets from the public names, and holds: no module need import it by its name."""


def tasks() -> str:
    """What a module with tasks imports."""
    import chalicelib

    text = page(
        chalicelib, "The Python API", "What a module with tasks needs: `from chalicelib import task, ...`."
    )
    parts = [part for where in RETURNED for part in _entry(where.rsplit(".", 1)[1], _found(where))]
    return "\n\n".join([text, *filter(None, parts)]) + "\n"


def _found(where: str) -> Any:
    module, _, name = where.rpartition(".")
    return getattr(import_module(module), name)


def client() -> str:
    """What a program beside Jobline imports."""
    import jobline.client

    return page(
        jobline.client,
        "The client's API",
        "`from jobline.client import Client`. What it is for: [the client](../client.md).",
    )


def testing() -> str:
    """What a user's tests import."""
    import jobline.testing

    return page(
        jobline.testing,
        "The testing API",
        "`from jobline.testing import ...`. What it is for: [testing your tasks](../testing.md).",
    )


def page(module: ModuleType, title: str, about: str) -> str:
    """A page with all that the module makes public, functions first."""
    names: list[str] = sorted(
        module.__all__, key=lambda name: (inspect.isclass(getattr(module, name)), name.lower())
    )
    return (
        "\n\n".join(
            [f"# {title}", about, *(part for name in names for part in _entry(name, getattr(module, name)))]
        )
        + "\n"
    )


def _entry(name: str, thing: Any) -> Iterator[str]:
    yield f"## {name}"
    if not callable(thing):
        yield prose(_beside(name))
        return
    node = _node(thing)
    if isinstance(node, Function):
        yield _fenced(_signature(name, node))
        yield docstring(thing)
    elif isinstance(node, ast.ClassDef):
        yield from _class(name, thing, node)


def _beside(name: str) -> str:
    """What stands below a value of `chalicelib` where it is made: values have no docstring of their own."""
    imports = ast.parse((Path("chalicelib") / "__init__.py").read_text(encoding="utf-8")).body
    [where] = [
        one.module
        for one in imports
        if isinstance(one, ast.ImportFrom) and name in {alias.name for alias in one.names}
    ]
    body = ast.parse(inspect.getsource(import_module(str(where)))).body
    for made, said in pairwise(body):
        if (
            isinstance(made, ast.Assign)
            and ast.unparse(made.targets[0]) == name
            and isinstance(said, ast.Expr)
        ):
            return str(ast.literal_eval(said.value))
    raise ValueError(f"{name} has no words below it in {where}")


def _class(name: str, thing: type, node: ast.ClassDef) -> Iterator[str]:
    methods = {one.name: one for base in reversed(thing.__mro__[:-1]) for one in _methods(base)}
    if "__init__" in methods:
        yield _fenced(_signature(name, methods["__init__"], of_class=True))
    yield docstring(thing)
    yield table(("field", "type", "what it is"), _fields(thing, node))
    for method in methods.values():
        if method.name.startswith("_"):
            continue
        kind = "property" if _is_property(method) else "function"
        yield f"### {name}.{method.name}"
        yield _fenced(
            f"{method.name}: {_type(method.returns)}"
            if kind == "property"
            else _signature(method.name, method, of_class=True)
        )
        yield prose(ast.get_docstring(method) or "")


def _methods(thing: type) -> Iterator[Function]:
    """Of a class of ours, as it is written."""
    if not thing.__module__.startswith(("chalicelib", "jobline")):
        return
    node = _node(thing)
    if isinstance(node, ast.ClassDef):
        yield from (one for one in node.body if isinstance(one, Function) and not _is_overload(one))


def _fields(thing: type, node: ast.ClassDef) -> Iterator[tuple[str, str, str]]:
    """Annotated names, with the `#:` comment beside or above them; and the members of an enum."""
    lines = inspect.getsource(thing).splitlines()
    for one in node.body:
        if (
            isinstance(one, ast.AnnAssign)
            and isinstance(one.target, ast.Name)
            and not one.target.id.startswith("_")
        ):
            yield code(one.target.id), code(_type(one.annotation)), _said(lines, one)
        elif (
            isinstance(one, ast.Assign)
            and isinstance(one.targets[0], ast.Name)
            and isinstance(one.value, ast.Constant)
        ):
            yield code(one.targets[0].id), code(repr(one.value.value)), _said(lines, one)


def _said(lines: list[str], node: ast.stmt) -> str:
    """The comment of a field: behind it, above it, or the string below it."""
    last = lines[(node.end_lineno or node.lineno) - 1]
    if found := re.search(r"#: (.+)", last):
        return found[1]
    above: list[str] = []
    for line in reversed(lines[: node.lineno - 1]):
        if not line.strip().startswith("#:"):
            break
        above.insert(0, line.strip().removeprefix("#:").strip())
    return " ".join(above)


def _node(thing: Any) -> ast.stmt:
    return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(thing)))).body[0]


def _signature(name: str, node: Function, *, of_class: bool = False) -> str:
    """The call, as it is declared; a parameter a line if it is long. `self` is nobody's to give."""
    parameters = _split(node.args)
    if of_class and parameters and parameters[0].split(":")[0] in ("self", "cls"):
        parameters = parameters[1:]
    made = node.name == "__init__"  # a class is called, and returns itself
    before = "" if made else "async def " if isinstance(node, ast.AsyncFunctionDef) else "def "
    returns = f" -> {_type(node.returns)}" if node.returns and not made else ""
    line = f"{before}{name}({', '.join(parameters)}){returns}"
    if len(line) <= WIDTH:
        return line
    return f"{before}{name}(\n" + "".join(f"    {one},\n" for one in parameters) + f"){returns}"


def _type(annotation: ast.expr | None) -> str:
    """An annotation as it is written; one that waits in quotes without them."""
    return ast.unparse(annotation).strip("'\"") if annotation else "Any"


def _split(arguments: ast.arguments) -> list[str]:
    """Each parameter's own words."""
    ordered = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [
        *[None] * (len(ordered) - len(arguments.defaults)),
        *arguments.defaults,
    ]
    parts = [_parameter(one, default) for one, default in zip(ordered, defaults, strict=True)]
    if arguments.posonlyargs:
        parts.insert(len(arguments.posonlyargs), "/")
    if arguments.vararg:
        parts.append(f"*{_parameter(arguments.vararg, None)}")
    elif arguments.kwonlyargs:
        parts.append("*")
    parts += [
        _parameter(one, default)
        for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg:
        parts.append(f"**{_parameter(arguments.kwarg, None)}")
    return parts


def _parameter(one: ast.arg, default: ast.expr | None) -> str:
    words = f"{one.arg}: {_type(one.annotation)}" if one.annotation else one.arg
    if default is None:
        return words
    return f"{words} = {ast.unparse(default)}" if one.annotation else f"{words}={ast.unparse(default)}"


def _is_property(node: Function) -> bool:
    return any(ast.unparse(one).endswith(("property", "cached_property")) for one in node.decorator_list)


def _is_overload(node: Function) -> bool:
    return any(ast.unparse(one).endswith("overload") for one in node.decorator_list)


def docstring(thing: Any) -> str:
    """What it says of itself, and no base of it. Empty if it says nothing."""
    return prose(inspect.cleandoc(thing.__doc__ or ""))


def prose(text: str) -> str:
    """A docstring as Markdown: what is indented is code, or the list of what is explained above it."""
    parts: list[str] = []
    for paragraph in text.split("\n\n"):
        first, _, rest = paragraph.partition("\n")
        if first.startswith("    ") and parts and parts[-1].endswith("\n```"):
            parts[-1] = parts[-1].removesuffix("\n```") + f"\n\n{textwrap.dedent(paragraph)}\n```"
        elif first.startswith("    "):
            parts.append(f"```python\n{textwrap.dedent(paragraph)}\n```")
        elif first.endswith(":") and rest.startswith("    "):
            parts.append(f"{first}\n\n" + re.sub(r"(?m)^ {4}(\w+): ", r"- `\1`: ", rest))
        elif paragraph.strip():
            parts.append(paragraph)
    return "\n\n".join(parts)


def _fenced(text: str) -> str:
    return f"```python\n{text}\n```"
