"""The seed examples: mappings in the recipe, .json files that hold one or a list of them, or a list of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from datarecipe.errors import Problem, SeedExampleError
from datarecipe.exchange import Example
from datarecipe.recipe.findings import Findings
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
from datarecipe.recipe.words import code, did_you_mean, join, show

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
    seeds: list[Seed] = []
    findings = Findings(document.place().source.name)
    for keys in places:
        with findings:
            seeds.extend(_read_one(document, keys, read_file))
    for seed in seeds[1:]:
        for problem in _other_fields(seed, seeds[0]):
            findings.add(SeedExampleError(problem))
    findings.raise_all()
    return tuple(_ordered(seed, seeds[0]) for seed in seeds)


def _read_one(document: Document, keys: Keys, read_file: ReadFile) -> list[Seed]:
    """What one entry of `seed_example` brings: a mapping itself, or all that a file holds."""
    node = document.get(keys)
    assert node is not None
    if isinstance(node, MappingNode):
        return [_seed(document, keys)]
    written = node.value if isinstance(node, ScalarNode) else None
    if not isinstance(written, str) or not is_path(written):
        message = f"a seed example is a mapping of fields or the path of a .json file, not {show(written)}"
        raise SeedExampleError(node.place.problem(message))
    file = read_file(written, node.place)
    content = parse_json(file.text or "", file.name, file.path)
    if isinstance(content.root, ListNode) and content.root.items:
        places: list[Keys] = [(index,) for index in range(len(content.root.items))]
    else:
        places = [()]
    wrong = [place for place in places if not _has_fields(content.get(place))]
    if wrong:
        message = "a seed example is a JSON object with fields, and a file of them holds one or a list of them"
        raise SeedExampleError(*(content.place(place).problem(message) for place in wrong))
    return [_seed(content, place) for place in places]


def _has_fields(node: Node | None) -> bool:
    return isinstance(node, MappingNode) and bool(node.entries)


def _seed(document: Document, keys: Keys) -> Seed:
    node = document.get(keys)
    assert node is not None
    value = to_json(node)
    assert isinstance(value, dict)
    return Seed(value, document, keys)


def _other_fields(seed: Seed, first: Seed) -> list[Problem]:
    missing = [name for name in first.example if name not in seed.example]
    added = [name for name in seed.example if name not in first.example]
    problems = []
    if missing:
        names = join(map(code, missing), "and")
        problems.append(seed.place().problem(f"the seed example lacks {names}, which the first one has"))
    for name in added:
        message = f"the seed example has a field {code(name)}, which the first one has not"
        place = seed.document.key_place((*seed.keys, name))
        problems.append(place.problem(message, did_you_mean(name, missing)))
    return problems


def _ordered(seed: Seed, first: Seed) -> Seed:
    return Seed({name: seed.example[name] for name in first.example}, seed.document, seed.keys)
