"""Files that the user names: data by its suffix, seed examples as JSON."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from datarecipe.exchange import Example
from datarecipe.init.read.csv_rows import read_csv_table
from datarecipe.init.read.json_rows import read_json_table, read_jsonl_table
from datarecipe.init.read.lines import refuse
from datarecipe.init.read.table import Table
from datarecipe.recipe import Source
from datarecipe.recipe.keys.seeds import read_seeds
from datarecipe.recipe.source.document import Document, from_json
from datarecipe.recipe.source.paths import read_source

_JSON_READERS = {".jsonl": read_jsonl_table, ".ndjson": read_jsonl_table, ".json": read_json_table}


def read_table(path: Path, encoding: str | None = None, columns: Sequence[str] = ()) -> Table:
    """The user's own data: its beginning, and counts of all. `columns` are the names where no row of the file is.

    Raises:
        RecipeError: it is missing, of another kind, or not what its suffix says.
    """
    source, suffix = str(path), path.suffix.lower()
    _check(path, source)
    if suffix not in (*_JSON_READERS, ".csv", ".tsv"):
        refuse(source, "this kind of file cannot be read", hint="--from reads .jsonl, .json, .csv and .tsv.")
    if columns and suffix in _JSON_READERS:
        refuse(source, "--columns is for .csv and .tsv: rows of JSON name their fields")
    try:
        if suffix in _JSON_READERS:
            return _JSON_READERS[suffix](path, source, encoding)
        return read_csv_table(path, source, tabs=suffix == ".tsv", encoding=encoding, columns=columns)
    except OSError as error:
        refuse(source, f"the file cannot be read: {error.strerror or error}")


def read_seed_file(path: Path) -> list[Example]:
    """Seed examples from a JSON file with one object, or a list of them.

    Raises:
        RecipeError: it is missing, too large, or holds something else.
    """
    if path.suffix.lower() in (".jsonl", ".csv", ".tsv", ".ndjson"):
        hint = "Give it with --from: init picks a typical row of it."
        refuse(str(path), "a file of rows is no seed example", hint=hint)
    return read_seed_source(read_source(path.resolve(), Source(str(path)).place(), str(path), shown=str(path)))


def read_seed_source(source: Source) -> list[Example]:
    """Seed examples from JSON, read as a recipe reads it: one object, or a list of them.

    Raises:
        RecipeError: it is something else.
    """
    document = Document(from_json({"seed_example": "seeds/any.json"}, source.place()))
    return [seed.example for seed in read_seeds(document, lambda *_: source)]


def _check(path: Path, source: str) -> None:
    """A regular file: a pipe or a device could be read for ever."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        refuse(source, "there is no such file")
    if not stat.S_ISREG(mode):
        refuse(source, "this is a folder" if stat.S_ISDIR(mode) else "this is no regular file")
