"""The place in a workflow, as whoever sent it calls it: a chord is read as a chain of a group and what follows."""

import re
from typing import Any

_PART = re.compile(r"\.(\w+)(?:\[(\d+)\])?")


def as_sent(path: str, sent: Any) -> str:
    """`workflow.chain[0].group[3].task` as `workflow.chord[3].task`, where a chord was sent."""
    if not path.startswith("workflow."):
        return path
    told, at = "workflow", len("workflow")
    while found := _PART.match(path, at):
        word, number = found[1], found[2]
        if not isinstance(sent, dict) or number is None:
            break
        at = found.end()
        if word == "chain" and "chord" in sent:
            if number == "1":
                told, sent = f"{told}.then", sent["then"]
            else:
                sent = {"group": sent["chord"], "chord of": True}
            continue
        told += f".{'chord' if 'chord of' in sent else word}[{number}]"
        sent = sent[word][int(number)]
    return f"{told}{path[at:]}"
