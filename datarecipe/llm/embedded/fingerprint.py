"""Which weights a file holds, by its content: part of a local model's name wherever its answers are stored.

Hashing takes a second for each gigabyte or so, and a run may need it at each start. So the result is kept in the user's data
folder, with all that the file system says of the file; a file that was changed has another time of change.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

from datarecipe.errors import WeightsError
from datarecipe.llm.embedded.gguf import open_gguf, open_regular

DIGITS = 16
TOLD_FROM = 500_000_000
"""Bytes from which on it is said that a file is being hashed."""
_SETTLED = 2.0
"""Seconds since its last change after which a file's times tell a later change apart."""


def fingerprint(path: Path, data_dir: Path, notice: Callable[[str], None] = lambda _: None) -> str:
    """Sixteen hexadecimal digits of the SHA-256 of a GGUF file. `data_dir` keeps it. Raises `WeightsError`."""
    return sha256_of(path, data_dir, notice)[:DIGITS]


def sha256_of(
    path: Path, data_dir: Path, notice: Callable[[str], None] = lambda _: None, *, is_gguf: bool = True
) -> str:
    """The SHA-256 of a file of weights, which `data_dir` keeps. Raises `WeightsError`."""
    with (open_gguf if is_gguf else open_regular)(path) as file:
        status = os.fstat(file.fileno())
        seen = [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        note = data_dir / "fingerprints" / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}.json"
        if (known := _noted(note, seen)) is not None:
            return known
        if status.st_size >= TOLD_FROM:
            notice(f"hashing {path.name} ({status.st_size / 1e9:.1f} GB), once")
        digest = _hash(file, path)
        after = os.fstat(file.fileno())
    if after.st_ctime_ns == status.st_ctime_ns and time.time() - status.st_ctime > _SETTLED:
        _keep(note, {"file": str(path), "seen": seen, "sha256": digest})
    return digest


def _hash(file: BufferedReader, path: Path) -> str:
    try:
        return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"cannot read the weights {path}: {error.strerror or error}") from None


def _noted(note: Path, seen: list[int]) -> str | None:
    try:
        document = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("seen") != seen or not isinstance(document.get("sha256"), str):
        return None
    return str(document["sha256"])


def _keep(note: Path, document: dict[str, object]) -> None:
    # Where it cannot be kept, the file is hashed again.
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        partial = note.with_name(f"{note.name}.{os.getpid()}.partial")
        partial.write_text(json.dumps(document), encoding="utf-8")
        partial.replace(note)
