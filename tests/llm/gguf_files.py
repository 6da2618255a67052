"""Small GGUF files for tests: every part can be wrong."""

from __future__ import annotations

import struct

KEYS: dict[str, tuple[int, bytes]] = {
    "general.architecture": (8, struct.pack("<Q", 5) + b"llama"),
    "llama.context_length": (4, struct.pack("<I", 2048)),
    "llama.block_count": (4, struct.pack("<I", 2)),
    "tokenizer.ggml.tokens": (9, struct.pack("<IQ", 8, 2) + 2 * (struct.pack("<Q", 1) + b"x")),
    "tokenizer.ggml.scores": (9, struct.pack("<IQ", 6, 2) + bytes(8)),
}


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def tensor(name: bytes = b"w", dimensions: tuple[int, ...] = (4, 8), offset: int = 0, rank: int | None = None) -> bytes:
    sizes = b"".join(struct.pack("<Q", size) for size in dimensions)
    return (
        text(name)
        + struct.pack("<I", len(dimensions) if rank is None else rank)
        + sizes
        + struct.pack("<IQ", 0, offset)
    )


def gguf(
    *,
    magic: bytes = b"GGUF",
    version: int = 3,
    tensors: int = 1,
    keys: int | None = None,
    info: bytes | None = None,
    data: bytes = bytes(128),
    **changed: tuple[int, bytes],
) -> bytes:
    """A whole file; `changed` are keys with `__` for a dot, by type and bytes."""
    values = KEYS | {name.replace("__", "."): value for name, value in changed.items()}
    head = magic + struct.pack("<IQQ", version, tensors, len(values) if keys is None else keys)
    head += b"".join(text(name.encode()) + struct.pack("<I", kind) + value for name, (kind, value) in values.items())
    head += tensor() if info is None else info
    return head + bytes(-len(head) % 32) + data
