"""A finished run, read in one pass: its manifest, and its lines one by one, in memory that does not grow with them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from datarecipe.errors import UsageError
from datarecipe.exchange import Example
from datarecipe.generate.events import Lineage, RejectedItem
from datarecipe.json_size import too_many_values
from datarecipe.printable import counted
from datarecipe.run_folder.json_records import RecordError, from_json
from datarecipe.run_folder.layout import DATA, LINEAGE, MANIFEST, REJECTED
from datarecipe.run_folder.manifest import Manifest, load_manifest
from datarecipe.run_folder.run_files import RunFiles

T = TypeVar("T")

LONGEST_LINE = 64 << 20
"""Bytes. A run keeps far less of what a model wrote."""

MEND = "Run the recipe again with --overwrite: every stored response is used, and the files are written anew."


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """The folder of a run. Its files are opened when they are asked for."""

    files: RunFiles
    manifest: Manifest

    def examples(self) -> Iterator[tuple[Example, Lineage]]:
        """Each example with where it came from, in the dataset's order. Raises `UsageError` with file and line."""
        lineage = records(self.files, LINEAGE, Lineage)
        number = 0
        for number, example in enumerate(rows(self.files, DATA), 1):
            origin = next(lineage, None)
            if origin is None:
                raise _uneven(self.files.path, number)
            yield example, origin
        if next(lineage, None) is not None:
            raise _uneven(self.files.path, number + 1)

    def rejected(self) -> Iterator[RejectedItem]:
        """What was not taken, and why, in logical order. Raises `UsageError` with file and line."""
        return records(self.files, REJECTED, RejectedItem)

    def check(self) -> None:
        """Compare lines and hashes of the files with the manifest. Raises `UsageError` for the first that differs."""
        tally = self.manifest.counts.tally
        dropped = tally.rejected.total() + tally.surplus
        for name, lines in ((DATA, tally.accepted), (LINEAGE, tally.accepted), (REJECTED, dropped)):
            path = self.files.path / name
            try:
                found = self.files.described(name)
            except OSError as error:
                raise UsageError(f"{path} cannot be read: {error.strerror}") from None
            if found.lines != lines:
                held = counted(found.lines, "line")
                raise UsageError(f"{path} has {held}, and {MANIFEST} counts {lines:,}", hint=MEND)
            if found != self.manifest.files.get(name):
                raise UsageError(
                    f"{path} was changed since its run wrote it: its hash is not the manifest's", hint=MEND
                )


def read_run(folder: Path) -> FinishedRun:
    """The run in a folder. Raises `UsageError` where there is none, or its manifest is broken."""
    files = RunFiles(folder)
    return FinishedRun(files, load_manifest(files))


def records(files: RunFiles, name: str, kind: type[T]) -> Iterator[T]:
    """The lines of a file as records. Raises `UsageError` with file and line."""
    for number, row in enumerate(rows(files, name), 1):
        try:
            yield from_json(kind, row)
        except RecordError as error:
            raise UsageError(f"{files.path / name}:{number}: {error}", hint=MEND) from None


def rows(files: RunFiles, name: str) -> Iterator[dict[str, Any]]:
    """The lines of a file, each a JSON object. Raises `UsageError` with file and line."""
    path = files.path / name
    try:
        stream = files.reading(name)
        if stream is None:
            raise UsageError(f"{path} is not there", hint=MEND)
        with stream:
            # A file of bytes ends its lines at line feeds alone, not at line breaks that JSON allows within strings.
            for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE), b""), 1):
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


def _uneven(folder: Path, line: int) -> UsageError:
    return UsageError(f"{folder / DATA} and {LINEAGE} differ in length: line {line} is in one of them alone", hint=MEND)
