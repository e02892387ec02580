"""More items than a workflow should carry itself, before it is submitted: taken as they come, none of them held."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from typing import Any

from chalicelib.domain.errors import InvalidInput, ResultNotJson
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.signature import to_plain
from chalicelib.pipeline.workflows.shown import SHORT

FEW = 1_000
SMALL = 64 * 1024
"""So many items, and so many bytes of them, a workflow carries itself: every attempt of it reads them again, and of those around it."""

NESTED = ("chain", "group", "chord", "then")


class Many:
    """The items of a map."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = items
        self._used = False

    def __repr__(self) -> str:
        return "..." if iter(self._items) is self._items else SHORT.repr(self._items)

    def __iter__(self) -> Iterator[Any]:
        """All of them. Raises `InvalidInput` for an iterator that has been gone through before."""
        found = iter(self._items)
        if self._used and found is self._items:
            raise InvalidInput("items", "this iterator has been used up by the workflow before")
        self._used = True
        return found


def few_or_many(items: Iterable[Any]) -> tuple[Any, ...] | Many:
    """The items, if they are few; of an iterator no more is taken than shows that they are not."""
    if isinstance(items, range | list | tuple):
        return tuple(items) if len(items) <= FEW else Many(items)
    rest = iter(items)
    first = tuple(islice(rest, FEW + 1))
    return first if len(first) <= FEW else Many(chain(first, rest))


def large(items: Iterable[Any]) -> bool:
    """Whether plain items that are few are too much all the same. What is no JSON is told later, by its place."""
    size = 0
    with suppress(ResultNotJson):
        for item in items:
            size += len(strict_json.write(item))
            if size > SMALL:
                return True
    return False


def listed(tree: Any) -> Any:
    """The workflow as JSON, with all its items in it."""

    def here(node: Mapping[str, Any], many: Many) -> dict[str, Any]:
        rest = {name: value for name, value in node.items() if name != "object"}
        return {**rest, "items": [to_plain(item) for item in many]}

    return changed(tree, here)


def changed(tree: Any, change: Callable[[Mapping[str, Any], Many], Any]) -> Any:
    """The workflow with every map of many items as `change` makes it."""
    if isinstance(tree, list | tuple):
        return [changed(one, change) for one in tree]
    if not isinstance(tree, Mapping):
        return tree
    if isinstance(many := tree.get("object"), Many):
        return change(tree, many)
    return {name: changed(value, change) if name in NESTED else value for name, value in tree.items()}
