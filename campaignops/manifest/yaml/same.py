"""Whether two documents say the same, however they are written."""

from __future__ import annotations

from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from campaignops.manifest.yaml import nodes
from campaignops.manifest.yaml.flaws import Unreadable
from campaignops.manifest.yaml.nodes import PLAIN, QUOTED
from campaignops.manifest.yaml.quoting import is_itself


def is_same(given: Node, made: bytes) -> bool:
    """Whether two documents say the same, but for the order of keys in campaigns."""
    try:
        other = nodes.parse(made)
    except Unreadable:
        return False
    unordered = _campaigns_of(given) | _campaigns_of(other)
    known: set[tuple[int, int]] = set()
    left: list[tuple[Any, Any]] = [(given, other)]
    while left:
        one, two = left.pop()
        if (id(one), id(two)) in known:
            continue
        known.add((id(one), id(two)))
        if type(one) is not type(two) or not _is_same_tag(one, two) or len(one.value) != len(two.value):
            return False
        if isinstance(one, ScalarNode):
            if one.value != two.value:
                return False
        else:
            left += zip(_children(one, unordered), _children(two, unordered), strict=True)
    return True


def _campaigns_of(root: Any) -> set[int]:
    """The ids of the nodes of campaigns, and of what they share."""
    top = root.value if root else []
    found = [value for key, value in top if key.value == "campaigns"]
    of_campaigns = {id(value) for node in found if isinstance(node, MappingNode) for _, value in node.value}
    return of_campaigns | {id(value) for key, value in top if key.value == "defaults"}


def _children(node: Any, unordered: set[int]) -> list[Any]:
    if not isinstance(node, MappingNode):
        return list(node.value)
    pairs = sorted(node.value, key=lambda pair: str(pair[0].value)) if id(node) in unordered else node.value
    return [child for pair in pairs for child in pair]


def _is_same_tag(one: Any, two: Any) -> bool:
    """Quotes make no difference to a text, but to what has a meaning without them."""
    if str(one.ctag) == str(two.ctag):
        return True
    is_text = {str(one.ctag), str(two.ctag)} == {str(PLAIN), str(QUOTED)}
    return is_text and isinstance(one, ScalarNode) and not is_itself(one.value)
