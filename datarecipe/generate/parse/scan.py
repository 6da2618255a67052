"""Finds values in a text from left to right, and what lies between them.

A value that decodes is taken whole. Where one breaks, the whole items in it are taken, and the scan goes on behind the
break. What lies between the values found and looks like the remains of an item becomes a `Fragment`, so that it can be
reported.

Time is in proportion to the text's length, whatever it is: no place is read more than a few times, and a text of nothing but
signs ends at `MAX_STEPS`, with the rest as one fragment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any

from datarecipe.exchange import Json
from datarecipe.generate.parse import strings
from datarecipe.generate.parse.items import Finder, Found, Fragment, Mended, Row, Table, value_of
from datarecipe.generate.parse.nesting import MAX_NESTING, nesting
from datarecipe.generate.parse.reader import LETTERS, MAX_DIGITS, Broken, Meter, Reader
from datarecipe.generate.parse.thinking import Mark, Marks, next_place

MAX_STEPS = 1_000_000
"""Tokens and marks that are read in one reply outside of plain JSON. Eight million characters of honest text have fewer."""

MAX_COUNTED = 100_000
"""Items of one reply that are counted."""

_DECODES = 3
"""How often decoding in one go may fail in a text; each failure may have read all of it."""

_LAYERS = 3
"""How often a text may stand within a text."""


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is there twice")
    return made


_decoder = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_object)
_lenient = json.JSONDecoder(strict=False)
_many_digits = re.compile(rf"[0-9]{{{MAX_DIGITS},}}")
_closers = re.compile(r"(?<=\})\s*\]\s*\}?\s*(?:```)?\Z")
_escaped = re.compile(r"[{\[]\s{0,20}(?:[{\[]\s{0,20})?\\")


def parse(text: str, fields: Collection[str], most: int | None = None) -> tuple[Found, ...]:
    """The items in `text`, in order: whole ones (any JSON value, as it is or mended) and fragments.

    `fields` are the seed example's: they tell an item from what wraps items. Of more than `most` items the last is a
    fragment that says how many more there are.
    """
    found = _parse(text, frozenset(fields), Meter(MAX_STEPS), 0)
    if most is not None and len(found) > most:
        found = [*found[:most], _rest(found[most:])]
    return tuple(found)


def _parse(text: str, known: frozenset[str], meter: Meter, layer: int) -> list[Found]:
    def unpack(inner: str) -> Collection[Found]:
        return _unpack(inner, known, meter, layer)

    if (inner := _text_only(text)) is not None and (items := unpack(inner)):
        return list(items)
    finder = Finder(text, known, unpack)
    decodes = _DECODES if _is_plain(text) else 0
    scan = _Scan(text, finder, meter, decodes)
    scan.run()
    if scan.guessed and all(isinstance(item, Fragment) for item in scan.found):
        scan = _Scan(text, finder, meter, decodes, guesses=False)
        scan.run()
    return scan.found


def _text_only(text: str) -> str | None:
    """What a text says that is one JSON string and nothing else."""
    stripped = text.strip()
    if not (stripped.startswith('"') and stripped.endswith('"')):
        return None
    try:
        inner = _lenient.decode(stripped)
    except ValueError:
        return None
    return inner if isinstance(inner, str) else None


def _unpack(text: str, known: frozenset[str], meter: Meter, layer: int) -> Collection[Found]:
    """The items in a text that is JSON itself, or means to be; none if no item of the recipe is in it."""
    stripped = text.strip()
    if layer >= _LAYERS or meter.left <= 0 or not stripped.startswith(("{", "[", '"')) or _has_halves(stripped):
        return ()
    meter.left -= 20
    parsed = _parse(stripped, known, meter, layer + 1)
    found = [item if isinstance(item, Fragment) else Mended(value_of(item)) for item in parsed]
    is_ours = (
        isinstance(item, Fragment) or (isinstance(item.value, dict) and not known.isdisjoint(item.value))
        for item in found
    )
    return found if any(is_ours) else ()


def _has_halves(text: str) -> bool:
    """Whether there are lone surrogates in a text."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _rest(items: list[Found]) -> Fragment:
    """One row for many items."""
    many = f"at least {len(items):,}" if len(items) >= MAX_COUNTED // 2 else f"{len(items):,}"
    raw = ", ".join(item.raw if isinstance(item, Fragment) else json.dumps(value_of(item)) for item in items[:3])
    return Fragment(raw, f"the response holds far more items than were asked for; this row is for {many} more")


def _is_plain(text: str) -> bool:
    """Whether what decodes as JSON in a text means just that: no escape, character or number in it needs a second look."""
    if "\\" in text and re.search(strings.SUSPECT, text) is not None:
        return False
    return not strings.has_controls(text) and not (len(text) > MAX_DIGITS and _many_digits.search(text) is not None)


def _decode(text: str, start: int) -> tuple[Json, int] | None:
    try:
        value, end = _decoder.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    # Whatever is nested about as deeply as may be, the reader decides.
    if text.count("[", start, end) + text.count("{", start, end) >= MAX_NESTING and nesting(value) >= MAX_NESTING:
        return None
    return value, end


@lru_cache(maxsize=64)
def _key(known: frozenset[str]) -> re.Pattern[str]:
    """Finds one of the fields as a key, also half a one."""
    names = "|".join(sorted(map(re.escape, known)))
    return re.compile(rf"[\"'“„](?:{names})\\?[\"'”“]|(?<![{LETTERS}])(?:{names})\s{{0,5}}:")


@dataclass(slots=True)
class _Scan:
    """A text on its way from left to right."""

    text: str
    finder: Finder
    meter: Meter
    decodes: int
    """How often decoding in one go is still tried."""
    guesses: bool = True
    """Whether marks that the table of styles does not know may be thinking's."""
    guessed: bool = False
    found: list[Found] = field(default_factory=list)
    _covered: int = 0
    """Up to here everything is in `found`."""
    _broken: bool = False
    """Whether some bracket before this place was never closed: then what decodes is a part of it."""
    _within: int = 0
    """Up to here all is some text's, as far as it does not reach beyond."""
    _starts: list[tuple[int, bool]] = field(default_factory=list)
    """Since then: where an object begins that broke, and whether it has a field of the recipe."""
    _marks: Marks = field(init=False)
    _reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self._marks = Marks(self.text)
        self._reader = Reader(self.text, self.finder.known, self.meter)

    def run(self) -> None:
        position = 0
        while len(self.found) <= MAX_COUNTED and (position := next_place(self.text, position)) >= 0:
            if self.meter.left <= 0:
                self._starts.append((position, False))
                break
            self.meter.left -= 3
            is_value = self.text.startswith(('{"', "{'", "{}", "{ ", "{\n", "[{", "[\n"), position)
            mark = None if is_value else self._marks.at(position)
            skipped = self._pass(mark) if mark is not None else -1
            if skipped < 0:
                skipped = self._take(position) if self.text[position] in "{[" else position + 1
            position = skipped
        self._cover(len(self.text))

    def _pass(self, mark: Mark) -> int:
        """Skip thinking text; give where it ends, or -1 where the mark is none of thinking."""
        if mark.style < 0:
            if not self.guesses or self._broken or self.found:
                return -1
            end = self._marks.unknown(mark)
            if end is None:
                return -1
            self.guessed = True
        else:
            # A text that is never closed reaches to the end, and so do the marks that it names.
            if self._broken and (self._within == len(self.text) or not self._marks.stands_alone(mark)):
                return -1
            closing = self._marks.closing(mark.style, mark.end) if mark.opens else (0, mark.end)
            end = len(self.text) if closing is None else closing[1]
        if mark.opens:
            self._cover(mark.start)
        else:
            # Without an opening one: all before it was thought, not said.
            self.found.clear()
        self._starts.clear()
        self._covered, self._broken, self._within = end, False, 0
        return end

    def _take(self, start: int) -> int:
        """Take the value that begins here, or what is whole in it; give where to go on."""
        end = self._take_text(start)
        if end >= 0:
            return end
        if self.decodes > 0:
            decoded = _decode(self.text, start)
            if decoded is not None:
                return self._taken(decoded[0], start, decoded[1])
            self.decodes -= 1
        value = self._reader.read(start)
        if isinstance(value, Broken):
            return self._break(value)
        return self._taken(value, start, value.span.end)

    def _take_text(self, start: int) -> int:
        """Take the items in a text that holds JSON itself: `"{\\"examples\\": ...}"`."""
        if self._broken or self.text[start - 1 : start] != '"' or self.text[start - 2 : start - 1] == "\\":
            return -1
        if _escaped.match(self.text, start) is None or (read := self._reader.text_at(start - 1)) is None:
            return -1
        text, end = read
        items = self.finder.unpack(text)
        if not items:
            return -1
        self._add(items, start - 1, end)
        return end

    def _taken(self, value: Json, start: int, end: int) -> int:
        if end > self._within:
            items = list(islice(self.finder.items(value), MAX_COUNTED))
            if self._broken:
                items = [item for item in items if self._is_item_of_broken(item, start)]
            if items:
                self._add(items, start, end)
        return end

    def _is_item_of_broken(self, item: Found, start: int) -> bool:
        """Whether what is whole in something broken is an item among others, and no part of one."""
        if isinstance(item, Fragment):
            return True
        value = value_of(item)
        if not isinstance(value, dict) or not value:
            return False  # within a text `{}` is all that decodes, since the quotes of any other are escaped
        if not self.finder.known.isdisjoint(value):
            return True
        is_inner = self.text[max(0, start - 20) : start].rstrip().endswith(":")
        return not is_inner and not any(sure for _, sure in self._starts)

    def _break(self, broken: Broken) -> int:
        """Take what is whole in a broken value."""
        if broken.at <= self._within:
            return broken.at
        self._broken = True
        for frame in broken.frames:
            if frame.is_item:
                self._starts.append((frame.value.span.start, True))
                break
            elements = frame.value.values_in_order if isinstance(frame.value, Table) else frame.value
            for element in elements:
                if isinstance(element, Table | Row):
                    self._taken(element, element.span.start, element.span.end)
        else:
            if broken.frames and broken.frames[-1].opening == "{":
                self._starts.append((broken.frames[-1].value.span.start, False))
        self._within = broken.within
        return broken.at

    def _add(self, items: Iterable[Found], start: int, end: int) -> None:
        self._cover(start)
        self.found.extend(items)
        self._covered = end

    def _cover(self, end: int) -> None:
        """Report the remains of items up to here."""
        starts = sorted(start for start in self._starts if start[0] >= self._covered)
        for (begin, sure), (stop, _) in pairwise([*starts, (end, False)]):
            raw = self.text[begin:stop].rstrip(" \t\r\n,")
            tail = _closers.search(raw, max(0, len(raw) - 60))
            if sure or _key(self.finder.known).search(raw) is not None:
                self.found.append(Fragment(raw if tail is None else raw[: tail.start()]))
        self._starts.clear()
        self._covered = end
