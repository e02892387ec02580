"""Rows, writes and actors in words, for traces."""

from typing import Any

from proof.spec.law import NONE, Row, Write
from proof.spec.search import Label


def tell(label: Label) -> str:
    """A step in words; whole numbers count from 0."""
    said = " ".join(str(part + 1) if isinstance(part, int) else str(part) for part in label if part != "")
    return said.replace(" :", ":")


def show_row(who: str, row: Row) -> str:
    """A row in words."""
    words = [f"{who} {row.state} epoch {row.epoch}"]
    words += [f"attempts {row.attempts}"] if row.attempts else []
    words += [f"ready {row.ready}"] if row.ready >= 0 else []
    words += [f"owner {row.owner[0]}.t{row.owner[1]}"] if row.owner != NONE else []
    words += [f"lease {row.lease}"] if row.lease > 1 else []
    words += [f"due {row.due}"] if row.due > 1 else []
    words += ["wish"] if row.wish else []
    words += [f"owes {len(row.outbox)}"] if row.outbox else []
    words += [f"next_check {row.check}"] if row.check >= 0 else []
    return " ".join(words)


def of(write: Write) -> str:
    """A write in words: its kind, and by what right."""
    return f"{write[0]}({', '.join(str(part) for part in write[1:3])})"


def actor(local: tuple[Any, ...]) -> str:
    """What somebody is about to do."""
    if local[0] == "run":
        return f"runs job {local[1] + 1} in epoch {local[2]} as t{local[3]}"
    return f"is to write {of(local[2])} of job {local[1] + 1} again"
