"""A name of the user's stands for an address: in keys, in identities and before the user."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import DatarecipeError, ProviderError, UntrustedEndpointError, UsageError
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.endpoint import NO_KEY, Endpoint, resolve_endpoint
from datarecipe.llm.providers.named_endpoint import NamedEndpoint, NamedEndpoints
from datarecipe.llm.transports import sending

URL = "http://10.0.0.5:8000/v1"


def resolve(model: str, *rows: NamedEndpoint, **options: Any) -> Endpoint:
    nothing: dict[str, Any] = {"flag_api_base": None, "recipe_api_base": None, "config_api_base": None, "trust": False}
    endpoints = NamedEndpoints({row.name: row for row in rows}, "/home/me/config.yaml")
    return resolve_endpoint(model, **{"environ": {}, **nothing, **options}, endpoints=endpoints)


def lab(url: str = URL, provider: str = "hosted_vllm", key_env: str | None = None) -> NamedEndpoint:
    return NamedEndpoint("lab", provider, url, key_env)


@pytest.mark.parametrize("name", ["qwen", "org/qwen", "llama3:8b", "org/llama3:8b@1"])
def test_a_model_at_a_named_endpoint(name: str) -> None:
    endpoint = resolve(f"lab:{name}", lab())
    assert (endpoint.model, endpoint.provider, endpoint.name) == (f"lab:{name}", "hosted_vllm", name)
    assert (endpoint.api_base, endpoint.host, endpoint.named_by) == (URL, "10.0.0.5:8000", "config")
    assert endpoint.api_base_for_key == "endpoint:lab"
    assert (endpoint.known_as, endpoint.answers_as) == (f"hosted_vllm/{name}", f"lab:{name}")


def test_variables_of_the_provider_do_not_move_it() -> None:
    environ = {"HOSTED_VLLM_API_BASE": "http://other.example", "OPENAI_BASE_URL": "http://other.example"}
    assert resolve("lab:qwen", lab(), environ=environ).api_base == URL


@pytest.mark.parametrize("who", ["flag_api_base", "recipe_api_base", "config_api_base"])
def test_it_has_one_address(who: str) -> None:
    with pytest.raises(UsageError, match="another address is given"):
        resolve("lab:qwen", lab(), **{who: "http://other.example"}, trust=True)


@pytest.mark.parametrize("model", ["ollama/lab:8b", "openai/lab:x", "bedrock/lab:1"])
def test_what_has_a_slash_before_the_colon_is_no_endpoint(model: str) -> None:
    assert resolve(model, lab()).alias is None


@given(st.from_regex(r"[a-z0-9.]{1,8}/?(:[a-z0-9]{1,4})?", fullmatch=True))
def test_where_no_endpoint_has_the_name_nothing_changes(model: str) -> None:
    """So keys and identities of earlier runs stay."""
    for options in ({}, {"flag_api_base": URL}, {"environ": {"OPENAI_BASE_URL": URL}}):
        outcomes: list[object] = []
        for rows in ((), (lab(),)):
            try:
                outcomes.append(resolve(model, *rows, **options))
            except DatarecipeError as error:
                outcomes.append(str(error))
        assert outcomes[0] == outcomes[1] or model.startswith("lab:")


def test_an_endpoint_that_is_not_there_says_which_lines_to_add() -> None:
    with pytest.raises(UsageError, match="there is no endpoint lab") as caught:
        resolve("lab:org/qwen")
    assert caught.value.hint is not None
    *_, file, first, second, third = caught.value.hint.splitlines()
    assert "/home/me/config.yaml" in file
    assert (first, second) == ("endpoints:", "  lab:")
    assert third == '    {provider: hosted_vllm, urls: ["http://localhost:8000/v1"]}'
    with pytest.raises(UsageError, match="Did you mean lab:qwen"):
        resolve("lb:qwen", lab())


@pytest.mark.parametrize(
    ("row", "environ", "key"),
    [
        (lab(), {"OPENAI_API_KEY": "sk"}, NO_KEY),
        (lab(), {"HOSTED_VLLM_API_KEY": "v"}, "v"),
        (lab(provider="openai"), {"OPENAI_API_KEY": "sk"}, "sk"),
        (lab(provider="openai", key_env="LAB_KEY"), {"OPENAI_API_KEY": "sk", "LAB_KEY": "l"}, "l"),
        (lab(provider="openai", key_env="LAB_KEY"), {"OPENAI_API_KEY": "sk"}, None),
    ],
)
def test_its_key(row: NamedEndpoint, environ: dict[str, str], key: str | None) -> None:
    assert resolve("lab:qwen", row).api_key(environ) == key


def test_a_key_that_is_not_set_is_said_before_anything_is_sent() -> None:
    with pytest.raises(ProviderError, match="lab:qwen needs a key, and LAB_KEY is not set") as caught:
        sending.check_reachable(resolve("lab:qwen", lab(key_env="LAB_KEY")), has_key=False)
    assert "or take `key_env` out of your configuration" in str(caught.value)
    sending.check_reachable(resolve("lab:qwen", lab()), has_key=True)


@pytest.mark.parametrize("name", ["openai", "ollama", "local", "ft", "Lab", "la/b", "1lab", "lab_2", "", "lab:"])
def test_names_that_mean_something_else(name: str) -> None:
    with pytest.raises(UsageError):
        NamedEndpoint(name, "hosted_vllm", URL)


def test_a_row_that_cannot_be_meant() -> None:
    for provider in ("lab", "local", "chatgpt"):
        with pytest.raises(UsageError, match="no provider that can be used"):
            lab(provider=provider)
    with pytest.raises(UsageError, match="the key itself does not belong here") as caught:
        lab(key_env="sk-secret")
    assert "sk-secret" not in str(caught.value)
    with pytest.raises(UsageError, match="leave out `key_env`"):
        lab(provider="bedrock", key_env="LAB_KEY")


@pytest.mark.parametrize("name", ["", "../x", "a b", "x?y"])
def test_the_model_s_name_is_checked_as_any_other(name: str) -> None:
    with pytest.raises(UsageError):
        resolve(f"lab:{name}", lab())


def test_a_name_still_decides_no_host_and_a_doubted_provider_stays_doubted() -> None:
    with pytest.raises(UntrustedEndpointError):
        resolve("lab:agentcore/x", lab(provider="bedrock"))
    with pytest.raises(UntrustedEndpointError):
        resolve("lab:m", lab(provider="gigachat"), named_by_user=True)


DOUBTED = sorted(name for name, row in provider_facts.TABLE.items() if row.doubt and not row.always_doubted)


@pytest.mark.parametrize("provider", DOUBTED)
def test_a_recipe_chooses_no_doubted_provider_through_an_endpoint(provider: str) -> None:
    name = "endpoint" if provider_facts.name_allowed(provider, "endpoint") else "a"
    with pytest.raises(UntrustedEndpointError, match="nothing was sent") as caught:
        resolve(f"lab:{name}", lab(provider=provider))
    assert f"--model lab:{name}" in str(caught.value)
    for word in ({"named_by_user": True}, {"trust": True}):
        assert resolve(f"lab:{name}", lab(provider=provider), **word).api_base == URL


def test_providers_that_are_doubted() -> None:
    assert {"huggingface", "replicate", "sagemaker", "langflow"} <= set(DOUBTED)


def test_a_provider_without_a_row_is_chosen_by_the_user_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_facts, "row_of", lambda _: None)
    with pytest.raises(UntrustedEndpointError, match="are not known here"):
        resolve("lab:m", lab())
    assert resolve("lab:m", lab(), named_by_user=True).api_base == URL


def test_a_password_in_its_address_is_sent_and_never_shown() -> None:
    endpoint = resolve("lab:qwen", lab("http://me:secret@10.0.0.5:8000/v1"))
    assert endpoint.api_base == "http://me:secret@10.0.0.5:8000/v1"
    assert endpoint.host == "10.0.0.5:8000"
    assert "secret" not in repr(endpoint) + repr(lab("http://me:secret@10.0.0.5:8000/v1"))
