"""`dataclass` as the standard library's, for values that are frozen and slotted: the same to use, and a seventh of the cost to define.

There are some two hundred of them here, and a cold start defines most. The standard library writes and compiles six methods for each, 0.8 ms
together. This has it make the fields and the slots, compiles `__init__` alone, and shares what is left between all classes.
docs/decisions/0022-lean-values.md has the figures, and what differs. Any other shape of dataclass goes through to the standard library.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass"]

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(**shape: bool) -> Callable[[type[T]], type[T]]:
        """What the standard library's says of these arguments. They are always given, all by name."""
        if shape.keys() <= {"frozen", "slots", "kw_only"} and shape.get("frozen") and shape.get("slots"):
            return lambda cls: _frozen(cls, kw_only=shape.get("kw_only", False))
        return dataclasses.dataclass(**shape)


def _frozen(cls: type[T], *, kw_only: bool) -> type[T]:
    cls.__doc__ = cls.__doc__ or cls.__name__  # the standard library would look for a signature, at length
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    fields = dataclasses.fields(made)
    methods = {
        "__init__": _init(made, fields),
        "__repr__": _repr,
        "__getstate__": _getstate,
        "__setstate__": _setstate,
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        **_alike(fields),
    }
    for name, method in methods.items():
        if made.__dict__.get(name) is None:  # a class with an __eq__ of its own has None as its __hash__
            setattr(made, name, method)
    found: type[T] = made
    return found


def _init(cls: type, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """The one method that is compiled: calls of it are frequent, and say what is wrong with their arguments."""
    known: dict[str, Any] = {
        "put": object.__setattr__,
        "MISSING": dataclasses.MISSING,
        "__name__": cls.__module__,
    }
    arguments: dict[Any, list[str]] = {False: [], True: []}
    body: list[str] = []
    for one in fields:
        name = value = one.name
        default = ""
        if one.default is not dataclasses.MISSING:
            known[f"default_{name}"] = one.default
            default = f"=default_{name}"
        elif one.default_factory is not dataclasses.MISSING:
            known[f"make_{name}"] = one.default_factory
            default, value = "=MISSING", f"make_{name}() if {name} is MISSING else {name}"
        arguments[one.kw_only].append(name + default)
        body.append(f" put(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    star = ["*"] if arguments[True] else []
    head = ", ".join(["self", *arguments[False], *star, *arguments[True]])
    exec(f"def __init__({head}):\n" + ("\n".join(body) or " pass"), known)  # noqa: S102 - as the standard library does  # nosec B102
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {**{one.name: one.type for one in fields}, "return": None}
    return init


def _alike(fields: tuple[dataclasses.Field[Any], ...]) -> dict[str, Callable[..., Any]]:
    """Two are equal if their class is the same, and all that is compared."""
    values = attrgetter("__class__", *(one.name for one in fields if one.compare))

    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - what it will be
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807 - what it will be
        return hash(values(self))

    return {"__eq__": __eq__, "__hash__": __hash__}


def _repr(self: Any) -> str:
    shown = ", ".join(
        f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr
    )
    return f"{self.__class__.__qualname__}({shown})"


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in dataclasses.fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for one, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)


def _refuse_to_set(_self: object, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
