"""Tasks that the caller can see: their types are those of the arguments and of the result. Only these need what ships, and who has one has that."""

from collections.abc import Callable, Coroutine, Generator, Mapping
from typing import Any, ParamSpec, Protocol, TypeVar, get_args, get_origin, get_type_hints

from jobline.client.errors import ClientError

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

Later = Coroutine[Any, Any, R]
"""What calling a coroutine function gives: its job's result is what comes of it."""


class Known(Protocol[P, R_co]):
    """A function with `@task`."""

    @property
    def name(self) -> str: ...

    @property
    def function(self) -> Callable[P, R_co]: ...

    @property
    def signature(self) -> "Binds": ...


class Binds(Protocol):
    """Arguments by name, as JSON values."""

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]: ...


Reader = Callable[[Any], Any]


def as_told(value: Any) -> Any:
    """Of a task that is known by its name alone a result is the JSON value that it is."""
    return value


def name_of(task: str | Known[..., Any]) -> str:
    """What jobs call it."""
    return task if isinstance(task, str) else task.name


def args_of(
    task: str | Known[..., Any], args: tuple[Any, ...], named: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The arguments by name. Raises TypeError for one without a name, and what the task's own signature does not take."""
    if not isinstance(task, str):
        return task.signature.bind(args, named)
    if args:
        raise TypeError(f"submit({task!r}): arguments need names, unless the task itself is given")
    return named


def reader_of(task: str | Known[..., Any]) -> Reader:
    """What makes of a result's JSON value what the task is annotated to return; the value itself where that says nothing."""
    if isinstance(task, str):
        return as_told
    kind: Any = get_type_hints(task.function, include_extras=True).get("return", Any)
    if get_origin(kind) is Generator:
        kind = get_args(kind)[2]
    return _reader(task.name, kind)


def _reader(name: str, kind: Any) -> Reader:
    import msgspec

    try:
        msgspec.json.schema(kind)
    except TypeError:  # such as a workflow: its result is that of its last step, whatever that is
        return as_told

    def read(value: Any) -> Any:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise ClientError(f"{name}: its result is not what it is annotated to return: {error}") from error

    return read
