"""`filters.decontaminate`: its settings, and the held-out files that it names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from datarecipe.errors import FilterError
from datarecipe.recipe.findings import Findings
from datarecipe.recipe.held_out.held_out_records import LARGEST, MOST_TEXTS, texts_of
from datarecipe.recipe.held_out.held_out_texts import Decontaminate, HeldOutFile
from datarecipe.recipe.loaded import FileRead
from datarecipe.recipe.message_text import code, show
from datarecipe.recipe.source.document import Document, Keys, Place, Source
from datarecipe.recipe.source.paths import display
from datarecipe.recipe.source.source_characters import decode

ReadBytes = Callable[[str, Place], tuple[FileRead, bytes]]
"""Reads the file that a value names, given where the value was written."""


def read_decontaminate(document: Document, read_bytes: ReadBytes, folder: Path | None) -> Decontaminate | None:
    """The held-out texts, from the short or the long form of the key; None where the recipe asks for none.

    `folder` is the recipe's.

    Raises:
        FilterError: a file cannot be read, or is not the one whose hash the recipe gives.
        RecipeError: its path is none that the recipe may read.
    """
    values: Any = document.value
    written = values["filters"].get("decontaminate")
    if not written:
        return None
    keys: Keys = ("filters", "decontaminate")
    settings = written if isinstance(written, Mapping) else {"against": written}
    if isinstance(written, Mapping):
        keys = (*keys, "against")
    fields = tuple(settings.get("fields", ()))
    files: list[HeldOutFile] = []
    findings, reader = Findings(document.place().source.name), _Reader(read_bytes, fields, folder)
    for name, sha256, place in _named(settings["against"], keys, document):
        with findings:
            files.append(reader.read(name, sha256, place))
    findings.raise_all()
    return Decontaminate(tuple(files), float(settings.get("threshold", Decontaminate.threshold)), fields)


def _named(against: Any, keys: Keys, document: Document) -> Iterator[tuple[str, str | None, Place]]:
    """The files, each with its hash where the recipe gives it, and where its path is written."""
    for number, entry in enumerate(against if isinstance(against, list) else [against]):
        at = (*keys, number) if isinstance(against, list) else keys
        if isinstance(entry, str):
            yield entry, None, document.place(at)
        else:
            yield entry["file"], entry.get("sha256"), document.place((*at, "file"))


class _Reader:
    """Reads the files of a recipe within bounds that hold for all of them together."""

    def __init__(self, read_bytes: ReadBytes, fields: tuple[str, ...], folder: Path | None) -> None:
        """`folder` is that of the recipe, from which the resolved recipe names them, wherever they were written."""
        self._read_bytes = read_bytes
        self._fields = fields
        self._folder = folder
        self._seen: set[Path] = set()
        self._bytes, self._texts = LARGEST, MOST_TEXTS

    def read(self, name: str, sha256: str | None, place: Place) -> HeldOutFile:
        file, data = self._read_bytes(name, place)
        if file.path in self._seen:
            raise FilterError(place.problem(f"{show(name)} is named twice", "name each file once"))
        self._seen.add(file.path)
        if sha256 is not None and sha256 != file.sha256:
            message = f"{show(name)} is not the file that the recipe means: its hash is {code(file.sha256[:12])}..."
            raise FilterError(place.problem(message, f"the recipe names {code(sha256[:12])}..."))
        self._bytes -= len(data)
        if self._bytes < 0:
            raise FilterError(place.problem(f"up to here, the held-out files have more than {LARGEST:,} bytes"))
        shown = display(file.path)
        source = Source(shown, path=file.path)
        texts = texts_of(decode(data, shown), source, self._fields, self._texts)
        self._texts -= len(texts)
        written = name if self._folder is None else Path(os.path.relpath(file.path, self._folder)).as_posix()
        return HeldOutFile(written, file.sha256, texts)
