"""Mutators of bytes: for the readers of UTF-8, YAML and JSON, and for Jinja's lexer."""

from __future__ import annotations

from random import Random

TOKENS = (
    b"{{", b"}}", b"{%", b"%}", b"{#", b"- ", b"*a", b"&a ", b"<<: ", b"<<: *a", b"!!python/object:os.system",
    b"\x00", b"\xef\xbb\xbf", b"\\ud800", b"\\udfff", b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\x80", b"\xf4\x90\x80\x80",
    b"\x80", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\xc2\x85", b"1e999", b"9" * 5000, b"\r", b"\r\n", b"\t", b"\x1b",
    b"\x7f", b"'", b'"', b"\\", b"#", b": ", b",", b"[", b"]", b"{", b"}", b"|", b">", b"%", b"@", b"`", b"?", b"\n",
    b"\n\n", b"---\n", b"...\n", b"NaN", b"null", b"//", b"-", b" ", b"\xf0\x9f\x98\x80", b"\xcc\x81", b"[" * 60,
    b"{" * 60, b"(" * 999,
)  # fmt: skip


def mutate(data: bytes, chance: Random) -> bytes:
    """Change some bytes."""
    changed = bytearray(data)
    kind = chance.random()
    at = chance.randrange(len(changed) + 1)
    if kind < 0.15 and at < len(changed):
        changed[at] ^= 1 << chance.randrange(8)
    elif kind < 0.2 and at < len(changed):
        changed[at] = chance.randrange(256)
    elif kind < 0.55:
        changed[at:at] = chance.choice(TOKENS)
    elif kind < 0.7:
        del changed[at : at + chance.choice((1, 1, 2, 5, 20, 200))]
    elif kind < 0.82:
        start = chance.randrange(len(changed) + 1)
        changed[at:at] = changed[start : start + chance.choice((1, 5, 30, 300))]
    elif kind < 0.92 and at < len(changed):
        changed[at : at + chance.choice((1, 3))] = chance.choice(TOKENS)
    elif kind < 0.96:
        del changed[at:]
    elif kind < 0.99:
        changed[at:at] = bytes(changed[at : at + 20]) * chance.choice((5, 50, 2000))
    else:
        changed[:] = chance.choice(
            (
                b"",
                b"\n",
                b" ",
                b"#",
                b"\xff\xfe",
                b"\x00",
                b"x" * 1_000_001,
                b"- " * 50_000,
                b"[" * 100_000,
                b'{"a":' * 5000,
                b"&a [" * 2000,
                b"? " * 3000,
                b"a: " * 3000,
            )
        )
    return bytes(changed)
