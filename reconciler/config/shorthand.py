"""Short ways of writing become the long one, on the tree: nothing behind this knows that there are two."""

from __future__ import annotations

from typing import Any

from reconciler.config.shapes import as_dict, noted, refusal, scalar
from reconciler.config.tree import Mapping, Node, Pair, Scalar, Sequence, is_null
from reconciler.model.problems import Place


def expand_field(node: Node) -> Node:
    """`email: user_email` is `email: {from: user_email}`."""
    if not isinstance(node, Scalar) or node.is_null:
        return node
    return _entry(node, "from")


def expand_options(node: Any) -> Any:
    """`[free, pro]` and `{free: Free}` are `{free: {label: Free}}`; a list and a null declare no label."""
    if isinstance(node, Sequence):
        return _listed(node)
    return {value: _option(declared) for value, declared in as_dict(node).items()}


def option_places(node: Node | None) -> dict[str, Place]:
    """Where each declared option stands, in either way of writing them."""
    if isinstance(node, Sequence):
        return {item.text: item.where for item in node.items if isinstance(item, Scalar)}
    return {value: pair.key.where for value, pair in node.items.items()} if isinstance(node, Mapping) else {}


def _option(node: Node) -> Node:
    if is_null(node):
        return Mapping(node.file, node.line, node.column)
    return _entry(node, "label") if isinstance(node, Scalar) else node


def _listed(node: Sequence) -> dict[str, Node]:
    options: dict[str, Node] = {}
    for item in node.items:
        value = scalar(item, "a text")
        if value.broken:
            raise noted()
        if value.text in options:
            raise refusal("E106", "a value stands twice in the list")
        options[value.text] = Mapping(value.file, value.line, value.column)
    return options


def _entry(node: Scalar, key: str) -> Mapping:
    name = Scalar(node.file, node.line, node.column, key)
    return Mapping(node.file, node.line, node.column, {key: Pair(name, node)})
