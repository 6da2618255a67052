"""What every transport agrees on before a request leaves: what may be sent, where to, and what no message may show.

Each transport has its own way of sending. That a request goes to its endpoint alone, with the parameters of the allow-list
and no others, is not a matter of the way.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from datarecipe.errors import ProviderError
from datarecipe.exchange import Embed, without_system
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.endpoint import NO_KEY
from datarecipe.llm.transport import SAMPLING

if TYPE_CHECKING:
    from datarecipe.exchange import Content, Json
    from datarecipe.llm.providers.endpoint import Endpoint


def check_belongs(asked: Content | Embed, endpoint: Endpoint) -> None:
    """Raise `ValueError` for a request that is meant for another endpoint: a defect of ours."""
    model = asked.embedder if isinstance(asked, Embed) else asked.model
    if (model, asked.api_base) != (endpoint.model, endpoint.api_base_for_key):
        raise ValueError(f"a request for {model} at {asked.api_base} came to {endpoint}")


def check_reachable(endpoint: Endpoint, *, has_key: bool) -> None:
    """Raise `ProviderError` for what would be found out by asking somebody else's host, or not at all."""
    if endpoint.api_base is None and endpoint.facts.needs_url:
        variable = provider_facts.base_variables(endpoint.provider)[-1]
        raise ProviderError(
            f"{endpoint.provider} has no host of its own here, and no URL is named for {endpoint.model}",
            hint=f"Name it with `--api-base http://localhost:8000/v1`, or export {variable}=...",
        )
    at_home = endpoint.api_base is None
    if not has_key and (endpoint.needs_key or (at_home and endpoint.facts.needs_key)):
        variable = endpoint.key_variables[0]
        without = "take `key_env` out of your configuration if the server needs none"
        raise ProviderError(
            f"{endpoint.model} needs a key, and {variable} is not set",
            hint=f"export {variable}=... and run it again, or "
            f"{'name a server of your own with --api-base' if at_home else without}.",
        )


def sampling_of(content: Content) -> dict[str, Json]:
    """The sampling parameters to send. Raises `ValueError` for one that is never sent."""
    if unknown := content.sampling.keys() - SAMPLING:
        raise ValueError(f"sampling parameters that are never sent: {', '.join(sorted(unknown))}")
    return {name: value for name, value in content.sampling.items() if value is not None}


def messages_of(content: Content, *, system: bool = True) -> list[dict[str, str]]:
    """The messages to send; without `system` as a profile without that role lays them out."""
    messages = content.messages if system else without_system(content.messages)
    return [{"role": role, "content": text} for role, text in messages]


def length_named(sampling: dict[str, Json], name: str | None) -> dict[str, Json]:
    """`sampling` with the most tokens of a reply under another name, where one is given."""
    if name is None or sampling.get("max_tokens") is None:
        return sampling
    return {name if key == "max_tokens" else key: value for key, value in sampling.items()}


def basic_authorization(url: SplitResult) -> str | None:
    """The header for a URL with user info, None for one without."""
    if url.username is None:
        return None
    pair = f"{unquote(url.username)}:{unquote(url.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def custom_headers(environ: Mapping[str, str]) -> dict[str, str]:
    """The headers that the openai client sends along because the user wants it: a line each, `Name: value`."""
    lines = (line.partition(":") for line in environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n"))
    return {name.strip(): value.strip() for name, colon, value in lines if colon}


def secrets_of(endpoint: Endpoint, environ: Mapping[str, str]) -> frozenset[str]:
    """What no message may show: keys, and what stands in the URL besides the host."""
    url = urlsplit(endpoint.api_base or "")
    found = {endpoint.api_key(environ), *(environ.get(name) for name in endpoint.key_variables)}
    # As written and as decoded: a library may quote either.
    found |= {part for raw in (url.username, url.password) if raw for part in (raw, unquote(raw))}
    if (authorization := basic_authorization(url)) is not None:
        found.add(authorization.removeprefix("Basic "))
    found |= set(custom_headers(environ).values())
    found |= {url.query, *(value for _, value in parse_qsl(url.query))}
    return frozenset(secret for secret in found if secret and secret != NO_KEY)
