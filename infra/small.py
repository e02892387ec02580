"""The template as it is sent: the same in compact JSON, since CloudFormation takes 51,200 bytes in a call and no more.

Each lane adds 4 KB, so there is room for seven. More would have to be uploaded first, to a bucket that the stack itself makes.
"""

import json
import re
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as Safe  # eight times as fast
except ImportError:  # a PyYAML that was built without libyaml
    from yaml import SafeLoader as Safe  # type: ignore[assignment]

from infra.config import NotReady

INLINE = 51_200
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

_INDENTED = re.compile(r"\n *")


class _Loader(Safe):
    """YAML with CloudFormation's short forms: !Sub, !Ref, !GetAtt, !If ..."""


def _short(loader: Safe, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if tag == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _short)


def small(text: str) -> str:
    """The template in JSON, without what is there for checkov alone. Raises NotReady for one that is too large even so."""
    template = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe one, with a few tags more  # nosec B506
    for resource in template["Resources"].values():
        resource.pop("Metadata", None)
        if resource["Type"] == "AWS::CloudWatch::Dashboard":
            body = resource["Properties"]["DashboardBody"]
            body["Fn::Sub"] = _INDENTED.sub("", body["Fn::Sub"])
    body = json.dumps(template, separators=(",", ":"), ensure_ascii=False, default=str)
    if len(body.encode()) > INLINE:
        raise NotReady(
            [
                f"the template has {len(body.encode())} bytes, CloudFormation takes {INLINE}: there are too many lanes"
            ]
        )
    return body
