"""What becomes of a whole response: its items, or one row that says what came instead."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from datarecipe.exchange import Apart, FinishReason
from datarecipe.generate.judge.batch_judge import Judge
from datarecipe.generate.judge.item_checker import Invalid, Valid
from tests.generate.recipes import completion, make_recipe

ITEM = {"options": ["yes", "no"], "answer": "yes", "question": "Is ice cold?"}
ITEMS = json.dumps({"examples": [ITEM]})


def rows(apart: Apart | None, text: str = "", reason: FinishReason = "stop") -> tuple[Valid | Invalid, ...]:
    return Judge(make_recipe("fixed")).batch(replace(completion(text), finish_reason=reason, apart=apart))


@pytest.mark.parametrize("arguments", [ITEMS, json.dumps(ITEM), json.dumps([ITEM]), f"```json\n{ITEMS}\n```"])
@pytest.mark.parametrize("text", ["", " \n"])
def test_the_arguments_of_the_one_call_are_the_text(arguments: str, text: str) -> None:
    (item,) = rows(Apart("tool_calls", arguments, ("save_examples",)), text)
    assert isinstance(item, Valid)
    assert item.normalised


def test_a_call_that_was_cut_off_keeps_its_whole_items() -> None:
    cut = ITEMS[:-2] + ', {"question": "Is'
    first, second = rows(Apart("tool_calls", cut, ("f",)), reason="length")
    assert isinstance(first, Valid)
    assert isinstance(second, Invalid)
    assert second.reason == "truncated"


def test_a_text_goes_before_what_stands_beside_it() -> None:
    (item,) = rows(Apart("tool_calls", "{}", ("f",)), ITEMS)
    assert isinstance(item, Valid)
    assert not item.normalised


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        (Apart("reasoning", ITEMS), "it has reasoning and no text"),
        (Apart("tool_calls", "{}", ("save_examples",)), "it is a call of the tool `save_examples`, and no text"),
        (Apart("tool_calls", '{"city": "Paris"}', ("weather",)), "it is a call of the tool `weather`, and no text"),
        (Apart("tool_calls", "", ("f",)), "it is a call of the tool `f`, and no text"),
        (Apart("tool_calls", "{}", ("",)), "it is a call of a tool, and no text"),
        (Apart("tool_calls", "{}", ("::error::\x1b[2J",)), "it is a call of a tool, and no text"),
        (Apart("tool_calls", "{}", ("\u0441ave",)), "it is a call of a tool, and no text"),
        (Apart("tool_calls", f"{ITEMS}\n{ITEMS}", ("a", "b")), "it is calls of tools (`a`, `b`), and no text"),
        (Apart("tool_calls", "{}\n{}", ("", "")), "it is calls of 2 tools, and no text"),
    ],
)
def test_what_came_instead_of_a_text_is_kept_and_named(apart: Apart, said: str) -> None:
    (row,) = rows(apart)
    assert isinstance(row, Invalid)
    assert (row.reason, row.raw) == ("no_items", apart.text)
    assert row.detail == f"the response holds no item: {said}"


def test_thinking_that_used_up_all_room_is_named() -> None:
    (row,) = rows(Apart("reasoning", "Let me see"), reason="length")
    assert isinstance(row, Invalid)
    assert (row.reason, row.raw) == ("truncated", "Let me see")
    assert row.detail.endswith("it has reasoning and no text")


@pytest.mark.parametrize("reason", ["refusal", "content_filter", "context_overflow"])
def test_a_reason_of_the_providers_own_stays(reason: FinishReason) -> None:
    (row,) = rows(Apart("reasoning", "no"), "I can't.", reason)
    assert isinstance(row, Invalid)
    assert (row.reason, row.raw) == (reason, "I can't.")
