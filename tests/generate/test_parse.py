"""No mangling of a response costs a whole item, and nothing makes the parser raise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.generate.parse import Fragment, parse, value_of

FIELDS = ("question", "answer")

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r"), max_size=40
) | st.sampled_from(
    [
        'He said "no".',
        "{braces} [brackets] {",
        '{"question": "q", "answer": "a"}',
        "```json",
        "line\nbreak\ttab \\ backslash",
        "да, конечно",
        "是的 🙂",
        "</think> and <think>",
        "\u2028\u200b\xad",
        r"\frac{1}{2} \times \nu",
        '"},{"',
    ]
)
ITEM = st.fixed_dictionaries({"question": TEXT, "answer": TEXT})
ITEMS = st.lists(ITEM, min_size=1, max_size=6)
PROSE = st.text(st.characters(categories=["L", "N", "Z"]), max_size=30)
BROKEN = st.sampled_from(
    [
        '{"question": "He said "no".", "answer": "a"}',
        '{"question": "q", "answer"}',
        "{question: q, answer: a}",
        '{"question": NaN, "answer": "a"}',
        '{"question": "q" "answer": "a"}',
    ]
)


def whole(parsed: Sequence[Any]) -> list[Any]:
    return [value_of(item) for item in parsed if not isinstance(item, Fragment)]


def dumps(value: Any, *, ascii_only: bool) -> str:
    return json.dumps(value, ensure_ascii=ascii_only)


WRAPPINGS: list[Any] = [
    lambda items, a: dumps({"examples": items}, ascii_only=a),
    lambda items, a: dumps({"data": items}, ascii_only=a),
    lambda items, a: dumps({"result": {"examples": items}}, ascii_only=a),
    lambda items, a: dumps(items, ascii_only=a),
    lambda items, a: dumps([items], ascii_only=a),
    lambda items, a: dumps([[item] for item in items], ascii_only=a),
    lambda items, a: dumps([{"example": item} for item in items], ascii_only=a),
    lambda items, a: "\n".join(dumps(item, ascii_only=a) for item in items),
    lambda items, a: ", ".join(dumps(item, ascii_only=a) for item in items),
    lambda items, a: " and ".join(dumps(item, ascii_only=a) for item in items),
    lambda items, a: json.dumps({"examples": items}, indent=2, ensure_ascii=a),
]
FRAMES: list[Any] = [
    lambda text, _: text,
    lambda text, _: f"```json\n{text}\n```",
    lambda text, _: f"```\n{text}\n```\n",
    lambda text, prose: f"{prose}\n{text}\n{prose}",
    lambda text, prose: f"Sure! Here they are {{as asked}}:\n{text}\nDone. {prose}",
    lambda text, prose: f'<think>{prose} {{"question": "draft", "answer": "draft"}} [1, {{</think>\n{text}',
    lambda text, prose: (
        f'{prose} a draft: {{"question": "draft", "answer": "draft"}} {{"examples": [...]}}\n</think>\n{text}'
    ),
]


@settings(max_examples=400)
@given(ITEMS, st.sampled_from(WRAPPINGS), st.sampled_from(FRAMES), PROSE, st.booleans())
def test_no_wrapping_costs_an_item(items: list[Any], wrapping: Any, frame: Any, prose: str, ascii_only: bool) -> None:
    text = frame(wrapping(items, ascii_only), prose)
    assert whole(parse(text, FIELDS)) == items


@settings(max_examples=400)
@given(ITEMS, BROKEN, st.data(), st.sampled_from(FRAMES[:5]), PROSE)
def test_one_bad_item_among_good_ones_costs_none_of_them(
    items: list[Any], broken: str, data: st.DataObject, frame: Any, prose: str
) -> None:
    place = data.draw(st.integers(0, len(items)))
    parts = [json.dumps(item) for item in items]
    parts.insert(place, broken)
    parsed = parse(frame('{"examples": [' + ", ".join(parts) + "]}", prose), FIELDS)
    assert whole(parsed) == items
    assert any(isinstance(item, Fragment) for item in parsed), "the bad one is reported"


@settings(max_examples=400)
@given(ITEMS, st.data(), st.booleans())
def test_a_cut_off_end_costs_only_the_item_that_it_cuts(
    items: list[Any], data: st.DataObject, ascii_only: bool
) -> None:
    head = '{"examples": ['
    parts = [dumps(item, ascii_only=ascii_only) for item in items]
    text = head + ", ".join(parts) + "]}"
    cut = data.draw(st.integers(0, len(text)))
    ends = [len(head) + sum(map(len, parts[: n + 1])) + 2 * n for n in range(len(parts))]
    survivors = [item for item, end in zip(items, ends, strict=True) if end <= cut]
    assert whole(parse(text[:cut], FIELDS)) == survivors


CHOICE = st.fixed_dictionaries({"options": st.lists(TEXT, max_size=3), "answer": TEXT, "question": TEXT})
CHOICE_FIELDS = ("options", "answer", "question")


@settings(max_examples=400)
@given(st.lists(CHOICE, min_size=1, max_size=4), st.permutations(CHOICE_FIELDS), st.data(), st.sampled_from([None, 2]))
def test_an_item_that_is_cut_off_is_reported(
    items: list[Any], order: list[str], data: st.DataObject, indent: int | None
) -> None:
    parts = [json.dumps({name: item[name] for name in order}, indent=indent) for item in items]
    begin = parts[-1].index(order[0]) + len(order[0]) + 1
    cut = data.draw(st.integers(begin, len(parts[-1]) - 1))
    text = '{"examples": [' + ", ".join([*parts[:-1], parts[-1][:cut]])
    found = parse(text, CHOICE_FIELDS)
    assert [item for item in found if not isinstance(item, Fragment)] == items[:-1]
    assert isinstance(found[-1], Fragment)
    assert found[-1].raw.startswith("{"), "from the item's own beginning"


def test_an_empty_object_in_the_text_of_an_item_that_is_cut_off_is_no_item() -> None:
    assert whole(parse('{"examples": [{"question": "a", "answer": "b"}, {"question": "c {} [{}] d', FIELDS)) == [
        {"question": "a", "answer": "b"}
    ]


@settings(max_examples=500)
@given(
    st.text()
    | st.lists(
        st.sampled_from(
            ['{"', '":', "{", "}", "[", "]", ",", '"', "\\", "null", "<think>", "</think>", "question", "1e999"]
        ),
        max_size=60,
    ).map("".join)
)
def test_nothing_makes_it_raise(text: str) -> None:
    parse(text, FIELDS)


@pytest.mark.parametrize(
    "text", ["[" * 50_000, '{"a":' * 20_000, "[{" * 20_000, "9" * 10_000, "[" + "9" * 10_000 + "]"]
)
def test_deep_or_huge_values_are_no_items(text: str) -> None:
    assert whole(parse(text, FIELDS)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<think>it never ends {"question": "q", "answer": "a"}', []),
        ('{"examples": [{"question": "q", "answer": "a"}, "loose"]}', [{"question": "q", "answer": "a"}, "loose"]),
        ('[{"unknown": 1}, {"question": "q"}]', [{"unknown": 1}, {"question": "q"}]),
        ('{"examples": []}', []),
        ("[1, 2, 3]", []),
        ('"just text"', []),
        ("", []),
        ('{"1": {"question": "a"}, "2": {"question": "b"}}', [{"question": "a"}, {"question": "b"}]),
    ],
)
def test_what_counts_as_an_item(text: str, expected: list[Any]) -> None:
    assert whole(parse(text, FIELDS)) == expected


def test_an_item_may_hold_objects_of_its_own() -> None:
    item = {"text": "Ann met Bo.", "entities": [{"name": "Ann", "type": "person"}, {"name": "Bo", "type": "person"}]}
    text = json.dumps({"examples": [item, item]})
    assert whole(parse(text, ("text", "entities"))) == [item, item]


def test_a_fragment_holds_the_raw_text() -> None:
    parsed = parse('{"examples": [{"question": "q", "answer": "a"}, {"question": "cut o', FIELDS)
    assert parsed == ({"question": "q", "answer": "a"}, Fragment('{"question": "cut o'))
