"""A task's signature is its schema: arguments are checked by it at the door and again in the worker."""

import inspect
import re
from collections.abc import Callable, Generator, Mapping
from functools import cached_property
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from chalicelib.domain.errors import InvalidInput, ResultNotJson, TaskMisdeclared
from chalicelib.domain.late import regex
from chalicelib.pipeline.secret import Secret, has_secrets

_PATH = regex(r"^(?P<why>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_FIELD = regex(r"field `(?P<name>[^`]+)`")


class Signature:
    """The named parameters of a task's function, with their types and defaults."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._signature = inspect.signature(function)
        try:
            hints = get_type_hints(function, include_extras=True)
            self._fields = [
                self._field(parameter, hints) for parameter in self._signature.parameters.values()
            ]
            self._struct = msgspec.defstruct(
                "Arguments", self._fields, kw_only=True, forbid_unknown_fields=True
            )
            self.schema: Mapping[str, Any] = self._json_schema()
            self.result_schema: Mapping[str, Any] = schema_of(_result(hints.get("return", Any)))
        except (NameError, TypeError) as error:
            raise TaskMisdeclared(
                f"{function.__qualname__}: its signature cannot be a schema: {error}"
            ) from error

    @cached_property
    def secrets(self) -> bool:
        """Whether any argument is `Secret`, or holds what is."""
        return has_secrets(self.schema)

    @property
    def required(self) -> tuple[str, ...]:
        """Those without a default."""
        found = self._signature.parameters.values()
        return tuple(one.name for one in found if one.default is one.empty)

    @staticmethod
    def _field(parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Any:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise TypeError(f"parameter {parameter.name!r} has no name that a caller could give")
        kind = hints.get(parameter.name, Any)
        if Secret in getattr(kind, "__metadata__", ()) and parameter.default not in (parameter.empty, None):
            raise TypeError(
                f"parameter {parameter.name!r} is Secret, and its default would be shown to everybody"
            )
        if parameter.default is parameter.empty:
            return (parameter.name, kind)
        if isinstance(parameter.default, list | dict | set):
            return (parameter.name, kind, msgspec.field(default_factory=lambda: parameter.default))
        return (parameter.name, kind, parameter.default)

    def _json_schema(self) -> Mapping[str, Any]:
        schema: dict[str, Any] = msgspec.json.schema(self._struct)
        return schema

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Python arguments by name, as JSON values. Raises `InvalidInput` that names the argument."""
        try:
            named = self._signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise InvalidInput("args", str(error)) from error
        values = {name: _plain(value, f"args.{name}") for name, value in named.items()}
        self.check(values)
        return values

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, in order."""
        return tuple(self._signature.parameters)

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters as JSON values, as the function would see them: a default in the place of what is not given.

        Raises `InvalidInput` that names the argument.
        """
        try:
            struct = msgspec.convert(values, self._struct, strict=True)
        except msgspec.ValidationError as error:
            raise named(error) from error
        return {name: _plain(getattr(struct, name), f"args.{name}") for name in self.names}

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values as the function's own types. Raises `InvalidInput` that names the argument, for example `args.width`."""
        try:
            struct = msgspec.convert(values, self._struct, strict=True)
        except msgspec.ValidationError as error:
            raise named(error) from error
        return {name: getattr(struct, name) for name in values}

    def _all_but(self, later: str) -> type[msgspec.Struct]:
        """Those without that one. Made once: a workflow may have a thousand steps of one task."""
        made: dict[str, type[msgspec.Struct]] = self.__dict__.setdefault("_made", {})
        if later not in made:
            fields = [one for one in self._fields if one[0] != later]
            made[later] = msgspec.defstruct("Arguments", fields, kw_only=True, forbid_unknown_fields=True)
        return made[later]

    def check_all_but(self, values: Mapping[str, Any], later: str) -> None:
        """Raise `InvalidInput` that names the argument, if these values are wrong or are not enough with one that comes later."""
        try:
            msgspec.convert(values, self._all_but(later), strict=True)
        except msgspec.ValidationError as error:
            raise named(error) from error


def named(error: msgspec.ValidationError) -> InvalidInput:
    """The error that names the argument."""
    found = _PATH.match(str(error))
    why, path = (found["why"], found["path"] or "") if found else (str(error), "")
    field = _FIELD.search(why)
    if field:
        path = f"{path}.{field['name']}"
    return InvalidInput(f"args{path}", why)


def _plain(value: Any, name: str) -> Any:
    try:
        return to_plain(value)
    except ResultNotJson as error:
        raise InvalidInput(name, str(error)) from error


def to_plain(value: Any) -> Any:
    """Dataclasses, datetimes, UUIDs, Decimals, sets, enums, Structs ... as JSON values. Raises `ResultNotJson`."""
    try:
        return msgspec.to_builtins(value, str_keys=True)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ResultNotJson(f"{type(value).__name__} cannot be JSON: {error}") from error


def _result(kind: Any) -> Any:
    """The type of what a task returns; of a generator, what its `return` gives."""
    if get_origin(kind) is Generator:
        return get_args(kind)[2]
    return kind


def schema_of(kind: Any) -> Mapping[str, Any]:
    """The JSON schema of a result; anything goes where the annotation says nothing that a schema can."""
    try:
        schema: dict[str, Any] = msgspec.json.schema(kind)
    except (TypeError, NameError):  # such as a workflow
        return {}
    return schema
