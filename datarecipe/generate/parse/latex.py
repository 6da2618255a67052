r"""LaTeX commands whose backslash JSON took for its own: `"\frac"` decodes to a form feed and `rac`.

Models write LaTeX into JSON and forget to double the backslash. Where the letter behind it makes no escape (`\alpha`) the
text fails to decode. Where it does (b, f, n, r, t), the text decodes to something else without a word.

A form feed or a backspace is never text, so `\f` and `\b` before a command's other letters have one reading. A tab or a
line break is text, so `\t`, `\n` and `\r` count as commands only where the string is LaTeX elsewhere or in mathematics.
"""

from __future__ import annotations

import re

_NEVER_TEXT = """
backslash bar barwedge because begin beta beth between bf big bigcap bigcirc bigcup bigg biggl biggr bigl bigodot bigoplus
bigotimes bigr bigsqcup bigstar bigtriangledown bigtriangleup biguplus bigvee bigwedge binom blacksquare bmod bm bold
boldsymbol bot bowtie box boxed boxplus boxtimes brace brack breve bullet bumpeq
fallingdotseq fbox fcolorbox flat footnote forall frac frak frown
underbrace underline underset unlhd unrhd uparrow updownarrow uplus upsilon upuparrows usepackage
acute alpha amalg angle approx arccos arcsin arctan arg array ast asymp
varepsilon varnothing varphi varpi varrho varsigma vartheta vdash vdots vec vee vert vline vphantom vspace
"""
"""With b, f and u; with a and v too, which are escapes in Python."""

_SELDOM_TEXT = """
nabla natural ncong nearrow neg neq newcommand newline nexists ngeq ngtr nleq nless nmid nolimits nonumber norm notin
nparallel nprec nsim nsubseteq nsucc nsupseteq nwarrow
raisebox rbrace rbrack rceil renewcommand rfloor right rightarrow rightharpoonup rightleftharpoons rtimes rvert
tbinom text textbf textcolor textit textrm textsc textsf textstyle texttt textup tfrac therefore theta thickapprox thicksim
tilde times triangle triangledown triangleleft triangleq triangleright twoheadrightarrow
"""
"""With n, r and t: what is left without the first letter is no word ("heta", "ightarrow")."""

_OFTEN_TEXT = "ne ni not nu rangle ref rho rm root rule tag tan tanh tau tiny title to top tt"
"""With n, r and t: what is left may be a word or a variable (`\\nu` is also a line break and "u")."""

_COMMANDS = frozenset(_NEVER_TEXT.split())
_SELDOM = frozenset(_SELDOM_TEXT.split())
_OFTEN = frozenset(_OFTEN_TEXT.split())

_letters = re.compile(r"[A-Za-z]*+")
_backslash = re.compile(r"\\(?:\\[A-Za-z]*+|u[0-9A-Fa-f]{4}|[A-Za-z]++|.)", re.DOTALL)
_delimiter = re.compile(r"\\{1,2}[\[\]()]|\$\$|\$")
_word = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3}")
_mathematics_before = re.compile(r"(?:[0-9)}\]=+*/^_|&<>-]|(?<![A-Za-z\\])[A-Za-z])[ ]?\Z")

SUSPECT = r"t(?:{})|n(?:{})|r(?:{})".format(
    *("|".join(sorted(word[1:] for word in _SELDOM | _OFTEN if word[0] == letter)) for letter in "tnr")
)
"""Pattern of what stands behind a backslash where a tab or a line break may be a command."""


def is_command(raw: str, start: int) -> bool:
    """Whether the letters from `start` on, right behind a backslash, are a command that can be nothing else."""
    match = _letters.match(raw, start)
    return match is not None and match.group() in _COMMANDS


def commands_for_white_space(raw: str) -> frozenset[int]:
    r"""Where in a string's source the backslash of a `\t`, `\n` or `\r` begins a command."""
    seldom: list[re.Match[str]] = []
    often: list[re.Match[str]] = []
    elsewhere = False
    for match in _backslash.finditer(raw):
        name = match.group().lstrip("\\")
        doubled = match.group().startswith("\\\\")
        if not doubled and name in _SELDOM:
            seldom.append(match)
        elif not doubled and name in _OFTEN:
            often.append(match)
        elsewhere = elsewhere or name in _COMMANDS or (doubled and name in _SELDOM)
    if not seldom and not often:
        return frozenset()
    mathematics = _mathematics(raw)
    found = {match.start() for match in seldom if elsewhere or _is_near_mathematics(raw, match)}
    spans = iter(mathematics)
    span = next(spans, None)
    for match in sorted([*seldom, *often], key=lambda match: match.start()):
        while span is not None and span[1] <= match.start():
            span = next(spans, None)
        if span is not None and span[0] <= match.start() and (match.group()[1:] in _SELDOM or not span[2]):
            found.add(match.start())
    return frozenset(found)


def _is_near_mathematics(raw: str, match: re.Match[str]) -> bool:
    if raw[match.end() : match.end() + 1] in ("{", "_", "^", "\\"):
        return True
    return _mathematics_before.search(raw[max(0, match.start() - 4) : match.start()]) is not None


def _mathematics(raw: str) -> list[tuple[int, int, bool]]:
    r"""Where `$...$`, `$$...$$`, `\(...\)` and `\[...\]` stand, and whether there are words in them.

    A dollar sign that begins mathematics has no space behind it, and one that ends it none before it, as in Pandoc; else
    "$5 and $6" would be some.
    """
    spans: list[tuple[int, int, bool]] = []
    opened: re.Match[str] | None = None
    for match in _delimiter.finditer(raw):
        mark = match.group()
        if mark[-1] in "([":
            opened = match
        elif opened is not None and _closes(raw, opened.group(), match):
            inner = raw[opened.end() : match.start()]
            spans.append((opened.end(), match.start(), _word.search(inner) is not None))
            opened = None
        elif mark[0] == "$":
            opened = None if raw[match.end() : match.end() + 1].isspace() else match
    return spans


def _closes(raw: str, opening: str, match: re.Match[str]) -> bool:
    mark = match.group()
    if mark[0] != "$":
        return opening[-1] + mark[-1] in ("()", "[]")
    following = raw[match.end() : match.end() + 1]
    return opening == mark and not raw[match.start() - 1].isspace() and not (mark == "$" and following.isdigit())
