"""Writing results so that an attempt that is run twice, or killed half way, leaves one whole file or none."""

from pathlib import Path
from tempfile import NamedTemporaryFile


def put(target: Path, content: bytes) -> int:
    """Write `content` at `target`, replacing what is there; its size in bytes.

    Jobs run at least once. Written beside and renamed, the file is whole at every moment, whoever comes second.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as part:
        part.write(content)
    Path(part.name).chmod(0o644)  # such files are made for their owner alone
    Path(part.name).replace(target)
    return len(content)
