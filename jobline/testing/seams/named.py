"""Functions that the user names as effects: `Bank.charge`, `bank.charge`, `send_mail`, `"shop.mail.send"`."""

import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from types import ModuleType
from typing import Any

from jobline.testing.effects import failing, wrapped
from jobline.testing.seams.patch import patched

Named = Callable[..., Any] | str


@contextmanager
def named_calls(effects: Sequence[Named]) -> Iterator[None]:
    """Each call of each is one effect. Raises ValueError for what cannot be found again by its name."""
    with ExitStack() as stack:
        for one in effects:
            label = one if isinstance(one, str) else one.__qualname__
            for owner, name in _places(one):
                stack.enter_context(patched(owner, name, partial(_effect, label)))
        yield


def _effect(label: str, function: Any) -> Any:
    return wrapped(function, lambda *_, **__: label, lambda *_, **__: failing(ConnectionError))


def _places(one: Named) -> list[tuple[Any, str]]:
    """Where calls find it: the owner and the name of the attribute. A function may have been imported into several modules."""
    if isinstance(one, str):
        owner, _, name = one.replace(":", ".").rpartition(".")
        return [(pkgutil.resolve_name(owner), name)]
    if hasattr(one, "__self__") and not isinstance(one.__self__, ModuleType):
        return [(one.__self__, one.__name__)]
    owner, _, name = one.__qualname__.rpartition(".")
    if owner.endswith("<locals>"):
        raise ValueError(f"effects: {one.__qualname__} is local to a function; mark it with @effect instead")
    if owner:
        return [(pkgutil.resolve_name(f"{one.__module__}:{owner}"), name)]
    holders = [module for module in list(sys.modules.values()) if _held(module, name) is one]
    if not holders:
        raise ValueError(f"effects: no module holds {one!r} by its name; mark it with @effect instead")
    return [(module, name) for module in holders]


def _held(module: Any, name: str) -> Any:
    """What a module holds by that name. Not by `getattr`: that may import half of a library."""
    return vars(module).get(name) if isinstance(module, ModuleType) else None
