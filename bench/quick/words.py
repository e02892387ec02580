"""DynamoDB's expressions, as far as the contenders use them. Each text is taken apart once, and then given its values."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import Any

Item = dict[str, Any]
Names = Mapping[str, str]
Values = Mapping[str, Any]

_TEST = re.compile(
    r"(attribute_exists|attribute_not_exists)\s*\(\s*([#\w]+)\s*\)|([#\w]+)\s*(=|<>|<=|>=|<|>)\s*(:\w+)"
)
_SECTION = re.compile(r"\b(SET|REMOVE|ADD)\s+(.*?)(?=\s+(?:SET|REMOVE|ADD)\s|$)", re.IGNORECASE | re.DOTALL)
_SET = re.compile(
    r"\s*([#\w]+)\s*=\s*(?:(:\w+)|[#\w]+\s*\+\s*(:\w+)|list_append\(\s*[#\w]+\s*,\s*(:\w+)\s*\)"
    r"|if_not_exists\(\s*[#\w]+\s*,\s*(:\w+)\s*\)(?:\s*\+\s*(:\w+))?)\s*(?:,|$)"
)
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": eq,
    "<>": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


class Unknown(Exception):
    """Nothing here knows what that means."""


def holds(text: str, item: Item, names: Names, values: Values) -> bool:
    """Whether a condition holds of an item; an empty one: there is none. A text in other words is taken to hold."""
    ways = _condition(text)
    return ways is None or any(all(_holds(test, item, names, values) for test in way) for way in ways)


def _holds(test: tuple[str, str, str], item: Item, names: Names, values: Values) -> bool:
    name, how, other = test
    held = item.get(names.get(name, name))
    if how == "attribute_exists":
        return held is not None
    if how == "attribute_not_exists":
        return held is None
    if how == "=":
        return bool(held == values[other])
    return held is not None and _COMPARED[how](_plain(held), _plain(values[other]))


def _plain(value: Any) -> Any:
    [(kind, held)] = value.items()
    return int(held) if kind == "N" else held


@lru_cache(maxsize=512)
def _condition(text: str) -> tuple[tuple[tuple[str, str, str], ...], ...] | None:
    ways = []
    for way in text.split(" OR "):
        whole = way.strip()
        if whole.startswith("(") and whole.endswith(")"):
            whole = whole[1:-1]
        tests = []
        for part in whole.split(" AND "):
            found = _TEST.fullmatch(part.strip())
            if found is None:
                return None
            exists, of, name, how, value = found.groups()
            tests.append((of, exists, "") if exists else (name, how, value))
        ways.append(tuple(tests))
    return tuple(ways)


def changed(text: str, item: Item, names: Names, values: Values) -> None:
    """Change the item as an update says. Raises `Unknown`."""
    for how, name, value, more in _update(text):
        attribute = names.get(name, name)
        if how == "=":
            item[attribute] = values[value]
        elif how == "REMOVE":
            item.pop(attribute, None)
        elif how == "+":
            item[attribute] = _sum(item[attribute], values[value])
        elif how == "list_append":
            item[attribute] = {"L": item[attribute]["L"] + values[value]["L"]}
        elif how == "if_not_exists":
            held = item.get(attribute, values[value])
            item[attribute] = _sum(held, values[more]) if more else held
        else:
            item[attribute] = _added(item.get(attribute), values[value])


def _sum(one: Any, other: Any) -> Any:
    return {"N": str(int(one["N"]) + int(other["N"]))}


def _added(held: Any, more: Any) -> Any:
    """What ADD makes of a number or of a set."""
    if held is None:
        return more
    [(kind, values)] = more.items()
    return _sum(held, more) if kind == "N" else {kind: sorted({*held[kind], *values})}


@lru_cache(maxsize=512)
def _update(text: str) -> tuple[tuple[str, str, str, str], ...]:
    steps = []
    for section, said in _SECTION.findall(text):
        if section.upper() == "SET":
            steps += _sets(said)
        else:
            for part in said.split(","):
                name, _, value = part.strip().partition(" ")
                steps.append((section.upper(), name, value.strip(), ""))
    if not steps:
        raise Unknown(text)
    return tuple(steps)


def _sets(said: str) -> list[tuple[str, str, str, str]]:
    steps, at = [], 0
    while at < len(said):
        found = _SET.match(said, at)
        if found is None:
            raise Unknown(said)
        at = found.end()
        name, plain, number, entries, default, more = found.groups()
        if plain:
            steps.append(("=", name, plain, ""))
        elif number:
            steps.append(("+", name, number, ""))
        elif entries:
            steps.append(("list_append", name, entries, ""))
        else:
            steps.append(("if_not_exists", name, default, more or ""))
    return steps
