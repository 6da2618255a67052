"""How values, types and keys are named in messages, and what was probably meant.

Everything that comes from a recipe is made printable here before it reaches a terminal: a label may hold control characters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import islice

from datarecipe.exchange import Json
from datarecipe.printable import printable

LONGEST_SHOWN = 60
_LONGEST_COMPARED = 200
_MOST_COMPARED = 500
"""Words that a misspelt one is compared with, and characters of each: more takes long, and nobody misspells that."""


def shorten(text: str) -> str:
    """The beginning of `text` when it is too long for a message."""
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def show(value: Json) -> str:
    """A value as it would stand in a recipe, short and on one line."""
    if isinstance(value, str):
        return f'"{printable(shorten(value))}"'
    return printable(shorten(json.dumps(value, ensure_ascii=False)))


def describe(value: Json) -> str:
    """A value together with its type: what a message says after "not"."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return f"the boolean {show(value)}"
        case int() | float():
            return f"the number {show(value)}"
        case str():
            return f"the text {show(value)}"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case _:
            return "a mapping"


def code(name: str) -> str:
    """A key or a name as code."""
    return f"`{printable(shorten(name))}`"


def dotted(path: Sequence[str | int]) -> str:
    """A place inside a document as a person writes it: `strategy.chains`, `seed_example[1].answer`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def join(words: Iterable[str], last: str) -> str:
    """`a, b or c`."""
    listed = list(words)
    if len(listed) < 2:
        return "".join(listed)
    return f"{', '.join(listed[:-1])} {last} {listed[-1]}"


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant, if one is near."""
    # Only a wrong recipe pays for this import.
    from difflib import get_close_matches  # noqa: PLC0415

    if len(word) > _LONGEST_COMPARED:
        return None
    short = (candidate for candidate in candidates if len(candidate) <= _LONGEST_COMPARED)
    spelled = {_plain(candidate): candidate for candidate in islice(short, _MOST_COMPARED)}
    found = get_close_matches(_plain(word), spelled, n=1, cutoff=0.6)
    found = found or [candidate for candidate in spelled if len(word) > 2 and candidate.startswith(_plain(word))]
    return spelled[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """A hint that names the nearest candidate, or None."""
    found = nearest(word, candidates)
    return None if found is None else f"did you mean {code(found)}?"


def _plain(word: str) -> str:
    return word.casefold().replace("-", "_")
