"""Whether anybody but botocore listens to a call's events: to tell four events to nobody takes a tenth of a direct call.

What botocore's own listeners do before a call is nothing for these operations, or what a direct call does by itself.
"""

from typing import Any

EVENTS = ("provide-client-params", "before-parameter-build", "before-call", "before-send")


class Ears:
    """What was found out, until somebody begins or ceases to listen."""

    def __init__(self) -> None:
        self._known: tuple[object, dict[str, bool]] = (None, {})  # one value: threads share it

    def hear(self, events: Any, name: str) -> bool:
        """Whether the events of the call of that name have to be told. If that cannot be found out, they have."""
        try:
            emitter = events._emitter  # noqa: SLF001 - nothing public says who listens
            cache, known = self._known
            if emitter._lookup_cache is not cache:  # noqa: SLF001 - a new one each time that somebody comes or goes
                self._known = _, known = emitter._lookup_cache, {}  # noqa: SLF001
            heard = known.get(name)
            if heard is None:
                search = emitter._handlers.prefix_search  # noqa: SLF001
                found = [one for event in EVENTS for one in search(f"{event}.{name}")]
                heard = known[name] = not all(_is_botocores(one) for one in found)
        except (AttributeError, TypeError):
            return True
        return heard


def _is_botocores(listener: object) -> bool:
    return str(getattr(listener, "__module__", "")).startswith("botocore.")
