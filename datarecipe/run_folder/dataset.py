"""A finished run's folder, for reading."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, overload

from datarecipe.errors import UsageError
from datarecipe.exchange import Example
from datarecipe.generate.events import Lineage, RejectedItem
from datarecipe.json_size import too_many_values
from datarecipe.printable import counted
from datarecipe.run_folder.json_records import RecordError, from_json
from datarecipe.run_folder.layout import DATA, LINEAGE, REJECTED
from datarecipe.run_folder.manifest import manifest_in
from datarecipe.run_folder.run_files import RunFiles

T = TypeVar("T")

LONGEST_LINE = 64 << 20
"""Bytes. A run keeps far less of what a model wrote."""

MEND = "Run the recipe again with --overwrite: every stored response is used, and the files are written anew."


class Dataset(Sequence[Example]):
    """The examples of a run, read from its folder at first use.

    `dataset[i]` is an example as a dict, `dataset.lineage[i]` where it came from.
    """

    def __init__(self, path: Path | str) -> None:
        """Raises `UsageError` when `path` is not a run's folder."""
        self.path = Path(path)
        self._files = RunFiles(self.path)
        if not (self.path / DATA).is_file():
            raise UsageError(
                f"{self.path} holds no {DATA}", hint="A run's folder is what `datarecipe run` names at its end."
            )

    def __len__(self) -> int:
        return len(self._examples)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        return self._examples[index]

    def __iter__(self) -> Iterator[Example]:
        return iter(self._examples)

    def __repr__(self) -> str:
        return f"Dataset({str(self.path)!r}, {counted(len(self), 'example')})"

    @property
    def complete(self) -> bool:
        """Whether the run reached its target."""
        return self.manifest.get("status") == "complete"

    @cached_property
    def lineage(self) -> Sequence[Lineage]:
        """Where each example came from, in the dataset's order."""
        return list(records(self._files, LINEAGE, Lineage))

    @cached_property
    def rejected(self) -> Sequence[RejectedItem]:
        """What was not taken, and why."""
        return list(records(self._files, REJECTED, RejectedItem))

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The run's manifest as a JSON document; empty where there is none."""
        return manifest_in(self._files) or {}

    def to_pandas(self, *, lineage: bool = False) -> Any:
        """A `pandas.DataFrame`: a row for each example, a column for each field.

        `lineage` adds where each example came from, in columns whose names begin with `lineage_`. Raises `MissingExtraError`
        where pandas is not installed, `UsageError` where the folder's files are none that a run writes.
        """
        from datarecipe.run_folder.export import pandas_table  # noqa: PLC0415 - it reads what this module defines

        return pandas_table(self, lineage=lineage)

    def to_hf(self, *, lineage: bool = False) -> Any:
        """The same as a `datasets.Dataset` of Hugging Face; the label of fixed labels that are texts is a `ClassLabel`.

        Raises `MissingExtraError` where datasets is not installed, `UsageError` where a field holds several types or the
        folder's files are none that a run writes.
        """
        from datarecipe.run_folder.export import hugging_face_dataset  # noqa: PLC0415 - as above

        return hugging_face_dataset(self, lineage=lineage)

    @cached_property
    def _examples(self) -> list[Example]:
        return list(rows(self._files, DATA))


def records(files: RunFiles, name: str, kind: type[T]) -> Iterator[T]:
    """The lines of a file as records. Raises `UsageError` with file and line."""
    for number, row in enumerate(rows(files, name), 1):
        try:
            yield from_json(kind, row)
        except RecordError as error:
            raise UsageError(f"{files.path / name}:{number}: {error}", hint=MEND) from None


def rows(files: RunFiles, name: str, wanted: Collection[int] | None = None) -> Iterator[dict[str, Any]]:
    """The lines of a file, each a JSON object; of those with a number in `wanted`, from 0, if that is given.

    Raises `UsageError` with file and line.
    """
    path = files.path / name
    try:
        stream = files.reading(name)
        if stream is None:
            raise UsageError(f"{path} is not there", hint=MEND)
        with stream:
            # A file of bytes ends its lines at line feeds alone, not at line breaks that JSON allows within strings.
            for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE), b""), 1):
                if wanted is not None and number - 1 not in wanted:
                    continue
                row = None
                if len(line) < LONGEST_LINE and not too_many_values(line):
                    with contextlib.suppress(ValueError, RecursionError):
                        row = json.loads(line, parse_constant=_refuse)
                if not isinstance(row, dict):
                    raise UsageError(f"{path}:{number}: not a JSON object", hint=MEND)
                yield row
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}", hint=MEND) from None


def _refuse(constant: str) -> None:
    """Python reads `NaN` and `Infinity` as numbers; JSON has none of them. Raises `ValueError`."""
    raise ValueError(constant)
