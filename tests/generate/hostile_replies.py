"""Replies that are built to cost a parser time or memory: `HOSTILE[name](size)` is one of about `size` characters.

A server may send any of these, and each may be as long as the longest reply that is kept (8 M characters). Reading one
must take time in proportion to its length, raise nothing, and give rows of about its size. The tests of the parser check
that over short ones; a fuzz campaign or a plot of time by length can take the same list. `FIELDS` are the fields of the seed
example that the replies are written for. The same name and size always give the same text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

FIELDS = ("text", "label")

ITEM = '{"text": "See you at nine", "label": "ham"}'


def _row(unit: str) -> Callable[[int], str]:
    """`unit` again and again."""
    return lambda size: unit * (size // len(unit))


def _after(head: str, unit: str, tail: str = "") -> Callable[[int], str]:
    """`unit` again and again, with something before and after."""
    return lambda size: head + unit * (max(0, size - len(head) - len(tail)) // len(unit)) + tail


def _nested(opening: str, closing: str, inner: str = "") -> Callable[[int], str]:
    """`inner` in as many brackets as there is room for."""

    def make(size: int) -> str:
        depth = max(0, size - len(inner)) // (len(opening) + len(closing))
        return opening * depth + inner + closing * depth

    return make


def _halves(first: str, second: str) -> Callable[[int], str]:
    """Half a reply of one thing, and half of another."""
    return lambda size: first * (size // 2 // len(first)) + second * (size // 2 // len(second))


def _numbered(unit: str) -> Callable[[int], str]:
    """`unit` with a number of its own in each."""

    def make(size: int) -> str:
        each = len(unit.format(10**6))
        return "".join(unit.format(10**6 + number) for number in range(size // each))

    return make


_BRACKETS: Mapping[str, Callable[[int], str]] = {
    "opening-braces": _row("{"),
    "opening-brackets": _row("["),
    "opening-pairs": _row("[{"),
    "opening-round": _after("[", "("),
    "closing-braces": _row("}"),
    "closing-brackets": _row("]"),
    "deep-and-whole": _nested("[", "]"),
    "deep-round-an-item": _nested("[", "]", ITEM),
    "deep-objects": _nested('{"a":', "}", "1"),
    "deep-envelopes": _nested('{"examples":[', "]}", ITEM),
    "brackets-then-numbers": lambda size: "[" * (size // 1000) + "1," * (size // 2),
    "never-closed-list-of-numbers": _after("[" * 800, "1,"),
    "never-closed-list-of-items": _after('{"examples": [', ITEM + ", "),
    "never-closed-lists-of-items": _row('{"examples": [' + ITEM + ", "),
    "items-in-a-row": _row(ITEM),
    "items-in-one-list": _after("[", ITEM + ",", ITEM + "]"),
    "empty-items": _after("[", "{},", "{}]"),
    "empty-items-broken": _after("[", "{},", "{} oops"),
    "empty-lists": _row("[]"),
    "items-without-commas": _after("[", ITEM + " ", "]"),
    "items-with-trailing-commas": _after("[", '{"text":"a","label":"ham",},', "]"),
    "items-that-are-cut-off": _row('{"text": "a", '),
    "items-that-name-a-field-twice": _after("[", '{"text":"a","text":"b"},', "{}]"),
    "one-item-with-many-fields": _after("{", '"text":"a",', '"label":"ham"}'),
    "one-envelope-with-many-lists": _after("{", f'"examples":[{ITEM}],', '"examples":[]}'),
    "colons": _after('{"text"', ":"),
    "commas": _after("[", ","),
    "keys-without-values": _after("{", '"text",'),
    "values-without-commas": _after("[", "1 "),
    "brackets-of-both-kinds": _row("[}{]"),
    "wrong-closing": _row('{"text": ["a"}'),
}

_TEXTS: Mapping[str, Callable[[int], str]] = {
    "quotes": _row('"'),
    "quotes-after-a-brace": _after("{", '"'),
    "single-quotes": _after("{", "'"),
    "quotes-of-both-kinds": _after("{", "\"'"),
    "brace-quote": _row('{"'),
    "brace-single-quote": _row("{'"),
    "brace-both-quotes": _row("{\"{'"),
    "typographic-quotes": _row("{“"),
    "typographic-quotes-open": _after('{"text": ', "“"),
    "one-long-text": _after('{"text": "', "a", '", "label": "ham"}'),
    "one-long-text-cut-off": _after('{"text": "', "a"),
    "one-long-text-of-braces": _after('{"text": "', "{", '"'),
    "one-long-text-of-braces-cut-off": _after('{"text": "', "{ "),
    "one-long-text-with-a-stray-quote": _after('{"text": "he said "', "{ [ ", '", "label": "ham"}'),
    "one-long-text-of-items": _after('{"text": "', "{'text': 'a', 'label': 'ham'}", '" oops'),
    "texts-never-closed": _row('{"text": "a, '),
    "texts-with-stray-quotes": _row('{"text": "he said "hi" to me", "label": "ham"}, '),
    "texts-without-their-end": _row('{"text": "a, "label": "ham"}, '),
    "backslashes": _row("\\"),
    "backslashes-in-a-text": _after('{"text": "', "\\"),
    "backslashes-in-a-whole-text": _after('{"text": "', "\\\\", '", "label": "ham"}'),
    "escaped-quotes": _after('{"text": "', '\\"'),
    "escaped-quotes-as-structure": _row('{\\"text\\": \\"a\\"}'),
    "wrong-escapes": _after('{"text": "', "\\s", '", "label": "ham"}'),
    "unicode-escapes-cut-short": _after('{"text": "', "\\u12", '", "label": "ham"}'),
    "surrogates-alone": _after('{"text": "', "\\ud800", '", "label": "ham"}'),
    "control-characters": _after('{"text": "', "\x00\x1b", '", "label": "ham"}'),
    "latex-in-dollars": _after('{"text": "', "$\\frac{1}{2}\\times x$ ", '", "label": "ham"}'),
    "dollars": _after('{"text": "\\times', "$", '", "label": "ham"}'),
    "latex-never-closed": _after('{"text": "$', "\\times ", '", "label": "ham"}'),
    "latex-brackets": _after('{"text": "', "\\(\\times", '", "label": "ham"}'),
    "white-space": _row(" \n\t"),
    "white-space-in-an-item": _after('{"text":', " ", '"a"}'),
    "white-space-behind-brackets": _halves("{", " "),
    "digits": _after('{"text": ', "9", "}"),
    "digits-in-rows": _after("[", "9" * 5000 + ",", "1]"),
    "letters": _after("{", "a"),
    "unquoted-keys": _after("{", "a:1,", "b:2}"),
    "comments": _after("[", "/* a */ "),
    "comments-never-closed": _after("[", "/* "),
    "slashes": _after("[", "/"),
    "hashes": _after("[", "#"),
    "text-within-texts": lambda size: _within(ITEM, size),
    "a-list-as-text": _after('{"examples": "[', '{\\"text\\": \\"a\\"}, ', '1]"}'),
    "lists-as-texts": _after('{"examples": [', '"[\\"[{}]\\"]", ', "1]}"),
}

_TAGS: Mapping[str, Callable[[int], str]] = {
    "think-tags": _row("<think>"),
    "think-tags-after-a-brace": _after("{", "<think>"),
    "think-pairs": _row("<think></think>"),
    "think-pairs-after-a-brace": _after("{", "<think></think>"),
    "think-closing": _row("</think>"),
    "think-closing-after-a-brace": _after("{", "</think>\n"),
    "think-then-closing": _halves("<think>", "</think>"),
    "think-and-item": _row(f"<think>{ITEM}</think>"),
    "think-never-closed": _after("<think>", ITEM),
    "think-around-items": _row(f"<think>{ITEM}</think>{ITEM}"),
    "think-in-quotes": _row('"<think>"'),
    "think-with-attributes": _row("<think a='b' "),
    "think-with-spaces": _row("<think" + " " * 100),
    "magistral": _row("[THINK]"),
    "magistral-pairs": _row("[THINK][/THINK]"),
    "harmony": _row("<|channel|>analysis<|message|>"),
    "harmony-final": _row("<|start|>assistant<|channel|>final<|message|>"),
    "harmony-stripped": _after("analysis", "assistantfinal"),
    "harmony-channels": _row("<|channel|>"),
    "unknown-tags": _numbered("<a{}>"),
    "unknown-pairs": _numbered("<a{0}>b</a{0}>"),
    "unknown-closing": _numbered("</a{}>"),
    "unknown-tags-then-closing": lambda size: _numbered("<a{}>")(size // 2) + _numbered("</a{}>")(size // 2),
    "angles": _row("<"),
    "angle-pipes": _row("<|"),
    "angle-slashes": _row("</"),
    "angle-letters": _row("<a"),
    "long-tag-name": _after("<", "a"),
    "triangles": _row("◁think▷"),
    "fences": _row("```"),
    "fences-json": _row("```json\n"),
    "fences-with-items": _row(f"```json\n{ITEM}\n```\n"),
    "phrases": _row("Here is my thought process: "),
}

HOSTILE: Mapping[str, Callable[[int], str]] = {**_BRACKETS, **_TEXTS, **_TAGS}
"""What each reply is made of -> a function of about how many characters it has."""


def _within(text: str, size: int) -> str:
    """JSON as a text in JSON as a text ...; each layer doubles the backslashes, so few fit."""

    while len(text) < size:
        text = json.dumps({"examples": text})
    return text
