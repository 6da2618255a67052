"""The texts of held-out files, and their index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from datarecipe.recipe.held_out.held_out_index import HeldOutIndex


class HeldOutText(NamedTuple):
    """A text of a record."""

    text: str
    line: int
    """Where the record begins in its file."""
    field: str
    """The record's field; empty where the record is a text itself."""


@dataclass(frozen=True, slots=True)
class HeldOutFile:
    """A file of held-out records."""

    file: str
    """Its path from the recipe's folder."""
    sha256: str
    """Of its bytes, in hexadecimal."""
    texts: Sequence[HeldOutText] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.file.rpartition("/")[2]


@dataclass(frozen=True)
class Decontaminate:
    """What no example may contain."""

    against: tuple[HeldOutFile, ...]
    threshold: float = 0.75
    """The share of a held-out text from which on an example contains it, from 0.5 to 1."""
    fields: tuple[str, ...] = ()
    """The fields of the records that are compared; none: all."""

    @cached_property
    def exact_threshold(self) -> Fraction:
        """The threshold as the recipe writes it: 0.75 is three quarters, whatever a float makes of it."""
        return Fraction(repr(self.threshold))

    @cached_property
    def index(self) -> HeldOutIndex:
        """Of all texts, numbered through the files. Made once: for a million texts it takes a minute."""
        return HeldOutIndex((text.text for file in self.against for text in file.texts), self.exact_threshold)

    def at(self, number: int) -> tuple[HeldOutFile, HeldOutText]:
        """The text of a number in the index, and its file."""
        for file in self.against:
            if number < len(file.texts):
                return file, file.texts[number]
            number -= len(file.texts)
        raise IndexError(number)
