"""One kind of PartiQL statement: an update by the whole key and by equalities, said in the words of an UpdateItem."""

import re
from functools import lru_cache
from typing import Any

from bench.quick.words import Unknown

_WHOLE = re.compile(r'UPDATE "([^"]+)" (.+) WHERE (.+?)(?: RETURNING ALL NEW \*)?')
_PART = re.compile(r'(SET|REMOVE) "(\w+)"(?:=\?|="\w+"(\+)\?|(\[\d+\])=\?)?')
_WHERE = re.compile(r'"(\w+)"=\?')


def update(statement: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    """The UpdateItem that means the same. Raises `Unknown`. `keys` are those of its table: all of them stand in its WHERE."""
    texts, wheres, update_, condition = _taken_apart(statement["Statement"], keys)
    given = [
        {"L": [value]} if entry else value
        for entry, value in zip(texts, statement["Parameters"], strict=True)
    ]
    found: dict[str, Any] = {
        "Key": {
            name: value for name, value in zip(wheres, given[-len(wheres) :], strict=True) if name in keys
        },
        "UpdateExpression": update_,
        "ExpressionAttributeValues": {f":v{n}": value for n, value in enumerate(given)},
        "ReturnValues": "ALL_NEW",
    }
    if condition:
        found["ConditionExpression"] = condition
    return found


def table(statement: Any) -> str:
    """Which table it changes."""
    found = _WHOLE.fullmatch(statement["Statement"])
    if found is None:
        raise Unknown(statement["Statement"])
    return found[1]


@lru_cache(maxsize=512)
def _taken_apart(text: str, keys: tuple[str, ...]) -> tuple[tuple[bool, ...], tuple[str, ...], str, str]:
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise Unknown(text)
    entries: list[bool] = []
    sets, removes, conditions = [], [], []
    for how, name, plus, entry in _PART.findall(found[2]):
        value = f":v{len(entries)}"
        if how == "REMOVE":
            removes.append(name)
            continue
        entries.append(bool(entry))
        if entry:  # beyond the end of the list: it is appended
            sets.append(f"{name} = list_append({name}, {value})")
        else:
            sets.append(f"{name} = {name} + {value}" if plus else f"{name} = {value}")
    wheres = tuple(_WHERE.findall(found[3]))
    for name in wheres:
        if name not in keys:
            conditions.append(f"{name} = :v{len(entries)}")
        entries.append(False)
    words = [f"SET {', '.join(sets)}"] if sets else []
    if removes:
        words.append(f"REMOVE {', '.join(removes)}")
    return tuple(entries), wheres, " ".join(words), " AND ".join(conditions)
