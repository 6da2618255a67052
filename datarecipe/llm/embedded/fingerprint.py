"""Which weights a path holds, told in a moment: part of a local model's name wherever its answers are stored."""

from __future__ import annotations

import hashlib
from pathlib import Path

from datarecipe.errors import WeightsError

ENDS = 1 << 20
"""Bytes hashed at each end of the file: its header with all shapes, and its last tensors."""


def fingerprint(path: Path) -> str:
    """Ten hexadecimal digits of a hash of the file's size and both its ends. Raises `WeightsError`."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            head = file.read(ENDS)
            file.seek(max(0, size - ENDS))
            digest = hashlib.sha256(f"{size}\n".encode() + head + file.read(ENDS))
    except OSError as error:
        raise WeightsError(f"cannot read the weights {path}: {error.strerror or error}") from None
    return digest.hexdigest()[:10]
