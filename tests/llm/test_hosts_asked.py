"""The table of providers, their hosts and their keys, against what litellm really asks and sends.

Every provider that litellm knows is asked, with every provider's key in the environment, through a proxy that catches it all
and leads elsewhere. No host outside the provider's row is asked, and no host sees a key that does not belong there.
"""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any

import pytest

from datarecipe.errors import DatarecipeError
from datarecipe.exchange import Complete, Content, Draw
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.allowed_hosts import allowed_hosts
from datarecipe.llm.providers.endpoint import Endpoint, resolve_endpoint
from datarecipe.llm.through_litellm.litellm_import import import_litellm
from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport
from tests.llm.catching_proxy import CatchingProxy
from tests.llm.certificates import certificate

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = "evil.example"
REGION = "us-east-1"
ARN = "arn:aws:bedrock-agentcore:{}:123456789012:runtime/x"
FORMS = (
    "m",
    "abcdefgh",
    "org/model",
    f"{ELSEWHERE}/x",
    f"{ELSEWHERE}:8443/m",
    f"m@{ELSEWHERE}",
    f"{REGION}/{ELSEWHERE}",
    f"chat/{ELSEWHERE}/m",
    f"agentcore/{ARN.format(ELSEWHERE)}",
    f"agentcore/{ARN.format(ELSEWHERE + '/')}",
    f"agentcore/{ARN.format('x.execute-api.us-east-1')}",
    f"arn:aws:bedrock:{ELSEWHERE}/:123456789012:inference-profile/x",
    f"arn:aws:sagemaker:{ELSEWHERE}:123456789012:endpoint/x",
    f"converse/arn:aws:bedrock:{ELSEWHERE}:123456789012:inference-profile/x",
    f"openai/{ELSEWHERE}",
    f"agent/{ELSEWHERE}/x",
    f"deployment/{ELSEWHERE}",
    f"responses/{ELSEWHERE}",
)
NOT_REACHED = frozenset(
    {
        "azure", "azure_ai", "azure_text", "bedrock_converse", "clarifai", "databricks", "gradient_ai", "oci", "sap",
        "scaledown", "snowflake", "v0", "vertex_ai", "vertex_ai_beta", "watsonx",
    }
)  # fmt: skip
"""Providers of which litellm wants more than a key and a name, a library that is not installed here, or other parameters."""


def all_providers() -> list[str]:
    listed = {str(getattr(name, "value", name)) for name in import_litellm().provider_list}
    return sorted(
        name
        for name in listed | provider_facts.TABLE.keys()
        if provider_facts.known(name) and not provider_facts.facts(name).asks_a_person
    )


def everything(monkeypatch: pytest.MonkeyPatch, names: list[str], proxy: str, trusted: Path) -> dict[str, str]:
    """Every provider's key in the environment, each recognisable."""
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "http_proxy", "https_proxy", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    variables = {variable for name in names for variable in provider_facts.key_variables(name)}
    variables |= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"}
    environ = {variable: f"key-of-{variable}-" for variable in variables}
    environ |= {"AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "SNOWFLAKE_ACCOUNT_ID": "account"}
    environ |= {"CLOUDFLARE_ACCOUNT_ID": "account", "WATSONX_PROJECT_ID": "p", "PREDIBASE_TENANT_ID": "t"}
    environ |= {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "SSL_CERT_FILE": str(trusted)}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return environ


def belongs(variable: str, scheme: str, host: str, port: int) -> bool:
    """Whether the key in `variable` is one of a provider that this host is of."""
    owners = [provider for provider in provider_facts.TABLE if variable in provider_facts.key_variables(provider)]
    owners += [name for name, row in provider_facts.TABLE.items() if row.cloud and variable.startswith("AWS_")]
    return any(
        row is not None and allowed_hosts(endpoint(f"{owner}/m"), {}).allows(scheme, host, port)
        for owner in owners
        if (row := provider_facts.row_of(owner))
    )


def endpoint(model: str) -> Endpoint:
    return resolve_endpoint(
        model, flag_api_base=None, recipe_api_base=None, config_api_base=None, trust=True, environ={}
    )


async def ask(model: str, environ: dict[str, str]) -> tuple[Endpoint, DatarecipeError]:
    """What comes of one request. Anything but an error of ours fails the test."""
    asked = endpoint(model)
    content = Content(model, (("user", "hi"),), {"max_tokens": 5}, None, asked.api_base_for_key)
    async with LitellmTransport(asked, environ=environ) as transport:
        with pytest.raises(DatarecipeError) as caught:
            await transport.complete(Complete(content, Draw(0, "root:0", 0)), timeout=20)
    assert caught.value.exit_code in (2, 3, 4), model
    return asked, caught.value


class Walk:
    """Asks providers, and checks each time what the proxy caught and which names were looked up."""

    def __init__(self, proxy: CatchingProxy, environ: dict[str, str], looked_up: list[str]) -> None:
        self.proxy, self.environ, self.looked_up = proxy, environ, looked_up

    async def step(self, model: str) -> DatarecipeError:
        """The error in the end."""
        self.proxy.caught.clear()
        self.looked_up.clear()
        asked, error = await ask(model, self.environ)
        hosts = allowed_hosts(asked, self.environ)
        for caught in self.proxy.caught:
            where = (caught.scheme, caught.host, caught.port)
            assert hosts.allows(*where), (model, where)
            for variable in re.findall(r"key-of-(\w+)-", caught.text):
                assert belongs(variable, *where), (model, where, variable)
        for name in self.looked_up:
            assert name in ("127.0.0.1", "localhost") or hosts.allows_connection(name, None), (model, name)
        return error


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that are looked up, none of which leads anywhere but to this machine."""
    names: list[str] = []
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        names.append(host.decode() if isinstance(host, bytes) else str(host))
        if names[-1] not in ("127.0.0.1", "localhost"):
            raise socket.gaierror(-2, "Name or service not known")
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return names


def trusted_names() -> list[str]:
    hosts = {host for row in provider_facts.TABLE.values() for host in (*row.hosts, *row.tokens) if "://" not in host}
    return sorted({host.replace("*", REGION) for host in hosts})


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_every_provider_is_asked_at_its_own_hosts_with_its_own_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, looked_up: list[str]
) -> None:
    """Each answer leads elsewhere, which is followed nowhere."""
    own = certificate(tmp_path, *trusted_names())
    proxy = CatchingProxy(own, 308, f"Location: https://{ELSEWHERE}/x\r\n", "")
    reached, stopped = set(), {}
    async with proxy as url:
        walk = Walk(proxy, everything(monkeypatch, all_providers(), url, own.file), looked_up)
        for name in all_providers():
            error = await walk.step(f"{name}/m")
            if "is not followed" in str(error):
                reached.add(name)
            if "litellm wanted to ask" in str(error):
                stopped[name] = str(error)
    # The table has all the hosts that litellm asks for providers that a recipe may choose.
    assert not {name for name in stopped if not provider_facts.TABLE[name].doubt}, stopped
    rows = {name for name, row in provider_facts.TABLE.items() if row.hosts and not row.doubt}
    assert rows - reached <= NOT_REACHED


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_no_form_of_a_name_decides_a_host(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, looked_up: list[str]
) -> None:
    """All of them let through with `--trust`: what is tested is the wall behind the table."""
    own = certificate(tmp_path, ELSEWHERE, f"*.{ELSEWHERE}", *trusted_names())
    proxy = CatchingProxy(own)
    async with proxy as url:
        walk = Walk(proxy, everything(monkeypatch, all_providers(), url, own.file), looked_up)
        for name in all_providers():
            row = provider_facts.TABLE.get(name)
            for form in FORMS if row is not None and row.cloud else FORMS[1:6]:
                await walk.step(f"{name}/{form}")
