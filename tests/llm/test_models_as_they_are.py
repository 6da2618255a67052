"""Models and servers as they are, with their exact words: each asked as a run asks it, by both transports."""

# ruff: noqa: E501  # servers say long things in one line

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datarecipe.errors import DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion
from datarecipe.generate.events import Accepted, Event
from datarecipe.generate.generation import Generation
from datarecipe.generate.prompt.model_profile import settle_model
from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport
from datarecipe.llm.transport import AskAgainError
from datarecipe.llm.transports.direct_transport import DirectTransport
from datarecipe.recipe.load import load_recipe
from tests.llm.test_both_transports import document, endpoint_of
from tests.openai_author import Body
from tests.openai_faults import Fault, raw
from tests.openai_server import OpenAIServer

RECIPE = """
recipe: 1
name: sentiment
task: classification
instruction: 'Write {{ batch_size }} examples. Reply with {"examples": [...]}'
seed_example: {label: a, text: A text of some length that stands here.}
labels: [a, b]
strategy: fixed
batch_size: 2
target_size: 5
"""
ITEMS = '{"examples": [{"label": "b", "text": "Another one."}, {"label": "a", "text": "And one more."}]}'
TRANSPORTS: list[Callable[..., Any]] = [DirectTransport, LitellmTransport]
Behaviour = Callable[[Body], Fault]
"""What a server makes of a request."""


def says(content: Any = ITEMS, finish_reason: str | None = "stop", **message: Any) -> Fault:
    """A whole reply."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": content, **message},
        "finish_reason": finish_reason,
    }
    return raw(200, document(choices=[choice]))


def refuses(status: int, message: str, **more: Any) -> Fault:
    """An error in OpenAI's form."""
    return raw(
        status, {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}}
    )


async def ask(
    kind: Callable[..., Any], model: str, behaviour: Behaviour, tmp_path: Path, more: str = ""
) -> tuple[Completion | DatarecipeError, list[Event], list[Body]]:
    """The first request of a run of `RECIPE`: what came back, what the loop made of it, what was sent."""
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE + more, encoding="utf-8")
    recipe = load_recipe(path)
    with OpenAIServer(faults=lambda _, body: behaviour(body)) as server:
        generation = Generation(recipe, settle_model(recipe, model, server.base_url))
        wanted = next(generation.wanted(1))
        assert isinstance(wanted.request, Complete)
        async with kind(endpoint_of(model, server.base_url, {}), environ={}) as transport:
            try:
                response: Completion = await transport.complete(wanted.request, timeout=30)
            except DatarecipeError as error:
                return error, [], [seen.body for seen in server.seen]
    return response, generation.receive(wanted.handle, response), [seen.body for seen in server.seen]


def accepted(events: list[Event]) -> int:
    return sum(isinstance(event, Accepted) for event in events)


# Reasoning models


def openai_reasoning(body: Body) -> Fault:
    """As o4-mini and gpt-5 are."""
    if "max_tokens" in body:
        return refuses(
            400,
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            param="max_tokens",
            code="unsupported_parameter",
        )
    if body.get("temperature", 1) != 1 or "top_p" in body:
        return refuses(
            400, "Unsupported value: 'temperature' does not support 0.5 with this model.", param="temperature"
        )
    if body["max_completion_tokens"] < 8192:
        return says("", "length", refusal=None)  # all of it was thought away
    return says(refusal=None, annotations=[])


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize(
    "model", ["openai/o1", "openai/o3-mini", "openai/o4-mini", "openai/gpt-5", "openai/gpt-5-mini"]
)
async def test_openais_thinking_models(model: str, kind: Any, tmp_path: Path) -> None:
    response, events, (body,) = await ask(kind, model, openai_reasoning, tmp_path)
    assert isinstance(response, Completion)
    assert accepted(events) == 2
    assert "temperature" not in body
    assert body["max_completion_tokens"] == 8192 + 256


@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_a_temperature_that_a_thinking_model_does_not_take(kind: Any, tmp_path: Path) -> None:
    error, _, _ = await ask(kind, "openai/o4-mini", openai_reasoning, tmp_path, "sampling: {temperature: 0.5}")
    assert isinstance(error, ProviderError)
    assert "sampling.temperature: null" in str(error)


THOUGHTS = [
    says(reasoning_content="Let me think of {examples}."),
    says(reasoning="Let me think of {examples}."),
    says('<think>\nFirst: {"examples": [{"label": "a", "text": "a draft"}]}\n</think>\n\n' + ITEMS),
    says("Let me think of a draft.\n</think>\n\n" + ITEMS),
    says("<thinking>Hm.</thinking>" + ITEMS),
    says([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": ITEMS}]),
]


@pytest.mark.parametrize(
    ("kind", "model", "thought"),
    [
        pytest.param(kind, model, thought, id=f"{kind.__name__}-{model}-{number}")
        for kind in TRANSPORTS
        for model in ("hosted_vllm/deepseek-r1", "mistral/magistral-small", "openai/deepseek-r1")
        for number, thought in enumerate(THOUGHTS)
        # litellm takes a list of parts from Mistral alone.
        if kind is DirectTransport or model.startswith("mistral/") or thought is not THOUGHTS[-1]
    ],
)
async def test_thinking_is_no_part_of_the_examples(model: str, thought: Fault, kind: Any, tmp_path: Path) -> None:
    response, events, (body,) = await ask(kind, model, lambda _: thought, tmp_path)
    assert isinstance(response, Completion), response
    assert accepted(events) == 2
    assert body["max_tokens"] == 8192 + 256


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize(
    "reply",
    [says(None, "length", reasoning_content="so long"), says("", "length"), says("<think>so long", "length")],
    ids=["null", "empty", "open"],
)
async def test_thinking_that_uses_up_all_tokens_is_a_response(reply: Fault, kind: Any, tmp_path: Path) -> None:
    response, events, _ = await ask(kind, "hosted_vllm/qwen3-8b", lambda _: reply, tmp_path)
    assert isinstance(response, Completion)
    assert response.finish_reason == "length"
    assert accepted(events) == 0
    assert events


# Models without a system role


def without_system(body: Body) -> Fault:
    """As vLLM serves Gemma 2."""
    if any(message["role"] == "system" for message in body["messages"]):
        return raw(
            400,
            {
                "object": "error",
                "message": "System role not supported",
                "type": "BadRequestError",
                "param": None,
                "code": 400,
            },
        )
    return says()


@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_a_model_without_a_system_role(kind: Any, tmp_path: Path) -> None:
    response, events, (body,) = await ask(kind, "hosted_vllm/google/gemma-2-9b-it", without_system, tmp_path)
    assert isinstance(response, Completion), response
    assert accepted(events) == 2
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert "Write 2 examples." in body["messages"][0]["content"]


# Refusals


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "hosted_vllm/m"])
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (says(None, "stop", refusal="I'm sorry, I can't assist with that request."), "refusal"),
        (says(None, "content_filter", refusal=None), "content_filter"),
        (says('{"examples": [{"label": "a", "te', "content_filter"), "content_filter"),
        (refuses(400, "The response was filtered due to the prompt triggering content management policy.", code="content_filter"), "content_filter"),
        (refuses(400, "Your request was rejected as a result of our safety system."), "content_filter"),
    ],
    ids=["refusal", "filter", "filtered midway", "prompt", "safety system"],
)  # fmt: skip
async def test_a_refusal_is_a_response_without_items(
    model: str, reply: Fault, reason: str, kind: Any, tmp_path: Path
) -> None:
    response, events, bodies = await ask(kind, model, lambda _: reply, tmp_path)
    assert isinstance(response, Completion), response
    assert response.finish_reason == reason
    assert accepted(events) == 0
    assert len(bodies) == 1


# Providers that lack something


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize(
    ("model", "message", "hint"),
    [
        ("deepseek/deepseek-chat", "This response_format type is unavailable now", "`response_format: none`"),
        ("openai/gpt-4o", "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", "`response_format: none`"),
        ("hosted_vllm/m", "json_schema is not supported by this backend", "`response_format: none`"),
        ("openai/m", "temperature: Input should be less than or equal to 1", "`sampling.temperature: null`"),
    ],
)  # fmt: skip
async def test_what_a_provider_lacks_is_named_with_the_line_to_write(
    model: str, message: str, hint: str, kind: Any, tmp_path: Path
) -> None:
    error, _, bodies = await ask(kind, model, lambda _: refuses(400, message), tmp_path)
    assert isinstance(error, ProviderError)
    assert hint in str(error)
    assert len(bodies) == 1


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            "openai/m",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.",
        ),
        ("mistral/m", '{"detail":[{"type":"extra_forbidden","loc":["body","max_tokens"]}]}'),
    ],
)
async def test_what_has_another_form_is_asked_again_in_it(model: str, message: str, kind: Any, tmp_path: Path) -> None:
    error, _, bodies = await ask(kind, model, lambda _: refuses(400, message), tmp_path)
    assert isinstance(error, AskAgainError)
    assert not error.charged
    assert len(bodies) == 1


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("usage", [..., None, {}, {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}])
async def test_a_reply_without_usage(usage: Any, kind: Any, tmp_path: Path) -> None:
    choices = [{"index": 0, "message": {"role": "assistant", "content": ITEMS}, "finish_reason": None}]
    reply = raw(200, document(usage=usage, choices=choices))
    response, events, _ = await ask(kind, "openai/m", lambda _: reply, tmp_path)
    assert isinstance(response, Completion)
    assert (response.usage, response.finish_reason, accepted(events)) == (None, "stop", 2)


# Ollama


def ollama(status: int, message: str) -> Fault:
    return raw(status, {"error": {"message": message, "type": "api_error", "param": None, "code": None}})


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("model", ["ollama/llama3.2", "ollama_chat/llama3.2"])
@pytest.mark.parametrize("words", ['model "llama3.2" not found, try pulling it first', "model 'llama3.2' not found"])
async def test_ollama_without_the_model(words: str, model: str, kind: Any, tmp_path: Path) -> None:
    error, _, bodies = await ask(kind, model, lambda _: ollama(404, words), tmp_path)
    assert isinstance(error, ProviderError)
    assert "ollama pull llama3.2" in str(error)
    assert words in error.message
    assert len(bodies) == 1


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize(
    ("status", "words", "limited"),
    [
        (500, "llama runner process has terminated: signal: killed", False),
        (503, "server busy, please try again.  maximum pending requests exceeded", True),
    ],
)
async def test_ollama_in_trouble(status: int, words: str, limited: bool, kind: Any, tmp_path: Path) -> None:
    error, _, _ = await ask(kind, "ollama/llama3.2", lambda _: ollama(status, words), tmp_path)
    assert isinstance(error, TransientError)
    assert (error.rate_limited, error.charged) == (limited, True)


@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_ollama_answers(kind: Any, tmp_path: Path) -> None:
    reply = document(model="llama3.2", system_fingerprint="fp_ollama")
    reply["choices"][0]["message"]["content"] = ITEMS
    response, events, (body,) = await ask(kind, "ollama/llama3.2", lambda _: raw(200, reply), tmp_path)
    assert isinstance(response, Completion)
    assert (response.model, accepted(events)) == ("llama3.2", 2)
    assert body["response_format"]["type"] == "json_schema"


# vLLM and other servers that people run


def vllm(status: int, message: str, kind: str = "BadRequestError") -> Fault:
    return raw(status, {"object": "error", "message": message, "type": kind, "param": None, "code": status})


OVERFLOWS = [
    vllm(400, "This model's maximum context length is 4096 tokens. However, you requested 5256 tokens (5000 in the messages, 256 in the completion). Please reduce the length of the messages or completion."),
    vllm(400, "'max_tokens' or 'max_completion_tokens' is too large: 8448. This model's maximum context length is 4096 tokens and your request has 90 input tokens (8448 > 4096 - 90)."),
    vllm(400, "The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens."),
    raw(400, {"error": {"message": "You passed 5000 input tokens and requested 1 output tokens. However, the model's context length is only 4096 tokens.", "type": "BadRequestError", "param": "input_tokens", "code": 400}}),
    vllm(400, "The input (5000 tokens) is longer than the model's context length (4096 tokens)."),
    raw(400, {"error": {"code": 400, "message": "the request exceeds the available context size, try increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 4096}}),
    raw(400, {"error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens."}),
    raw(422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 256 `max_new_tokens`", "error_type": "validation"}),
    refuses(400, "This endpoint's maximum context length is 4096 tokens. However, you requested about 5000 tokens.", code=400),
    refuses(400, "Prompt contains 5000 tokens and 0 draft tokens, too large for model with 4096 maximum context length"),
    refuses(400, "This model's maximum prompt length is 4096 but the request contains 5000 tokens."),
]  # fmt: skip


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("model", ["hosted_vllm/m", "openai/m"])
@pytest.mark.parametrize("overflow", OVERFLOWS, ids=range(len(OVERFLOWS)))
async def test_a_request_that_is_too_long_is_a_response(overflow: Fault, model: str, kind: Any, tmp_path: Path) -> None:
    response, events, _ = await ask(kind, model, lambda _: overflow, tmp_path)
    assert isinstance(response, Completion), response
    assert response.finish_reason == "context_overflow"
    assert accepted(events) == 0


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("model", ["hosted_vllm/m", "openai/m"])
async def test_vllm_with_another_model(model: str, kind: Any, tmp_path: Path) -> None:
    reply = vllm(404, "The model `m` does not exist.", "NotFoundError")
    error, _, _ = await ask(kind, model, lambda _: reply, tmp_path)
    assert isinstance(error, ProviderError)
    assert "The model `m` does not exist." in error.message
    assert "name right" in str(error)


@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_vllm_answers(kind: Any, tmp_path: Path) -> None:
    message: dict[str, Any] = {"role": "assistant", "reasoning_content": None, "content": ITEMS, "tool_calls": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop", "stop_reason": None}
    reply = document(choices=[choice], usage={"prompt_tokens": 9, "total_tokens": 11, "completion_tokens": 2, "prompt_tokens_details": None}, prompt_logprobs=None, kv_transfer_params=None)  # fmt: skip
    response, events, _ = await ask(kind, "hosted_vllm/m", lambda _: raw(200, reply), tmp_path)
    assert isinstance(response, Completion)
    assert response.usage is not None
    assert (response.usage.prompt_tokens, response.usage.completion_tokens, accepted(events)) == (9, 2, 2)
