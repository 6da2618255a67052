"""The seed examples: mappings in the recipe, .json files that hold one or a list of them, or a list of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from datarecipe.characters import nfc
from datarecipe.errors import Problem, RecipeError, SeedExampleError
from datarecipe.exchange import Example, Json
from datarecipe.recipe.findings import MAX_PROBLEMS, Findings
from datarecipe.recipe.keys.turns import form_of
from datarecipe.recipe.keys.value_equality import composed
from datarecipe.recipe.message_text import code, describe, did_you_mean, join, nearest, show
from datarecipe.recipe.source.document import (
    Document,
    Keys,
    ListNode,
    MappingNode,
    Node,
    Place,
    ScalarNode,
    Source,
    to_json,
)
from datarecipe.recipe.source.json_source import parse_json
from datarecipe.recipe.source.paths import is_path

_NAMED = 20
"""Fields that one message names at most."""

MAX_SIZE = 5_000
"""Of one seed example, as documents measure it. It is part of every prompt, and is checked again and again."""

MAX_ENTRIES = 1_000
"""Elements of the list `seed_example`."""
MAX_TOTAL = 50_000
"""Of all seed examples together, as documents measure them: a file counts as often as it is named."""

ReadFile = Callable[[str, Place], Source]
"""Reads the file that a value names, given where the value was written."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed example that knows where it was written, in the recipe or in a file of its own."""

    example: Example
    """In the field order of the first seed example."""
    document: Document
    keys: Keys
    """Where in the document it stands."""

    @property
    def node(self) -> Node:
        """The example as it was written."""
        node = self.document.get(self.keys)
        assert node is not None
        return node

    def place(self, *path: str | int) -> Place:
        """The place of a field's value, or of something in it; without a path, of the whole example."""
        return self.document.place((*self.keys, *path))


def read_seeds(document: Document, read_file: ReadFile) -> tuple[Seed, ...]:
    """The seed examples of a recipe, at least one, all with the same fields.

    Raises:
        SeedExampleError: with all that is wrong with them.
    """
    node = document.get(("seed_example",))
    places: list[Keys] = [("seed_example",)]
    if isinstance(node, ListNode):
        places = [("seed_example", index) for index in range(len(node.items))]
    if len(places) > MAX_ENTRIES:
        message = f"`seed_example` is a list of {len(places):,}; {MAX_ENTRIES:,} is the limit"
        raise SeedExampleError(document.place(places[MAX_ENTRIES]).problem(message, _FEWER))
    seeds: list[Seed] = []
    findings = Findings(document.place().source.name)
    files = _Files(read_file)
    total = 0
    for keys in places:
        found: list[Seed] = []
        with findings:
            found = _read_one(document, keys, files)
        seeds.extend(found)
        total += sum(seed.node.size for seed in found)
        if total > MAX_TOTAL:
            message = f"up to here, the seed examples hold more than {MAX_TOTAL:,} values"
            findings.add(SeedExampleError(document.place(keys).problem(message, _FEWER)))
            break
    problems = (problem for seed in seeds[1:] for problem in _other_fields(seed, seeds[0]))
    for problem in islice(problems, MAX_PROBLEMS):
        findings.add(SeedExampleError(problem))
    findings.raise_all()
    return tuple(_ordered(seed, seeds[0]) for seed in seeds)


class _Files:
    """The files of seed examples, each read and parsed once, however often and in whatever spelling it is named."""

    def __init__(self, read_file: ReadFile) -> None:
        self._read = read_file
        self._known: dict[Path | None, list[Seed] | RecipeError] = {}

    def seeds(self, written: str, place: Place) -> list[Seed]:
        file = self._read(written, place)
        if file.path not in self._known:
            try:
                self._known[file.path] = _of_file(parse_json(file.text, file.name, file.path))
            except RecipeError as error:
                self._known[file.path] = error.with_traceback(None)
        found = self._known[file.path]
        if isinstance(found, RecipeError):
            raise type(found)(*found.problems)
        return found


def _read_one(document: Document, keys: Keys, files: _Files) -> list[Seed]:
    """What one entry of `seed_example` brings: a mapping itself, or all that a file holds."""
    node = document.get(keys)
    assert node is not None
    if isinstance(node, MappingNode):
        return [_seed(document, keys)]
    written = node.value if isinstance(node, ScalarNode) else None
    if not isinstance(written, str) or not is_path(written):
        message = f"a seed example is a mapping of fields or the path of a .json file, not {show(written)}"
        raise SeedExampleError(node.place.problem(message, _no_path_hint(written)))
    return files.seeds(written, node.place)


def _of_file(content: Document) -> list[Seed]:
    if isinstance(content.root, ListNode) and content.root.items:
        places: list[Keys] = [(index,) for index in range(len(content.root.items))]
    else:
        places = [()]
    none = (place for place in places if not _has_fields(content.get(place)))
    wrong = [_no_example(content, place) for place in islice(none, MAX_PROBLEMS + 1)]
    if not wrong and (inner := _wrapped(content)) is not None:
        wrong = [inner]
    if wrong:
        raise SeedExampleError(*wrong)
    return [_seed(content, place) for place in places]


_FEWER = "a few examples are enough: they show a form, and a prompt holds one of them"


def _no_path_hint(written: object) -> str | None:
    if isinstance(written, str) and written.lstrip().startswith(("{", "[")):
        return "write it without the quotes around it"
    return "a path has a `/` or ends in .json: seed_example: ../seeds/NAME.json" if isinstance(written, str) else None


def _has_fields(node: Node | None) -> bool:
    return isinstance(node, MappingNode) and bool(node.entries)


def _no_example(content: Document, keys: Keys) -> Problem:
    node = content.get(keys)
    value = None if node is None else to_json(node)
    found = "an object without any" if value == {} else describe(value)
    hint = None if keys else 'the file holds one, {"question": ...}, or a list of them, [{...}, {...}]'
    return content.place(keys).problem(f"a seed example is a JSON object with fields, not {found}", hint)


def _wrapped(content: Document) -> Problem | None:
    """The problem of a file whose examples stand in a list under a key. A dialogue may be all that an example holds."""
    root = content.root
    if not isinstance(root, MappingNode) or len(root.entries) != 1:
        return None
    ((key, (place, node)),) = root.entries.items()
    if not isinstance(node, ListNode) or not node.items or not all(map(_has_fields, node.items)):
        return None
    if form_of(key, to_json(node)) is not None:
        return None
    return place.problem(f"the seed examples stand under a key, {code(key)}", "write the list alone: [{...}, {...}]")


def _seed(document: Document, keys: Keys) -> Seed:
    node = document.get(keys)
    assert node is not None
    if node.size > MAX_SIZE:
        message = f"a seed example may hold {MAX_SIZE:,} values, and this one holds more"
        raise SeedExampleError(node.place.problem(message, "a text counts as one more for each 100 of its characters"))
    value = to_json(node)
    assert isinstance(value, dict)
    if wrong := list(islice(_alike(document, keys, value), MAX_PROBLEMS)):
        raise SeedExampleError(*wrong)
    return Seed(value, document, keys)


def _alike(document: Document, keys: Keys, value: Json) -> Iterator[Problem]:
    """Fields of one mapping whose names are the same text: a model's answer could mean either."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _alike(document, (*keys, index), item)
    elif isinstance(value, dict):
        seen: dict[str, str] = {}
        for name, item in value.items():
            twin = seen.setdefault(nfc(name), name)
            if twin != name:
                message = f"the field {code(name)} stands beside {code(twin)}, {composed(name, twin)}"
                yield document.key_place((*keys, name)).problem(message, "keep one of them, or name one otherwise")
            yield from _alike(document, (*keys, name), item)


def _other_fields(seed: Seed, first: Seed) -> Iterator[Problem]:
    missing = [name for name in first.example if name not in seed.example]
    added = [name for name in seed.example if name not in first.example]
    meant = {nearest(name, missing) for name in added[:MAX_PROBLEMS]}
    missing_too = [name for name in missing if name not in meant]
    if missing_too:
        named = list(map(code, missing_too[:_NAMED]))
        names = join(
            named if len(named) == len(missing_too) else [*named, f"{len(missing_too) - _NAMED:,} more"], "and"
        )
        message = f"the seed example lacks {names}, which the first one has"
        yield seed.place().problem(message, "all seed examples have the same fields")
    spelt = {nfc(name): name for name in missing}
    for name in added:
        message = f"the seed example has a field {code(name)}, which the first one has not"
        place = seed.document.key_place((*seed.keys, name))
        if twin := spelt.get(nfc(name)):
            message = f"the seed example's field {code(name)} is the first one's {code(twin)}, {composed(name, twin)}"
            hint = "copy the name from the first one"
        else:
            hint = did_you_mean(name, missing) or "all seed examples have the same fields"
        yield place.problem(message, hint)


def _ordered(seed: Seed, first: Seed) -> Seed:
    return Seed({name: seed.example[name] for name in first.example}, seed.document, seed.keys)
