"""What the door itself refuses, before any verb is asked: the caller's errors that only HTTP knows."""

from chalicelib.domain.errors import CallerError, InvalidInput, NotFound


class NoSuchRoute(NotFound):
    """No route has this path."""


class MethodNotAllowed(CallerError):
    """The path is there, the method is not. `allow` names those that are."""

    def __init__(self, method: str, path: str, allow: tuple[str, ...]) -> None:
        super().__init__(f"{path} does not take {method[:20]}; it takes {', '.join(allow)}")
        self.allow = allow


class UnsupportedMediaType(CallerError):
    """The body is not said to be plain JSON."""


class MalformedBody(InvalidInput):
    """The body cannot be read as JSON at all."""
