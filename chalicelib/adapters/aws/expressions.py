"""A `Change` as the one conditional update that DynamoDB is sent.

The text of it depends on the change's shape alone, and there are few shapes: each is put into words once, and then given its values.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from chalicelib.adapters.aws.rows import FIELDS, encode
from chalicelib.domain.change import Before, Change, Clause, Equals, Missing, Present

SHAPES = 512
"""More than there are. One that is forgotten is put into words again."""

_Where = tuple[tuple[type[Clause], str], ...]


def render(change: Change, job_id: str) -> dict[str, Any]:
    """The expression arguments of `update_item`."""
    condition, update, names = _words(
        tuple((type(clause), clause.field) for clause in change.where),
        tuple(change.set),
        tuple(change.add),
        change.remove,
        history=bool(change.history),
    )
    rendered: dict[str, Any] = {
        "ConditionExpression": condition,
        "UpdateExpression": update,
        "ExpressionAttributeNames": dict(names),
    }
    values = {f":v{n}": encode(field, value, job_id) for n, (field, value) in enumerate(_values(change))}
    if values:
        rendered["ExpressionAttributeValues"] = values
    return rendered


def _values(change: Change) -> Iterator[tuple[str, Any]]:
    """The values and their fields, in the order in which the words ask for them."""
    for clause in change.where:
        if isinstance(clause, Equals | Before):
            yield clause.field, clause.value
    yield from change.set.items()
    yield from change.add.items()
    if change.history:
        yield "history", change.history


class _Aliases:
    """Aliases for attributes and values: DynamoDB reserves many words."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._values = 0

    def attribute(self, field: str) -> str:
        """The alias of a field's attribute."""
        alias = f"#{field}"
        self.names[alias] = FIELDS[field].attribute
        return alias

    def value(self) -> str:
        """The alias of the next value."""
        self._values += 1
        return f":v{self._values - 1}"


@lru_cache(maxsize=SHAPES)
def _words(
    where: _Where,
    sets: tuple[str, ...],
    adds: tuple[str, ...],
    remove: tuple[str, ...],
    *,
    history: bool,
) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """The condition, the update, and the aliases of the attributes in them."""
    aliases = _Aliases()
    clauses = [_clause(kind, field, aliases) for kind, field in where]
    if all(kind is Missing for kind, _ in where):
        # A row that is not there lacks every field too, and an update of it would make one.
        clauses.append(f"attribute_exists({aliases.attribute('state')})")
    condition = " AND ".join(clauses)
    update = _update(sets, adds, aliases, history=history, remove=remove)
    return condition, update, tuple(aliases.names.items())


def _clause(kind: type[Clause], field: str, aliases: _Aliases) -> str:
    attribute = aliases.attribute(field)
    if kind is Equals:
        return f"{attribute} = {aliases.value()}"
    if kind is Before:
        return f"{attribute} < {aliases.value()}"
    if kind is Missing:
        return f"attribute_not_exists({attribute})"
    if kind is Present:
        return f"attribute_exists({attribute})"
    raise TypeError(f"{kind.__name__} is no clause")


def _update(
    sets: tuple[str, ...], adds: tuple[str, ...], aliases: _Aliases, *, history: bool, remove: tuple[str, ...]
) -> str:
    words = [f"{aliases.attribute(field)} = {aliases.value()}" for field in sets]
    for field in adds:
        attribute = aliases.attribute(field)
        words.append(f"{attribute} = {attribute} + {aliases.value()}")
    if history:
        attribute = aliases.attribute("history")
        words.append(f"{attribute} = list_append({attribute}, {aliases.value()})")
    parts = [f"SET {', '.join(words)}"] if words else []
    if remove:
        parts.append(f"REMOVE {', '.join(aliases.attribute(field) for field in remove)}")
    return " ".join(parts)
