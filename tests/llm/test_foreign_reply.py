"""Bodies that will never be an answer end a run at once, named; what may pass is asked for again."""

# ruff: noqa: E501  # one body a line

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import ProviderError
from datarecipe.llm.failures.failure_table import Failure, row_of
from datarecipe.llm.transports.foreign_reply import never_json, other_protocol
from datarecipe.llm.transports.openai_reply import Replies
from tests.llm.test_both_transports import endpoint_of
from tests.llm.test_failures import ROWS, TRANSPORTS, held, result_of
from tests.openai_author import Author
from tests.openai_faults import always, first, raw
from tests.openai_server import OpenAIServer
from tests.runs import recipe_with, run, setup_for, write_recipe

REPLIES = Replies(endpoint_of("openai/m", None, {}), ())

PROTOCOLS = {
    "Anthropic": {"id": "1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"},
    "Ollama": {"model": "m", "message": {"role": "assistant", "content": "hi"}, "done": True, "done_reason": "stop"},
    "Ollama's": {"model": "m", "response": "hi", "done": True},
    "Responses": {"id": "1", "object": "response", "status": "completed", "output": [{"type": "message"}]},
    "Gemini": {"candidates": [{"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}]},
    "Gemini's": {"promptFeedback": {"blockReason": "SAFETY"}},
    "plain completions": {"object": "text_completion", "choices": [{"text": "hi", "index": 0, "finish_reason": "stop"}]},
    "Text Generation Inference": [{"generated_text": "hi"}],
    "llama.cpp": {"content": "hi", "stop": True, "tokens_predicted": 2},
    "Triton": {"model_name": "m", "text_output": "hi"},
    "Bedrock": {"output": {"message": {"content": [{"text": "hi"}]}}, "stopReason": "end_turn"},
    "DashScope": {"output": {"text": "hi", "finish_reason": "stop"}, "usage": {}, "request_id": "1"},
    "Cohere": {"id": "1", "message": {"role": "assistant", "content": [{"type": "text", "text": "hi"}]}, "finish_reason": "COMPLETE"},
    "Cohere's": {"text": "hi", "generation_id": "1"},
    "Cloudflare": {"result": {"response": "hi"}, "success": True, "errors": [], "messages": []},
    "Replicate": {"id": "1", "status": "starting", "urls": {"get": "x"}},
    "models or embeddings": {"object": "list", "data": [{"id": "m"}]},
}  # fmt: skip


@pytest.mark.parametrize("name", PROTOCOLS)
def test_another_protocols_reply_is_named(name: str) -> None:
    read = REPLIES.read(json.dumps(PROTOCOLS[name]))
    assert isinstance(read, Failure)
    assert row_of(read).name == "another protocol"
    assert name.removesuffix("'s") in read.message
    assert len(read.message) < 300


def test_lines_of_json_are_known_by_the_first() -> None:
    line = json.dumps({"message": {"role": "assistant", "content": "h"}, "done": False})
    read = REPLIES.read(f"{line}\n{line}\n")
    assert isinstance(read, Failure)
    assert row_of(read).name == "another protocol"


ENDS = {
    "Ollama is running": "plain text",
    "OK": "plain text",
    "Hello, world!": "plain text",
    "It works!": "plain text",
    "<!DOCTYPE html>\n<html><head><title>Sign in</title>": "web page",
    "<html><body><h1>Welcome to nginx!</h1></body></html>": "web page",
    "<!doctype html><title>Open WebUI</title><script>": "web page",
    "<!-- x --><html><title>Log in - Company</title>": "web page",
    '<html><form><input type="password">': "web page",
    "<html><title>Loading...</title><form><input type='password'>": "web page",
    "<html><body>Your session has timed out. Please log in again.</body></html>": "web page",
    "<html><head><script src=app.js></script></head><body><div id=root></div></body></html>": "web page",
    "<html><title> </title><body>Portal</body></html>": "web page",
    "<html><body>Anmeldung f\ufffdr G\ufffdste</body></html>": "web page",
    "<p>Portal</p>": "web page",
}
BEFORE = {
    "nothing": "", "spaces": " \r\n\t", "BOM": "\ufeff", "BOM and spaces": "\ufeff\n", "comment": "<!-- a > b -->\n",
    "comments": "<!--[if IE]><p><![endif]-->\n<!-- x -->", "XML": '<?xml version="1.0" encoding="UTF-8"?>\n',
    "doctype": "<!doctype html>\n",
    "all": '\ufeff <?xml version="1.0"?>\n<!-- x -->\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n',
}  # fmt: skip
PAGES = [
    "<html><body>Login please</body></html>",
    '<html xmlns="http://www.w3.org/1999/xhtml"><head/><body><p>Login <b>please</b></p></body></html>',
    "<html><head><title>Login please</title></head><body></body></html>",
    "<html><style>p { margin: 0 }</style><script>var error = '<b>';</script><body>Login\n please",
    "<body><h1>Login please</h1>",
]
MAY_PASS = {
    "": "unreadable",
    " \n": "unreadable",
    '{"id": "1", "choices": [{"ind': "unreadable",
    '[{"generated': "unreadable",
    "null": "unreadable",
    "true": "unreadable",
    '"OK"': "unreadable",
    "Internal Server Error": "unreadable",
    "error code: 502": "unreadable",
    "upstream connect error or disconnect/reset before headers": "unreadable",
    "no healthy upstream": "unreadable",
    "Service Unavailable": "unreadable",
    "Too many requests": "unreadable",
    "Loading model": "unreadable",
    "\x00\x01\x02": "unreadable",
    "a \ufffd\ufffd": "unreadable",
    "<!doctype html><h1>502 Bad Gateway</h1>": "unreadable",
    "<html><title>Just a moment...</title>": "unreadable",
    "<html><title>Service Temporarily Unavailable</title>": "unreadable",
    "<html><title>example.com | 504: Gateway time-out</title>": "unreadable",
    "<html><title>Web server is down</title>": "unreadable",
    "<html><title>Site under maintenance</title>": "unreadable",
    "<html>": "unreadable",
    "<html><body>The service is temporarily unavailable.</body></html>": "unreadable",
    "<html><body><p>502 - the login server does not answer</p></body></html>": "unreadable",
    "<?xml version='1.0'?><!-- x --><Error><Code>SlowDown</Code></Error>": "unreadable",
    "<?xml version='1.0'?><Error/>": "unreadable",
    "{}": "no choices",
    '{"status": "ok"}': "no choices",
    '{"choices": []}': "no choices",
    '{"choices": null}': "no choices",
    '{"type": "message"}': "no choices",
    '{"detail": "Not ready"}': "error inside",
}


@pytest.mark.parametrize(("body", "row"), (ENDS | MAY_PASS).items())
def test_what_ends_and_what_may_pass(body: str, row: str) -> None:
    read = REPLIES.read(body.encode())
    assert isinstance(read, Failure)
    assert row_of(read).name == row
    assert row_of(read).meaning == ("end" if body in ENDS else "retry")


@pytest.mark.parametrize("upper", [False, True], ids=["", "upper case"])
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("before", BEFORE)
def test_a_page_is_known_whatever_it_begins_with(before: str, page: str, upper: bool) -> None:
    body = BEFORE[before] + page
    for text in (body.upper() if upper else body, (body.upper() if upper else body).encode()):
        read = REPLIES.read(text)
        assert isinstance(read, Failure)
        assert (row_of(read).name, read.message.lower()) == ("web page", "login please")


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize(
    "content_type", ["text/html", "application/xhtml+xml", "application/octet-stream", "application/json", ""]
)
@pytest.mark.parametrize("before", BEFORE)
async def test_a_page_ends_a_request_over_both_transports(before: str, content_type: str, kind: str) -> None:
    fault = raw(200, BEFORE[before] + PAGES[0], {"Content-Type": content_type})
    with OpenAIServer(faults=always(fault)) as server:
        result = await result_of(kind, "openai/gpt-test", server.base_url)
    held(ROWS["web page"], result, hint="/v1")
    assert "Login please" in str(result)


@pytest.mark.parametrize(
    ("status", "row"), [(429, "rate limit"), (502, "server error"), (503, "server error"), (504, "server error")]
)
@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_a_page_with_a_status_of_failure_is_asked_again(status: int, row: str, kind: str) -> None:
    with OpenAIServer(faults=always(raw(status, PAGES[0], {"Content-Type": "text/html"}))) as server:
        held(ROWS[row], await result_of(kind, "openai/gpt-test", server.base_url))


def test_a_run_ends_at_once_with_the_beginning_of_the_body(tmp_path: Path) -> None:
    recipe = recipe_with(write_recipe(tmp_path), **{"limits.concurrency": 1})
    with OpenAIServer(faults=always(raw(200, PROTOCOLS["Anthropic"]))) as server:
        result = run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
    assert isinstance(result.error, ProviderError)
    assert 'anthropic/`) answers so: {"id": "1", "type": "message"' in result.error.message
    assert "--api-base" in (result.error.hint or "")
    assert server.requests == 1
    # A model ran, and nobody told what it took.
    assert result.spent.in_all.tokens > 0


def test_a_run_outlasts_a_gateways_page(tmp_path: Path) -> None:
    recipe = recipe_with(write_recipe(tmp_path), target_size=5, **{"limits.concurrency": 1})
    page = raw(200, "<html><title>502 Bad Gateway</title>", {"Content-Type": "text/html"})
    with OpenAIServer(Author.tidy(), faults=first(1, page)) as server:
        assert run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache")).error is None


@given(st.text() | st.text(alphabet="<>!-htmltitlehead {[\"'=password"))
def test_no_text_raises(text: str) -> None:
    failure = never_json(text)
    assert failure is None or len(failure.message) <= 300


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["choices", "type", "message", "done", "output", "content", "object", "data", "error", "text", "finish_reason", "usage", "code"]) | st.text(), inner))  # fmt: skip


@given(JSON)
def test_no_json_raises(value: object) -> None:
    other_protocol(value)
    assert REPLIES.read(json.dumps(value))
