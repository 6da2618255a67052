"""The files of one input, made from nothing but a seed and a number: so that the number alone brings it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from pathlib import PurePosixPath
from random import Random

from tests.fuzz import instructions, lines, octets, trees
from tests.fuzz.corpus import Project
from tests.fuzz.tree import Tree, copy_of, to_json, to_yaml

_HOW_MANY = ((1, 2, 3, 4, 5), (40, 25, 16, 11, 8))
"""Mutations of one input, and how often there are so many."""


class Odd(Enum):
    """What may stand in a file's place that is no regular file."""

    MISSING = "nothing"
    FOLDER = "a folder"
    PIPE = "a named pipe"
    OUTSIDE = "a link out of the project"
    ITSELF = "a link to itself"


@dataclass(frozen=True)
class Mutant:
    """One input."""

    number: int
    project: Project
    changed: Mapping[str, bytes | Odd]
    """The files that are not as in the project, by path."""


class Mutants:
    """All inputs of one seed."""

    def __init__(self, projects: Sequence[Project], seed: int) -> None:
        self._projects = projects
        self._seed = seed
        self._recipes = [project.trees[project.entry] for project in projects]

    def make(self, number: int) -> Mutant:
        """Input number `number`."""
        chance = Random(f"{self._seed}:{number}")
        project = chance.choice(self._projects)
        plan = sorted(self._plan(project, chance))
        changed: dict[str, bytes | Odd] = {}
        for name, steps in groupby(plan, lambda step: step[0]):
            changed[name] = self._changed(project, name, [level for _, level in steps], chance)
        return Mutant(number, project, changed)

    def _plan(self, project: Project, chance: Random) -> Iterator[tuple[str, int]]:
        """Files with the levels to change them at: 0 values, 1 lines or template tokens, 2 bytes, 3 the file itself."""
        names = list(project.files)
        for _ in range(chance.choices(*_HOW_MANY)[0]):
            name = names[0] if chance.random() < 0.5 else chance.choice(names)
            kind = chance.random()
            if kind > 0.985:
                yield name, 3
            elif kind > 0.88:
                yield name, 2
            elif name in project.trees:
                yield name, 1 if kind > 0.72 and not name.endswith(".json") else 0
            else:
                yield name, 1

    def _changed(self, project: Project, name: str, levels: Sequence[int], chance: Random) -> bytes | Odd:
        data = project.files[name]
        if levels[-1] == 3:
            return chance.choice(list(Odd))
        if levels[0] == 0:
            tree: Tree = copy_of(project.trees[name])
            for _ in range(levels.count(0)):
                tree = trees.mutate(tree, chance, self._recipes)
            written = to_json(tree) if PurePosixPath(name).suffix == ".json" else to_yaml(tree, chance)
            data = written.encode("utf-8", "surrogatepass")
        mutate = lines.mutate if name in project.trees else instructions.mutate
        for _ in range(levels.count(1)):
            data = mutate(data.decode("utf-8", "surrogatepass"), chance).encode("utf-8", "surrogatepass")
        for _ in range(levels.count(2)):
            data = octets.mutate(data, chance)
        return data
