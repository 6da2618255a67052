"""Whose a run's folder is: the names of its files, which run wrote them, and whether another may write there."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datarecipe.errors import RunConflictError
from datarecipe.json_size import too_many_values
from datarecipe.printable import counted
from datarecipe.run_folder.layout import FILES, LARGEST_MANIFEST, MANIFEST, PARTIAL
from datarecipe.run_folder.run_files import RunFiles


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as a run wrote it."""

    lines: int
    sha256: str


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest of a run's folder, or None where there is none that can be read."""
    return manifest_in(RunFiles(path.parent), path.name)


def manifest_in(files: RunFiles, name: str = MANIFEST) -> dict[str, Any] | None:
    """The manifest of that name, or None where there is none that can be read."""
    try:
        with contextlib.ExitStack() as stack:
            stream = files.reading(name)
            if stream is None:
                return None
            stack.enter_context(stream)
            text = stream.read(LARGEST_MANIFEST + 1)
            fits = len(text) <= LARGEST_MANIFEST and not too_many_values(text)
            manifest = json.loads(text.decode()) if fits else None
    except (OSError, ValueError, RecursionError):
        return None
    return manifest if isinstance(manifest, dict) else None


def conflict(folder: Path | RunFiles, identity: str, parts: Mapping[str, str]) -> RunConflictError | None:
    """Why a run of that identity must not write into `folder`, or None where it may."""
    files = folder if isinstance(folder, RunFiles) else RunFiles(folder)
    if identity_of(manifest_in(files, MANIFEST + PARTIAL)) == identity:
        return None  # killed between two renames, which the next run finishes
    manifest = manifest_in(files)
    owner = identity_of(manifest)
    if owner == identity and manifest is not None:
        return _changed(files, manifest)
    if not any(map(files.exists, FILES)):
        return None
    if manifest is None or owner is None:
        return RunConflictError(
            f"{files.path} holds files, and no {MANIFEST} that says which run wrote them",
            hint="Give this run its own folder with --output DIR, or replace what is there with --overwrite.",
        )
    return RunConflictError(
        f"{files.path} holds the dataset of another run: {_difference(parts, manifest)}",
        hint="What differs is asked, and paid, anew. Keep both with --output DIR (several recipes: --runs-dir DIR), "
        "or replace what is there with --overwrite; stored responses stay in the cache.",
    )


def _changed(files: RunFiles, manifest: Mapping[str, Any]) -> RunConflictError | None:
    """Whether somebody else changed a file since its run wrote it: what they did would be lost."""
    listed = manifest.get("files")
    written = listed if isinstance(listed, dict) else {}
    for name, digest in digests(files).items():
        before = written.get(name)
        # One that is gone, a run brings back.
        if isinstance(before, dict) and digest not in (before.get("sha256"), ABSENT):
            return changed(files, name, digest, "since its run wrote it")
    return None


def changed(files: RunFiles, name: str, digest: str, when: str) -> RunConflictError:
    """The refusal to replace what is not as it was; `digest` is what it is now."""
    path = files.path / name
    unread = digest.startswith(UNREAD)
    return RunConflictError(
        f"{path} {digest}"
        if unread
        else f"{path} was changed {when} ({counted(described(files, name).lines, 'line')} now)",
        hint="A run writes it anew from the stored responses. Move yours to another name to keep it, "
        "or let its changes go with --overwrite.",
    )


def _difference(parts: Mapping[str, str], manifest: Mapping[str, Any]) -> str:
    """What is another in the run that wrote the manifest."""
    names = [f"`{name}`" for name in _differing(parts, manifest)]
    if not names:
        return "another recipe, model or setting than this one's"
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} different"


def differing(parts: Mapping[str, str], folder: Path) -> list[str]:
    """Which of the `parts` of an identity are others in the run that `folder` holds; none where that is not known."""
    return _differing(parts, read_manifest(folder / MANIFEST) or {})


def _differing(parts: Mapping[str, str], manifest: Mapping[str, Any]) -> list[str]:
    theirs = manifest.get("identity_parts")
    known = theirs if isinstance(theirs, dict) else {}
    return [name for name, part in parts.items() if name in known and known[name] != part]


def holds(identity: str, folder: Path) -> bool:
    """Whether `folder` holds a run of that identity."""
    return identity_of(read_manifest(folder / MANIFEST)) == identity


def identity_of(manifest: Mapping[str, Any] | None) -> str | None:
    """The identity of the run that wrote a manifest, where it says one."""
    identity = manifest.get("identity") if manifest else None
    return identity if isinstance(identity, str) else None


ABSENT = "absent"
"""Instead of the hash of a file that is not there."""
UNREAD = "cannot be read"
"""How what stands instead of the hash begins where there is something, and no way to know what."""


def digests(files: RunFiles) -> dict[str, str]:
    """The SHA-256 of each file that a user may have changed, by name; else `ABSENT`, or `UNREAD` and why."""
    found = {}
    for name in FILES:
        if name == MANIFEST:
            continue
        try:
            found[name] = described(files, name).sha256 if files.exists(name) else ABSENT
        except OSError as error:
            found[name] = f"{UNREAD}: {error.strerror}"
    return found


def described(files: RunFiles, name: str) -> FileRecord:
    """Line count and SHA-256 of a file; a missing or non-regular one counts as empty.

    Raises `OSError`, also for a file with holes: a planted one of 40 GB takes no space, and minutes to read.
    """
    lines, digest = 0, hashlib.sha256()
    stream = files.reading(name)
    if stream is not None:
        with stream:
            if _has_hole(stream.fileno()):
                raise OSError(errno.EINVAL, "it has a hole, which no run leaves")
            for chunk in iter(lambda: stream.read(1 << 20), b""):
                lines += chunk.count(b"\n")
                digest.update(chunk)
    return FileRecord(lines, digest.hexdigest())


def _has_hole(descriptor: int) -> bool:
    """Whether some of the file was never written: it reads as zeros, and no line of a run holds one."""
    try:
        hole = os.lseek(descriptor, 0, os.SEEK_HOLE)
        os.lseek(descriptor, 0, os.SEEK_SET)
    except OSError:  # an empty file, or a file system that does not say
        return False
    return hole < os.fstat(descriptor).st_size
