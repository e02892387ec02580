"""Replacing an attribute for a while: of a module, a class or one object; left as it was found."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_NONE = object()


@contextmanager
def patched(owner: Any, name: str, change: Callable[[Any], Any]) -> Iterator[None]:
    """`owner.name` is what `change` makes of it. A static or class method stays one."""
    found = inspect.getattr_static(owner, name, _NONE)
    if found is _NONE:
        raise AttributeError(f"{owner!r} has no {name!r}")
    own = vars(owner).get(name, _NONE) if hasattr(owner, "__dict__") else _NONE
    if isinstance(found, staticmethod | classmethod):
        replacement: Any = type(found)(change(found.__func__))
    else:
        replacement = change(found if isinstance(owner, type) else getattr(owner, name))
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        if own is _NONE:
            delattr(owner, name)
        else:
            setattr(owner, name, own)
