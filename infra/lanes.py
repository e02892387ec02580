"""What follows from chalicelib/lanes.py, written where CloudFormation and Chalice look for it:

    python -m infra lanes        after a change of chalicelib/lanes.py

- infra/template.yaml: the parts between `# lanes: ...` and `# lanes end` are this file's, the rest is written by hand;
- .chalice/config.json: memory, timeout and policy file of each lane's consumer, in each stage;
- .chalice/policies/: what each function may do (infra/policies.py).

All of it is committed: a reader, and a review, sees what a stage is made of. Tests hold it to the declaration, and so does each deploy.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.domain.lane import Lane
from chalicelib.lanes import DECLARED
from infra import lane_template, policies
from infra.config import CONFIG, load
from infra.dashboard import dashboard
from infra.names import API
from infra.stack import TEMPLATE

OURS = ("lambda_timeout", "lambda_memory_size", "iam_policy_file")
"""What is written of a consumer in config.json; whatever else stands there stays."""

_PART = re.compile(r"^( *)# lanes: (?P<name>[a-z ]+)$\n.*?^\1# lanes end$\n", re.MULTILINE | re.DOTALL)


def _each(write: Callable[[Lane], str], between: str = "") -> Callable[[Sequence[Lane]], str]:
    return lambda lanes: between.join(map(write, lanes))


PARTS: Mapping[str, Callable[[Sequence[Lane]], str]] = {
    "queues": _each(lane_template.queue, "\n"),
    "dead letters": _each(lane_template.source),
    "over tls": _each(lane_template.over_tls),
    "logs": _each(lane_template.log_group, "\n"),
    "ages": _each(lane_template.old, "\n"),
    "failures": _each(lane_template.fails, "\n"),
    "dashboard": dashboard,
    "outputs": _each(lane_template.output),
}
"""The template's parts that follow from the lanes."""


def template(text: str, lanes: Sequence[Lane] = DECLARED) -> str:
    """The template with these lanes. Raises ValueError if a part is not in it exactly once."""
    found: list[str] = []

    def part(match: re.Match[str]) -> str:
        name, indent = match["name"], match[1]
        found.append(name)
        return f"{indent}# lanes: {name}\n{PARTS[name](lanes)}{indent}# lanes end\n"

    made = _PART.sub(part, text)
    if sorted(found) != sorted(PARTS):
        raise ValueError(f"{TEMPLATE.name} has the parts {sorted(found)}, not {sorted(PARTS)}")
    return made


def configured(config: Mapping[str, Any], lanes: Sequence[Lane] = DECLARED) -> dict[str, Any]:
    """config.json with these lanes' consumers in each stage, after the API, and without those of lanes that are gone."""
    made: dict[str, Any] = json.loads(json.dumps(config))
    consumers = {lane.consumer: lane for lane in lanes}
    for name, stage in made["stages"].items():
        there = stage["lambda_functions"]
        for consumer, lane in consumers.items():
            there[consumer] = {**there.get(consumer, {}), **_settings(lane, name)}
        order = [API, *consumers, *there]
        stage["lambda_functions"] = {
            function: there[function]
            for function in dict.fromkeys(order)
            if function in there and (function in consumers or not function.startswith("consume_"))
        }
    return made


def _settings(lane: Lane, stage: str) -> dict[str, Any]:
    told = (int(lane.timeout.total_seconds()), lane.memory, f"policies/{lane.consumer}-{stage}.json")
    return dict(zip(OURS, told, strict=True))


def outdated() -> list[str]:
    """What does not say what it should, by name. Not the figures of config.json: a stage may have its own."""
    text = TEMPLATE.read_text(encoding="utf-8")
    return [] if template(text) == text else [TEMPLATE.name]


def write() -> None:
    """Write it all."""
    text = TEMPLATE.read_text(encoding="utf-8")
    TEMPLATE.write_text(template(text), encoding="utf-8")
    CONFIG.write_text(json.dumps(configured(load()), indent=2) + "\n", encoding="utf-8")
    policies.write()
