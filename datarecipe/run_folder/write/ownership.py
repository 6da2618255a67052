"""Whose a run's folder is: the names of its files, which run wrote them, and whether another may write there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datarecipe.errors import RunConflictError
from datarecipe.printable import counted
from datarecipe.run_folder.layout import FILES, MANIFEST, PARTIAL
from datarecipe.run_folder.manifest import identity_of, manifest_in
from datarecipe.run_folder.run_files import RunFiles


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
    """The refusal where somebody changed a file since its run wrote it: what they did would be lost."""
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
        else f"{path} was changed {when} ({counted(files.described(name).lines, 'line')} now)",
        hint="A run writes it anew from the stored responses. Move yours to another name to keep it, "
        "or let its changes go with --overwrite.",
    )


def _difference(parts: Mapping[str, str], manifest: Mapping[str, Any]) -> str:
    """Which `parts` of an identity are others in the run that wrote the manifest, as far as that is known."""
    theirs = manifest.get("identity_parts")
    known = theirs if isinstance(theirs, dict) else {}
    names = [name for name, part in parts.items() if name in known and known[name] != part]
    if not names:
        return "another recipe, model or setting than this one's"
    return f"{', '.join(f'`{name}`' for name in names)} {'is' if len(names) == 1 else 'are'} different"


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
            found[name] = files.described(name).sha256 if files.exists(name) else ABSENT
        except OSError as error:
            found[name] = f"{UNREAD}: {error.strerror}"
    return found
