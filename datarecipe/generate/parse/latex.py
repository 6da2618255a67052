r"""LaTeX commands whose backslash JSON took for its own: `"\frac"` decodes to a form feed and `rac`.

Models write LaTeX into JSON and forget to double the backslash. Where the letter behind it makes no escape (`\alpha`) the
text fails to decode. Where it does (b, f, n, r, t), the text decodes to something else without a word.

A form feed or a backspace is never text, so `\f` and `\b` before a command's other letters have one reading. A tab or a
line break is text, so `\t`, `\n` and `\r` count as commands only where the string is LaTeX elsewhere or in mathematics. A
formula on lines of its own has line breaks too: there `\nu` is a line break and "u" unless another backslash was forgotten.
"""

from __future__ import annotations

import re
from bisect import bisect_left

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
_ALL = _COMMANDS | _SELDOM | _OFTEN

_letters = re.compile(r"[A-Za-z]*+")
_backslash = re.compile(r"\\(?:\\[A-Za-z]*+|u[0-9A-Fa-f]{4}|[A-Za-z]++|.)", re.DOTALL)
_line_feed = re.compile("\n")
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
    signs = list(_backslash.finditer(raw))
    single = [sign for sign in signs if sign.group()[1] != "\\"]
    seldom = [sign for sign in single if sign.group()[1:] in _SELDOM]
    often = [sign for sign in single if sign.group()[1:] in _OFTEN]
    if not seldom and not often:
        return frozenset()
    doubled = {sign.group()[2:] for sign in signs if sign.group()[1] == "\\"} - {""}
    forgotten = any(sign.group()[1] not in "\"'/bfnrtu" or sign.group()[1:] in _COMMANDS for sign in single)
    elsewhere = not doubled.isdisjoint(_COMMANDS | _SELDOM) or any(sign.group()[1:] in _COMMANDS for sign in single)
    found = {sign.start() for sign in seldom if elsewhere or _is_near_mathematics(raw, sign)}
    breaks = [] if forgotten else _breaks(raw, single)
    spans = iter(_mathematics(raw))
    span = next(spans, None)
    for sign in sorted([*seldom, *often], key=lambda sign: sign.start()):
        while span is not None and span[1] <= sign.start():
            span = next(spans, None)
        if span is None or span[0] > sign.start():
            continue
        name = sign.group()[1:]
        begins = doubled and not forgotten and sign.start() == span[0] and raw.endswith(("$$", "["), 0, span[0])
        if name in _SELDOM or not (span[2] or (name[0] == "n" and (begins or _is_break(sign, span, breaks)))):
            found.add(sign.start())
    return frozenset(found)


def _breaks(raw: str, single: list[re.Match[str]]) -> list[int]:
    """Where line breaks end that are certainly none of a command."""
    written = [sign.start() + 2 for sign in single if sign.group()[1] == "n" and sign.group()[1:] not in _ALL]
    return sorted([*written, *(match.end() for match in _line_feed.finditer(raw))])


def _is_break(sign: re.Match[str], span: tuple[int, int, bool], breaks: list[int]) -> bool:
    r"""Whether a `\n` in mathematics is a line break among others. Mathematics has no empty lines."""
    after = bisect_left(breaks, span[0])
    others = after < len(breaks) and breaks[after] <= span[1]
    before = bisect_left(breaks, sign.start())
    return others and not (before < len(breaks) and breaks[before] == sign.start() > span[0])


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
