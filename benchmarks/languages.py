"""How well `filters.language` tells short texts: `python -m benchmarks.languages FOLDER`

FOLDER holds Django, unpacked. The messages of its interface are translated by people into the languages of
the filter; the English ones are the texts that were translated.
"""

from __future__ import annotations

import argparse
import gettext
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from datarecipe.recipe.language.language_of_text import language_of
from datarecipe.recipe.language.language_profiles import profiles

LETTERS = (1, 10, 25, 45, 81, 1_000)
"""Where the groups of lengths begin, and the last one ends."""
WANTED = ("ar", "de", "en", "es", "fr", "hi", "ru", "zh")
"""Languages for which a text in another one is tried."""

_CODES = {"nb": "no", "zh_Hans": "zh", "zh_Hant": "zh", "pt_BR": "pt"}
_MARKUP = re.compile(r"%\([^)]*\)[sd]|%[sd]|<[^>]+>|\{[^}]*\}")


@dataclass
class Group:
    """Texts of about one length."""

    texts: int = 0
    rejected: int = 0
    """In their own language."""
    unsure: int = 0
    others: int = 0
    """Pairs of a text and a wanted language that is not its own."""
    found: int = 0
    """Of these, those that are rejected."""


def texts_of(folder: Path) -> dict[str, set[str]]:
    """The messages by language."""
    found: dict[str, set[str]] = {}
    for file in sorted(folder.glob("**/locale/*/LC_MESSAGES/django.mo")):
        name = file.parent.parent.name
        code = _CODES.get(name, name)
        for language, text in _messages(file, code):
            if language in profiles():
                found.setdefault(language, set()).add(text)
    return found


def _messages(file: Path, code: str) -> Iterator[tuple[str, str]]:
    with file.open("rb") as stream:
        catalog = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
    for key, text in catalog.items():
        if isinstance(key, str) and key and isinstance(text, str) and text and text != key:
            yield code, " ".join(_MARKUP.sub(" ", text).split())
            yield "en", " ".join(_MARKUP.sub(" ", key).split())


def main() -> None:
    """Print a table, and the time for each text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    by_language = texts_of(parser.parse_args().folder)
    groups = [Group() for _ in LETTERS[1:]]
    looked, begun = 0, time.process_time()
    for language, texts in by_language.items():
        for text in texts:
            letters = sum(character.isalpha() for character in text)
            at = next((at for at, (low, high) in enumerate(pairwise(LETTERS)) if low <= letters < high), None)
            own = language_of(text, [language])
            if at is None or own is None:
                continue
            group = groups[at]
            group.texts += 1
            group.rejected += own.is_other
            group.unsure += not own.is_wanted
            for other in WANTED:
                if other != language:
                    found = language_of(text, [other])
                    group.others += 1
                    group.found += found is not None and found.is_other
            looked += 1 + len(WANTED) - (language in WANTED)
    each = (time.process_time() - begun) / looked * 1000
    print(f"{sum(map(len, by_language.values())):,} texts in {len(by_language)} languages; {each:.2f} ms of CPU each\n")
    print("| letters | texts | rejected in their own language | rejected where another is wanted | unsure |")
    print("|---|---|---|---|---|")
    for (low, high), group in zip(pairwise(LETTERS), groups, strict=True):
        wrongly, told, unsure = group.rejected / group.texts, group.found / group.others, group.unsure / group.texts
        print(f"| {low} to {high - 1} | {group.texts:,} | {wrongly:.2%} | {told:.1%} | {unsure:.0%} |")


if __name__ == "__main__":
    main()
