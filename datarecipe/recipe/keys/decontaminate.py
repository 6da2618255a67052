"""`filters.decontaminate`: its settings, and the held-out files that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from datarecipe.errors import FilterError
from datarecipe.recipe.findings import Findings
from datarecipe.recipe.held_out.held_out_records import texts_of
from datarecipe.recipe.held_out.held_out_texts import Decontaminate, HeldOutFile
from datarecipe.recipe.loaded import FileRead
from datarecipe.recipe.message_text import code, show
from datarecipe.recipe.source.document import Document, Keys, Place, Source
from datarecipe.recipe.source.paths import display
from datarecipe.recipe.source.source_characters import decode

ReadBytes = Callable[[str, Place], tuple[FileRead, bytes]]
"""Reads the file that a value names, given where the value was written."""


def read_decontaminate(document: Document, read_bytes: ReadBytes) -> Decontaminate | None:
    """The held-out texts, from the short or the long form of the key; None where the recipe asks for none.

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
    files, findings = [], Findings(document.place().source.name)
    for name, sha256, place in _named(settings["against"], keys, document):
        with findings:
            files.append(_read(name, sha256, fields, place, read_bytes))
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


def _read(name: str, sha256: str | None, fields: tuple[str, ...], place: Place, read_bytes: ReadBytes) -> HeldOutFile:
    file, data = read_bytes(name, place)
    found, shown = file.sha256, display(file.path)
    if sha256 is not None and sha256 != found:
        message = f"{show(name)} is not the file that the recipe means: its hash is {code(found[:12])}..."
        raise FilterError(place.problem(message, f"the recipe names {code(sha256[:12])}..."))
    text = decode(data, shown)
    return HeldOutFile(name, found, texts_of(text, Source(shown, path=file.path), fields))
