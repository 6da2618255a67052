"""Files that the user names: data by its suffix, seed examples as JSON."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from datarecipe.exchange import Example
from datarecipe.init.read.csv_rows import read_csv_table
from datarecipe.init.read.json_rows import read_json_table, read_jsonl_table, read_seed_text
from datarecipe.init.read.lines import read_lines, refuse
from datarecipe.init.read.table import Table
from datarecipe.recipe import shipped_recipes

_MAX_SEED_BYTES = 1_000_000
"""What a recipe reads of one file."""

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


def read_seeds(path: Path) -> list[Example]:
    """Seed examples from a JSON file with one object, or a list of them.

    Raises:
        RecipeError: it is missing, too large, or holds something else.
    """
    source = str(path)
    _check(path, source)
    if path.suffix.lower() in (".jsonl", ".csv", ".tsv", ".ndjson"):
        refuse(source, "a file of rows is no seed example", hint="Give it with --from: init picks a typical row of it.")
    if path.stat().st_size > _MAX_SEED_BYTES:
        hint = "A few examples are enough. Give a file of data with --from."
        refuse(source, "the file is larger than 1 MB", hint=hint)
    try:
        return read_seed_text("".join(read_lines(path, source)), source)
    except OSError as error:
        refuse(source, f"the file cannot be read: {error.strerror or error}")


def _check(path: Path, source: str) -> None:
    """A regular file: a pipe or a device could be read for ever."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        shipped = f"to copy a shipped recipe: datarecipe show {source} > recipes/NAME.yaml"
        refuse(source, "there is no such file", hint=shipped if source in shipped_recipes() else "")
    if not stat.S_ISREG(mode):
        refuse(source, "this is a folder" if stat.S_ISDIR(mode) else "this is no regular file")
