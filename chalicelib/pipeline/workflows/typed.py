"""Values that a step will get from what comes before it, looked at before anything runs: by the types that the tasks' functions declare."""

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.lean import dataclass
from chalicelib.domain.workflow import Chain, Group, Map, OnError, Source, Step
from chalicelib.pipeline.gates import keyed_by
from chalicelib.pipeline.signature import schema_of
from chalicelib.pipeline.task import Registry
from chalicelib.pipeline.workflows.branches import Branch
from chalicelib.pipeline.workflows.failed import Failed
from chalicelib.pipeline.workflows.gather import MOST_LISTED
from chalicelib.pipeline.workflows.kind_words import words
from chalicelib.pipeline.workflows.kinds import ANY, NULL, Kind, alternatives, either, item, kind_of, never

PLAIN = either(*(Kind({"type": word}) for word in ("string", "number", "boolean", "null")))
"""What a key can be made of."""

FAILED = kind_of(schema_of(Failed))
"""What stands in the place of a child that did not succeed, where that is collected."""


@dataclass(frozen=True, slots=True)
class Coming:
    """What comes before a node, and from whom."""

    kind: Kind
    giver: str


ANYTHING = Coming(ANY, "what comes before")


def check_types(branch: Branch, before: Coming | None, registry: Registry) -> Coming:
    """What the workflow gives. `before`: what comes before it, None: nothing. Raises `InvalidInput` for what can never fit.

    All else about it is known to be right: its tasks, their arguments.
    """
    return _Types(registry).given(branch, before)


class _Types:
    """One look at a workflow. What goes into many steps of one task is compared once: a group may get what a large group gives."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._fits: dict[tuple[object, ...], Coming] = {}

    def given(self, branch: Branch, before: Coming | None) -> Coming:
        """What the node gives."""
        match branch.node:
            case Step() as step:
                if (
                    step.into is not None
                    and before is not None
                    and self._is_new(before, step.task, step.into)
                ):
                    self._check_into(step, f"{branch.path}.into", before)
                return Coming(self._result(step), repr(step.task))
            case Chain():
                coming = before
                for one in branch:
                    coming = self.given(one, coming)
                return coming or ANYTHING
            case Group() as group:
                kinds = [self.given(one, before).kind for one in branch]
                return Coming(_results(kinds, len(kinds), group.policy.on_error), "the group before it")
            case Map() as node:
                if node.source is Source.BEFORE and before is not None:
                    step = node.step
                    if self._is_new(before, step.task, step.into, node.size, node.spread, "items"):
                        self._check_items(node, branch.path, before)
                kinds = [self._result(node.step)]
                return Coming(_results(kinds, _count(node), node.policy.on_error), "the map before it")

    def _is_new(self, before: Coming, *what: object) -> bool:
        """Whether that has not been compared yet. What was, is kept: no other may come to have its identity."""
        key = (id(before), *what)
        if key in self._fits:
            return False
        self._fits[key] = before
        return True

    def _result(self, step: Step) -> Kind:
        return kind_of(self._registry[step.task].signature.result_schema)

    def _check_into(self, step: Step, place: str, coming: Coming) -> None:
        task, name = self._registry[step.task], step.into or ""
        [whole] = alternatives(kind_of(task.signature.schema))
        takes = whole.part(whole.schema.get("properties", {}).get(name, {}))
        if never(coming.kind, takes):
            why = f"{step.task!r} wants {words(takes)} for {name!r},"
        elif keyed_by(task, name) and never(coming.kind, PLAIN):
            why = f"a key of {step.task!r} is made of {name!r}, which so has to be plain;"
        else:
            return
        raise InvalidInput(place, f"{why} {coming.giver} gives {words(coming.kind)}")

    def _check_items(self, node: Map, path: str, before: Coming) -> None:
        """What comes before as the items of a map."""
        if never(before.kind, either(Kind({"type": "array"}), _manifest(ANY))):
            raise InvalidInput(
                f"{path}.from", f"its items have to be an array, {before.giver} gives {words(before.kind)}"
            )
        given = _items(before.kind)
        if not node.spread:
            each = given if node.size is None else Kind({"type": "array", "items": given})
            self._check_into(node.step, f"{path}.map.into", Coming(each, f"each item of {before.giver}"))
        elif never(given, either(Kind({"type": "array"}), Kind({"type": "object"}))):
            raise InvalidInput(
                f"{path}.from",
                f"its items have to be arrays or objects of arguments, each of {before.giver} is {words(given)}",
            )


def _items(kind: Kind) -> Kind:
    """What each item of it may be."""
    found: list[Kind] = []
    for one in alternatives(kind):
        if one.schema.get("type") == "array":
            places = max(1, len(one.schema.get("prefixItems", ())))
            found += [item(one, at) for at in range(places)]
        elif "results" in one.schema:
            found.append(one.schema["results"])
        elif one.schema.get("type") is None:
            return ANY
    return either(*found) if found else ANY


def _count(node: Map) -> int | None:
    """How many children it has; None: nobody knows yet."""
    if node.source is not Source.HERE:
        return None
    return -(-len(node.items) // (node.size or 1))


def _results(kinds: list[Kind], count: int | None, on_error: OnError) -> Kind:
    """What a group gives whose children, or whose every child, give these."""
    spoilt = {OnError.FAIL: [], OnError.IGNORE: [NULL], OnError.COLLECT: [FAILED]}[on_error]
    each = [either(kind, *spoilt) for kind in kinds]
    manifest = _manifest(either(*kinds, NULL) if spoilt else either(*kinds) if kinds else ANY)
    if count is not None and count > MOST_LISTED:
        return manifest
    listed: dict[str, object] = {
        "type": "array",
        **({} if count is None else {"minItems": count, "maxItems": count}),
    }
    if count == len(each):
        listed["prefixItems"] = each
    else:
        listed["items"] = either(*each)
    return either(Kind(listed), manifest)


def _manifest(results: Kind) -> Kind:
    """What stands for results that are too many or too large for a list."""
    return Kind(
        {
            "type": "object",
            "properties": {"manifest": {"type": "object"}},
            "required": ["manifest"],
            "additionalProperties": False,
            "called": "a manifest",
            "results": results,
        }
    )
