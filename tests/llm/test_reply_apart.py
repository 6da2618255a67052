"""Replies without a text: what they hold instead is kept, read where there is one reading, and found again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from datarecipe.exchange import Apart, Completion
from datarecipe.llm.cache.cache_record import RecordError, decode, encode
from datarecipe.llm.transports.openai_reply import Replies
from tests.llm.test_both_transports import both, document, endpoint_of, request
from tests.openai_faults import always, raw
from tests.openai_server import OpenAIServer
from tests.runs import recipe_with, run, setup_for, write_recipe

ARGUMENTS = '{"examples": [{"options": ["yes", "no"], "answer": "yes", "question": "Is ice cold?"}]}'


def call(arguments: Any, name: Any = "save_examples") -> dict[str, Any]:
    return {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}


def reply(message: dict[str, Any], reason: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": None} | message
    return document(choices=[{"index": 0, "message": message, "finish_reason": reason}])


REASONING = Apart("reasoning", "Let me think.")
CALL = Apart("tool_calls", ARGUMENTS, ("save_examples",))
VARIANTS: dict[str, tuple[dict[str, Any], Apart | None]] = {
    "reasoning_content": ({"reasoning_content": "Let me think."}, REASONING),
    "reasoning": ({"reasoning": "Let me think."}, REASONING),
    "empty content": ({"content": "", "reasoning_content": "Let me think."}, REASONING),
    "white space": ({"content": "\n\n", "reasoning_content": "Let me think."}, REASONING),
    "thinking in the content": ({"content": "<think>Let me think.</think>"}, REASONING),
    "no calls": ({"tool_calls": [], "reasoning_content": "Let me think."}, REASONING),
    "a call": ({"tool_calls": [call(ARGUMENTS)]}, CALL),
    "a call after reasoning": ({"tool_calls": [call(ARGUMENTS)], "reasoning_content": "Let me think."}, CALL),
    "an older call": ({"function_call": {"name": "save_examples", "arguments": ARGUMENTS}}, CALL),
    "two calls": ({"tool_calls": [call("{}", "a"), call("[]", "b")]}, Apart("tool_calls", "{}\n[]", ("a", "b"))),
    "a text": ({"content": "[]", "tool_calls": [call(ARGUMENTS)], "reasoning_content": "x"}, None),
    "nothing": ({}, None),
}  # fmt: skip
ODD: dict[str, tuple[dict[str, Any], Apart | None]] = {
    "thinking": ({"thinking": "Let me think."}, REASONING),
    "details": ({"reasoning_details": [{"type": "reasoning.text", "text": "Let me "}, {"text": "think."}]}, REASONING),
    "parts": ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Let me think."}]}]}, REASONING),
    "arguments as an object": ({"tool_calls": [call(json.loads(ARGUMENTS))]}, CALL),
    "no name": ({"tool_calls": [call("{}", None)]}, Apart("tool_calls", "{}", ("",))),
    "a long name": ({"tool_calls": [call("{}", "x" * 1000)]}, Apart("tool_calls", "{}", ("x" * 64,))),
    "many calls": ({"tool_calls": [call("", "f")] * 1000}, Apart("tool_calls", "\n" * 99, ("f",) * 100)),
    "no function": ({"tool_calls": [{"id": "1"}, None, 7]}, None),
    "not a list": ({"tool_calls": {"x": 1}, "function_call": "f", "reasoning_details": 3}, None),
    "half a character": ({"reasoning": "a \ud800"}, Apart("reasoning", "a \ufffd")),
}


@pytest.mark.parametrize("what", [*VARIANTS, *ODD])
def test_what_came_instead_of_a_text_is_kept(what: str) -> None:
    message, apart = (VARIANTS | ODD)[what]
    read = Replies(endpoint_of("openai/m", None, {}), ()).completion(reply(message))
    assert isinstance(read, Completion)
    assert read.apart == apart


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test", "deepseek/gpt-test"])
@pytest.mark.parametrize("what", VARIANTS)
async def test_it_is_the_same_over_litellm(what: str, model: str) -> None:
    message, apart = VARIANTS[what]
    with OpenAIServer(faults=always(raw(200, reply(message)))) as server:
        async with both(model, server.base_url) as transports:
            for transport in transports:
                completion = await transport.complete(request(model, server.base_url), timeout=30)
                assert completion.apart == apart


@pytest.mark.parametrize("reason", ["stop", "content_filter"])
def test_the_words_of_a_refusal_are_the_text(reason: str) -> None:
    read = Replies(endpoint_of("openai/m", None, {}), ()).completion(reply({"refusal": "I can't."}, reason))
    assert isinstance(read, Completion)
    assert (read.text, read.apart) == ("I can't.", None)


@pytest.mark.parametrize("apart", [None, REASONING, CALL, Apart("tool_calls", "", ("", "b"))])
def test_it_is_stored_and_found(apart: Apart | None) -> None:
    asked = request("openai/m", None)
    answer = Completion("", "stop", None, "m", "openai/m", "2026-01-01T00:00:00Z", apart)
    assert decode(encode(asked, answer), asked) == (answer, 0)


def test_a_record_without_it_reads_as_before() -> None:
    asked = request("openai/m", None)
    answer = Completion("", "stop", None, "m", "openai/m", "2026-01-01T00:00:00Z")
    assert "apart" not in json.loads(encode(asked, answer))


@pytest.mark.parametrize(
    "planted",
    [
        7, [], "x", {"kind": "other", "text": "", "tools": []}, {"kind": "reasoning", "text": 7, "tools": []},
        {"kind": "reasoning", "tools": []}, {"kind": "reasoning", "text": ""},
        {"kind": "tool_calls", "text": "", "tools": [7]}, {"kind": ["reasoning"], "text": "", "tools": []},
    ],
)  # fmt: skip
def test_a_planted_record_is_refused(planted: Any) -> None:
    asked = request("openai/m", None)
    record = json.loads(encode(asked, Completion("", "stop", None, "m", "openai/m", "2026-01-01T00:00:00Z")))
    with pytest.raises(RecordError):
        decode(json.dumps(record | {"apart": planted}), asked)


def test_a_run_takes_the_items_from_a_call(tmp_path: Path) -> None:
    recipe = recipe_with(write_recipe(tmp_path), target_size=1)
    with OpenAIServer(faults=always(raw(200, reply({"tool_calls": [call(ARGUMENTS)]}, "tool_calls")))) as server:
        result = run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
    assert result.error is None
    assert json.loads((tmp_path / "out" / "data.jsonl").read_text()) == json.loads(ARGUMENTS)["examples"][0]


def test_a_run_keeps_reasoning_that_came_alone(tmp_path: Path) -> None:
    recipe = recipe_with(write_recipe(tmp_path), **{"limits.barren": 1})
    with OpenAIServer(faults=always(raw(200, reply({"reasoning": "Let me think."})))) as server:
        run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
    row = json.loads((tmp_path / "out" / "rejected.jsonl").read_text().splitlines()[0])
    assert (row["reason"], row["raw"]) == ("no_items", "Let me think.")
    assert "reasoning and no text" in row["detail"]
