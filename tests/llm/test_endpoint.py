"""No host that the user did not name, and no key to a host that it does not belong to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datarecipe.errors import UntrustedEndpointError, UsageError
from datarecipe.llm.providers.endpoint import NO_KEY, Endpoint, resolve_endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

URL = "http://vllm.example:8000/v1"
OTHER = "https://other.example/v1"


def resolve(model: str = "openai/gpt-test", environ: Mapping[str, str] | None = None, **options: Any) -> Endpoint:
    nothing: dict[str, Any] = {"flag_api_base": None, "recipe_api_base": None, "config_api_base": None, "trust": False}
    return resolve_endpoint(model, environ=environ or {}, **nothing | options)


def test_the_providers_own_host_is_the_default() -> None:
    endpoint = resolve("openai/gpt-test", {"OPENAI_API_KEY": "sk-1"})
    assert (endpoint.provider, endpoint.name) == ("openai", "gpt-test")
    assert (endpoint.api_base, endpoint.api_base_for_key, endpoint.named_by) == (None, None, "default")
    assert endpoint.api_key({"OPENAI_API_KEY": "sk-1"}) == "sk-1"


def test_flag_goes_before_recipe_before_environment_before_config() -> None:
    environ = {"OPENAI_BASE_URL": "http://environment.example"}
    named = [
        ("flag_api_base", "http://flag.example", "flag"),
        ("recipe_api_base", "http://recipe.example", "recipe"),
        (None, None, "environment"),
    ]
    options: dict[str, Any] = {name: url for name, url, _ in named if name} | {
        "config_api_base": "http://config.example"
    }
    for name, _, who in named:
        endpoint = resolve(environ=environ, trust=True, **options)
        assert (endpoint.named_by, endpoint.host) == (who, f"{who}.example")
        if name:
            del options[name]
    assert resolve(**options).named_by == "config"


@pytest.mark.parametrize(
    ("model", "variable"),
    [
        ("openai/m", "OPENAI_BASE_URL"),
        ("openai/m", "OPENAI_API_BASE"),
        ("ollama/m", "OLLAMA_API_BASE"),
        ("ollama_chat/m", "OLLAMA_API_BASE"),
        ("hosted_vllm/m", "HOSTED_VLLM_API_BASE"),
        ("lm_studio/m", "LM_STUDIO_API_BASE"),
        ("anthropic/m", "ANTHROPIC_BASE_URL"),
        ("nano-gpt/m", "NANO_GPT_API_BASE"),
    ],
)
def test_the_environment_names_a_provider_s_url(model: str, variable: str) -> None:
    endpoint = resolve(model, {variable: URL, "UNRELATED_API_BASE": OTHER})
    assert (endpoint.api_base, endpoint.named_by) == (URL, "environment")
    assert resolve("groq/m", {variable: URL}).named_by == "default"


def test_a_recipes_url_is_refused_and_both_ways_out_are_named() -> None:
    with pytest.raises(UntrustedEndpointError) as caught:
        resolve(recipe_api_base="http://user:secret@evil.example:81/v1?k=secret")
    text = str(caught.value)
    assert "evil.example:81" in text
    assert "--api-base http://evil.example:81/v1" in text
    assert "--trust" in text
    assert "secret" not in text
    assert caught.value.exit_code == 2


def test_a_trusted_recipes_url_gets_the_key_of_its_provider_and_no_other() -> None:
    endpoint = resolve(recipe_api_base=URL, trust=True)
    assert (endpoint.api_base, endpoint.named_by) == (URL, "recipe")
    assert endpoint.api_key({"OPENAI_API_KEY": "sk-1", "GROQ_API_KEY": "sk-2"}) == "sk-1"
    assert endpoint.api_key({"GROQ_API_KEY": "sk-2"}) == NO_KEY


@pytest.mark.parametrize("who", ["flag", "environment", "config"])
def test_a_recipes_url_that_the_user_names_too_is_the_users(who: str) -> None:
    written = "HTTP://VLLM.example:8000/v1/"
    environ = (
        {"OPENAI_API_BASE": written, "OPENAI_API_KEY": "sk-1"} if who == "environment" else {"OPENAI_API_KEY": "sk-1"}
    )
    options = {f"{who}_api_base": written} if who != "environment" else {}
    endpoint = resolve(recipe_api_base=URL, environ=environ, **options)
    assert endpoint.named_by == who
    assert endpoint.api_base_for_key == URL
    assert endpoint.api_key(environ) == "sk-1"


def test_another_url_in_the_environment_does_not_vouch_for_the_recipes() -> None:
    with pytest.raises(UntrustedEndpointError):
        resolve(recipe_api_base=URL, environ={"OPENAI_API_BASE": OTHER})


@pytest.mark.parametrize(
    ("model", "environ", "key"),
    [
        ("openai/m", {"OPENAI_API_KEY": "sk-1", "GROQ_API_KEY": "gsk"}, "sk-1"),
        ("hosted_vllm/m", {"OPENAI_API_KEY": "sk-1"}, NO_KEY),
        ("hosted_vllm/m", {"HOSTED_VLLM_API_KEY": "v", "OPENAI_API_KEY": "sk-1"}, "v"),
        ("openai/m", {"GROQ_API_KEY": "gsk"}, NO_KEY),
        ("openai/m", {"OPENAI_API_KEY": ""}, NO_KEY),
        ("gemini/m", {"GOOGLE_API_KEY": "g"}, "g"),
        ("fireworks_ai/m", {"FIREWORKS_API_KEY": "f"}, "f"),
    ],
)
def test_a_key_goes_only_to_its_own_provider(model: str, environ: dict[str, str], key: str) -> None:
    # A host that litellm would take for Groq's.
    assert resolve(model, flag_api_base="https://api.groq.com/openai/v1").api_key(environ) == key


def test_a_cloud_finds_its_own_credentials() -> None:
    assert resolve("bedrock/m").api_key({"BEDROCK_API_KEY": "b"}) is None


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("http://user:pa%40ss@Host.Example:8000/v1/?token=x", "http://host.example:8000/v1"),
        ("https://host.example:443", "https://host.example"),
        ("http://host.example:80/", "http://host.example"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("HTTPS://HOST.example/V1", "https://host.example/V1"),
    ],
)
def test_the_cache_key_s_url_has_no_secrets_and_one_spelling(written: str, key: str) -> None:
    endpoint = resolve(flag_api_base=written)
    assert endpoint.api_base_for_key == key
    assert endpoint.api_base is not None
    assert ("token=x" in written) == ("token=x" in endpoint.api_base)
    assert "pa%40ss" not in repr(endpoint)
    assert "token" not in repr(endpoint)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://host.example",
        "host.example:8000",
        "localhost",
        "http://",
        "http:///v1",
        "http://host.example:port/v1",
        "http://host.example:0",
        "http://host.example:99999",
        "http://host.example/v1#x",
        "http://host.example/ v1",
        "http://host.example/\n",
        "http://host.example\\@evil.example",
        "http://[::1/v1",
        "http://hóst.example",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(flag_api_base=url)
    assert "\n" not in caught.value.message


def test_a_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(UsageError) as caught:
        resolve(flag_api_base="ftp://user:secret@host.example/v1")
    assert "secret" not in str(caught.value)


def test_secrets_in_a_url_are_the_users_own_and_openai_s_protocol_only() -> None:
    for url in ("http://user:pass@host.example/v1", "http://host.example/v1?token=pass"):
        assert resolve(flag_api_base=url).has_secrets
        with pytest.raises(UsageError, match=r"http://host.example/v1") as caught:
            resolve(recipe_api_base=url, trust=True)
        assert "pass" not in caught.value.message.replace("password", "")
        with pytest.raises(UsageError, match="password or a query"):
            resolve("anthropic/m", flag_api_base=url)
    assert not resolve(flag_api_base=URL).has_secrets


@pytest.mark.parametrize(
    "model",
    [
        "",
        "huggingface/https://evil.example/x",
        "openai/../x",
        "baseten/x.evil.example/#",
        "openai/a?b",
        "openai/a b",
        "openai/a\n",
        "openai/",
        "/openai/x",
        "bedrock/evil.example%2f",
    ],
)
def test_what_is_no_model_s_name_is_refused(model: str) -> None:
    with pytest.raises(UsageError):
        resolve(model)


@pytest.mark.parametrize(
    ("model", "provider", "name"),
    [
        ("gpt-4o", "openai", "gpt-4o"),
        ("gpt-99-not-yet", "openai", "gpt-99-not-yet"),
        ("claude-99-not-yet", "anthropic", "claude-99-not-yet"),
        ("ollama/llama3.2:3b", "ollama", "llama3.2:3b"),
        ("hosted_vllm/meta-llama/Llama-3.2-1B", "hosted_vllm", "meta-llama/Llama-3.2-1B"),
        ("vertex_ai/claude-3@20240229", "vertex_ai", "claude-3@20240229"),
        ("bedrock/us-east-1/anthropic.claude-v2:1", "bedrock", "us-east-1/anthropic.claude-v2:1"),
        ("local/smollm2-135m", "local", "smollm2-135m"),
    ],
)
def test_the_provider_of_a_model(model: str, provider: str, name: str) -> None:
    endpoint = resolve(model)
    assert (endpoint.provider, endpoint.name) == (provider, name)


AGENTCORE = "bedrock/agentcore/arn:aws:bedrock-agentcore:evil.example/:123456789012:runtime/x"


@pytest.mark.parametrize(
    "model",
    [
        AGENTCORE,
        "bedrock/agentcore/arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/x",
        "bedrock/us-east-1/agentcore/arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/x",
        "bedrock/AgentCore/x",
        "bedrock/agent/AGENT/ALIAS",
        "bedrock/async_invoke/amazon.nova-reel-v1:0",
        "bedrock/claude_platform/claude-sonnet-4",
        "bedrock/arn:aws:bedrock:evil.example/:123456789012:inference-profile/x",
        "bedrock/arn:aws:bedrock:evil.example:123456789012:inference-profile/x",
        "bedrock/arn:aws:bedrock:us-east-1.evil:123456789012:inference-profile/x",
        "bedrock/arn:aws:bedrock:us@evil:123456789012:inference-profile/x",
        "bedrock/arn:evil:bedrock:us-east-1:123456789012:inference-profile/x",
        "bedrock/arn:aws:s3:us-east-1:123456789012:x/y",
        "bedrock/converse/arn:aws:bedrock:evil.example/:1:x/y",
        "bedrock/x@evil.example/m",
        "bedrock/ARN:aws:bedrock:evil.example:1:x/y",
        "bedrock_converse/agentcore/x",
        "bedrock_mantle/arn:aws:bedrock:evil.example/:1:x/y",
        "sagemaker_chat/arn:aws:sagemaker:evil.example/:1:endpoint/x",
    ],
)
def test_a_model_s_name_never_decides_a_host(model: str) -> None:
    for named_by_user in (False, True):
        with pytest.raises(UntrustedEndpointError, match="nothing was sent") as caught:
            resolve(model, {"AWS_BEARER_TOKEN_BEDROCK": "k"}, named_by_user=named_by_user)
        assert "--trust" in str(caught.value)
    assert resolve(model, trust=True).model == model


@pytest.mark.parametrize(
    "model",
    [
        "bedrock/anthropic.claude-3-sonnet-20240229-v1:0",
        "bedrock/us.anthropic.claude-3-5-sonnet-20241022-v2:0",
        "bedrock/us-west-2/1-month-commitment/cohere.command-text-v14",
        "bedrock/converse/us-gov-west-1/anthropic.claude-v2:1",
        "bedrock/arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-v2:1",
        "bedrock/converse/arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/x",
        "bedrock/llama/arn:aws:bedrock:us-east-1:123456789012:imported-model/r4c4kewx2s0n",
        "bedrock_mantle/us-west-2/openai.gpt-oss-120b",
        "sagemaker_chat/my-endpoint",
        "vertex_ai/gemini-2.0-flash@001",
        "azure/my-deployment",
        "cloudflare/@cf/meta/llama-3-8b-instruct",
    ],
)
def test_models_of_clouds_are_named_as_clouds_name_them(model: str) -> None:
    assert resolve(model).model == model


@pytest.mark.parametrize(
    ("model", "where", "variable"),
    [
        ("docker_model_runner/m", "localhost:22088", "DOCKER_MODEL_RUNNER_API_BASE"),
        ("huggingface/org/m", "router.huggingface.co", "HF_API_BASE"),
        ("langflow/m", "localhost:7860", "LANGFLOW_API_BASE"),
        ("langgraph/m", "localhost:2024", "LANGGRAPH_API_BASE"),
        ("lemonade/m", "localhost:8000", "LEMONADE_API_BASE"),
        ("llamafile/m", "127.0.0.1:8080", "LLAMAFILE_API_BASE"),
        ("petals/m", "chat.petals.dev", "PETALS_API_BASE"),
        ("predibase/m", "serving.app.predibase.com", "PREDIBASE_API_BASE"),
        ("replicate/org/m", "api.replicate.com", "REPLICATE_API_BASE"),
        ("sagemaker/m", "runtime.sagemaker.*.amazonaws.com", "SAGEMAKER_API_BASE"),
        ("text-completion-codestral/m", "codestral.mistral.ai", "TEXT_COMPLETION_CODESTRAL_API_BASE"),
    ],
)
def test_a_recipe_cannot_choose_a_provider_that_is_not_known_to_be_safe(model: str, where: str, variable: str) -> None:
    with pytest.raises(UntrustedEndpointError) as caught:
        resolve(model)
    text = str(caught.value)
    assert where in text
    assert "--trust" in text
    assert f"--model {model}" in text
    assert resolve(model, named_by_user=True).model == model
    assert resolve(model, trust=True).model == model
    assert resolve(model, {variable: URL}).host == "vllm.example:8000"


@pytest.mark.parametrize("model", ["gigachat/GigaChat", "vllm/org/m", "aiohttp_openai/m"])
def test_what_litellm_cannot_be_held_to_needs_more_than_the_user_s_choice(model: str) -> None:
    for named_by_user in (False, True):
        with pytest.raises(UntrustedEndpointError, match="nothing was sent"):
            resolve(model, {f"{model.partition('/')[0].upper()}_API_BASE": URL}, named_by_user=named_by_user)
    assert resolve(model, trust=True).model == model


@pytest.mark.parametrize("provider", ["a2a", "jina_ai", "elevenlabs"])
def test_a_provider_without_a_row_needs_trust_or_a_url_of_the_user_s(provider: str) -> None:
    for named_by_user in (False, True):
        with pytest.raises(UntrustedEndpointError, match="not known here"):
            resolve(f"{provider}/m", named_by_user=named_by_user)
    assert resolve(f"{provider}/m", flag_api_base=URL).host == "vllm.example:8000"
    assert resolve(f"{provider}/m", trust=True).provider == provider


def test_a_name_without_provider_on_ones_own_server_is_openai_compatible() -> None:
    for model in ("my-model", "meta-llama/Llama-3.2-1B"):
        endpoint = resolve(model, flag_api_base=URL)
        assert (endpoint.provider, endpoint.name) == ("openai", model)
        assert resolve(model, {"OPENAI_BASE_URL": URL}).provider == "openai"


def test_an_unknown_provider_is_a_usage_error_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="Did you mean anthropic/claude-3"):
        resolve("antropic/claude-3")
    with pytest.raises(UsageError, match="does not say which provider"):
        resolve("my-model")


@pytest.mark.parametrize("length", [150, 900_000])
@pytest.mark.parametrize("begins", ["", "nobody", "a/", "lab:", "anthropic/", "local/"])
def test_a_message_holds_no_more_of_a_name_than_anybody_reads(begins: str, length: int) -> None:
    if length > 4096 or not begins.endswith(("anthropic/", "local/")):
        with pytest.raises(UsageError) as caught:
            resolve(begins + "a" * length)
        assert len(str(caught.value)) < 500


def test_a_provider_that_waits_for_a_person_is_refused() -> None:
    with pytest.raises(UsageError, match="log in"):
        resolve("github_copilot/gpt-4o")


def test_the_embedded_model_has_no_url() -> None:
    assert resolve("local/smollm2-135m", recipe_api_base=URL).named_by == "default"
    with pytest.raises(UsageError):
        resolve("local/smollm2-135m", flag_api_base=URL)


def test_deciding_imports_no_litellm() -> None:
    script = """
import sys
from datarecipe.llm.providers.endpoint import resolve_endpoint
nothing = dict(flag_api_base=None, recipe_api_base=None, config_api_base=None, trust=False, environ={})
for model in ("gpt-4o", "openai/gpt-4o", "bytez/x"):
    resolve_endpoint(model, **nothing)
assert not {"litellm", "openai", "httpx", "aiohttp"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])
