"""A workflow as the text of a Mermaid flowchart: https://mermaid.js.org/syntax/flowchart.html"""

from collections.abc import Mapping

from chalicelib.domain.job import State
from chalicelib.domain.workflow import Node
from chalicelib.pipeline.workflows.picture import Box, Picture, picture
from chalicelib.pipeline.workflows.seen import Seen

LABEL_CHARS = 120

_SHAPES: Mapping[str, tuple[str, str]] = {
    "step": ("[", "]"),
    "map": ("[[", "]]"),
    "group": ("[[", "]]"),
    "join": ("([", "])"),
}
_STYLES: Mapping[str, str] = {
    "planned": "fill:#ffffff,stroke:#8c959f,color:#57606a,stroke-dasharray:4 3",
    "unseen": "fill:#f6f8fa,stroke:#8c959f,color:#57606a",
    "queued": "fill:#ddf4ff,stroke:#54aeff,color:#0a3069",
    "running": "fill:#fff8c5,stroke:#d4a72c,color:#4d2d00",
    "waiting": "fill:#fbefff,stroke:#c297ff,color:#3e1f79",
    "succeeded": "fill:#dafbe1,stroke:#4ac26b,color:#044f1e",
    "dead": "fill:#ffebe9,stroke:#ff8182,color:#82071e",
    "cancelled": "fill:#eaeef2,stroke:#6e7781,color:#24292f",
}
_CLASSES: Mapping[State, str] = {
    State.QUEUED: "queued",
    State.SCHEDULED: "queued",
    State.RETRYING: "queued",
    State.RUNNING: "running",
    State.WAITING: "waiting",
    State.SUCCEEDED: "succeeded",
    State.DEAD: "dead",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "cancelled",
}


def mermaid(tree: Seen | Node | Picture) -> str:
    """The text. Of a workflow that was not submitted, all boxes are planned."""
    drawn = tree if isinstance(tree, Picture) else picture(tree)
    used = {_class(box) for box in drawn.boxes}
    lines = ["flowchart TD"]
    lines += [f"    {_box(box)}" for box in drawn.boxes]
    lines += [
        f"    {arrow.start} {'-. becomes .->' if arrow.becomes else '-->'} {arrow.end}"
        for arrow in drawn.arrows
    ]
    lines += [f"    classDef {name} {style}" for name, style in _STYLES.items() if name in used]
    return "\n".join(lines) + "\n"


def _box(box: Box) -> str:
    opening, closing = _SHAPES[box.kind]
    told = escaped(box.label)
    if box.counts is not None and box.counts.total is not None:
        told += f"<br/>{_counted(box)}"
    return f'{box.id}{opening}"{told}"{closing}:::{_class(box)}'


def _counted(box: Box) -> str:
    counts = box.counts
    assert counts is not None
    if box.state is None and not counts.ended:
        return f"{counts.total:,}"
    least = "" if counts.exact else "at least "
    failed = f", {counts.failed:,} failed" if counts.failed else ""
    return f"{least}{counts.ended:,} of {counts.total:,}{failed}"


def _class(box: Box) -> str:
    if box.state is None:
        return "planned" if box.looked else "unseen"
    return _CLASSES[box.state]


def escaped(text: str) -> str:
    """Words that cannot end a label, nor be anything but words in it. Codes are Mermaid's own, with # for &."""
    short = text if len(text) <= LABEL_CHARS else f"{text[: LABEL_CHARS - 1]}…"
    return "".join(one if one.isalnum() or one in " .,_-:/()…" else f"#{ord(one)};" for one in short)
