"""How models mark their thinking, one table for all of them, and what is no thinking though it is marked like it.

What was thought is a draft and never becomes data. A style is a pair of marks. Thinking reaches from an opening mark to
the next closing one of its style; without a closing one, to the end; a closing one without an opening one says that all
before it was thought (the opening one then stood in the prompt, as with DeepSeek-R1).

The names and marks are those of the reasoning parsers of vLLM and SGLang, of llama.cpp, and of model cards (2025, 2026).
A pair that the table does not know is thinking by its shape: marks of one name round prose, before any item. It is left
alone where nothing but it holds items, since `<answer>...</answer>` has that shape too.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache

from datarecipe.generate.parse.reader import LETTERS

_NAME = (
    rf"(?:[a-z][{LETTERS}]{{0,20}}[:._-]|ant)?"
    r"(?:think(?:ing)?|re-?think|thoughts?|thought[ _-]?chain|reason(?:ing|s)?|rationale|reflect(?:ion|ions|ing)?"
    r"|cot(?:_budget_reflect)?|chain[ _-]of[ _-]thoughts?|scratch_?pad|monologue"
    r"|(?:inner|internal)[ _-]?(?:monologue|thoughts?)|思考)"
    r"(?:[ _-](?:process|aloud|steps?|trace|block|mode))?"
)
_ATTRIBUTES = r"(?:\s[^<>]{0,200})?"
_OTHER_OPEN, _OTHER_CLOSE = r"(?:[◁【《⟨〈]|\{{1,2}|\(\()", r"(?:[▷】》⟩〉]|\}{1,2}|\)\))"


@dataclass(frozen=True, slots=True)
class Style:
    name: str
    opening: str
    closing: str
    alone: bool = True
    """Whether an opening mark without a closing one, or a closing one without an opening one, means anything."""


STYLES = (
    Style(  # DeepSeek-R1, Qwen, QwQ, GLM, MiniMax, Kimi, Seed-OSS, EXAONE, Reflection, Marco-o1, OpenThinker, Command A ...
        "tags",
        rf"(?i:<\s{{0,5}}(?:(?:begin|start)_(?:of_)?)?{_NAME}{_ATTRIBUTES}\s{{0,5}}(?<!/)>"
        rf"|<\|\s?(?:(?:begin|start)_(?:of_)?)?{_NAME}(?:_begin|_start)?\s?\|>"
        rf"|\[THINK(?:ING)?\]|{_OTHER_OPEN}{_NAME}{_OTHER_CLOSE})",
        rf"(?i:<\s{{0,5}}(?:/\s{{0,5}}|end_(?:of_)?){_NAME}\s{{0,5}}>"
        rf"|<\|\s?(?:/|end_(?:of_)?){_NAME}\s?\|>|<\|{_NAME}_end\|>"
        rf"|\[/THINK(?:ING)?\]|{_OTHER_OPEN}/{_NAME}{_OTHER_CLOSE}"
        r"|<\|begin\|>assistant(?!<\|think)(?:<\|content\|>)?)",  # Solar
    ),
    Style(  # gpt-oss: all channels but `final`; Muse
        "harmony",
        r"(?:<\|start\|>\s?assistant\s?)?<\|channel\|>\s?(?:analysis|commentary)(?a:\b)(?:[^<{\[]{0,80}<\|message\|>)?"
        r"|to=self<\|message\|>",
        r"(?:<\|start\|>\s?assistant\s?)?<\|channel\|>\s?final(?a:\b)(?:[^{\[\n]{0,80}?<\|message\|>)?"
        r"|<\|start\|>\s?assistant(?![^<{\[]{0,80}<\|channel\|>)(?:<\|message\|>)?",
    ),
    Style(  # gpt-oss behind a server that drops special tokens
        "harmony without its marks",
        r"\A\s{0,100}(?:assistant)?analysis(?=[A-Z\"'`*(\n])",
        r"assistant\s{0,2}final(?:\s?json)?(?=[^a-z])",
    ),
    Style("gemma", r"<\|channel>\s?thought(?a:\b)", r"<channel\|>"),
    Style("numbers", r"<unused94>(?:thought(?a:\b))?|\[unused16\]", r"<unused95>|\[unused17\]"),  # MedGemma, Pangu
    Style("apertus", r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),
    Style("granite", r"Here(?:'s| is) my thought process:", r"Here(?:'s| is) my response:", alone=False),
)

_ANSWERS = frozenset({
    "answer", "answers", "assistant", "body", "code", "conclusion", "content", "data", "dataset", "document",
    "example", "examples", "final", "final_answer", "html", "item", "items", "json", "output", "pre", "records",
    "response", "result", "results", "row", "rows", "solution", "text", "xml",
})  # fmt: skip
"""Names of marks that stand round what was asked for."""

_GENERIC_NAME = rf"(?![0-9_])[{LETTERS}][{LETTERS}:.-]{{0,40}}"
_GENERIC_OPENING = (
    rf"<\|?{_GENERIC_NAME}{_ATTRIBUTES}\|?>|\[{_GENERIC_NAME}\]|{_OTHER_OPEN}{_GENERIC_NAME}{_OTHER_CLOSE}"
)
_GENERIC_CLOSING = (
    rf"<\|?(?:/\s?|(?i:end_(?:of_)?)){_GENERIC_NAME}\s?\|?>|<\|{_GENERIC_NAME}_(?i:end)\|>|\[/{_GENERIC_NAME}\]"
    rf"|{_OTHER_OPEN}/{_GENERIC_NAME}{_OTHER_CLOSE}"
)
_affixes = re.compile(r"(?:begin|start|end)_(?:of_)?|_(?:begin|start|end)$", re.IGNORECASE)

_MARK = "|".join(
    [
        *(f"(?P<c{index}>{style.closing})|(?P<o{index}>{style.opening})" for index, style in enumerate(STYLES)),
        f"(?P<unknown>{_GENERIC_OPENING})",
    ]
)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Only when a text first has something like a mark: it takes as long as to import ten modules.
    return re.compile(pattern)


# Where a bracket or a mark may begin. All branches begin with a letter, so that a search is quick.
_place = re.compile(r"[{\[<◁【《⟨〈]|\(\(|assistant\s{0,2}final|Here(?:'s| is) my |to=self<")
# Behind a closing mark, or an opening one, that is no part of a broken item's text: no quote ends such a text before a line
# or a value begins.
_no_text = re.compile(r"[^\n\"{\[`]{0,500}+(?:\n|\Z|```|[{\[]\s{0,100}+[\"'{\[])")


@dataclass(frozen=True, slots=True)
class Mark:
    start: int
    end: int
    style: int
    """Which of `STYLES`; -1 for one that the table does not know."""
    opens: bool
    name: str = ""


class Marks:
    """The marks in one text. Each search goes on where an earlier one ended, so that all of them read the text once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._next: list[tuple[int, int, int]] = [(0, -1, 0)] * len(STYLES)
        """For each style: from here on ... the next closing mark begins there (-1: not yet looked) and ends there."""
        self._unknown: dict[str, list[tuple[int, int]]] | None = None

    def at(self, position: int) -> Mark | None:
        """The mark that begins here, if one does."""
        match = _compiled(_MARK).match(self.text, position)
        if match is None or self._is_quoted(match.start(), match.end()):
            return None
        group = match.lastgroup or ""
        if group == "unknown":
            return Mark(match.start(), match.end(), -1, opens=True, name=_core(match.group()))
        style, opens = int(group[1:]), group[0] == "o"
        if not STYLES[style].alone and (not opens or self.closing(style, match.end()) is None):
            return None
        return Mark(match.start(), match.end(), style, opens)

    def closing(self, style: int, position: int) -> tuple[int, int] | None:
        """Where the next closing mark of a style begins and ends."""
        since, begin, end = self._next[style]
        if begin < 0 or not since <= position <= begin:
            begin, end, at = len(self.text) + 1, 0, position
            while (match := _compiled(STYLES[style].closing).search(self.text, at)) is not None:
                at = match.end()
                if not self._is_quoted(match.start(), match.end()):
                    begin, end = match.span()
                    break
            self._next[style] = (position, begin, end)
        return None if begin > len(self.text) else (begin, end)

    def unknown(self, mark: Mark) -> int | None:
        """Where thinking ends that a mark begins which the table does not know; None where it is none by its shape."""
        if mark.name in _ANSWERS or mark.name in ("true", "false", "null", "none"):
            return None
        if self._unknown is None:
            self._unknown = {}
            for match in _compiled(_GENERIC_CLOSING).finditer(self.text):
                self._unknown.setdefault(_core(match.group()), []).append(match.span())
        closing = self._unknown.get(mark.name, [])
        index = bisect_left(closing, (mark.end, 0))
        if index == len(closing):
            return None
        begin, end = closing[index]
        ends = (
            self.text[mark.end : mark.end + 200].lstrip()[:1],
            self.text[max(mark.end, begin - 200) : begin].rstrip()[-1:],
        )
        is_value = "".join(ends) in ("{}", "[]", "``", '""')
        after = self.text[end : end + 200]
        again = _compiled(_GENERIC_OPENING).match(self.text, end + len(after) - len(after.lstrip()))
        if is_value or (again is not None and _core(again.group()) == mark.name):
            return None
        return end

    def stands_alone(self, mark: Mark) -> bool:
        """Whether a mark after broken JSON is thinking's, and no part of some item's text that names one."""
        if not mark.opens:
            return _no_text.match(self.text, mark.end) is not None
        closing = self.closing(mark.style, mark.end) if mark.style >= 0 else None
        return closing is not None and _no_text.match(self.text, closing[1]) is not None

    def _is_quoted(self, start: int, end: int) -> bool:
        """Whether it stands in quotes, as something that is spoken of."""
        return start > 0 and self.text[start - 1] in "\"'`" and self.text[end : end + 1] == self.text[start - 1]


def next_place(text: str, position: int) -> int:
    """Where the next bracket or mark may begin, or -1."""
    place = _place.search(text, position)
    start = -1 if place is None else place.start()
    if position == 0 and start != 0:
        mark = _compiled(_MARK).match(text)
        return start if mark is None or mark.lastgroup == "unknown" else 0
    return start


def _core(mark: str) -> str:
    match = _compiled(_GENERIC_NAME).search(mark)
    return _affixes.sub("", match.group()).lower() if match else ""
