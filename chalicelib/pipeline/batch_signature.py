"""The signature of a batch task: one parameter, `list[T]`, where the fields of T are the arguments of one job."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NotRequired, Required, get_args, get_origin, get_type_hints, is_typeddict

import msgspec

from chalicelib.domain.errors import InvalidInput, ResultNotJson, TaskMisdeclared
from chalicelib.pipeline.signature import Signature, named, schema_of, to_plain

RULE = (
    "a batch task takes one parameter, annotated list[T]: T is a dataclass, a TypedDict, a Struct or dict, "
    "and its fields are one job's arguments"
)


class BatchSignature(Signature):
    """Jobs are submitted one by one, each with the fields of T. `parameter` is the name under which the function gets the list."""

    def __init__(self, function: Callable[..., Any]) -> None:
        try:
            hints = get_type_hints(function, include_extras=True)
            self.parameter, self._kind = _parameter(function, hints)
            self._free = self._kind is dict or get_origin(self._kind) is dict
            self._fields = [] if self._free else _fields(self._kind)
            self._struct = msgspec.defstruct(
                "Arguments", self._fields, kw_only=True, forbid_unknown_fields=not self._free
            )
            self._signature = inspect.Signature(
                [
                    inspect.Parameter(
                        field[0],
                        inspect.Parameter.KEYWORD_ONLY,
                        default=None if len(field) == 3 else inspect.Parameter.empty,
                    )
                    for field in self._fields
                ]
            )
            self.schema = {"type": "object"} if self._free else self._json_schema()
            answer = hints.get("return", Any)
            self.result_schema = schema_of(
                (get_args(answer) or (Any,))[0] if get_origin(answer) is list else Any
            )
        except (NameError, TypeError) as error:
            raise TaskMisdeclared(f"{function.__qualname__}: {RULE}: {error}") from error

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """One job's arguments by name, or one T. Raises `InvalidInput` that names the argument."""
        if len(args) == 1 and not kwargs:
            plain = _plain(args[0])
            if isinstance(plain, dict):
                return self._bound(plain)
        if args:
            raise InvalidInput(
                "args", "a batch task's job is given by the names of its fields, or as one value of them"
            )
        return self._bound(kwargs)

    def _bound(self, values: Mapping[str, Any]) -> dict[str, Any]:
        if not self._free:
            return super().bind((), values)
        plain: dict[str, Any] = _plain(dict(values))
        return plain

    def check_all_but(self, values: Mapping[str, Any], later: str) -> None:
        """As `Signature.check_all_but`, for one job."""
        if not self._free:
            super().check_all_but(values, later)

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of one job, checked. Raises `InvalidInput` that names the argument."""
        return dict(values) if self._free else super().check(values)

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """All fields as JSON values, as the function would see them, but for those that need not be there and are not."""
        if self._free:
            return dict(values)
        self.check(values)
        plain: dict[str, Any] = _plain(self.one(values))
        return plain

    def one(self, values: Mapping[str, Any]) -> Any:
        """The values of one job as a T. Raises `InvalidInput` that names the argument."""
        self.check(values)
        try:
            return msgspec.convert(values, self._kind, strict=True)
        except msgspec.ValidationError as error:
            raise named(error) from error


def _parameter(function: Callable[..., Any], hints: Mapping[str, Any]) -> tuple[str, Any]:
    names = list(inspect.signature(function).parameters)
    if len(names) != 1 or get_origin(hints.get(names[0])) is not list:
        raise TypeError(
            f"it takes {', '.join(f'{name}: {hints.get(name, Any)}' for name in names) or 'nothing'}"
        )
    return names[0], get_args(hints[names[0]])[0]


def _fields(kind: Any) -> list[Any]:
    """T's fields as msgspec wants them: name, type, and a default if they need not be given."""
    hints = get_type_hints(kind, include_extras=True) if isinstance(kind, type) else {}
    if dataclasses.is_dataclass(kind):
        return [
            _field(one.name, hints[one.name], one.default, one.default_factory, dataclasses.MISSING)
            for one in dataclasses.fields(kind)
        ]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [
            _field(one.encode_name, one.type, one.default, one.default_factory, msgspec.NODEFAULT)
            for one in msgspec.structs.fields(kind)
        ]
    if is_typeddict(kind):
        plain = {name: _bare(hint) for name, hint in hints.items()}
        needed = kind.__required_keys__
        return [
            (name, hint) if name in needed else (name, hint | msgspec.UnsetType, msgspec.UNSET)
            for name, hint in plain.items()
        ]
    raise TypeError(f"{kind} has no fields")


def _bare(hint: Any) -> Any:
    """A field's type without `Required` and `NotRequired`."""
    return get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint


def _field(name: str, hint: Any, default: Any, factory: Any, none: object) -> Any:
    if factory is not none:
        return (name, hint, msgspec.field(default_factory=factory))
    return (name, hint) if default is none else (name, hint, default)


def _plain(value: Any) -> Any:
    try:
        return to_plain(value)
    except ResultNotJson as error:
        raise InvalidInput("args", str(error)) from error
