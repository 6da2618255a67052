"""Requests in OpenAI's chat-completions protocol: which models are asked with it, at which URL, with which body.

litellm is the reference: for every model that `speaks` says yes to, the body here is the one that litellm sends, and a
test compares them on the wire. What litellm sends depends on the provider, for OpenAI's own models on the model's name
too, and with some parameters on its list of models. Where that is not known here, the answer is no.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from datarecipe.llm.providers import provider_facts
from datarecipe.llm.transports import sending

if TYPE_CHECKING:
    from datarecipe.exchange import Complete, Content
    from datarecipe.llm.providers.dialects import Dialect
    from datarecipe.llm.providers.endpoint import Endpoint
    from datarecipe.llm.routing.request_form import RequestForm

PATH = "/chat/completions"


_DIALECTS: Mapping[str, Dialect] = {
    name: row.dialect for name, row in provider_facts.TABLE.items() if row.dialect is not None
}

# Names of OpenAI's own models, as litellm tells them apart. The date at the end is a snapshot's.
_DATE = r"(?:-\d{4}-\d\d-\d\d)?"
_CHAT = re.compile(r"(?:ft:)?(?:gpt-3\.5-turbo|gpt-4)(?![\w.-]*(?:instruct|realtime|transcribe|tts|image))[\w.:-]*")
_SERIES = re.compile(rf"gpt-(?:5|6)(?:(?:\.\d+)?(?:-mini|-nano)?|\.\d+-chat-latest){_DATE}")
_SERIES_CHAT = re.compile(rf"gpt-5-chat(?:-latest)?{_DATE}")
_O_SERIES = re.compile(rf"(?:o1|o3|o3-mini|o4-mini){_DATE}")
_O_WITH_SYSTEM = re.compile(rf"o1{_DATE}")
_FIREWORKS_MODEL = re.compile(r"(?!FW-|firerouter|auto$|auto-instant$)[\w.-]+(?<!-fast)")
_OF_OPENAI = re.compile(
    r"(?:.*/)?(?:ft:)?(?:gpt-?\d|o\d|chatgpt|chat-latest|codex|computer-use|daybreak|davinci|babbage"
    r"|gpt-(?:audio|realtime|image|daybreak|rosalind))"
)


def speaks(endpoint: Endpoint) -> bool:
    """Whether requests to `endpoint` can be made here, and are what litellm would send."""
    wire = _wire(endpoint)
    return wire in _DIALECTS and _known(wire, endpoint.name)


def speaks_content(endpoint: Endpoint, content: Content) -> bool:
    """Whether this very request is what litellm would send; a few parameters are litellm's to rewrite."""
    if not speaks(endpoint):
        return False
    sent = {name for name, value in content.sampling.items() if value is not None}
    if content.response_format is not None:
        sent.add(str(content.response_format.get("type")))
    return not (sent & _DIALECTS[_wire(endpoint)].not_here)


def depends_on_content(endpoint: Endpoint) -> bool:
    """Whether `speaks_content` may differ from request to request."""
    return speaks(endpoint) and bool(_DIALECTS[_wire(endpoint)].not_here)


def names() -> tuple[str, ...]:
    """The providers that this protocol reaches."""
    return tuple(sorted(_DIALECTS))


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request goes, and with what; all of it may be secret."""

    url: str = field(repr=False)
    """Without user info, with the query as the user wrote it."""
    headers: Mapping[str, str] = field(repr=False)


def address_of(endpoint: Endpoint, environ: Mapping[str, str]) -> Address | None:
    """The address of `endpoint` with its key, or None where it is the user's to name and nobody did."""
    base = base_of(endpoint)
    if base is None:
        return None
    url = urlsplit(base)
    path = url.path.rstrip("/")
    path = path if path.endswith(PATH) else path + PATH
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if (authorization := sending.basic_authorization(url)) is not None:
        headers["Authorization"] = authorization
    elif (key := endpoint.api_key(environ)) is not None:
        headers["Authorization"] = f"Bearer {key}"
    if endpoint.provider == "openai" and endpoint.named_by != "recipe":
        headers = {**_of_the_account(environ), **headers}
    return Address(urlunsplit((url.scheme, url.netloc.rpartition("@")[2], path, url.query, "")), headers)


def base_of(endpoint: Endpoint) -> str | None:
    """The address that paths are added to: the endpoint's, else the provider's own."""
    base = endpoint.api_base
    if endpoint.provider in provider_facts.OLLAMA:
        return sending.ollama_base(base)
    return base or _DIALECTS[_wire(endpoint)].base


def body_of(request: Complete, endpoint: Endpoint, form: RequestForm) -> dict[str, Any]:
    """The JSON body, in the form that the server takes. Raises `ValueError` for a parameter that is never sent."""
    content = request.content
    wire = _wire(endpoint)
    dialect = _DIALECTS[wire]
    body: dict[str, Any] = {
        "model": dialect.model(endpoint.name),
        "messages": sending.messages_of(content, system=form.system),
        # There are servers that stream where it is not said.
        "stream": False,
    }
    body |= sending.length_named(sending.sampling_of(content), form.length)
    if content.response_format is not None:
        body["response_format"] = sending.thawed(content.response_format)
    if form.seed and dialect.seed is not None:
        body[dialect.seed] = request.draw.seed
    body |= dialect.extra
    if wire == "openai":
        _as_openai(body, endpoint.name, form)
    return body


def _as_openai(body: dict[str, Any], name: str, form: RequestForm) -> None:
    """What OpenAI's thinking models want otherwise."""
    o_series = _O_SERIES.fullmatch(name) is not None
    if (o_series or _SERIES.fullmatch(name)) and "max_tokens" in body and form.length is None:
        body["max_completion_tokens"] = body.pop("max_tokens")
    if o_series and not _O_WITH_SYSTEM.fullmatch(name):
        for message in body["messages"]:
            if message["role"] == "system":
                message["role"] = "user"


def _wire(endpoint: Endpoint) -> str:
    """Whose dialect it is. Only a provider's own, or one at an address that the user named, is spoken to in its way."""
    if endpoint.named_by == "recipe" and endpoint.provider in provider_facts.OPENAI_COMPATIBLE:
        return "hosted_vllm"
    return "openai" if endpoint.has_secrets else endpoint.provider


def _known(wire: str, name: str) -> bool:
    """Whether litellm's treatment of this model is known here."""
    if wire == "xai":
        return "multi-agent" not in name
    if wire == "fireworks_ai":
        return name.startswith("accounts/") or _FIREWORKS_MODEL.fullmatch(name) is not None
    if wire != "openai" or any(p.fullmatch(name) for p in (_CHAT, _SERIES, _SERIES_CHAT, _O_SERIES)):
        return True
    return not (name.startswith("responses/") or "gpt-5" in name or "gpt-6" in name or _OF_OPENAI.match(name))


def _of_the_account(environ: Mapping[str, str]) -> dict[str, str]:
    """Headers that say which organisation and project of an account at OpenAI pays."""
    headers = {name: value for name, value in sending.custom_headers(environ).items() if name and name.isascii()}
    organization = environ.get("OPENAI_ORGANIZATION") or environ.get("OPENAI_ORG_ID")
    if organization:
        headers["OpenAI-Organization"] = organization
    if environ.get("OPENAI_PROJECT_ID"):
        headers["OpenAI-Project"] = environ["OPENAI_PROJECT_ID"]
    return headers
