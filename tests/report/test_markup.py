"""Whatever a text contains, it comes out of HTML, SVG and JSON as the same text."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st

from datarecipe.report.show.markup import HIDDEN, Markup, element, escaped, json_block, plain, table
from datarecipe.report.show.plots import Bar, Plot, figure

TEXTS = st.text(st.characters(codec=None), max_size=200)
SIGN = re.compile(r"U\+([0-9A-F]{4,6})")
ATTACKS = (
    "</script><script>x</script>",
    "<img src=x onerror='x'>",
    '" onload="x',
    "&lt;&#60;",
    "\u202e\ud800\x00\u2028-->",
)


class Parsed(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag, with its attributes' names."""
        self.tags.append(" ".join([tag, *sorted(name for name, _ in attrs)]))

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


def is_hidden(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in HIDDEN)


def numbered(text: str) -> str:
    return "".join(f"U+{ord(c):04X}" if is_hidden(c) else c for c in text)


@given(TEXTS)
@example("".join(ATTACKS))
def test_a_text_stays_a_text(text: str) -> None:
    parsed = Parsed(element("p", text))
    assert parsed.text == numbered(text)
    assert parsed.tags == ["p", *["span class"] * sum(map(is_hidden, text))]
    assert Parsed(f"<p>{escaped(plain(text))}</p>").text == numbered(text)


@given(TEXTS)
@example("".join(ATTACKS))
def test_a_text_stays_a_text_in_an_attribute_and_in_a_table(text: str) -> None:
    assert Parsed(element("p", title=text, class_="x")).tags == ["p class title"]
    cells = Parsed(table([text, "b"], [[text, text]]))
    assert cells.text == f"{numbered(text)}b{numbered(text) * 2}"
    assert [tag for tag in cells.tags if not tag.startswith("span")] == [
        "table", "thead", "tr", "th scope", "th scope", "tbody", "tr", "th scope", "td",
    ]  # fmt: skip


@given(st.recursive(TEXTS | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
@example(list(ATTACKS))
def test_a_block_of_json_ends_no_script_and_holds_what_it_was_given(value: object) -> None:
    block = json_block(value)
    assert json.loads(block) == value
    assert "<" not in block
    assert not set(block) & set("\u2028\u2029")
    block.encode()


@given(TEXTS, TEXTS)
@example("<script>", '"/><script>')
def test_a_plot_is_well_formed_whatever_its_labels_are(label: str, run: str) -> None:
    bars = [Bar(label, 3.0, "3"), Bar("b", 0.0, "0", low=0.0, high=0.5)]
    for form in ("bars", "columns"):
        drawn = figure(Plot("labels", label, "read it", ("label", "count"), bars, form, mark=1.0), run)
        svg = drawn[drawn.index("<svg") : drawn.index("</svg>") + 6].replace("\ufffe", "").replace("\uffff", "")
        root = ET.fromstring(svg)
        assert {each.tag for each in root.iter()} <= {"svg", "title", "desc", "text", "rect", "path"}
        assert root.find("title") is not None
        assert root.find("desc") is not None


def test_markup_is_not_escaped_again_and_nothing_is_left_out() -> None:
    inner = element("b", "1 < 2")
    assert element("p", inner, " & ", 1234, None) == "<p><b>1 &lt; 2</b> &amp; 1,234</p>"
    assert isinstance(inner, Markup)
    assert element("details", open=True) == '<details open=""></details>'
    assert element("details", open=False) == "<details></details>"
