"""A stream of events that nobody asked for is read as the reply that it makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.exchange import Apart, Completion, Usage
from datarecipe.llm.failures.failure_table import Failure, row_of
from datarecipe.llm.transports.openai_reply import Replies
from datarecipe.llm.transports.streamed_reply import is_stream
from tests.llm.test_both_transports import both, endpoint_of, request
from tests.openai_author import Author, Body
from tests.openai_faults import Fault, always, raw
from tests.openai_server import OpenAIServer
from tests.runs import Files, recipe_with, run, setup_for, write_recipe

REPLIES = Replies(endpoint_of("openai/m", None, {}), ())


def chunk(delta: dict[str, Any] | None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": reason}]
    return {"id": "x", "object": "chat.completion.chunk", "model": "m-1", "choices": choices, **more}


def stream(*events: Any, done: bool = True, end: str = "\n\n") -> str:
    lines = [event if isinstance(event, str) else f"data: {json.dumps(event)}" for event in events]
    return end.join([*lines, *(["data: [DONE]"] if done else [])]) + end


HI = (chunk({"role": "assistant", "content": ""}), chunk({"content": "h"}), chunk({"content": "i"}))
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
STREAMS = {
    "as OpenAI's": stream(*HI, chunk({}, "stop")),
    "with usage": stream(*HI, chunk({}, "stop"), chunk(None, usage=USAGE)),
    "without the last line": stream(*HI, chunk({}, "stop"), done=False),
    "without a reason": stream(*HI),
    "other ends of lines": stream(*HI, chunk({}, "stop"), end="\r\n\r\n"),
    "no empty lines": stream(*HI, chunk({}, "stop"), end="\n"),
    "comments": stream(": OPENROUTER PROCESSING", ": OPENROUTER PROCESSING", *HI, ": x", chunk({}, "stop")),
    "named events": "event: message\nid: 1\nretry: 5\n" + stream(*HI, chunk({}, "stop")),
    "no space": stream(*HI, chunk({}, "stop")).replace("data: ", "data:"),
    "empty lines first": "\n\n" + stream(*HI, chunk({}, "stop")),
    "over several lines": stream(
        'data: {"choices": [{"delta":\ndata: {"content": "hi"},\ndata: "finish_reason": "stop"}]}'
    ),
    "a whole reply": stream({"model": "m-1", "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}),
    "nulls": stream(chunk({"content": None, "tool_calls": None}), *HI, chunk({"content": None}, "stop", error=None)),
    "an empty error": stream(*HI, chunk({}, "stop", error={"message": "", "code": 0})),
    "another choice": stream(*HI, {"choices": [{"index": 1, "delta": {"content": "x"}}]}, chunk({}, "stop")),
    "parts": stream(chunk({"content": [{"type": "text", "text": "hi"}]}), chunk({}, "stop")),
    "what is no JSON": stream("data: x", *HI, "data: {", chunk({}, "stop")),
}


@pytest.mark.parametrize("what", STREAMS)
def test_a_stream_is_put_together(what: str) -> None:
    read = REPLIES.read(STREAMS[what].encode())
    assert isinstance(read, Completion), read
    assert (read.text, read.finish_reason) == ("hi", "stop")
    assert read.usage == (Usage(3, 2) if what == "with usage" else None)


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test", "deepseek/gpt-test"])
@pytest.mark.parametrize("what", ["as OpenAI's", "with usage", "comments"])
async def test_over_litellm_too(model: str, what: str) -> None:
    sent = raw(200, STREAMS[what], {"Content-Type": "text/event-stream"})
    with OpenAIServer(faults=always(sent)) as server:
        async with both(model, server.base_url) as transports:
            for transport in transports:
                assert (await transport.complete(request(model, server.base_url), timeout=30)).text == "hi"


def test_what_else_a_stream_may_hold() -> None:
    call = {"index": 0, "id": "1", "function": {"name": "save", "arguments": '{"a"'}}
    more = {"index": 0, "function": {"arguments": ": 1}"}}
    read = REPLIES.read(stream(chunk({"reasoning_content": "Let "}), chunk({"reasoning": "me"}), chunk({}, "length")))
    assert isinstance(read, Completion)
    assert (read.apart, read.finish_reason) == (Apart("reasoning", "Let me"), "length")
    read = REPLIES.read(stream(chunk({"tool_calls": [call]}), chunk({"tool_calls": [more]}), chunk({}, "tool_calls")))
    assert isinstance(read, Completion)
    assert read.apart == Apart("tool_calls", '{"a": 1}', ("save",))
    read = REPLIES.read(stream(chunk({"refusal": "I "}), chunk({"refusal": "can't."}), chunk({}, "stop")))
    assert isinstance(read, Completion)
    assert (read.text, read.finish_reason) == ("I can't.", "refusal")


@pytest.mark.parametrize(
    ("body", "row"),
    [
        ("data: [DONE]\n\n", "empty stream"),
        (stream(*HI, done=False), "broken off"),
        (stream(*HI, chunk({}, "error")), "broken off"),
        ("data: {\n\n", "broken off"),
        (": wait\n\ndata:\n\n", "broken off"),
        (stream({"error": {"message": "Slow down", "code": 429}}), "rate limit"),
        (stream(*HI, {"error": {"message": "Upstream", "code": 502}}), "server error"),
        (stream({"error": "boom"}), "error inside"),
        (stream({"error": {"message": "Content Exists Risk"}}), "content policy"),
        (stream({"object": "error", "message": "maximum context length is 5", "code": 400}), "context length"),
        ('event: message_start\ndata: {"type": "message_start", "message": {}}\n\n', "another protocol"),
        ('event: response.created\ndata: {"type": "response.created", "response": {}}\n\n', "another protocol"),
        ('data: {"candidates": [{"content": {}}]}\n\n', "another protocol"),
        ('data: {"choices": [{"index": 0, "text": "hi"}]}\n\n', "another protocol"),
    ],
)
def test_a_stream_without_an_answer(body: str, row: str) -> None:
    read = REPLIES.read(body)
    assert isinstance(read, Failure)
    assert row_of(read).name == row


def test_a_run_reads_streams_as_it_reads_replies(tmp_path: Path) -> None:
    author = Author.tidy()

    def streaming(number: int, body: Body) -> Fault | None:
        text = author(body).text or ""
        parts = [chunk({"content": text[at : at + 7]}) for at in range(0, len(text), 7)]
        return raw(200, stream(*parts, chunk({}, "stop")), {"Content-Type": "text/event-stream"})

    recipe = recipe_with(write_recipe(tmp_path))
    for name, faults in (("plain", None), ("streamed", streaming)):
        with OpenAIServer(author, faults=faults) as server:
            setup = setup_for(recipe, server.base_url, tmp_path / name, tmp_path / f"cache-{name}")
            assert run(setup).error is None
            assert all(seen.body["stream"] is False for seen in server.seen)
    assert Files.of(tmp_path / "streamed") == Files.of(tmp_path / "plain")


@given(st.text(alphabet='data: {}[]"\\n:x\u2028') | st.text(), st.booleans())
def test_nothing_that_looks_like_a_stream_raises(text: str, prefixed: bool) -> None:
    assert REPLIES.read(f"data: {text}" if prefixed else text)


@pytest.mark.parametrize(
    "body",
    [
        " " * 3_000_000, "\n" * 3_000_000, ":\n" * 1_000_000, "data:\n" * 500_000, "data: }\n" * 400_000,
        "data: {}\n\n" * 300_000, "data: " + "[" * 2_000_000, "event: x\n" * 300_000, "data: {" + '"}' * 1_000_000,
    ],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
def test_large_bodies_of_nothing_are_read_to_the_end(body: str) -> None:
    assert isinstance(REPLIES.read(body), Failure)


def test_what_is_no_stream() -> None:
    for text in ("", "x data: y", '{"data": 1}', "database: x", "event: x", "<html>data:</html>"):
        assert not is_stream(text)
