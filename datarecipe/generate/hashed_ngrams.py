"""The embedder that is always there: hashed character n-grams, no model, nothing to fit.

The vectors are small integers, so that they are the same on every machine; `similar` and `contrastive` compare them by
cosine. Feature hashing with a sign: Weinberger et al. 2009, arXiv 0902.2206.
"""

from __future__ import annotations

import zlib

from datarecipe.characters import changed

DIMENSIONS = 512
SIZES = (3, 4, 5)


def hashed_ngrams(text: str) -> tuple[int, ...]:
    """The vector of `text`: its 3- to 5-character sequences (case-folded, edges marked) counted in 512 signed bins."""
    padded = f"\x02{changed(text, str.casefold)}\x03".encode("utf-32-le", "surrogatepass")
    vector = [0] * DIMENSIONS
    for size in SIZES:
        for start in range(0, len(padded) - 4 * size + 1, 4):
            bits = zlib.crc32(padded[start : start + 4 * size])
            vector[bits % DIMENSIONS] += 1 if bits & 0x8000_0000 else -1
    return tuple(vector)
