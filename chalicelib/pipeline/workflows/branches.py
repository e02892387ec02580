"""The parts of a chain or a group, each with its place as whoever sent the workflow wrote it: a chord is read as a chain, but said as a chord."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain.lean import dataclass
from chalicelib.domain.workflow import Chain, Group, Map, Node, Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """A node, the JSON value that it was read from, and its path: `workflow.chain[1].chord[0]`."""

    node: Node
    said: Mapping[str, Any]
    path: str

    def __iter__(self) -> Iterator["Branch"]:
        """What it is made of. A step and a map are whole."""
        match self.node:
            case Step() | Map():
                return
            case Chain() if "chord" in self.said:
                header, then = self.node.nodes
                yield Branch(node=header, said=self.said, path=self.path)
                yield Branch(node=then, said=self.said["then"], path=f"{self.path}.then")
            case Chain() | Group():
                word = next(word for word in ("chain", "group", "chord") if word in self.said)
                for number, (node, said) in enumerate(zip(self.node.nodes, self.said[word], strict=True)):
                    yield Branch(node=node, said=said, path=f"{self.path}.{word}[{number}]")
