"""The two transports side by side, at one server: the same requests on the wire, the same completions, the same errors."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.errors import DatarecipeError, TransientError
from datarecipe.exchange import Complete, Content, Draw, Usage
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.endpoint import Endpoint, resolve_endpoint
from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport
from datarecipe.llm.transports import openai_protocol
from datarecipe.llm.transports.direct_transport import DirectTransport
from tests.llm.asking import answered
from tests.openai_author import Author, Body, Reply
from tests.openai_faults import Fault, always, raw
from tests.openai_server import OpenAIServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

SECRET = "sk-datarecipe-0123456789abcdef"
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "batch",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"examples": {"type": "array", "items": {"type": "string"}}},
            "required": ["examples"],
            "additionalProperties": False,
        },
    },
}
OBJECT = {"type": "json_object"}
PLAIN = {"temperature": 1, "max_tokens": 400}
EVERYTHING = {
    "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.05, "max_tokens": 400, "presence_penalty": 0.1,
    "frequency_penalty": 0.2, "repetition_penalty": 1.1, "stop": ["\n\n"],
}  # fmt: skip

MODELS = [f"{provider}/gpt-test" for provider in openai_protocol.names()] + [
    "gpt-test",
    "openai/org/some-model",
    "openai/gpt-oss-120b",
    "openai/gpt-4o",
    "openai/gpt-4o-mini-2024-07-18",
    "openai/gpt-4.1-mini",
    "openai/gpt-4-turbo",
    "openai/gpt-3.5-turbo",
    "openai/ft:gpt-4o-mini-2024-07-18:org::id",
    "hosted_vllm/gpt-5-mini",
    "hosted_vllm/org/model",
    "ollama/llama3.2:1b",
    "groq/llama-3.3-70b-versatile",
    "deepseek/deepseek-chat",
    "deepseek/deepseek-reasoner",
    "mistral/mistral-small-latest",
    "mistral/magistral-small-latest",
    "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo",
    "openrouter/openai/gpt-4o",
    "openrouter/anthropic/claude-sonnet-4",
    "xai/grok-4",
    "xai/grok-3-mini",
    "fireworks_ai/accounts/fireworks/models/llama-v3p1-8b-instruct",
    "deepinfra/meta-llama/Meta-Llama-3.1-8B-Instruct",
]
THINKING = [
    "openai/o1", "openai/o3", "openai/o3-mini-2025-01-31", "openai/o4-mini", "openai/gpt-5", "openai/gpt-5-mini",
    "openai/gpt-5-nano-2025-08-07", "openai/gpt-5.1", "openai/gpt-5-chat-latest", "openai/gpt-5.2-chat-latest",
]  # fmt: skip


def endpoint_of(model: str, base: str | None, environ: Mapping[str, str], by: str = "flag") -> Endpoint:
    named: dict[str, Any] = {"flag_api_base": None, "recipe_api_base": None, "config_api_base": None}
    return resolve_endpoint(model, trust=True, environ=environ, **{**named, f"{by}_api_base": base})


def request(model: str, base: str | None, **changes: Any) -> Complete:
    content = Content(
        model=model,
        messages=(("system", "Write 5 more."), ("user", '{"question": "is \u00e9 it?", "answer": "yes"}')),
        sampling=PLAIN,
        response_format=None,
        api_base=base,
    )
    return Complete(replace(content, **changes), Draw(0, "root:0", 0))


@asynccontextmanager
async def both(
    model: str, base: str, environ: Mapping[str, str] | None = None, by: str = "flag"
) -> AsyncIterator[tuple[DirectTransport, LitellmTransport]]:
    environ = {"OPENAI_API_KEY": SECRET} if environ is None else environ
    endpoint = endpoint_of(model, base, environ, by)
    async with (
        DirectTransport(endpoint, environ=environ) as direct,
        LitellmTransport(endpoint, environ=environ) as lite,
    ):
        yield direct, lite


async def outcome(transport: Any, asked: Complete, timeout: float = 30) -> dict[str, Any]:  # noqa: ASYNC109
    """What can be compared of what comes out."""
    try:
        completion = await answered(transport, asked, timeout)
    except DatarecipeError as error:
        seen: dict[str, Any] = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
        if isinstance(error, TransientError):
            seen |= {name: getattr(error, name) for name in ("charged", "rate_limited", "retry_after")}
        return seen
    return {name: getattr(completion, name) for name in ("text", "finish_reason", "usage", "model", "answered_by")}


async def compared(
    server: OpenAIServer,
    model: str,
    *,
    by: str = "flag",
    timeout: float = 30,  # noqa: ASYNC109
    **changes: Any,
) -> tuple[dict[str, Any], dict[str, Any]]:
    asked = request(model, server.base_url, **changes)
    async with both(model, server.base_url, by=by) as (direct, lite):
        return await outcome(direct, asked, timeout), await outcome(lite, asked, timeout)


# The same on the wire


@pytest.mark.parametrize("by", ["flag", "recipe"])
@pytest.mark.parametrize("model", [*MODELS, *THINKING])
async def test_the_same_bodies_at_the_same_path_with_the_same_key(model: str, by: str) -> None:
    """But for `stream`: that it is false litellm says to some servers only."""
    thinking = model in THINKING and by == "flag"
    sampled = [{"max_tokens": 400}, PLAIN, {}] if thinking else [PLAIN, EVERYTHING, {"max_tokens": 7, "top_p": None}]
    asked = [(sampling, None) for sampling in sampled] + [({"max_tokens": 400}, SCHEMA), (PLAIN, OBJECT)]
    environ = {
        name: f"key-of-{name}" for name in provider_facts.key_variables(model.partition("/")[0])[:1] if "/" in model
    }
    with OpenAIServer(Author.tidy()) as server:
        async with both(model, server.base_url, environ, by) as (direct, lite):
            for sampling, response_format in asked:
                one = request(model, server.base_url, sampling=sampling, response_format=response_format)
                if not openai_protocol.speaks_content(endpoint_of(model, server.base_url, {}, by), one.content):
                    continue
                if model.startswith("openai_like/") and by == "flag":
                    continue  # litellm lists it, and cannot ask it
                before = len(server.seen)
                first, second = await outcome(direct, one), await outcome(lite, one)
                assert first == second
                assert "error" not in first
                mine, reference = server.seen[before:]
                assert mine.body == reference.body | {"stream": False}
                assert mine.path == reference.path
                assert mine.authorization == reference.authorization
    assert server.strays == []


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test", "ollama/gpt-test", "deepseek/gpt-test"])
@pytest.mark.parametrize("where", ["{}?token=t0ken&v=a%20b", "user:pa%20ss@{}?x=1", "user@{}"])
async def test_the_same_from_urls_with_secrets(model: str, where: str) -> None:
    with OpenAIServer(Author.tidy()) as server:
        scheme, _, rest = server.base_url.partition("://")
        base = f"{scheme}://{where.format(rest)}"
        async with both(model, base) as (direct, lite):
            endpoint = endpoint_of(model, base, {})
            one = request(model, endpoint.api_base_for_key)
            assert await outcome(direct, one) == await outcome(lite, one)
    mine, reference = server.seen
    assert (mine.body, mine.authorization) == (reference.body | {"stream": False}, reference.authorization)
    # litellm writes a space in the query anew, as +.
    assert [urlsplit(seen.path).path for seen in (mine, reference)] == ["/v1/chat/completions"] * 2
    assert parse_qsl(urlsplit(mine.path).query) == parse_qsl(urlsplit(reference.path).query)


async def test_openais_account_is_named_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {
        "OPENAI_API_KEY": SECRET,
        "OPENAI_ORGANIZATION": "org-1",
        "OPENAI_PROJECT_ID": "proj-1",
        "OPENAI_CUSTOM_HEADERS": "X-Team: data\nX-Cost: 7",
    }
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    with OpenAIServer(Author.tidy()) as server:
        async with both("openai/gpt-test", server.base_url, named) as (direct, lite):
            for transport in (direct, lite):
                await outcome(transport, request("openai/gpt-test", server.base_url))
    mine, reference = server.headers_seen
    for name in ("openai-organization", "openai-project", "x-team", "x-cost"):
        assert mine[name] == reference[name]


def test_of_openais_models_only_those_are_spoken_to_that_are_compared_here() -> None:
    """litellm asks some over another protocol; they must never be asked directly."""
    listed = provider_facts._read("model_prices_and_context_window_backup.json")
    modes = {name: entry.get("mode") for name, entry in listed.items() if entry.get("litellm_provider") == "openai"}
    spoken = {name for name in modes if openai_protocol.speaks(endpoint_of(f"openai/{name}", None, {}))}
    assert "responses" not in {modes[name] for name in spoken}
    assert {"gpt-4o", "gpt-4.1-mini", "o3-mini", "gpt-5", "gpt-5-mini", "gpt-3.5-turbo"} <= spoken
    assert not {"o1-pro", "gpt-5-pro", "gpt-5-codex", "o3-deep-research"} & spoken


@pytest.mark.slow
async def test_every_model_of_openais_that_is_spoken_to_gets_the_same_body() -> None:
    listed = provider_facts._read("model_prices_and_context_window_backup.json")
    names = [n for n, e in listed.items() if e.get("litellm_provider") == "openai" and e.get("mode") == "chat"]
    with OpenAIServer(Author.tidy()) as server:
        for name in names:
            model = f"openai/{name}"
            if not openai_protocol.speaks(endpoint_of(model, server.base_url, {})):
                continue
            await compared(server, model, sampling={"max_tokens": 400})
            mine, reference = server.seen[-2:]
            assert mine.body == reference.body | {"stream": False}, model


# The same from what comes back

RESPONDING = ["openai/gpt-test", "hosted_vllm/gpt-test", "ollama/gpt-test", "together_ai/gpt-test", "deepseek/gpt-test"]
THOUGHT = '<think>\nIt must be {"examples": []}.\n</think>\n\n{"examples": [{"text": "a"}]}'


@pytest.mark.parametrize("model", RESPONDING)
@pytest.mark.parametrize(
    ("answer", "text", "reason"),
    [
        (Reply("plain"), "plain", "stop"),
        (Reply("plain", reasoning="I think."), "plain", "stop"),
        (Reply(THOUGHT), '\n\n{"examples": [{"text": "a"}]}', "stop"),
        (Reply("<think>never ends"), "<think>never ends", "stop"),
        (Reply("said <think>later</think>"), "said <think>later</think>", "stop"),
        (Reply(None, refusal="I can't."), "I can't.", "refusal"),
        (Reply("I ca", refusal="I can't."), "I ca", "refusal"),
        (Reply(None, finish_reason="content_filter"), "", "content_filter"),
        (Reply("cut", finish_reason="length"), "cut", "length"),
        (Reply("cut", finish_reason="max_tokens"), "cut", "length"),
        (Reply("end", finish_reason="eos"), "end", "stop"),
        (Reply("a \ud800 b \ud83d\ude00"), "a \ufffd b \U0001f600", "stop"),
        (Reply(""), "", "stop"),
    ],
)
async def test_the_same_completions(model: str, answer: Reply, text: str, reason: str) -> None:
    with OpenAIServer(lambda body: answer) as server:
        mine, reference = await compared(server, model)
    assert mine == reference
    assert (mine["text"], mine["finish_reason"]) == (text, reason)
    assert mine["answered_by"] == model


ODD_TEXTS = st.lists(
    st.text() | st.text(alphabet='<>/think{}[]\\n "\\ud800'),
    min_size=20,
    max_size=20,
)


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test"])
@given(texts=ODD_TEXTS)
@settings(max_examples=4)
def test_the_same_text_whatever_it_is(model: str, texts: list[str]) -> None:
    async def compare() -> None:
        async with both(model, server.base_url) as transports:
            for text in texts:
                asked = request(model, server.base_url, messages=(("user", text),))
                mine, reference = [await outcome(transport, asked) for transport in transports]
                assert mine == reference

    with OpenAIServer(lambda body: Reply(body["messages"][0]["content"])) as server:
        asyncio.run(compare())


def document(**changes: Any) -> dict[str, Any]:
    """A reply's JSON, whole but for `changes`; a change to `...` leaves the part out."""
    whole: dict[str, Any] = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "service_tier": "default",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    } | changes
    return {name: value for name, value in whole.items() if value is not ...}


def choice(content: Any = "hi", **changes: Any) -> list[dict[str, Any]]:
    return [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"} | changes]


ODD = {
    "no usage": document(usage=...),
    "null usage": document(usage=None),
    "zeros": document(usage={"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}),
    "null counts": document(usage={"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}),
    "no model": document(model=...),
    "null content": document(choices=choice(None)),
    "null finish reason": document(choices=choice(finish_reason=None)),
    "no finish reason": document(choices=[{"index": 0, "message": {"role": "assistant", "content": "hi"}}]),
    "much else": document(system_fingerprint=None, x={"y": 1}, service_tier="default", prompt_logprobs=None),
    "an empty error": document(error={"message": "", "type": "", "param": "", "code": None}),
    "an error of nothing": document(error={}),
    "no error": document(error=None, base_resp={"status_code": 0, "status_msg": "success"}),
    "empty choices": document(choices=[]),
    "two choices": document(choices=[*choice("one"), *choice("two")]),
}


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test"])
@pytest.mark.parametrize("what", ODD)
async def test_the_same_from_odd_replies(model: str, what: str) -> None:
    with OpenAIServer(faults=always(raw(200, ODD[what]))) as server:
        mine, reference = await compared(server, model)
    assert mine == reference


# The same errors

FAULTS: dict[str, Fault] = {
    kind: Fault(kind, retry_after=2.5)
    for kind in (
        "rate_limit", "no_quota", "server_error", "unavailable", "bad_key", "no_permission", "no_model", "bad_parameter",
        "context_length", "policy", "cut_connection", "html", "broken_json", "no_choices",
    )
}  # fmt: skip


@pytest.mark.parametrize("model", RESPONDING)
@pytest.mark.parametrize("kind", FAULTS)
async def test_the_same_errors(model: str, kind: str) -> None:
    with OpenAIServer(faults=always(FAULTS[kind])) as server:
        mine, reference = await compared(server, model)
    if kind in ("cut_connection", "html", "broken_json", "no_choices"):
        mine.pop("message"), reference.pop("message")
    assert mine == reference


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test"])
async def test_the_same_when_nothing_comes(model: str) -> None:
    with OpenAIServer(faults=always(Fault("hang"))) as server:
        mine, reference = await compared(server, model, timeout=0.5)
    assert mine == reference
    assert "nothing within 0.5 seconds" in mine["message"]


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test", "mistral/gpt-test"])
async def test_both_leave_out_a_seed_that_a_server_does_not_take(model: str) -> None:
    def refusing(number: int, body: Body) -> Fault | None:
        message = (
            "Extra inputs are not permitted: random_seed" if "random_seed" in body else "Unknown parameter: 'seed'."
        )
        return raw(400, {"error": {"message": message}}) if {"seed", "random_seed"} & body.keys() else None

    with OpenAIServer(Author.tidy(), faults=refusing) as server:
        async with both(model, server.base_url) as transports:
            for transport in transports:
                for _ in range(2):
                    assert "text" in await outcome(transport, request(model, server.base_url))
    seeds = [bool({"seed", "random_seed"} & seen.body.keys()) for seen in server.seen]
    assert seeds == [True, False, False] * 2


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test", "xai/grok-3-mini", "deepseek/gpt-test"])
@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}, (100, 20)),
        ({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 1120}, (100, 1020)),
        ({"prompt_tokens": 100, "completion_tokens": None, "total_tokens": 100}, None),
        ({"prompt_tokens": 100}, None),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, None),
    ],
    ids=["whole", "thinking only in the sum", "no completion", "prompt alone", "zeros"],
)
async def test_both_count_all_that_is_paid_for_or_nothing(
    model: str, usage: dict[str, Any], read: tuple[int, int] | None
) -> None:
    with OpenAIServer(faults=always(raw(200, {**document(), "usage": usage}))) as server:
        mine, its = await compared(server, model)
    assert mine == its
    assert mine["usage"] == (None if read is None else Usage(*read))


@pytest.mark.parametrize("kind", ["litellm", "direct"])
async def test_what_a_server_echoes_of_secret_headers_is_not_shown(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token, pair = "hunter2hunter2", "dXNlcjpwYXNzd29yZDEyMzQ="
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Team-Token: {token}")
    message = f"bad headers: X-Team-Token={token}, auth={pair}"
    with OpenAIServer(faults=always(raw(400, {"error": {"message": message}}))) as server:
        base = server.base_url.replace("://", "://user:password1234@")
        async with both("openai/gpt-test", base, environ={**os.environ, "OPENAI_API_KEY": SECRET}) as (direct, lite):
            said = await outcome(direct if kind == "direct" else lite, request("openai/gpt-test", server.base_url))
    assert "bad headers" in said["message"]
    assert token not in said["message"]
    assert pair not in said["message"]
