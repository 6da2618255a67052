"""What is nearly JSON and has one reading is read, and counts as mended; what has none is one fragment for each item."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.generate.parse import Fragment, Mended, parse, scan, value_of
from datarecipe.generate.parse.items import Finder
from datarecipe.generate.parse.reader import Meter

FIELDS = ("text", "label")
FIRST, SECOND = {"text": "See you at nine", "label": "ham"}, {"text": "It's yours now", "label": "spam"}
BOTH = [FIRST, SECOND]
LIST = json.dumps(BOTH)
CONTROLS = [*range(9), 11, 12, *range(14, 32), *range(127, 160)]

MENDED = {
    "trailing commas": '{"examples": [{"text": "See you at nine", "label": "ham",}, '
    '{"text": "It\'s yours now", "label": "spam",},],}',
    "trailing commas on lines": '[\n{"text": "See you at nine", "label": "ham",\n},\n'
    '{"text": "It\'s yours now", "label": "spam" , } ,\n]',
    "Python": repr(BOTH),
    "Python in an envelope": repr({"examples": BOTH}),
    "Python behind a name": f"```python\nexamples = {BOTH!r}\n```",
    "Python's tuples": repr(tuple(BOTH)),
    "single quotes alone": "[{'text': 'See you at nine', 'label': 'ham'}, {'text': 'It\\'s yours now', 'label': 'spam'}]",
    "keys without quotes": '[{text: "See you at nine", label: "ham"}, {text: "It\'s yours now", label: "spam"}]',
    "keys in single quotes": LIST.replace('"text"', "'text'").replace('"label"', "'label'"),
    "typographic quotes": "[{“text”: “See you at nine”, “label”: “ham”}, {“text”: “It's yours now”, “label”: “spam”}]",
    "German quotes": "[{„text“: „See you at nine“, „label“: „ham“}, {„text“: „It's yours now“, „label“: „spam“}]",
    "comments": '[{"text": "See you at nine", // one\n"label": "ham"}, '
    '{"text": "It\'s yours now", /* two */ "label": "spam"}]',
    "Python's comments": '[{"text": "See you at nine", # one\n"label": "ham"}, '
    '{"text": "It\'s yours now", "label": "spam" # two\n}]',
    "numbered": repr({1: FIRST, 2: SECOND}),
    "a list as a text": json.dumps({"examples": LIST}),
    "items as texts": json.dumps({"examples": [json.dumps(item) for item in BOTH]}),
    "items as texts in a list": json.dumps([json.dumps(item) for item in BOTH]),
    "an item as a text under its name": json.dumps({"1": json.dumps(FIRST), "2": json.dumps(SECOND)}),
    "all as a text": json.dumps(json.dumps({"examples": BOTH})),
    "all as a text twice": json.dumps(json.dumps(json.dumps(BOTH))),
    "all as a text in a fence": f"```json\n{json.dumps(LIST)}\n```",
    "all as a text in prose": f"Here they are: {json.dumps(LIST)} - two.",
    "Python as a text": json.dumps({"examples": repr(BOTH)}),
    "an escaped apostrophe": LIST.replace("It's", "It\\'s").replace("See you", "See\\ you").replace("\\ ", " "),
}


def found(text: str) -> list[Any]:
    return list(parse(text, FIELDS))


@pytest.mark.parametrize("text", MENDED.values(), ids=MENDED.keys())
def test_what_has_one_reading_is_read(text: str) -> None:
    assert [value_of(item) for item in found(text)] == BOTH
    assert any(isinstance(item, Mended) for item in found(text))


@pytest.mark.parametrize("text", MENDED.values(), ids=MENDED.keys())
def test_a_cut_off_end_is_never_made_whole(text: str) -> None:
    for cut in range(len(text)):
        values = [value_of(item) for item in found(text[:cut]) if not isinstance(item, Fragment)]
        assert values in ([], [FIRST], BOTH)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('{"text": "he said "hi" to me", "label": "ham"}', '{"text": "take "it" now", "label": "spam"}'),
        ('{"text": "a" "label": "ham"}', '{"text": "b" "label": "ham"}'),
        ('{"text": "a, "label": "ham"}', '{"text": "b, "label": "ham"}'),
        ('{"text": a, "label": "ham"}', '{"text": b, "label": "ham"}'),
        ("{'text': 'It's here', 'label': 'ham'}", "{'text': 'That's it', 'label': 'ham'}"),
        ('{"text": NaN, "label": "ham"}', '{"text": undefined, "label": "ham"}'),
        ('{"text": "a", "text": "b"}', '{"text": "a", "label": "x", "label": "y"}'),
        ('{"text": "a\\u0000", "label": "ham"}', '{"text": "a", "label": "\\u001b"}'),
        ('{"text": """a""", "label": "ham"}', '{"text": """b""", "label": "ham"}'),
        ('{"text": "a", "label"}', '{"text", "label": "ham"}'),
        ('{"text": 1_000, "label": "ham"}', '{"text": 01, "label": "ham"}'),
    ],
)
@pytest.mark.parametrize("good", [[], [FIRST], BOTH])
@pytest.mark.parametrize("envelope", ['{{"examples": [{}]}}', "[{}]", "{}", "Sure:\n```json\n[{}]\n```"])
def test_each_broken_item_is_one_fragment(first: str, second: str, good: list[Any], envelope: str) -> None:
    parts = [first, second, *map(json.dumps, good)]
    text = envelope.replace("{}", ", ".join(parts)) if envelope == "{}" else envelope.format(", ".join(parts))
    assert [item.raw.split("\n")[0] if isinstance(item, Fragment) else item for item in found(text)] == [
        first,
        second,
        *good,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I can't.",
        "text: a\nlabel: ham",
        "Sure! {as asked}: text and label",
        "[1, 2",
        '{"examples": [',
        '"text"',
        "{}{}{",
    ],
)
def test_where_nothing_looks_like_an_item_there_is_no_fragment(text: str) -> None:
    assert not any(isinstance(item, Fragment) for item in found(text))


KEYS_TWICE = [
    ('{"text": "a", "label": "ham", "text": "b"}', "text"),
    ('{"text": "a", "label": "ham", "text": "b", "label": "ham"}', "text"),
    ('{"text": "a", "text": "a", "label": "ham"}', "text"),
    ('{"label": "ham", "label": "spam", "text": "a"}', "label"),
    ('{"text": "a", "label": "ham", "other": 1, "other": 1}', "other"),
    ('{"text": {"x": 1, "x": 2}, "label": "ham"}', "x"),
    ('{"text": [[{"x": {"y": 1, "y": 1}}]], "label": "ham"}', "y"),
    ('{"text": "a", "label": "ham", "t\\u0065xt": "b"}', "text"),
    ("{'text': 'a', 'label': 'ham', \"text\": 'b'}", "text"),
    ("{text: 'a', 'text': 'b', label: 'ham'}", "text"),
]


@pytest.mark.parametrize(("item", "key"), KEYS_TWICE)
@pytest.mark.parametrize("envelope", ["%s", "[%s]", '{"examples": [%s]}', '{"example": %s}', "Sure:\n%s\n"])
def test_a_key_twice_in_an_item_is_named(item: str, key: str, envelope: str) -> None:
    text = envelope % item
    assert found(text) == [Fragment(item, f'the key "{key}" is there twice')]
    assert found(f"{text}\n{json.dumps(FIRST)}")[-1] == FIRST


@pytest.mark.parametrize(
    "text",
    [
        '{"examples": [%s], "examples": [%s]}',
        '{"example": %s, "example": %s}',
        '{"data": {"examples": [%s], "examples": [%s]}}',
        '{"examples": {"item": %s, "item": %s}}',
        '{"examples": [%s], "n": 1, "n": 2, "examples": [%s]}',
        '[{"example": %s, "example": %s}]',
        '```json\n{"examples": [%s], "examples": [%s]}\n```',
        '{"examples": [%s], "examples": [], "examples": [%s]',
    ],
)
def test_a_key_twice_round_items_costs_none(text: str) -> None:
    assert found(text % (json.dumps(FIRST), json.dumps(SECOND))) == BOTH


@pytest.mark.parametrize("code", CONTROLS)
def test_a_control_character_in_a_text_is_named(code: int) -> None:
    for item in [{"text": f"a{chr(code)}b", "label": "ham"}, {"text": [[chr(code)]]}, {"text": {f"k{chr(code)}": 1}}]:
        for raw in [json.dumps(item), json.dumps(item, ensure_ascii=False), repr(item)]:
            (fragment,) = found(f"[{raw}]")
            assert isinstance(fragment, Fragment)
            assert fragment.raw == raw
            assert f"U+{code:04X}" in fragment.detail


def test_tab_line_feed_and_carriage_return_are_text() -> None:
    item = {"text": "a\tb\nc\r\nd", "label": "ham"}
    for raw in [json.dumps(item), json.dumps(item).replace("\\t", "\t").replace("\\n", "\n")]:
        assert found(raw) == [item]


@pytest.mark.parametrize("digits", [4_301, 5_000, 50_000])
def test_a_number_that_is_too_large_is_malformed_in_every_python(digits: int) -> None:
    for sign in ["", "-"]:
        (fragment,) = found(f'[{{"text": {sign}{"9" * digits}, "label": "ham"}}]')
        assert isinstance(fragment, Fragment)
        assert fragment.detail == "holds a number too large to be one"


def test_the_environment_has_no_say_in_what_is_a_number() -> None:
    code = "from datarecipe.generate.parse import parse; print(parse('[{\"text\": ' + '9' * 4301 + '}]', ['text']))"
    printed = {
        subprocess.run(
            [sys.executable, "-X", f"int_max_str_digits={limit}", "-c", code],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for limit in (0, 4300, 10_000)
    }
    assert len(printed) == 1


JSON_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | JSON_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JSON_TEXT, inner, max_size=3),
    max_leaves=10,
)
ITEMS = st.lists(st.fixed_dictionaries({"text": JSON, "label": JSON}), min_size=1, max_size=3)


@settings(max_examples=300, deadline=None)
@given(ITEMS, st.sampled_from([None, 1]), st.booleans())
def test_the_reader_reads_json_as_json_does(items: list[Any], indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(items, indent=indent, ensure_ascii=ascii_only)
    everything = scan._Scan(text, Finder(text, frozenset(FIELDS), lambda _: ()), Meter(10**6), decodes=0)
    everything.run()
    assert repr([value_of(item) for item in everything.found if not isinstance(item, Fragment)]) == repr(items)


@settings(max_examples=300, deadline=None)
@given(ITEMS)
def test_python_is_read_as_python_does(items: list[Any]) -> None:
    assert repr([value_of(item) for item in found(repr(items))]) == repr(items)


@pytest.mark.parametrize(
    "text",
    [
        '{"text": "a", text%s: "b"}',
        "{text%s: 1}",
        '{"text": 1%s}',
        '[{"text": "a"}, {"text": "b", %stext: 3]',
        '<%sx>{"text": "a"}</%sx>{"text": "b"}',
        '<a%s>{"text": "a"} hm</a%s>{"text": "b"}',
        '<x%sthink>{"text": "a"}</x%sthink>{"text": "b"}',
        '<think%s>{"text": "a"} hm</think%s>{"text": "b"}',
        '<|channel|>final%s{"text": "a"}',
    ],
)
@pytest.mark.parametrize("late", ["\U0001e030", "\u1c89", "\U00010d50", "\ua7cb"])
def test_letters_that_came_after_unicode_14_are_none_under_any_python(text: str, late: str) -> None:
    def found(letter: str) -> str:
        return repr(parse(text.replace("%s", letter), FIELDS)).replace(repr(letter)[1:-1], "?")

    letters = "\u1c8f" if late < "\u2000" else "\ud7ff" if late < "\ud800" else "\uffff"
    assert found(late) == found(letters)  # unassigned
