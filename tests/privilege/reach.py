"""What a function's code can reach, read from its source: which methods of which ports, by any path, run or not.

Names are followed from the door through entrypoints/ and pipeline/; where a name could be several things, all are taken. So what is
not here cannot happen, and what is here the day of tests/privilege has to have shown.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from infra.config import ROOT

PORTS = (
    "store",
    "keys",
    "payloads",
    "inputs",
    "queue",
    "api_keys",
    "quarantine",
    "outlet",
    "feeds",
    "courier",
)
SOURCES = ("chalicelib.entrypoints", "chalicelib.pipeline", "chalicelib.wiring")


@dataclass(frozen=True, order=True)
class Name:
    """Something that a module defines at its top."""

    module: str
    name: str


def reached(start: set[Name]) -> set[str]:
    """The ports' methods that can be reached from there: `store.read`."""
    found: set[str] = set()
    seen: set[Name] = set()
    left = set(start)
    while left:
        name = left.pop()
        seen.add(name)
        node = defined(name.module).get(name.name)
        if node is None:
            continue
        found |= set(_port_calls(node))
        left |= {other for other in _names(node, name.module) if other not in seen}
    return found


def _port_calls(node: ast.AST) -> Iterator[str]:
    """`parts.store.read`, `self._parts.api_keys.find`, or `store.read` where somebody was given the store."""
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute):
            owner = one.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if name in PORTS:
                yield f"{name}.{one.attr}"


def _names(node: ast.AST, module: str) -> Iterator[Name]:
    imported = imports(module)
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            if one.id in imported:
                yield imported[one.id]
            elif one.id in defined(module):
                yield Name(module, one.id)
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id in imported:
            whole = imported[one.value.id]
            yield Name(f"{whole.module}.{whole.name}", one.attr)


@cache
def defined(module: str) -> dict[str, ast.AST]:
    """What a module of ours defines at its top; nothing for other modules."""
    tree = _tree(module)
    found: dict[str, ast.AST] = {}
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found[target.id] = node
    return found


@cache
def imports(module: str) -> dict[str, Name]:
    """What a module of ours imports from others of ours, anywhere in it."""
    tree = _tree(module)
    return {
        alias.asname or alias.name: Name(node.module or "", alias.name)
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@cache
def _tree(module: str) -> ast.Module | None:
    if not module.startswith(SOURCES):
        return None
    path = ROOT / Path(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.exists():
            return ast.parse(file.read_text(encoding="utf-8"))
    return None
