"""A workflow as the JSON that its row has, read in the proof's own words: how many children, what comes after what, which policy."""

from typing import Any

Tree = dict[str, Any]


def is_group(tree: Tree) -> bool:
    """Whether its children run side by side. A chord is a chain: of a group, and what then comes."""
    return "group" in tree or "map" in tree


def width(tree: Tree, given: Any) -> int:
    """How many children it has."""
    if "chain" in tree:
        return len(tree["chain"])
    if "chord" in tree:
        return 2
    if "group" in tree:
        return len(tree["group"])
    if "map" in tree:
        items = tree.get("items", given)
        return -(-len(items) // tree.get("size", 1)) if isinstance(items, list) else 0
    return 1


def last(tree: Tree) -> int:
    """The number of a chain's last step."""
    return width(tree, None) - 1


def policy(tree: Tree) -> tuple[str, int]:
    """What it makes of a bad child, and how many must be good."""
    return tree.get("on_error", "fail"), tree.get("min_success", 0)
