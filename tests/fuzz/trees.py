"""Mutators of structure: keys and values of a recipe, a seed or a schema."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.fuzz import schemas, values
from tests.fuzz.instructions import generated
from tests.fuzz.tree import (
    Map,
    Named,
    Pair,
    Raw,
    Seq,
    Tree,
    child,
    children,
    copy_of,
    replace_child,
    tree_of,
)

DEEPER = 0.6
"""How often a place is looked for one level further down."""


def mutate(tree: Tree, chance: Random, others: Sequence[Tree]) -> Tree:
    """Change one thing of `tree`, in place where it can be. `others` are trees to take parts from."""
    if not children(tree):
        return values.value(chance)
    change = chance.choices(_CHANGES, _WEIGHTS)[0]
    change(tree, chance, others)
    return tree


def _place(tree: Tree, chance: Random) -> tuple[Tree, int]:
    """A value's place: what holds it, and its number there. High places more often than their number alone would say."""
    holder, index = tree, chance.randrange(children(tree))
    while chance.random() < DEEPER and children(inner := child(holder, index)):
        holder, index = inner, chance.randrange(children(inner))
    return holder, index


def _legal(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    """Another value that the format takes, for a key that is there or not."""
    key = chance.choice(list(values.LEGAL))
    value: Tree = tree_of(chance.choice(values.LEGAL[key]))
    if key == "schema" and chance.random() < 0.5:
        value = schemas.schema(chance)
    if key == "instruction" and chance.random() < 0.6:
        value = generated(chance)
    if not isinstance(tree, Map):
        return _interesting(tree, chance, others)
    for pair in tree.pairs:
        if pair.key == key:
            pair.value = value
            return None
    tree.pairs.append(Pair(key, value))
    return None


def _interesting(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    holder, index = _place(tree, chance)
    replace_child(holder, index, values.value(chance))


def _text(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    """Another text in place of a text: what most keys take."""
    for _ in range(5):
        holder, index = _place(tree, chance)
        if isinstance(child(holder, index), str):
            return replace_child(holder, index, chance.choice(values.TEXTS))
    return None


def _delete(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    holder, index = _place(tree, chance)
    if isinstance(holder, Map):
        del holder.pairs[index]
    elif isinstance(holder, Seq):
        del holder.items[index]


def _duplicate(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    holder, index = _place(tree, chance)
    times = chance.choice((1, 1, 1, 2, 50, 3000))
    if isinstance(holder, Map):
        pair = holder.pairs[index]
        copies = [
            Pair(pair.key if times == 1 else f"{pair.key}{n}", copy_of(pair.value)) for n in range(min(times, 50))
        ]
        holder.pairs.extend(copies)
    elif isinstance(holder, Seq):
        item = holder.items[index]
        holder.items.extend(copy_of(item) for _ in range(times if children(item) < 4 else 1))


def _crowd(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    """Many keys, each with a value like that of a neighbour; in another mapping perhaps the same keys, or nearly."""
    holder, index = _place(tree, chance)
    if isinstance(holder, Map):
        value = holder.pairs[index].value
        like: Tree = value if children(value) < 4 else chance.choice(("x", 1, True))
        prefix, many = (
            chance.choice(("k", "field", "a_long_name_of_a_field_")),
            chance.choice((5, 20, 20, 100, 400, 1000)),
        )
        holder.pairs.extend(Pair(f"{prefix}{number}", copy_of(like)) for number in range(many))


def _swap(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    holder, index = _place(tree, chance)
    other, place = _place(tree, chance)
    one, two = copy_of(child(holder, index)), copy_of(child(other, place))
    replace_child(holder, index, two)
    replace_child(other, place, one)


def _rename(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    holder, index = _place(tree, chance)
    if isinstance(holder, Map):
        key = chance.choice(values.KEYS) if chance.random() < 0.8 else chance.choice(values.TEXTS)
        holder.pairs[index].key = key if chance.random() < 0.95 else chance.choice(values.RAW)


def _wrap(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    holder, index = _place(tree, chance)
    inner = child(holder, index)
    replace_child(
        holder, index, Seq([inner]) if chance.random() < 0.5 else Map([Pair(chance.choice(values.KEYS), inner)])
    )


def _unwrap(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    holder, index = _place(tree, chance)
    inner = child(holder, index)
    if children(inner):
        replace_child(holder, index, child(inner, chance.randrange(children(inner))))


def _splice(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    """A part of another recipe, under its own key if it has one."""
    other = chance.choice(others)
    if not children(other):
        return
    source, number = _place(other, chance)
    part = copy_of(child(source, number))
    holder, index = _place(tree, chance)
    if isinstance(source, Map) and isinstance(holder, Map) and chance.random() < 0.7:
        key = source.pairs[number].key
        holder.pairs = [pair for pair in holder.pairs if pair.key != key]
        holder.pairs.append(Pair(key, part))
    else:
        replace_child(holder, index, part)


def _alias(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    """A value by its anchor, in another place; now and then a bomb of them."""
    holder, index = _place(tree, chance)
    other, place = _place(tree, chance)
    if chance.random() < 0.1:
        levels, width = chance.choice(((3, 5), (9, 9), (40, 2), (60, 1), (200, 2)))
        lists = [f"&b{n} [{', '.join([f'*b{n - 1}' if n else 'x'] * width)}]" for n in range(levels)]
        return replace_child(holder, index, Raw("[" + ", ".join(lists) + "]"))
    value = child(holder, index)
    if not isinstance(value, (Raw, Named)):
        anchor = f"n{chance.randrange(1000)}"
        replace_child(other, place, Raw("*" + anchor))
        if (other, place) != (holder, index):
            replace_child(holder, index, Named(anchor, value))
    return None


def _merge(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    holder, _ = _place(tree, chance)
    if isinstance(holder, Map):
        other = chance.choice(others)
        brought = copy_of(other) if isinstance(other, Map) and chance.random() < 0.5 else values.value(chance)
        holder.pairs.insert(chance.randrange(len(holder.pairs) + 1), Pair(Raw("<<"), brought))


def _instruction(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    """A template made anew where the recipe has its own in the file."""
    if isinstance(tree, Map):
        tree.pairs = [pair for pair in tree.pairs if pair.key != "instruction"]
        tree.pairs.append(Pair("instruction", generated(chance)))


def _schema(tree: Tree, chance: Random, others: Sequence[Tree]) -> None:
    """A part of a JSON Schema, within a schema that is there, or as the recipe's schema."""
    if not isinstance(tree, Map):
        return
    found = next((pair for pair in tree.pairs if pair.key == "schema"), None)
    if found is not None and isinstance(found.value, Map) and chance.random() < 0.8:
        schemas.mutate(found.value, chance)
    elif any(pair.key in {"properties", "$defs"} for pair in tree.pairs):
        schemas.mutate(tree, chance)
    else:
        tree.pairs = [pair for pair in tree.pairs if pair.key != "schema"]
        tree.pairs.append(Pair("schema", schemas.schema(chance)))


Change = Callable[[Tree, Random, Sequence[Tree]], object]

_WEIGHTED: Sequence[tuple[Change, int]] = (
    (_legal, 24), (_interesting, 14), (_text, 8), (_delete, 6), (_duplicate, 5), (_crowd, 2), (_swap, 5), (_rename,
    5), (_wrap, 3), (_unwrap, 2),
    (_splice, 8), (_alias, 5), (_merge, 2), (_instruction, 8), (_schema, 8),
)  # fmt: skip
_CHANGES = [change for change, _ in _WEIGHTED]
_WEIGHTS = [weight for _, weight in _WEIGHTED]
