r"""Regular expressions of a stranger's schema, run by RE2: in time that grows with the text, and no faster.

Python's `re` tries one way after another, so a short pattern such as `(a+)+$` can take it longer than anyone waits. RE2
follows all ways at once. Time is at most the text's length times the size of the pattern's program, so the size is bounded;
memory is bounded by an option of RE2. There is no other engine to fall back to: what RE2 cannot run is refused when the
recipe is loaded.

Flags such as `(?i)` are allowed. Each pattern is compiled by itself and never joined with another, so a flag ends with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from datarecipe.recipe.example_schema.pattern_dialect import PatternError, to_re2
from datarecipe.recipe.message_text import code

MAX_LENGTH: Final = 2_000
"""Characters of a pattern. Bounds the work of compiling what will turn out to be too large."""

MAX_INSTRUCTIONS: Final = 10_000
"""RE2's instructions for one pattern: `.` takes 9, so `.{0,1000}` fits; one letter takes 1, `\\p{L}` about 1,200.

At the very worst RE2 takes some 5 seconds for so large a program and a text of 100,000 characters; mostly milliseconds."""

MAX_INSTRUCTIONS_IN_ALL: Final = 40_000
"""RE2's instructions for all patterns of a schema."""

_MEMORY: Final = 2 << 20
"""Bytes that RE2 may take for one pattern. Without enough of them it is slower, and its answer the same."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that is ready to run."""

    search: Callable[[str], bool]
    """Whether the pattern is found anywhere in a text, as JSON Schema wants it. Never raises."""
    instructions: int
    """Size of RE2's program: time is at most in proportion to it, and to the text's length."""


@lru_cache(maxsize=1024)  # a validator asks for each item; a schema with more patterns is slower, and judged alike
def compile_pattern(pattern: str) -> Pattern:
    """A pattern of JSON Schema, ready to run.

    Raises:
        PatternError: it cannot run, with the reason and what to write instead.
    """
    import re2  # type: ignore[import-untyped]  # noqa: PLC0415 - 6 ms to import, only for schemas with patterns

    if len(pattern) > MAX_LENGTH:
        raise PatternError(f"it is longer than {MAX_LENGTH:,} characters")
    try:
        pattern.encode()
    except UnicodeEncodeError:
        raise PatternError("it holds half of a surrogate pair, which is no character") from None
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False  # else RE2 writes to stderr
    options.never_capture = True  # what a group found is never asked for
    try:
        compiled = re2.compile(to_re2(pattern), options)
    except re2.error as error:
        raise PatternError(_in_words(error)) from None
    if compiled.programsize > MAX_INSTRUCTIONS:
        raise PatternError(_TOO_LARGE)
    find = compiled.search

    def search(text: str) -> bool:
        # As bytes, since for a text RE2's module would also count where in it the match stands. A text of half a
        # surrogate pair cannot be written as UTF-8, and is a text all the same.
        return find(text.encode("utf-8", "surrogatepass")) is not None

    return Pattern(search, compiled.programsize)


_TOO_LARGE: Final = (
    "it is too large; large counts and classes such as `\\p{L}` cost most, and `minLength` and `maxLength` bound a "
    "text's length at no cost"
)


def _in_words(error: Exception) -> str:
    """RE2's verdict, and a hint where one is known."""
    verdict = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
    if verdict.startswith("pattern too large"):
        return _TOO_LARGE
    kind, _, part = verdict.partition(": ")
    hint = ""
    if kind == "invalid repetition size":
        hint = "; counts go up to 1,000, those within each other multiplied; `maxLength` goes further"
    elif kind == "invalid perl operator":
        hint = "; groups are `(...)`, `(?:...)` and `(?<name>...)`, flags are `i`, `m`, `s` and `U`"
    elif kind == "invalid character class range" and part[:2].lower() == r"\p":
        hint = r"; a class is named as in `\p{L}`, `\p{Lu}` or `\p{Greek}`"
    elif kind == "bad repetition operator":
        hint = "; put the inner repetition into `(?:...)`"
    return f"RE2 says: {kind}{f' {code(part)}' if part else ''}{hint}"
