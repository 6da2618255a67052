"""Whose a run's folder is: the names of its files, which run wrote them, and whether another may write there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datarecipe.errors import RunConflictError

DATA = "data.jsonl"
LINEAGE = "lineage.jsonl"
REJECTED = "rejected.jsonl"
MANIFEST = "manifest.json"
CARD = "README.md"
FILES = (DATA, LINEAGE, REJECTED, CARD, MANIFEST)
"""In the order in which they are put in place."""
PARTIAL = ".partial"
"""What a file is called beside its name until it is put in place."""
LARGEST_MANIFEST = 64 << 20
"""Bytes."""


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest of a run's folder, or None where there is none that can be read."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_MANIFEST:  # a pipe would never end
            return None
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return manifest if isinstance(manifest, dict) else None


def conflict(folder: Path, identity: str, parts: Mapping[str, str]) -> RunConflictError | None:
    """Why a run of that identity must not write into `folder`, or None where it may."""
    if identity_in(folder / (MANIFEST + PARTIAL)) == identity:
        return None  # killed between two renames, which the next run finishes
    manifest = read_manifest(folder / MANIFEST)
    owner = identity_in(folder / MANIFEST)
    if owner == identity and manifest is not None:
        return _changed(folder, manifest)
    if not any(os.path.lexists(folder / name) for name in FILES):
        return None
    if owner is None:
        return RunConflictError(
            f"{folder} holds files, and no {MANIFEST} that says which run wrote them",
            hint="Give this run its own folder with --output DIR, or replace what is there with --overwrite.",
        )
    return RunConflictError(
        f"{folder} holds the dataset of another run: {_difference(parts, folder)}",
        hint="What differs is asked, and paid, anew. Keep both with --output DIR (several recipes: --runs-dir DIR), "
        "or replace what is there with --overwrite; stored responses stay in the cache.",
    )


def _changed(folder: Path, manifest: Mapping[str, Any]) -> RunConflictError | None:
    """Whether somebody else changed a file since its run wrote it: what they did would be lost."""
    files = manifest.get("files")
    written = files if isinstance(files, dict) else {}
    for name, digest in digests(folder).items():
        before = written.get(name)
        # One that is gone, a run brings back.
        if isinstance(before, dict) and digest not in (before.get("sha256"), ABSENT):
            return changed(folder / name, digest, "since its run wrote it")
    return None


def changed(path: Path, digest: str, when: str) -> RunConflictError:
    """The refusal to replace what is not as it was; `digest` is what it is now."""
    unread = digest.startswith(UNREAD)
    return RunConflictError(
        f"{path} {digest}" if unread else f"{path} was changed {when} ({described(path)['lines']:,} lines now)",
        hint="A run writes it anew from the stored responses. Move yours to another name to keep it, "
        "or let its changes go with --overwrite.",
    )


def _difference(parts: Mapping[str, str], folder: Path) -> str:
    """What is another in the run that the folder holds."""
    names = [f"`{name}`" for name in differing(parts, folder)]
    if not names:
        return "another recipe, model or setting than this one's"
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} different"


def differing(parts: Mapping[str, str], folder: Path) -> list[str]:
    """Which of the `parts` of an identity are others in the run that `folder` holds; none where that is not known."""
    theirs = (read_manifest(folder / MANIFEST) or {}).get("identity_parts")
    known = theirs if isinstance(theirs, dict) else {}
    return [name for name, part in parts.items() if name in known and known[name] != part]


def holds(identity: str, folder: Path) -> bool:
    """Whether `folder` holds a run of that identity."""
    return identity_in(folder / MANIFEST) == identity


def identity_in(path: Path) -> str | None:
    manifest = read_manifest(path)
    identity = manifest.get("identity") if manifest else None
    return identity if isinstance(identity, str) else None


ABSENT = "absent"
"""Instead of the hash of a file that is not there."""
UNREAD = "cannot be read"
"""How what stands instead of the hash begins where there is something, and no way to know what."""


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file that a user may have changed, by name; else `ABSENT`, or `UNREAD` and why."""
    found = {}
    for name in FILES:
        path = folder / name
        if name == MANIFEST:
            continue
        try:
            found[name] = described(path)["sha256"] if os.path.lexists(path) else ABSENT
        except OSError as error:
            found[name] = f"{UNREAD}: {error.strerror}"
    return found


def described(path: Path) -> dict[str, Any]:
    """Number of lines and hash of a file; of none, and of what is no file, as of an empty one."""
    lines, digest = 0, hashlib.sha256()
    if path.is_file():  # a device or pipe would never end
        with contextlib.suppress(FileNotFoundError), path.open("rb") as stream:
            for chunk in iter(lambda: stream.read(1 << 20), b""):
                lines += chunk.count(b"\n")
                digest.update(chunk)
    return {"lines": lines, "sha256": digest.hexdigest()}
