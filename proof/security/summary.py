"""What the steps counted, and the last line that says it. A figure that nobody counted fails the run as well."""

from threading import Lock

TAIL = 3000
"""Characters of what a step said before it failed."""


class Summary:
    """The sums."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._lock = Lock()  # some steps run side by side

    @property
    def runs(self) -> int:
        """How often readers were fed."""
        return self.counts.get("runs", 0)

    def add(self, **counts: int) -> None:
        """Add what a step counted."""
        with self._lock:
            for name, count in counts.items():
                self.counts[name] = self.counts.get(name, 0) + count

    def step(self, name: str, status: int, said: str) -> None:
        """A step is over. One that failed is a finding, and what it said is printed."""
        self.add(findings=int(status != 0))
        if status:
            print(f"{name} failed:\n{said[-TAIL:]}")

    def line(self, *, partly: bool = False) -> str:
        """The last line."""
        told = "cases={cases} server_errors={server_errors}"
        if not partly:
            told += " leaks={leaks} matrix={matrix}/{matrix_cells}"
        names = ("cases", "server_errors", "leaks", "matrix", "matrix_cells", "findings")
        return (told + " findings={findings}").format(**{name: self.counts.get(name, "?") for name in names})

    def status(self, *, partly: bool = False) -> int:
        """0 if all was counted and nothing was found."""
        needed = {"cases", "server_errors", "findings"} | (
            set() if partly else {"leaks", "matrix", "matrix_cells"}
        )
        if needed - {*self.counts}:
            return 1
        bad = any(self.counts.get(name) for name in ("server_errors", "leaks", "findings"))
        gaps = not partly and self.counts["matrix"] != self.counts["matrix_cells"]
        return int(bad or gaps)
