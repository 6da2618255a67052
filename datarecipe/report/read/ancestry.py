"""The lineage of a run as a tree, which a reader can walk from the seed examples to every example that is shown."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from datarecipe.exchange import Example
from datarecipe.generate.judge.example_equality import equality_digest, example_id
from datarecipe.json_size import holds_more
from datarecipe.report.read.run_data import RunData

_MOST_VALUES = 10_000
"""Values of a rejected item that is looked at."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a model was shown and is not one of the examples shown in the report."""

    id: str
    kind: Literal["seed", "rejected", "elsewhere"]
    """A seed example, an item that was rejected (a duplicate, say), or one that the report does not show."""
    example: Example | None


@dataclass(frozen=True)
class Ancestry:
    """Where each example that is shown comes from."""

    run: RunData

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Of the shown examples, from 0, by id."""
        return {row.id: number for number, row in reversed([*enumerate(self.run.lineage[: self.run.shown])])}

    @cached_property
    def _found(self) -> tuple[list[int], list[Origin]]:
        origins, parents = {origin.id: origin for origin in self._seeds()}, []
        places = {id_: place for place, id_ in enumerate(origins)}
        for number, row in enumerate(self.run.lineage[: self.run.shown]):
            parent = self.numbers.get(row.parent, number)
            # A parent comes before its children. What says otherwise was not written by a run, and may be a circle.
            if row.parent in places or parent >= number:
                if row.parent not in places:
                    places[row.parent] = len(places)
                    example = self._rejected.get(row.parent)
                    kind: Literal["rejected", "elsewhere"] = "elsewhere" if example is None else "rejected"
                    origins[row.parent] = Origin(row.parent, kind, example)
                parent = -1 - places[row.parent]
            parents.append(parent)
        return parents, list(origins.values())

    @property
    def parents(self) -> list[int]:
        """Of each example: the number of the example that was shown for it, or -1 - the place in `origins`."""
        return self._found[0]

    @property
    def origins(self) -> list[Origin]:
        """The seed examples, then what else was shown."""
        return self._found[1]

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Of the origins by id, numbered as parents are: -1 - the place."""
        return {origin.id: -1 - place for place, origin in enumerate(self.origins)}

    def _seeds(self) -> Iterator[Origin]:
        for number, seed in enumerate(self.run.seeds):
            yield Origin(identified(seed) or f"seed {number + 1}", "seed", seed)

    @cached_property
    def _rejected(self) -> Mapping[str, Example]:
        """Rejected items by the id that they would have as examples."""
        found = ((identified(item), item) for item in map(self._item, range(len(self.run.rejected.shown))) if item)
        return {id_: item for id_, item in found if id_ is not None}

    def _item(self, number: int) -> Example | None:
        return parsed(self.run.rejected.shown[number].raw)

    def equal_to(self, item: Example) -> int | None:
        """The example or origin, numbered as a parent is, with the same text as a rejected item; None where none has."""
        digest = _digest(item, self._text_fields)
        return None if digest is None else self._by_text.get(digest)

    @cached_property
    def _text_fields(self) -> tuple[str, ...]:
        fields = tuple(dict.fromkeys(field for seed in self.run.seeds for field in seed))
        return tuple(field for field in fields if field not in (self.run.label, self.run.options)) or fields

    @cached_property
    def _by_text(self) -> Mapping[bytes, int]:
        texts: list[tuple[int, Example]] = [*enumerate(self.run.examples[: self.run.shown])]
        for place, origin in enumerate(self.origins):
            if origin.kind == "seed" and origin.example is not None:
                texts.append((-1 - place, origin.example))
        found = ((_digest(example, self._text_fields), number) for number, example in texts)
        return {digest: number for digest, number in found if digest is not None}


def identified(example: Example) -> str | None:
    """The id of an example; None where it cannot have one."""
    with contextlib.suppress(ValueError, RecursionError):
        return example_id(example)
    return None


def parsed(raw: str) -> Example | None:
    """A rejected item as an example, where its text is a JSON object."""
    if not raw.lstrip().startswith("{"):
        return None
    with contextlib.suppress(ValueError, RecursionError):
        item = json.loads(raw)
        return item if isinstance(item, dict) and not holds_more(item, _MOST_VALUES) else None
    return None


def _digest(example: Example, fields: tuple[str, ...]) -> bytes | None:
    with contextlib.suppress(ValueError, RecursionError):
        return equality_digest(example, fields)
    return None
