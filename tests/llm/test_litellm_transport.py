"""litellm against a real server: what comes back, what goes wrong, and what must never leave the process."""

from __future__ import annotations

import asyncio
import base64
import importlib
import os
import re
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datarecipe.errors import DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion, Content, Draw
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.endpoint import resolve_endpoint
from datarecipe.llm.through_litellm.litellm_import import import_litellm
from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport
from datarecipe.llm.transports import openai_protocol
from tests.llm.certificates import certificate
from tests.openai_author import Author, Reply
from tests.openai_faults import Fault, FaultKind, always, first
from tests.openai_server import OpenAIServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

SECRET = "sk-datarecipe-0123456789abcdef"
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def transport(
    base: str, model: str = "openai/gpt-test", environ: Mapping[str, str] | None = None, *, by: str = "flag"
) -> AsyncIterator[LitellmTransport]:
    environ = {"OPENAI_API_KEY": SECRET} if environ is None else environ
    named: dict[str, Any] = {
        "flag_api_base": None,
        "recipe_api_base": None,
        "config_api_base": None,
        f"{by}_api_base": base,
    }
    endpoint = resolve_endpoint(model, trust=True, environ=environ, **named)
    async with LitellmTransport(endpoint, environ=environ) as opened:
        yield opened


def request(base: str, model: str = "openai/gpt-test", index: int = 0, **changes: Any) -> Complete:
    content = Content(
        model=model,
        messages=(("system", "Write 5 more examples."), ("user", '{"question": "is it?", "answer": "yes"}')),
        sampling={"temperature": 1, "max_tokens": 400, "top_p": None},
        response_format=None,
        api_base=base,
    )
    return Complete(replace(content, **changes), Draw(0, "root:0", index))


async def complete(server: OpenAIServer, **changes: Any) -> Completion:
    async with transport(server.base_url) as litellm:
        return await litellm.complete(request(server.base_url, **changes), timeout=30)


async def test_a_request_and_its_answer() -> None:
    with OpenAIServer(Author.tidy()) as server:
        completion = await complete(server)
    (seen,) = server.seen
    assert seen.body == {
        "model": "gpt-test",
        "messages": [
            {"role": "system", "content": "Write 5 more examples."},
            {"role": "user", "content": '{"question": "is it?", "answer": "yes"}'},
        ],
        "temperature": 1,
        "max_tokens": 400,
        "seed": request("").draw.seed,
    }
    assert seen.authorization == f"Bearer {SECRET}"
    assert completion.text == Author.tidy()(seen.body).text
    assert completion.finish_reason == "stop"
    assert completion.usage is not None
    assert completion.usage.completion_tokens > 20
    assert completion.model == "gpt-test-test"
    assert completion.answered_by == "openai/gpt-test"
    assert completion.created.endswith("Z")


SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "batch", "strict": True, "schema": {"type": "object", "properties": {"examples": {}}}},
}


@pytest.mark.parametrize("response_format", [SCHEMA, {"type": "json_object"}])
@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test", "openai/gpt-4o-mini"])
async def test_the_response_format_goes_out_as_it_is(model: str, response_format: dict[str, Any]) -> None:
    with OpenAIServer(Author.tidy()) as server:
        async with transport(server.base_url, model) as litellm:
            asked = request(server.base_url, model, response_format=response_format)
            await litellm.complete(asked, timeout=30)
    assert server.seen[0].body["response_format"] == response_format
    assert asked.content.response_format == response_format


async def test_what_openai_has_no_word_for_is_sent_too() -> None:
    with OpenAIServer(Author.tidy()) as server:
        await complete(server, sampling={"min_p": 0.05, "top_k": 40, "repetition_penalty": 1.1})
    body = server.seen[0].body
    assert (body["min_p"], body["top_k"], body["repetition_penalty"]) == (0.05, 40, 1.1)
    assert "temperature" not in body


async def test_sampling_cannot_turn_litellms_switches() -> None:
    with OpenAIServer(Author.tidy()) as server:
        for name in ("api_base", "mock_response", "extra_headers", "fallbacks", "callbacks"):
            with pytest.raises(ValueError, match=name):
                await complete(server, sampling={name: "x"})
    assert server.requests == 0


async def test_a_request_for_another_endpoint_is_not_sent() -> None:
    with OpenAIServer(Author.tidy()) as server:
        for asked in (request(server.base_url, "openai/other"), request("http://other.example")):
            async with transport(server.base_url) as litellm:
                with pytest.raises(ValueError, match="other"):
                    await litellm.complete(asked, timeout=30)
    assert server.requests == 0


MODELS = ["openai/gpt-test", "hosted_vllm/gpt-test", "ollama/gpt-test"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("kind", "reason", "text"),
    [
        ("null_content", "stop", ""),
        ("content_filter", "content_filter", ""),
        ("refusal", "refusal", "I can't help with that."),
        ("length", "length", '{"examples": [{"te'),
        ("context_length", "context_overflow", ""),
        ("policy", "content_filter", ""),
        ("surrogate", "stop", '{"examples": [{"text": "a \ufffd b"}]}'),
    ],
)
async def test_these_are_responses(model: str, kind: FaultKind, reason: str, text: str) -> None:
    with OpenAIServer(faults=always(Fault(kind))) as server:
        async with transport(server.base_url, model) as litellm:
            completion = await litellm.complete(request(server.base_url, model), timeout=30)
    assert (completion.finish_reason, completion.text) == (reason, text)
    assert server.requests == 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("kind", "error", "hint"),
    [
        ("bad_key", ProviderError, "_API_KEY"),
        ("no_permission", ProviderError, "_API_KEY"),
        ("no_model", ProviderError, "name right"),
        ("no_quota", ProviderError, "credit"),
        ("bad_parameter", ProviderError, "sampling.temperature: null"),
        ("rate_limit", TransientError, None),
        ("server_error", TransientError, None),
        ("unavailable", TransientError, None),
        ("cut_connection", TransientError, None),
        ("html", TransientError, None),
        ("broken_json", TransientError, None),
        ("no_choices", TransientError, None),
        ("hang", TransientError, None),
    ],
)
async def test_these_are_errors_after_one_request(
    model: str, kind: FaultKind, error: type[DatarecipeError], hint: str | None
) -> None:
    fault = Fault(kind, retry_after=2.5)
    with OpenAIServer(faults=always(fault)) as server:
        async with transport(server.base_url, model) as litellm:
            with pytest.raises(DatarecipeError) as caught:
                await litellm.complete(request(server.base_url, model), timeout=1.0 if kind == "hang" else 30)
    assert type(caught.value) is error
    assert server.requests == 1
    assert "\n" not in caught.value.message
    if hint is not None:
        assert hint in str(caught.value)
    if isinstance(caught.value, TransientError):
        asked = kind in ("rate_limit", "server_error", "unavailable")
        assert caught.value.retry_after == (2.5 if asked else None)


async def test_a_host_that_is_not_there_may_come_back() -> None:
    with OpenAIServer() as server:
        gone = server.base_url
    async with transport(gone) as litellm:
        with pytest.raises(TransientError):
            await litellm.complete(request(gone), timeout=30)


async def test_an_absurdly_long_reply_is_no_answer() -> None:
    """A tenth of it is: direct requests, where each byte costs a hundredth, keep 8 million characters of it."""
    with OpenAIServer(faults=always(Fault("huge"))) as server, pytest.raises(TransientError, match="more than"):
        await complete(server)
    with OpenAIServer(lambda body: Reply("x" * 1_000_000)) as server:
        assert len((await complete(server)).text) == 1_000_000


async def test_thinking_that_comes_apart_is_not_part_of_the_text() -> None:
    with OpenAIServer(lambda body: Reply('{"examples": []}', reasoning="Let me think.")) as server:
        assert (await complete(server)).text == '{"examples": []}'


async def test_no_key_reaches_a_message() -> None:
    echo = Fault("bad_key", message=f"Incorrect API key provided: {SECRET}; also sk-other-key-0123456789 \x1b[31m")
    with OpenAIServer(faults=always(echo)) as server, pytest.raises(ProviderError) as caught:
        await complete(server)
    text = str(caught.value)
    assert "Incorrect API key provided: ***" in text
    assert SECRET not in text
    assert "0123456789" not in text
    assert "\x1b" not in text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_a_missing_key_is_an_error_before_anything_is_sent() -> None:
    endpoint = resolve_endpoint(
        "openai/gpt-test", flag_api_base=None, recipe_api_base=None, config_api_base=None, trust=False, environ={}
    )
    async with LitellmTransport(endpoint, environ={}) as litellm:
        asked = request("", api_base=None)
        with pytest.raises(ProviderError, match="OPENAI_API_KEY is not set"):
            await litellm.complete(asked, timeout=30)


@pytest.mark.parametrize("provider", sorted(name for name, row in provider_facts.TABLE.items() if row.needs_url))
async def test_a_missing_url_is_an_error_before_anything_is_sent(provider: str) -> None:
    model = f"{provider}/gpt-test"
    endpoint = resolve_endpoint(
        model, flag_api_base=None, recipe_api_base=None, config_api_base=None, trust=True, environ={}
    )
    async with LitellmTransport(endpoint, environ={}) as litellm:
        with pytest.raises(ProviderError, match="--api-base"):
            await litellm.complete(request("", model, api_base=None), timeout=30)


# Where keys go


def everything_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Every provider's key, and what else litellm and the openai client would send along."""
    for provider in sorted(provider_facts.all_names()):
        for variable in provider_facts.key_variables(provider):
            monkeypatch.setenv(variable, f"stolen-{variable}")
    for variable in (
        "OPENAI_ORGANIZATION",
        "OPENAI_ORG_ID",
        "OPENAI_PROJECT_ID",
        "OPENAI_ADMIN_KEY",
        "LITELLM_PROXY_API_KEY",
    ):
        monkeypatch.setenv(variable, f"stolen-{variable}")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Custom: stolen-header")
    return dict(os.environ)


@pytest.mark.parametrize("provider", openai_protocol.names())
async def test_a_trusted_recipes_host_gets_the_key_of_its_provider_alone(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = everything_in_the_environment(monkeypatch)
    model = f"{provider}/gpt-test"
    with OpenAIServer(Author.tidy()) as server:
        async with transport(server.base_url, model, environ, by="recipe") as litellm:
            await litellm.complete(request(server.base_url, model), timeout=30)
    assert server.requests == 1
    own = set(provider_facts.key_variables(provider))
    assert set(re.findall(r"stolen-([A-Z0-9_]+)", repr(server.seen))) <= own
    assert server.strays == []


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test", "gpt-test", "deepseek/gpt-test"])
async def test_a_host_that_the_user_named_gets_the_providers_key_alone(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = everything_in_the_environment(monkeypatch)
    with OpenAIServer(Author.tidy()) as server:
        # In its path it looks like Groq's, for which litellm would take Groq's key.
        base = server.base_url.replace("/v1", "/api.groq.com/openai/v1")
        async with transport(base, model, environ) as litellm:
            await litellm.complete(request(base, model), timeout=30)
    provider = model.partition("/")[0] if "/" in model else "openai"
    assert server.keys_seen == {f"Bearer stolen-{provider_facts.key_variables(provider)[0]}"}


async def test_without_a_key_of_its_own_a_server_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "stolen")
    with OpenAIServer(Author.tidy()) as server:
        async with transport(server.base_url, "hosted_vllm/m", {"OPENAI_API_KEY": "stolen"}) as litellm:
            await litellm.complete(request(server.base_url, "hosted_vllm/m"), timeout=30)
    assert server.keys_seen == {"Bearer no-key"}


@pytest.mark.parametrize("model", MODELS)
async def test_the_query_of_a_url_is_sent_and_kept_out_of_messages(model: str) -> None:
    with OpenAIServer(Author.tidy(), faults=first(1, Fault("bad_key", message="no such token: t0ken-value"))) as server:
        base = server.base_url
        async with transport(f"{base}?token=t0ken-value&v=2", model) as litellm:
            with pytest.raises(ProviderError) as caught:
                await litellm.complete(request(base, model), timeout=30)
            await litellm.complete(request(base, model), timeout=30)
    assert {seen.path for seen in server.seen} == {"/v1/chat/completions?token=t0ken-value&v=2"}
    assert "t0ken-value" not in str(caught.value)


@pytest.mark.parametrize("model", MODELS)
async def test_the_user_info_of_a_url_is_sent(model: str) -> None:
    with OpenAIServer(Author.tidy()) as server:
        base = server.base_url
        async with transport(base.replace("//", "//user:pa%20ss@"), model) as litellm:
            await litellm.complete(request(base, model), timeout=30)
    assert server.keys_seen == {"Basic " + base64.b64encode(b"user:pa ss").decode()}


@pytest.mark.parametrize("provider", openai_protocol.names())
@pytest.mark.parametrize("where", ["{}?token=t0ken", "user:pass@{}"])
async def test_a_url_with_secrets_brings_along_nothing_of_another_providers(
    provider: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = everything_in_the_environment(monkeypatch)
    model = f"{provider}/gpt-test"
    with OpenAIServer(Author.tidy()) as server:
        scheme, _, rest = server.base_url.partition("://")
        async with transport(f"{scheme}://{where.format(rest)}", model, environ) as litellm:
            await litellm.complete(request(server.base_url, model), timeout=30)
    found = set(re.findall(r"stolen-([A-Za-z0-9_-]+)", repr(server.seen)))
    own = set() if "@" in where else {provider_facts.key_variables(provider)[0]}
    assert found == own | ({"OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID", "header"} if provider == "openai" else set())


# What is switched off


@pytest.mark.parametrize(
    "model",
    [
        "openai/gpt-4o-mini", "openai/gpt-5-mini", "openai/o3-mini", "openai/gpt-5-that-is-not-out-yet",
        "openai/o9-that-is-not-out-yet", "openai/claude-sonnet-4-elsewhere", "openai/org/some-model",
        "hosted_vllm/org/some-model", "hosted_vllm/gpt-5-mini", "hosted_vllm/deepseek-r1", "deepseek/deepseek-chat",
        "mistral/mistral-small-latest", "fireworks_ai/some-model", "xai/grok-4",
    ],
)  # fmt: skip
async def test_what_is_switched_off_changes_nothing_that_is_sent(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compared with litellm called as its documentation shows."""
    monkeypatch.setenv("OPENAI_ORGANIZATION", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    litellm = import_litellm()
    with OpenAIServer(Author.tidy()) as server:
        asked = request(server.base_url, model, sampling={"max_tokens": 400})
        messages = [{"role": role, "content": text} for role, text in asked.content.messages]
        named = {"api_base": server.base_url, "api_key": SECRET, "timeout": 30}
        await litellm.acompletion(
            model=model, messages=messages, max_tokens=400, seed=asked.draw.seed, stream=False, **named
        )
        await litellm.close_litellm_async_clients()
        litellm.in_memory_llm_clients_cache.flush_cache()
        environ = {provider_facts.key_variables(model.partition("/")[0])[0]: SECRET}
        async with transport(server.base_url, model, environ) as lite:
            await lite.complete(asked, timeout=30)
            await lite.complete(asked, timeout=30)
    reference, *mine = server.seen
    for seen in mine:
        assert (seen.path, seen.body) == (reference.path, reference.body)
        assert seen.headers == reference.headers


async def test_what_litellm_knows_of_models_stays_and_no_answer_is_priced(monkeypatch: pytest.MonkeyPatch) -> None:
    litellm = import_litellm()
    before = {name: dict(entry) for name, entry in litellm.model_cost.items()}
    priced: list[Any] = []
    calculator = importlib.import_module("litellm.cost_calculator")
    monkeypatch.setattr(calculator, "completion_cost", lambda *_, **named: priced.append(named))
    with OpenAIServer(Author.tidy()) as server:
        for model in ("openai/gpt-4o-mini", "openai/never-heard-of", "hosted_vllm/gpt-4o-mini"):
            async with transport(server.base_url, model) as lite:
                await lite.complete(request(server.base_url, model), timeout=30)
    assert litellm.model_cost == before
    assert not priced


# Proxies and certificates


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test"])
@pytest.mark.parametrize("query", ["", "?token=1"])
async def test_a_proxy_is_asked(model: str, query: str, no_proxies: pytest.MonkeyPatch) -> None:
    with OpenAIServer(Author.tidy()) as server:
        no_proxies.setenv("HTTP_PROXY", server.base_url.removesuffix("/v1"))
        base = "http://model.invalid/v1"
        async with transport(base + query, model) as litellm:
            assert (await litellm.complete(request(base, model), timeout=30)).text
    assert server.headers_seen[0]["host"] == "model.invalid"


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test"])
@pytest.mark.parametrize("query", ["", "?token=1"])
async def test_certificates_that_the_user_trusts_are_trusted(
    model: str, query: str, no_proxies: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = certificate(tmp_path)
    with OpenAIServer(Author.tidy(), tls=own.server) as server:
        async with transport(server.base_url + query, model) as litellm:
            with pytest.raises(DatarecipeError, match="certificate"):
                await litellm.complete(request(server.base_url, model), timeout=30)
        assert server.requests == 0
        no_proxies.setenv("SSL_CERT_FILE", str(own.file))
        async with transport(server.base_url + query, model) as litellm:
            assert (await litellm.complete(request(server.base_url, model), timeout=30)).text


# Concurrency


async def test_many_at_once_are_one_request_each() -> None:
    with OpenAIServer(Author.tidy(), latency=(0.0, 0.05)) as server:
        async with transport(server.base_url) as litellm:
            asked = [request(server.base_url, index=index) for index in range(64)]
            completions = await asyncio.gather(*(litellm.complete(one, timeout=60) for one in asked))
    assert server.requests == 64
    assert len({seen.digest for seen in server.seen}) == 64
    answers = {seen.body["seed"]: Author.tidy()(seen.body).text for seen in server.seen}
    assert [completion.text for completion in completions] == [answers[one.draw.seed] for one in asked]


async def test_a_cancelled_request_is_cancelled() -> None:
    with OpenAIServer(faults=first(1, Fault("hang"))) as server:
        async with transport(server.base_url) as litellm:
            task = asyncio.create_task(litellm.complete(request(server.base_url), timeout=60))
            while server.in_flight == 0:  # noqa: ASYNC110  # the server runs in another thread
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await litellm.complete(request(server.base_url), timeout=60)).text


# The whole process

GUARDED = """
import asyncio, gc, os, sys
connections = set()
def audit(event, arguments):
    if event == "socket.connect" and not isinstance(arguments[1], (str, bytes)):
        connections.add(arguments[1][:2])
    elif event == "socket.getaddrinfo":
        connections.add(arguments[:2])
sys.addaudithook(audit)
before = dict(os.environ)
sys.path.insert(0, sys.argv[2])
from datarecipe.llm.providers.endpoint import resolve_endpoint
from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport
from tests.llm.test_litellm_transport import request

async def main(base):
    others = ("anthropic/claude-test", "gemini/gemini-test")
    for model in ("openai/gpt-test", "hosted_vllm/gpt-test", "ollama/gpt-test", "deepseek/gpt-test", *others):
        asked = base + "?token=1" * (model == "deepseek/gpt-test")  # over a client of ours
        endpoint = resolve_endpoint(
            model, flag_api_base=asked, recipe_api_base=None, config_api_base=None, trust=False, environ=os.environ
        )
        async with LitellmTransport(endpoint, environ=os.environ) as transport:
            assert "litellm" not in sys.modules or not model.startswith("openai")
            for index in range(3):
                try:
                    await transport.complete(request(base, model, index), timeout=30)
                except Exception as error:
                    assert model in others, error
    await asyncio.sleep(0.5)  # whatever it does in the background

asyncio.run(main(sys.argv[1]))
assert gc.isenabled()
assert gc.get_freeze_count() == 0
assert dict(os.environ) == before, set(os.environ.items()) ^ set(before.items())
port = int(sys.argv[1].split(":")[2].split("/")[0])
assert {tuple(c) for c in connections} <= {("127.0.0.1", port)}, connections
"""


def test_nothing_else_is_contacted_printed_or_left_behind(tmp_path: Path) -> None:
    """In a folder with a planted `.env`, on a machine that lets nothing out but to the server."""
    with OpenAIServer(Author.tidy()) as server:
        (tmp_path / ".env").write_text(f"OPENAI_API_BASE={server.base_url}/evil\nPLANTED=1\n")
        environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        done = subprocess.run(
            [
                sys.executable,
                "-W",
                "ignore",
                "-W",
                "always::ResourceWarning",
                "-c",
                GUARDED,
                server.base_url,
                str(ROOT),
            ],
            cwd=tmp_path,
            env=environ
            | {
                "OPENAI_API_KEY": SECRET,
                "DEEPSEEK_API_KEY": SECRET,
                "ANTHROPIC_API_KEY": SECRET,
                "GEMINI_API_KEY": SECRET,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sum(seen.body["model"] == "gpt-test" for seen in server.seen) == 12
    assert not any("evil" in seen.path for seen in server.seen)


PREPARED = """
import asyncio, gc, sys
sys.path.insert(0, sys.argv[3])
from datarecipe.llm.providers.endpoint import resolve_endpoint
from datarecipe.llm.through_litellm.litellm_import import _OF_THE_OPENAI_CLIENT
from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport
from tests.llm.test_litellm_transport import request
model, base = sys.argv[1:3]

async def main():
    endpoint = resolve_endpoint(
        model, flag_api_base=base, recipe_api_base=None, config_api_base=None, trust=False, environ={}
    )
    async with LitellmTransport(endpoint, environ={}) as transport:
        transport.loading(request(base, model))
        me = asyncio.current_task()
        rounds = 0
        while asyncio.all_tasks() - {me}:
            rounds += 1
            await asyncio.sleep(0.001)
        assert rounds > 20, rounds  # the loop went on
        assert not gc.isenabled()
        before = set(sys.modules)
        await transport.complete(request(base, model), timeout=30)
        new = set(sys.modules) - before
        assert len(new) < 100, new  # a few small ones; without preparation they are hundreds
        assert not {name for name in new if name.startswith("openai.")}, new
        assert (before >= set(_OF_THE_OPENAI_CLIENT)) == model.startswith("openai/")

gc.disable()
gc.freeze()
frozen = gc.get_freeze_count()
asyncio.run(main())
assert gc.get_freeze_count() > frozen // 2
"""


@pytest.mark.parametrize("model", ["openai/gpt-test", "hosted_vllm/gpt-test"])
def test_what_the_first_request_needs_is_imported_beside_other_work(model: str) -> None:
    """And the collector of garbage is left as the program had set it."""
    with OpenAIServer(Author.tidy()) as server:
        done = subprocess.run(
            [sys.executable, "-c", PREPARED, model, server.base_url, str(ROOT)],
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
