r"""A backslash that a model did not double: mended where there is one reading, and never a form feed in a text."""

from __future__ import annotations

import json

import pytest

from datarecipe.generate.parse import Fragment, Mended, parse

FIELDS = ("text", "label")

MENDED = [
    r"Simplify \frac{6}{8} and say why",
    r"\frac12",
    r"\beta_1 + \bar{x}",
    r"\begin{matrix}1\end{matrix}",
    r"\boldsymbol{v} \forall x \binom{n}{k}",
    r"\alpha + \gamma",
    r"\sqrt{2}",
    r"\(x\) and \[y\]",
    r"\d+ \s* \w",
    r"C:\Users\Q",
    r"\underline{x} \upsilon",
    r"$3 \times 4$",
    r"$3 \times 4 \neq 5$",
    r"3 \times 4",
    r"3\times4",
    r"a \times b",
    r"x \neq y",
    r"\text{if } x",
    r"\textbf{bold}",
    r"\(\theta\)",
    r"\[\nabla f\]",
    r"$$\rho_1 \rightarrow \tau$$",
    r"$\nu$ and $\rho$",
    r"$x \to y$",
    r"\frac{1}{2} \times \theta",
    r"\alpha \rightarrow \tfrac{1}{2}",
    r"\left(1\right)",
    r"x \notin A_1",
    r"$$\nu = 3$$",
    r"$$x \ne y, \alpha$$",
]
"""What a model means, and writes into JSON as it is."""

TEXT = [
    r"line\nnot so",
    r"one\ttext\tthree",
    r"a\nnu b",
    r"first\nto do\nnext",
    r"- a\n- times",
    r"it costs $5\nto pay and $6",
    r"it costs $5 \nand then $6",
    r"\ttimes are hard",
    r"a\r\nright here",
    r"Hello.\n\nnabla",
    r"to\tan\tapple",
    r"$5 \tan extra $6",
    r"$$\nu = x^2\n$$",
    r"$$\ne^{i\\pi} + 1 = 0\n$$",
    r"$$\ne^{i\\pi} + 1 = 0$$",
    r"\\[\ni^2 = -1\n\\]",
    r"\\[\nx \\to\ni\n\\]",
    r"$$a = b\nu = c\n$$",
]
"""What is a line break or a tab, and stays one."""

CONTROL = [r"Match \bfree\b in the mail", r"a \fracture", r"\f", r"\b", r"\bar\b", r"page\fbreak"]


def read(source: str) -> object:
    (item,) = parse(f'[{{"text": "{source}", "label": "ham"}}]', FIELDS)
    return item


@pytest.mark.parametrize("source", MENDED)
def test_a_backslash_with_one_reading_is_mended(source: str) -> None:
    assert read(source) == Mended({"text": source, "label": "ham"})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"$$\n\nu = 3\n$$", "$$\n\\nu = 3\n$$"),
        (r"\\[\n\nu = \\pi\n\\]", "\\[\n\\nu = \\pi\n\\]"),
        (r"$$\nx \ne \alpha\n$$", "$$\nx \\ne \\alpha\n$$"),
        (r"$x \\to \\pi$ and $\nu$", "$x \\to \\pi$ and $\\nu$"),
        (r"$$\na\n$$ and $x \ne y$", "$$\na\n$$ and $x \\ne y$"),
    ],
)
def test_a_command_beside_line_breaks_is_mended(source: str, text: str) -> None:
    assert read(source) == Mended({"text": text, "label": "ham"})


@pytest.mark.parametrize("source", MENDED)
def test_a_backslash_that_was_doubled_needs_no_mending(source: str) -> None:
    item = {"text": source, "label": "ham"}
    assert parse(json.dumps([item]), FIELDS) == (item,)


@pytest.mark.parametrize("source", TEXT)
def test_a_line_break_is_a_line_break(source: str) -> None:
    assert read(source) == {"text": json.loads(f'"{source}"'), "label": "ham"}


@pytest.mark.parametrize("source", CONTROL)
def test_what_is_no_command_is_a_control_character(source: str) -> None:
    item = read(source)
    assert isinstance(item, Fragment)
    assert "holds the control character U+00" in item.detail


@pytest.mark.parametrize("source", [r"\u12", r"\u00g1", r"\x41", r"\0", r"\U0001F600", r"\ud83"])
def test_half_an_escape_and_another_languages_is_malformed(source: str) -> None:
    item = read(source)
    assert isinstance(item, Fragment)
    assert "no whole escape" in item.detail


def test_an_escaped_apostrophe_is_an_apostrophe() -> None:
    assert read(r"It\'s") == Mended({"text": "It's", "label": "ham"})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"It\'s", "It's"),
        (r"a\"b", 'a"b'),
        (r"\x41\xe9\u00e9\U0001F600\101", "A\xe9\xe9\U0001f600A"),
        (r"a\\b", "a\\b"),
        (r"\d \alpha \vec{x}", "\\d \\alpha \\vec{x}"),
        ('a"b', 'a"b'),
        ("a\\\nb", "ab"),
    ],
)
def test_in_single_quotes_pythons_escapes_hold(source: str, text: str) -> None:
    assert parse(f"[{{'text': '{source}', 'label': 'ham'}}]", FIELDS) == (Mended({"text": text, "label": "ham"}),)
