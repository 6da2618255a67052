"""Servers that take a request in another form only: asked again at once, and from then on; stored under the same key."""

# ruff: noqa: E501  # one case a line

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from datarecipe.errors import ProviderError
from datarecipe.llm.failures.failure_table import Failure
from datarecipe.llm.transports import sending
from datarecipe.llm.transports.request_form import FormInUse, RequestForm
from tests.llm.asking import answered
from tests.llm.test_both_transports import both, request
from tests.openai_author import Author, Body
from tests.openai_faults import Fault, raw
from tests.openai_server import OpenAIServer
from tests.runs import Files, recipe_with, run, setup_for, write_recipe

SENT = {"messages": [{"role": "system"}, {"role": "user"}], "max_tokens": 5, "seed": 1}
NEWER = {"messages": [{"role": "user"}], "max_completion_tokens": 5, "random_seed": 1}


def said(message: str, status: int = 400, parameter: str | None = None, *codes: str) -> Failure:
    return Failure("http", status, frozenset(codes), message, parameter)


UNSUPPORTED = "Unsupported parameter: '{}' is not supported with this model. Use '{}' instead."
REFUSALS: list[tuple[Failure, dict[str, Any], RequestForm | None]] = [
    (said("x", 400, "seed"), SENT, RequestForm(seed=False)),
    (said("[{'loc': ['body', 'seed'], 'msg': 'extra fields'}]", 422), SENT, RequestForm(seed=False)),
    (said("Unrecognized request argument supplied: seed"), SENT, RequestForm(seed=False)),
    (said("Extra inputs are not permitted: random_seed"), NEWER, RequestForm(seed=False)),
    (said("seeds are not welcome"), SENT, None),
    (said("maximum context length, seed"), SENT, None),
    (said("seed", 500), SENT, None),
    (Failure("connection", message="seed"), SENT, None),
    (said("Unknown parameter: seed"), {"messages": []}, None),
    # the name of the most tokens
    (said(UNSUPPORTED.format("max_tokens", "max_completion_tokens"), 400, "max_tokens", "unsupported_parameter"), SENT, RequestForm(length="max_completion_tokens")),
    (said(UNSUPPORTED.format("max_tokens", "max_completion_tokens")), SENT, RequestForm(length="max_completion_tokens")),
    (said("'max_tokens' is deprecated. Use 'max_completion_tokens' instead."), SENT, RequestForm(length="max_completion_tokens")),
    (said("this model is not supported MaxTokens parameter"), SENT, None),
    (said("[{'type': 'extra_forbidden', 'loc': ['body', 'max_completion_tokens'], 'msg': 'Extra inputs are not permitted'}]", 422), NEWER, RequestForm(length="max_tokens")),
    (said("Unrecognized request argument supplied: max_completion_tokens"), NEWER, RequestForm(length="max_tokens")),
    (said(UNSUPPORTED.format("max_completion_tokens", "max_tokens"), 400, "max_completion_tokens"), NEWER, RequestForm(length="max_tokens")),
    (said("max_completion_tokens is not supported with this model"), NEWER, RequestForm(length="max_tokens")),
    (said("max_tokens is too large: 100000. This model supports at most 16384 completion tokens", 400, "max_tokens", "invalid_value"), SENT, None),
    (said("Invalid 'max_tokens': integer below minimum value", 400, "max_tokens"), SENT, None),
    (said("max_tokens must be less than or equal to 8192; larger values are not supported"), SENT, None),
    (said("Unrecognized request argument supplied: max_completion_tokens"), SENT, None),
    (said("Unsupported value: 'temperature' does not support 0.5", 400, "temperature", "unsupported_value"), SENT, None),
    # the system role
    *(
        (said(words, status), SENT, RequestForm(system=False))
        for status, words in [
            (400, "System role not supported"),
            (422, "Template error: invalid operation: System role not supported (in <string>:1)"),
            (500, "Jinja Exception: System role not supported"),
            (400, "role 'system' is not supported on this model"),
            (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
            (400, "Unsupported value: messages[0].role does not support 'system' with this model. Use 'developer' instead."),
            (400, "This model doesn't support system messages. Try again without a system message or use a model that supports system messages."),
            (400, "This model does not support system prompts"),
            (400, "System messages are not supported"),
            (400, "system role is not supported"),
            (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
            (400, "Error rendering prompt with jinja template: Only user and assistant roles are supported!"),
            (400, "Developer instruction is not enabled for models/gemma-3-12b-it"),
            (400, "message role not supported yet: system"),
            (400, "模型不支持的 message role: system"),
        ]
    ),
    (said("After the optional system message, conversation roles must alternate user and assistant roles"), SENT, None),
    (said("System role not supported"), NEWER, None),
    (said("The system is overloaded", 503), SENT, None),
    (said("System role not supported", 429), SENT, None),
]  # fmt: skip


@pytest.mark.parametrize(("failure", "body", "form"), REFUSALS, ids=lambda value: getattr(value, "message", "")[:50])
def test_what_is_refused_of_the_form(failure: Failure, body: dict[str, Any], form: RequestForm | None) -> None:
    use = FormInUse()
    again = use.another(failure, use.form, body)
    assert (again is None) == (form is None)
    assert use.form == (form or RequestForm())


def test_each_part_changes_once() -> None:
    use = FormInUse()
    first = said(UNSUPPORTED.format("max_tokens", "max_completion_tokens"))
    assert use.another(first, RequestForm(), SENT) is not None
    # Sent before the first refusal came back.
    assert use.another(first, RequestForm(), SENT) is not None
    second = said(UNSUPPORTED.format("max_completion_tokens", "max_tokens"))
    assert use.another(second, use.form, NEWER) is None
    assert use.form.length == "max_completion_tokens"


def refusing(*what: str, status: int = 400) -> Any:
    """A server that refuses a part of the form: the first that it meets."""

    def plan(number: int, body: Body) -> Fault | None:
        refused = {
            "max_tokens": ("max_tokens" in body, UNSUPPORTED.format("max_tokens", "max_completion_tokens")),
            "max_completion_tokens": (
                "max_completion_tokens" in body,
                UNSUPPORTED.format("max_completion_tokens", "max_tokens"),
            ),
            "system": (body["messages"][0]["role"] == "system", "System role not supported"),
            "seed": (bool({"seed", "random_seed"} & body.keys()), "Unknown parameter: 'seed'."),
        }
        for name in what:
            if refused[name][0]:
                return raw(status, {"error": {"message": refused[name][1], "type": "invalid_request_error"}})
        return None

    return plan


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test", "deepseek/gpt-test"])
async def test_both_transports_ask_again_in_the_other_form(model: str) -> None:
    with OpenAIServer(Author.tidy(), faults=refusing("system", "seed", "max_tokens")) as server:
        async with both(model, server.base_url) as transports:
            for transport in transports:
                if model.startswith("deepseek") and transport is transports[1]:
                    continue  # litellm writes the name of old whatever it is given
                for _ in range(2):
                    assert await answered(transport, request(model, server.base_url))
                assert len(server.seen) == 5
                for seen in server.seen[-2:]:
                    assert "seed" not in seen.body
                    assert [message["role"] for message in seen.body["messages"]] == ["user"]
                    assert seen.body["messages"][0]["content"].startswith("Write 5 more.\n\n{")
                    assert "max_tokens" not in seen.body
                    assert seen.body["max_completion_tokens"] == 400
                server.seen.clear()


async def test_a_thinking_model_behind_an_older_server_gets_the_older_name() -> None:
    asked = {"sampling": {"max_tokens": 400}}
    with OpenAIServer(Author.tidy(), faults=refusing("max_completion_tokens")) as server:
        async with both("openai/gpt-5-mini", server.base_url) as (direct, _):
            assert await answered(direct, request("openai/gpt-5-mini", server.base_url, **asked))
    assert [seen.body.get("max_tokens") for seen in server.seen] == [None, 400]


async def test_a_server_that_takes_neither_form_refuses_the_request() -> None:
    with OpenAIServer(Author.tidy(), faults=refusing("max_tokens", "max_completion_tokens")) as server:
        async with both("openai/gpt-test", server.base_url) as transports:
            for transport in transports:
                with pytest.raises(ProviderError, match="does not take the request") as caught:
                    await answered(transport, request("openai/gpt-test", server.base_url))
                assert "sampling.max_tokens: null" in (caught.value.hint or "")
    assert len(server.seen) == 4


@pytest.mark.parametrize("what", [("system",), ("max_tokens",), ("system", "max_tokens", "seed")])
def test_a_run_goes_on_in_the_other_form_and_finds_its_answers_again(what: tuple[str, ...], tmp_path: Path) -> None:
    recipe = recipe_with(write_recipe(tmp_path))
    with OpenAIServer(Author.tidy(), faults=refusing(*what)) as server:
        result = run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
    assert result.error is None
    base = server.base_url
    again = run(setup_for(recipe, base, tmp_path / "again", tmp_path / "cache", offline=True))
    assert again.error is None
    assert Files.of(tmp_path / "again") == Files.of(tmp_path / "out")


def test_a_system_message_alone_becomes_the_users() -> None:
    content = request("openai/m", None, messages=(("system", "a"), ("assistant", "b"))).content
    assert sending.messages_of(content, system=False) == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
    ]
