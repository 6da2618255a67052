"""A run's folder: which run it belongs to, who may write it, and how its files are replaced.

Files are written beside the old ones as `.partial` and renamed at the end, the manifest last. A run that was killed between
two renames is finished by the next that opens the folder; so a folder holds a whole dataset or none. A run that ends early
of what is there leaves it alone, and one that finds the dataset changed by somebody else does not touch it.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Self

from datarecipe.errors import RunConflictError, StorageError
from datarecipe.generate.events import Accepted, Event, RejectedItem
from datarecipe.run_folder.json_records import as_row, json_line, to_json
from datarecipe.run_folder.layout import CARD, DATA, FILES, LINEAGE, MANIFEST, PARTIAL, REJECTED
from datarecipe.run_folder.manifest import identity_of, manifest_in
from datarecipe.run_folder.run_files import RunFiles, storage_errors
from datarecipe.run_folder.write.folder_hold import Hold, Location, hold
from datarecipe.run_folder.write.ownership import ABSENT, changed, conflict, digests
from datarecipe.run_folder.write.read_back import WrittenExamples


class RunFolder:
    """The folder of one run, held by this process while it is open.

    Its `read` is the loop's `AcceptedLog`: what was written can be read again while the run goes on.
    """

    files: RunFiles
    """While it is held."""
    _hold: Hold
    _exit: ExitStack
    _written: WrittenExamples

    def __init__(
        self,
        place: Path | Location,
        identity: str,
        *,
        overwrite: bool,
        parts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`parts` are hashes of the identity's parts by name, to say what is different in a folder of another one."""
        self._location = place if isinstance(place, Location) else Location(place)
        self.path = self._location.path
        self._parts = parts
        self._identity = identity
        self._overwrite = overwrite
        self._streams: dict[str, IO[str]] = {}
        """What is being written, by the name that it gets at the end."""
        self._found: Mapping[str, str] = {}
        """Hashes of the files when the run began."""
        self._accepted = 0
        self._readable = 0
        self.lines_before = 0
        """Lines of `data.jsonl` when the run began; 0 where it is not this identity's, or somebody changed it."""

    def __enter__(self) -> Self:
        """Lock the folder. Raises `RunLockedError`, `RunConflictError`, `StorageError`."""
        with ExitStack() as stack:
            self._hold = stack.enter_context(hold(self._location))
            self.files = self._hold.files
            # All that was worth keeping was flushed by `replace`; what a full disk did not take is dropped here.
            stack.callback(self._close_streams)
            with storage_errors(self.path):
                self._finish_replacing()
                self._check_owner()
                for name in FILES:
                    self.files.remove(name + PARTIAL)
                for name in (DATA, LINEAGE, REJECTED):
                    self._begin(name)
                self._written = WrittenExamples(self.files, DATA + PARTIAL, LINEAGE + PARTIAL)
                stack.callback(self._written.close)
            self._exit = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def write(self, event: Event) -> None:
        """Append an accepted example or a rejected item to the partial files."""
        if isinstance(event, Accepted):
            self._streams[DATA].write(json_line(event.example))
            self._streams[LINEAGE].write(json_line(as_row(event.lineage)))
            self._accepted += 1
        elif isinstance(event, RejectedItem):
            self._streams[REJECTED].write(json_line(as_row(event)))

    def read(self, position: int) -> Accepted:
        """Accepted example number `position` of this run, from 0 on.

        Raises `StorageError`, also when the files were changed by somebody else.
        """
        assert position < self._accepted
        if position >= self._readable:
            with storage_errors(self.path):
                self._streams[DATA].flush()
                self._streams[LINEAGE].flush()
            self._readable = self._accepted
        return self._written.read(position)

    def replace(self, manifest: Mapping[str, Any], card: str) -> None:
        """Put the written files in place of the old ones, the manifest last.

        Raises `StorageError`, also where the folder is no longer the one that was locked; `RunConflictError` where somebody
        changed the old files meanwhile, and those stay.
        """
        with storage_errors(self.path):
            for stream in self._streams.values():
                _to_disk(stream)
            self._check_held()
            self._write_whole(CARD, card)
            files = {name: to_json(self.files.described(name + PARTIAL)) for name in (DATA, LINEAGE, REJECTED, CARD)}
            self._refuse_changes()
            self._write_manifest({**manifest, "files": files})
            self._check_held()
            self._rename()

    def keep(self, cost: Mapping[str, Any]) -> None:
        """Drop what was written; the folder's files stay, but for what the manifest says of the `cost` so far."""
        self.discard()
        old = manifest_in(self.files)
        if old is None or old.get("identity") != self._identity or not isinstance(old.get("cost"), dict):
            return
        with storage_errors(self.path):
            self._write_manifest({**old, "cost": {**old["cost"], **cost}})
            self._check_held()
            self._rename()

    def discard(self) -> None:
        """Drop what was written; the folder's files stay as they were."""
        with storage_errors(self.path):
            for name, stream in self._streams.items():
                if self.files.has(name + PARTIAL, stream.fileno()):  # else it is somebody else's
                    self.files.remove(name + PARTIAL)
        self._close_streams()

    def _check_held(self) -> None:
        """Raise where what would be put in place is not what this run wrote, or where it would go is not this run's."""
        try:
            self._hold.check()
            for name, stream in self._streams.items():
                if not self.files.has(name + PARTIAL, stream.fileno()):
                    raise self._hold.lost(f"{name + PARTIAL} was deleted or replaced")
        except StorageError:
            self.discard()
            raise

    def _close_streams(self) -> None:
        for stream in self._streams.values():
            with contextlib.suppress(OSError):  # a full disk is told where the writing fails
                stream.close()
        self._streams.clear()

    def _finish_replacing(self) -> None:
        """Finish what a run that was killed between two renames had begun: its manifest is written last, so all is there."""
        if identity_of(manifest_in(self.files, MANIFEST + PARTIAL)) is not None:
            self._rename()

    def _rename(self) -> None:
        if identity_of(manifest_in(self.files)) != identity_of(manifest_in(self.files, MANIFEST + PARTIAL)):
            # A manifest never stands over another run's data, not even for the moment between two renames.
            self.files.remove(MANIFEST)
        for name in FILES:
            if self.files.exists(name + PARTIAL):
                self.files.rename(name + PARTIAL, name)

    def _check_owner(self) -> None:
        for name in FILES:
            found = self.files.status(name)
            if found is not None and stat.S_ISDIR(found.st_mode):
                raise RunConflictError(
                    f"{self.path / name} is a folder, and a run writes a file of that name",
                    hint="Move it away, or give this run its own folder with --output DIR.",
                )
        refusal = conflict(self.files, self._identity, self._parts)
        if refusal is not None and not self._overwrite:
            raise refusal
        self._found = digests(self.files)
        if refusal is None and identity_of(manifest_in(self.files)) == self._identity:
            self.lines_before = self.files.described(DATA).lines

    def _refuse_changes(self) -> None:
        """Raise where a file is not as it was found: a run may take hours, in which somebody edits what is there."""
        for name, digest in digests(self.files).items():
            if digest not in (self._found[name], ABSENT):
                self.discard()
                raise changed(self.files, name, digest, "while the run went on")

    def _begin(self, name: str) -> IO[str]:
        """A new partial file, open until the folder is left: by its descriptor it is known to be this run's."""
        stream = os.fdopen(self.files.new(name + PARTIAL), "w", encoding="utf-8", newline="\n")
        self._streams[name] = stream
        return stream

    def _write_manifest(self, manifest: Mapping[str, Any]) -> None:
        self._write_whole(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")

    def _write_whole(self, name: str, text: str) -> None:
        stream = self._begin(name)
        stream.write(text)
        _to_disk(stream)


def _to_disk(stream: IO[str]) -> None:
    stream.flush()
    os.fsync(stream.fileno())
