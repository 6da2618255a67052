"""One recipe over another: mappings merge deeply, what the later one says wins, lists are replaced.

A seed example and a schema are values as a whole: half of one and half of another would be neither. A null takes away what
was inherited, where null is no value that the key could have.
"""

from __future__ import annotations

from datarecipe.recipe.format.schema_file import schema_of
from datarecipe.recipe.source.document import Keys, MappingNode, Node, Place, ScalarNode

_WHOLE = frozenset({("seed_example",), ("schema",)})
"""Where mappings do not merge."""


def long_form(key: str, node: Node) -> Node:
    """A top-level key's short form as the mapping that it stands for: `strategy: tree` is {kind: tree}."""
    if key == "strategy" and isinstance(node, ScalarNode):
        return MappingNode({"kind": (node.place, node)}, node.place)
    return node


def merged(base: MappingNode, own: MappingNode, keys: Keys = ()) -> MappingNode:
    """What `base` says, and over it what `own` says. Every value keeps the place where it was written.

    `keys` leads to both from the root.
    """
    entries: dict[str, tuple[Place, Node]] = dict(base.entries)
    for key, (place, node) in own.entries.items():
        inherited = entries.get(key)
        if inherited is not None and takes_away((*keys, key), node):
            del entries[key]
        else:
            entries[key] = (place, node if inherited is None else _over(inherited[1], node, (*keys, key)))
    return MappingNode(entries, own.place)


def _over(inherited: Node, node: Node, keys: Keys) -> Node:
    if not isinstance(node, MappingNode) or keys in _WHOLE:
        return node
    if len(keys) == 1:
        inherited = long_form(str(keys[0]), inherited)
    return merged(inherited, node, keys) if isinstance(inherited, MappingNode) else node


def takes_away(keys: Keys, node: Node) -> bool:
    """Whether a value is a null that the key could not have: it stands for nothing, and so unsets the key."""
    if not isinstance(node, ScalarNode) or node.value is not None:
        return False
    schema = schema_of(keys)
    return schema is not None and "null" not in schema.get("type", ())
