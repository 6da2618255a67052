"""Where requests to one endpoint may go, and nowhere else: what the walls around litellm hold it to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from datarecipe.llm.providers import provider_facts

if TYPE_CHECKING:
    from datarecipe.llm.providers.endpoint import Endpoint

_PORTS = {"http": 80, "https": 443}
_ANY_PART = r"[a-z0-9-]{1,63}"


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    named: frozenset[tuple[str, str, int]] = field(default=frozenset(), repr=False)
    """Scheme, host and port of URLs."""
    patterns: tuple[re.Pattern[str], ...] = ()
    """Hosts of a provider, asked over TLS at port 443."""
    proxies: frozenset[tuple[str, int]] = frozenset()
    """What the user lets connections go through: host and port."""
    everything: bool = False
    """The user trusts a provider of which no host is known."""

    def allows(self, scheme: str, host: str, port: int | None) -> bool:
        """Whether a request may go there."""
        port = port or _PORTS.get(scheme, 0)
        known = (scheme, plain(host), port) in self.named
        return self.everything or known or (scheme == "https" and port == 443 and self._fits(host))

    def allows_connection(self, host: str, port: int | None) -> bool:
        """Whether a connection may go there; without a port: whether the host's address may be asked for."""
        known = (*self.proxies, *((named, its_port) for _, named, its_port in self.named))
        return (
            self.everything
            or any(plain(host) == named and port in (None, its_port) for named, its_port in known)
            or (port in (None, 443) and self._fits(host))
        )

    def _fits(self, host: str) -> bool:
        return any(pattern.fullmatch(plain(host)) for pattern in self.patterns)


def allowed_hosts(endpoint: Endpoint, environ: Mapping[str, str], proxies: Iterable[str] = ()) -> AllowedHosts:
    """The hosts of `endpoint`: the one that the user named, else its provider's own; and where its credentials are
    exchanged. `proxies` are URLs."""
    row = provider_facts.row_of(endpoint.provider)
    urls: list[str] = []
    own: list[str] = []
    if endpoint.api_base is not None:
        urls.append(endpoint.api_base)
    elif row is not None:
        own += row.hosts
        urls += (environ[variable] for variable in row.also if environ.get(variable))
    if row is not None:
        own += row.tokens
    urls += (host for host in own if "://" in host)
    return AllowedHosts(
        named=frozenset(filter(None, map(_scheme_host_port, urls))),
        patterns=tuple(re.compile(re.escape(host).replace(r"\*", _ANY_PART)) for host in own if "://" not in host),
        proxies=frozenset((found[1], found[2]) for found in map(_scheme_host_port, proxies) if found),
        everything=row is None and endpoint.api_base is None,
    )


def plain(host: str) -> str:
    """A host in one spelling."""
    return host.strip("[]").lower().removesuffix(".")


def _scheme_host_port(url: str) -> tuple[str, str, int] | None:
    parts = urlsplit(url if "://" in url else f"https://{url}")
    try:
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return None if port is None or not parts.hostname else (parts.scheme, plain(parts.hostname), port)
