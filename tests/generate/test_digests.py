"""The compact set of digests is a set."""

from __future__ import annotations

import hashlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.generate.digests import DigestSet

# Few different bytes, so that digests are equal in part, and appear across the border of two neighbours.
DIGESTS = st.lists(st.sampled_from(b"\x00\x01\xff"), min_size=16, max_size=16).map(bytes) | st.binary(
    min_size=16, max_size=16
)
REPEATING = st.binary(min_size=1, max_size=4).map(lambda some: (some * 16)[:16])


def digest(number: int) -> bytes:
    return hashlib.blake2b(b"%d" % number, digest_size=16).digest()


@given(st.lists(DIGESTS | REPEATING, max_size=200), st.lists(DIGESTS | REPEATING, max_size=50))
def test_it_holds_what_a_set_holds(added: list[bytes], asked: list[bytes]) -> None:
    compact, plain = DigestSet(), set[bytes]()
    for number, one in enumerate(added):
        new = one not in plain
        assert (one not in compact) == new
        assert compact.add(one) == new
        plain.add(one)
        assert len(compact) == len(plain)
        if number % 50 == 0:
            assert sorted(compact) == sorted(plain)
    assert sorted(compact) == sorted(plain)
    assert [one in compact for one in asked] == [one in plain for one in asked]
    assert sorted(DigestSet(added)) == sorted(plain)


def test_two_neighbours_do_not_make_a_third() -> None:
    first, second, between = b"a" * 8 + b"b" * 8, b"b" * 8 + b"c" * 8, b"b" * 16
    assert between not in DigestSet([first, second])
    assert between in DigestSet([first, second, between])


@pytest.mark.parametrize("digests", [3_000, 50_000])
def test_thousands(digests: int) -> None:
    compact = DigestSet(map(digest, range(digests)))
    for number in range(digests):
        compact.add(digest(number))
    assert len(compact) == digests
    assert set(compact) == set(map(digest, range(digests)))
    assert not any(digest(number) in compact for number in range(digests, 2 * digests))


@pytest.mark.parametrize("digests", [5_000, 7_000, 40_000])
def test_a_digest_takes_little_more_than_its_bytes(digests: int) -> None:
    tracemalloc.start()
    try:
        compact = DigestSet(map(digest, range(digests)))
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size / len(compact) < 22


@pytest.mark.parametrize("wrong", [b"", b"short", b"x" * 15, b"x" * 17, b"x" * 32])
def test_only_16_bytes_are_a_digest(wrong: bytes) -> None:
    compact = DigestSet([b"x" * 16])
    with pytest.raises(ValueError, match="16 bytes"):
        compact.add(wrong)
    assert wrong not in compact
