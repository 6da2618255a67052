"""Requests in OpenAI's protocol: which models are asked with it, at which URL, with which body.

litellm is the reference: for every model that `speaks` says yes to, the body here is the one that litellm sends, and a
test compares them on the wire. Where what litellm sends is not known here, the answer is no.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from datarecipe.exchange import thawed
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.transports import sending

if TYPE_CHECKING:
    from datarecipe.exchange import Complete, Content, Embed
    from datarecipe.llm.providers.dialects import Dialect
    from datarecipe.llm.providers.endpoint import Endpoint
    from datarecipe.llm.transports.request_form import RequestForm

PATH = "/chat/completions"
EMBEDDINGS_PATH = "/embeddings"


def speaks(endpoint: Endpoint) -> bool:
    """Whether requests to `endpoint` can be made here, and are what litellm would send."""
    return not re.match(_dialect(endpoint).models_not_here, endpoint.name)


def speaks_content(endpoint: Endpoint, content: Content) -> bool:
    """Whether this very request is what litellm would send; a few parameters are litellm's to rewrite."""
    if not speaks(endpoint):
        return False
    sent = {name for name, value in content.sampling.items() if value is not None}
    if content.response_format is not None:
        sent.add(str(content.response_format.get("type")))
    return not (sent & _dialect(endpoint).not_here)


def depends_on_content(endpoint: Endpoint) -> bool:
    """Whether `speaks_content` may differ from request to request."""
    return speaks(endpoint) and bool(_dialect(endpoint).not_here)


def names() -> tuple[str, ...]:
    """The providers that this protocol reaches."""
    return tuple(sorted(name for name, row in provider_facts.TABLE.items() if row.direct))


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request goes, and with what; all of it may be secret."""

    url: str = field(repr=False)
    """Without user info, with the query as the user wrote it."""
    embeddings_url: str = field(repr=False)
    """The same, for embeddings."""
    headers: Mapping[str, str] = field(repr=False)


def address_of(endpoint: Endpoint, environ: Mapping[str, str]) -> Address | None:
    """The address of `endpoint` with its key, or None where it is the user's to name and nobody did."""
    base = base_of(endpoint)
    if base is None:
        return None
    url = urlsplit(base)
    path = url.path.rstrip("/").removesuffix(PATH).removesuffix(EMBEDDINGS_PATH)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if (authorization := sending.basic_authorization(url)) is not None:
        headers["Authorization"] = authorization
    elif (key := endpoint.api_key(environ)) is not None:
        headers["Authorization"] = f"Bearer {key}"
    if endpoint.facts.names_account and endpoint.named_by != "recipe":
        headers = {**_of_the_account(environ), **headers}
    host = url.netloc.rpartition("@")[2]
    completions, embeddings = (
        urlunsplit((url.scheme, host, path + ending, url.query, "")) for ending in (PATH, EMBEDDINGS_PATH)
    )
    return Address(completions, embeddings, headers)


def base_of(endpoint: Endpoint) -> str | None:
    """The address that paths are added to: the endpoint's, else the provider's own."""
    row = endpoint.facts
    base = endpoint.api_base or row.base
    if base is None or not row.dialect.as_plain:
        return base
    url = urlsplit(base)
    return urlunsplit(url._replace(path=url.path.rstrip("/").removesuffix(row.dialect.path) + row.dialect.path))


def body_of(request: Complete, endpoint: Endpoint, form: RequestForm) -> dict[str, Any]:
    """The JSON body, in the form that the server takes. Raises `ValueError` for a parameter that is never sent."""
    content = request.content
    dialect, name = _dialect(endpoint), endpoint.name
    messages = sending.messages_of(content, system=form.system)
    for message in messages if re.match(dialect.no_system, name) else ():
        message["role"] = message["role"].replace("system", "user")
    length = form.length or ("max_completion_tokens" if re.match(dialect.completion_tokens, name) else None)
    body: dict[str, Any] = {
        "model": dialect.model(name),
        "messages": messages,
        # There are servers that stream where it is not said.
        "stream": False,
    }
    body |= sending.length_named(sending.sampling_of(content), length)
    if content.response_format is not None:
        body["response_format"] = thawed(content.response_format)
    if form.seed and dialect.seed is not None:
        body[dialect.seed] = request.draw.seed
    return {**body, **dialect.extra}


def embedding_body_of(request: Embed, endpoint: Endpoint) -> dict[str, Any]:
    """The JSON body that asks for one embedding. The numbers come as JSON, since not every server knows another way."""
    return {"model": _dialect(endpoint).model(endpoint.name), "input": [request.text]}


def _dialect(endpoint: Endpoint) -> Dialect:
    return provider_facts.facts(endpoint.wire).dialect


def _of_the_account(environ: Mapping[str, str]) -> dict[str, str]:
    """Headers that say which organisation and project of an account at OpenAI pays."""
    headers = {name: value for name, value in sending.custom_headers(environ).items() if name and name.isascii()}
    organization = environ.get("OPENAI_ORGANIZATION") or environ.get("OPENAI_ORG_ID")
    if organization:
        headers["OpenAI-Organization"] = organization
    if environ.get("OPENAI_PROJECT_ID"):
        headers["OpenAI-Project"] = environ["OPENAI_PROJECT_ID"]
    return headers
