"""Files with keys in them: for this user alone."""

import os
import threading
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Put it there whole, mode 0600: a reader sees the old text or the new one."""
    new = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    new.replace(file)
