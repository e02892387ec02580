"""How a replayed task talks to its attempt: everything it says is kept here, and nothing leaves the process."""

from collections.abc import Callable

from chalicelib.pipeline.ports import Saved


class Notes:
    """A `Line` (pipeline.ports) that is local. `tell` gets a line for people for each thing that is new."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self.progress: list[tuple[float | None, str]] = []
        self.checkpoints: list[str] = []
        self.steps: dict[str, str] = {}

    def report(self, fraction: float | None, message: str) -> None:
        """Kept."""
        self.progress.append((fraction, message))
        told = "" if fraction is None else f"{fraction:.0%} "
        self._tell(f"progress    {told}{message}")

    def beat(self) -> None:
        """There is no lease."""

    def cancelled(self) -> bool:
        """Ctrl-C is the way to end a replay."""
        return False

    def save(self, text: str) -> Saved:
        """Kept; the replay is never short of time, so the task always goes on."""
        self.checkpoints.append(text)
        self._tell(f"checkpoint  {text[:200]}")
        return Saved.GO_ON

    def recall(self, name: str) -> str | None:
        """What the step came to in this replay; what the real attempts recorded is not asked."""
        return self.steps.get(name)

    def remember(self, name: str, text: str) -> str:
        """Kept."""
        self._tell(f"step        {name}: {text[:200]}")
        return self.steps.setdefault(name, text)
