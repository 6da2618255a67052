"""A GGUF file's header, read before native code sees it: where that aborts, no word of ours would be heard.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Names, lengths and counts are held to the file's own
size and to what models have; whether the tensors make a model is the engine's to find out.
"""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

from datarecipe.errors import WeightsError

MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_MOST_KEYS: Final = 100_000
_MOST_TENSORS: Final = 1_000_000
_MOST_STRINGS: Final = 10_000_000
"""Texts in all; the largest vocabularies have under a million."""
_LONGEST_NAME: Final = 65_535
_STRING: Final = 8
_ARRAY: Final = 9
_SIZES: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value, by its type."""
_SIGNED: Final = {1, 3, 5, 11}
_INTEGERS: Final = _SIGNED | {0, 2, 4, 10}
_RANGES: Final = {
    "general.alignment": (8, 1 << 20),
    ".context_length": (1, 1 << 27),
    ".embedding_length": (1, 1 << 20),
    ".block_count": (1, 1 << 14),
    ".vocab_size": (1, 1 << 27),
}
"""The least and the most of numbers that sizes are computed from, by the end of their name."""


def open_regular(path: Path) -> BufferedReader:
    """The file to read, at its beginning; a regular one. Never waits for a pipe. Raises `WeightsError`."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise WeightsError(f"{path} is no regular file", hint="Give the path of a file of weights.")
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return file
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    file.close()
    raise WeightsError(f"{path} is no regular file", hint="Give the path of a file of weights.")


def _unreadable(path: Path, error: OSError | ValueError) -> WeightsError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return WeightsError(
        f"{path}: the weights cannot be read: {reason}",
        hint="Give the path of a GGUF file: --model local//path/to/model.gguf",
    )


def open_gguf(path: Path) -> BufferedReader:
    """The same for a file that begins as GGUF does. Raises `WeightsError`."""
    file = open_regular(path)
    try:
        magic = file.read(len(MAGIC))
    except OSError as error:
        file.close()
        raise _unreadable(path, error) from error
    if magic != MAGIC:
        file.close()
        raise WeightsError(
            f"{path} is not a GGUF file",
            hint="The embedded model runs weights in llama.cpp's GGUF format. Other formats must be converted first.",
        )
    file.seek(0)
    return file


def check_gguf(path: Path) -> None:
    """Raise `WeightsError` where the header is cut off, or says what no model has."""
    with open_gguf(path) as file:
        try:
            _Header(file).check()
        except ValueError as error:
            raise WeightsError(
                f"{path} is no GGUF file that can be run: {error}",
                hint="It is damaged or was made to be. Fetch it again from where it was published.",
            ) from None


class _Header:
    """Reads it from front to back; `ValueError` says what is wrong."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._at = 0
        self._strings = 0

    def check(self) -> None:
        self._take(len(MAGIC))
        version = self._integer(4)
        if version not in _VERSIONS:
            raise ValueError(f"version {version} of the format, where {_VERSIONS} are known")
        tensors, keys = self._integer(8), self._integer(8)
        if tensors > _MOST_TENSORS or keys > _MOST_KEYS:
            raise ValueError(f"{tensors:,} tensors and {keys:,} keys")
        alignment = 32
        for _ in range(keys):
            name, kind = self._name(), self._integer(4)
            value = self._value(kind)
            if value is not None:
                _check_range(name, value)
                alignment = value if name == "general.alignment" else alignment
        offsets = [self._tensor() for _ in range(tensors)]
        data = -(-self._at // alignment) * alignment
        if offsets and data + max(offsets) >= self._size:
            raise ValueError("its end is missing")

    def _tensor(self) -> int:
        """Where its data begin, from the first one's on."""
        name, dimensions = self._name(), self._integer(4)
        if dimensions > 4:
            raise ValueError(f"the tensor {name!r} has {dimensions:,} dimensions")
        elements = 1
        for _ in range(dimensions):
            elements *= self._integer(8)
        self._integer(4)
        if not 0 < elements <= 8 * self._size:  # an element takes an eighth of a byte at the least
            raise ValueError(f"the tensor {name!r} has {elements:,} elements, more than the file can hold")
        return self._integer(8)

    def _value(self, kind: int) -> int | None:
        """Pass one value; give it, if it is a whole number."""
        if kind in _INTEGERS:
            return self._integer(_SIZES[kind], signed=kind in _SIGNED)
        if kind == _ARRAY:
            self._pass(self._integer(4), self._integer(8))
        else:
            self._pass(kind, 1)
        return None

    def _pass(self, kind: int, count: int) -> None:
        """Pass so many values of one type."""
        if kind in _SIZES:
            self._skip(_SIZES[kind] * count)
        elif kind == _STRING:
            self._strings += count
            if self._strings > _MOST_STRINGS:
                raise ValueError(f"{self._strings:,} texts")
            for _ in range(count):
                self._skip(self._integer(8))
        else:
            raise ValueError(f"a value of the unknown type {kind}")

    def _name(self) -> str:
        length = self._integer(8)
        if length > _LONGEST_NAME:
            raise ValueError(f"a name of {length:,} bytes")
        return self._take(length).decode("utf-8", "replace")

    def _integer(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self._take(size), "little", signed=signed)

    def _take(self, count: int) -> bytes:
        taken = self._file.read(count)
        if len(taken) < count:
            raise ValueError("it is cut off within its header")
        self._at += count
        return taken

    def _skip(self, count: int) -> None:
        if count > self._size - self._at:
            raise ValueError("it is cut off within its header")
        self._file.seek(count, os.SEEK_CUR)
        self._at += count


def _check_range(name: str, value: int) -> None:
    for end, (least, most) in _RANGES.items():
        if name.endswith(end) and not least <= value <= most:
            raise ValueError(f"{name} is {value:,}")
    if name == "general.alignment" and value & (value - 1):
        raise ValueError(f"{name} is {value:,}")
