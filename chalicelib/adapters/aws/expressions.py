"""A `Change` as the one conditional update that DynamoDB is sent."""

from typing import Any

from chalicelib.adapters.aws.rows import FIELDS, encode
from chalicelib.domain.change import Before, Change, Clause, Equals, Missing, Present


class _Names:
    """Aliases for attributes and values: DynamoDB reserves many words."""

    def __init__(self, job_id: str) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        self._job_id = job_id

    def attribute(self, field: str) -> str:
        """The alias of a field's attribute."""
        alias = f"#{field}"
        self.names[alias] = FIELDS[field].attribute
        return alias

    def value(self, field: str, value: object) -> str:
        """The alias of a value of a field."""
        return self.raw(encode(field, value, self._job_id))

    def raw(self, attribute: Any) -> str:
        """The alias of a value that is encoded already."""
        alias = f":v{len(self.values)}"
        self.values[alias] = attribute
        return alias


def render(change: Change, job_id: str) -> dict[str, Any]:
    """The expression arguments of `update_item`."""
    names = _Names(job_id)
    clauses = [_clause(clause, names) for clause in change.where]
    if all(isinstance(clause, Missing) for clause in change.where):
        # A row that is not there lacks every field too, and an update of it would make one.
        clauses.append(f"attribute_exists({names.attribute('state')})")
    condition = " AND ".join(clauses)
    update = _update(change, names)
    rendered = {
        "ConditionExpression": condition,
        "UpdateExpression": update,
        "ExpressionAttributeNames": names.names,
    }
    if names.values:
        rendered["ExpressionAttributeValues"] = names.values
    return rendered


def _clause(clause: Clause, names: _Names) -> str:
    attribute = names.attribute(clause.field)
    match clause:
        case Equals(field, value):
            return f"{attribute} = {names.value(field, value)}"
        case Before(field, value):
            return f"{attribute} < {names.value(field, value)}"
        case Missing():
            return f"attribute_not_exists({attribute})"
        case Present():
            return f"attribute_exists({attribute})"


def _update(change: Change, names: _Names) -> str:
    sets = [f"{names.attribute(field)} = {names.value(field, value)}" for field, value in change.set.items()]
    for field, number in change.add.items():
        attribute = names.attribute(field)
        sets.append(f"{attribute} = {attribute} + {names.value(field, number)}")
    if change.history:
        attribute = names.attribute("history")
        sets.append(f"{attribute} = list_append({attribute}, {names.value('history', change.history)})")
    parts = [f"SET {', '.join(sets)}"] if sets else []
    if change.remove:
        parts.append(f"REMOVE {', '.join(names.attribute(field) for field in change.remove)}")
    return " ".join(parts)
