"""A set of digests in little memory, for a run that has a million of them.

A `set` of `bytes` takes about 93 bytes for each digest of 16 bytes, this one about 22. Digests stand one after another in
buckets, each bucket one `bytes` object that is searched at once. There are as many buckets as keep the buckets short, by
linear hashing (Litwin 1980): whenever the buckets have become too full, one of them, the next in turn, is split in two. So
no moment comes at which the whole set is moved, and the millionth digest costs what the first did.

Nothing is approximate: a digest is in the set when its bytes are, all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

SIZE = 16
"""Bytes of a digest."""

FULL = 16
"""Digests to a bucket on average. With fewer the buckets' own headers cost more memory, with more the search more time."""


class DigestSet:
    __slots__ = ("_buckets", "_count", "_mask", "_split")

    def __init__(self, digests: Iterable[bytes] = ()) -> None:
        self._buckets = [b""]
        self._count = 0
        # Buckets below `_split` are split already: they and their other halves at the end go by one bit more.
        self._mask = 0
        self._split = 0
        for digest in digests:
            self.add(digest)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        for bucket in self._buckets:
            yield from _digests(bucket)

    def __contains__(self, digest: bytes) -> bool:
        return len(digest) == SIZE and _holds(self._buckets[self._index(digest)], digest)

    def add(self, digest: bytes) -> bool:
        """Put a digest in; say whether it is new. Raises `ValueError` for one of another size than 16 bytes."""
        if len(digest) != SIZE:
            raise ValueError(f"a digest has {SIZE} bytes; this one has {len(digest)}")
        index = self._index(digest)
        bucket = self._buckets[index]
        if _holds(bucket, digest):
            return False
        self._buckets[index] = bucket + digest
        self._count += 1
        if self._count > FULL * len(self._buckets):
            self._split_next()
        return True

    def _index(self, digest: bytes) -> int:
        number = hash(digest)
        index = number & self._mask
        return index if index >= self._split else number & (2 * self._mask + 1)

    def _split_next(self) -> None:
        bit = self._mask + 1
        staying: list[bytes] = []
        leaving: list[bytes] = []
        for digest in _digests(self._buckets[self._split]):
            (leaving if hash(digest) & bit else staying).append(digest)
        self._buckets[self._split] = b"".join(staying)
        self._buckets.append(b"".join(leaving))
        self._split += 1
        if self._split == bit:
            self._mask += bit
            self._split = 0


def _holds(bucket: bytes, digest: bytes) -> bool:
    start = bucket.find(digest)
    # Its bytes may also be the end of one digest and the beginning of the next.
    return start >= 0 and (start % SIZE == 0 or digest in _digests(bucket))


def _digests(bucket: bytes) -> Iterator[bytes]:
    return (bucket[start : start + SIZE] for start in range(0, len(bucket), SIZE))
