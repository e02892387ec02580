"""The log files of `jobline up`: one a process, JSON lines, only ever appended to."""

from pathlib import Path

from jobline.logs.line import Line, Wanted, parsed


class Files:
    """Reads on where it stopped; half a line is left for the next time."""

    def __init__(self, folder: Path, wanted: Wanted) -> None:
        self._folder = folder
        self._wanted = wanted
        self._read: dict[Path, int] = {}

    def more(self) -> list[Line]:
        """The new ones of all files, by their times."""
        found = [line for path in sorted(self._folder.glob("*.log")) for line in self._of(path)]
        return sorted(found, key=lambda line: line.at)

    def _of(self, path: Path) -> list[Line]:
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read[path] = self._read.get(path, 0) + len(whole) + len(newline)
        mark = self._wanted.job_id.encode()
        lines = (
            parsed(text.decode("utf-8", "replace"), path.stem) for text in whole.split(b"\n") if mark in text
        )
        return [line for line in lines if line and self._wanted.takes(line.fields)]
