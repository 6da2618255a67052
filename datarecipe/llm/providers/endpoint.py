"""Which host a request goes to, who named that host, and which key goes along.

litellm would decide much of this itself, from the environment and from the host in a URL, and take another provider's key
along; so all of it is decided here, once, and passed explicitly.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit, urlunsplit

from datarecipe.errors import UntrustedEndpointError, UsageError
from datarecipe.exchange import LOCAL_PREFIX
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.named_endpoint import IN_KEYS, NamedEndpoint, NamedEndpoints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarecipe.llm.providers.provider_table import Provider

NamedBy: TypeAlias = Literal["flag", "environment", "config", "recipe", "default"]

NO_KEY = "no-key"
"""Sent where a key is expected and none belongs: with none at all litellm would look for one in the environment."""

_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+~-]*")
_LONGEST = 4096
"""No model's name and no path of weights is longer. One that is would fill the screen with each message that holds it."""
_UNSAFE_IN_URL = re.compile(r"[^\x21-\x7e]|[\\<>\"^`{|}]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


_NONE = NamedEndpoints()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests for a model go. Holds no key; `api_base` may hold a password, so it is not shown."""

    model: str
    """As the user or the recipe wrote it: what `Content.model` says."""
    provider: str
    """litellm's name for it; `local` for the embedded model."""
    name: str
    """The model's name without the provider."""
    api_base: str | None = field(repr=False)
    """Where to send, whole. None: the provider's own host, which litellm knows."""
    api_base_for_key: str | None
    """What `Content.api_base` says: for a named endpoint its name, else `api_base` without user info and query, spelt in
    one way."""
    named_by: NamedBy
    key_variables: tuple[str, ...]
    """The environment variables that may hold the key that belongs to this provider, the usual one first."""
    alias: str | None = None
    """The endpoint's name in the user's configuration, where the model is asked for by that."""
    needs_key: bool = False
    """The user says which variable holds the key, so that none is sent instead of it."""

    @property
    def facts(self) -> Provider:
        """What is known of the provider."""
        return provider_facts.facts(self.provider)

    @property
    def host(self) -> str | None:
        """Host and port, for messages."""
        return None if self.api_base is None else urlsplit(_for_key(urlsplit(self.api_base))).netloc

    @property
    def known_as(self) -> str:
        """The model's name in tables of models, which know no endpoint of the user's."""
        return f"{self.provider}/{self.name}" if self.alias else self.model

    @property
    def answers_as(self) -> str:
        """The model's name beside its answers."""
        return self.model if self.alias else f"{self.provider}/{self.name}"

    @property
    def wire(self) -> str:
        """The provider in whose way requests are put, over either transport. At an address that only a recipe names it is
        nobody's own: nothing of the user's environment belongs there."""
        if self.has_secrets:
            return provider_facts.OPENAI
        by_recipe = self.named_by == "recipe" and self.facts.direct
        return provider_facts.PLAIN if by_recipe or self.facts.dialect.as_plain else self.provider

    @property
    def has_secrets(self) -> bool:
        """Whether the URL holds user info or a query."""
        url = urlsplit(self.api_base or "")
        return "@" in url.netloc or bool(url.query)

    def api_key(self, environ: Mapping[str, str]) -> str | None:
        """What to pass as the key.

        `NO_KEY` where none is set; None where litellm is to find the provider's own credentials:
        at the provider's own host, and for clouds that sign requests. None also where one is needed and missing.
        """
        found = next((environ[name] for name in self.key_variables if environ.get(name)), None)
        if self.facts.cloud:
            return None
        if found is not None or self.needs_key:
            return found
        return NO_KEY if self.api_base is not None or self.facts.keyless else None


def resolve_endpoint(
    model: str,
    *,
    flag_api_base: str | None,
    recipe_api_base: str | None,
    config_api_base: str | None,
    trust: bool,
    environ: Mapping[str, str],
    named_by_user: bool = False,
    endpoints: NamedEndpoints = _NONE,
) -> Endpoint:
    """Decide where requests for `model` go: flag, else recipe, else environment, else config, else the provider's own.

    A model at one of `endpoints` has that one's address, and no other. `recipe_api_base` and `config_api_base` are to be
    passed only when the model is the one that they were written for; `named_by_user` says that the user chose the model.
    Contacts nothing, imports no litellm. Raises `UntrustedEndpointError` for a URL that only the recipe names, and for a
    model that is not known to be asked at its provider's hosts alone, unless `trust`; `UsageError` for a model or URL that
    cannot be meant.
    """
    if len(model) > _LONGEST:
        raise UsageError(
            f"{model[:100]!a}... cannot be the name of a model: it has {len(model):,} characters",
            hint=f"A name has {_LONGEST:,} characters at most.",
        )
    if model.startswith(LOCAL_PREFIX):
        if flag_api_base is not None:
            raise UsageError("the embedded model runs in this process, it has no URL", hint="Leave out --api-base.")
        return Endpoint(model, provider_facts.LOCAL, model.removeprefix(LOCAL_PREFIX), None, None, "default", ())
    _check_model(model)
    given = flag_api_base, recipe_api_base, config_api_base
    if (row := endpoints.of(model)) is not None:
        endpoint = _at_named(model, row, endpoints, own_server=any(given))
    else:
        provider, name = _split(model, own_server=any(given), environ=environ, endpoints=endpoints)
        from_environment = next((environ[v] for v in provider_facts.base_variables(provider) if environ.get(v)), None)
        api_base, named_by = _choose(flag_api_base, recipe_api_base, from_environment, config_api_base)
        url = None if api_base is None else check_url(api_base, _WHERE[named_by])
        endpoint = Endpoint(
            model=model,
            provider=provider,
            name=name,
            api_base=None if url is None else urlunsplit(url),
            api_base_for_key=None if url is None else _for_key(url),
            named_by=named_by,
            key_variables=provider_facts.key_variables(provider),
        )
    by_recipe = endpoint.named_by == "recipe"
    if by_recipe and not trust:
        raise _untrusted(endpoint)
    if not trust:
        _check_provider(endpoint, named_by_user=named_by_user)
    if endpoint.has_secrets and (by_recipe or not endpoint.facts.direct):
        raise UsageError(
            f"a URL with a password or a query cannot be used here: {endpoint.api_base_for_key}",
            hint="A recipe is passed on, so it must not hold any: give the whole URL with --api-base."
            if by_recipe
            else f"litellm does not send them with {endpoint.provider}'s protocol.",
        )
    return endpoint


def _at_named(model: str, row: NamedEndpoint, endpoints: NamedEndpoints, *, own_server: bool) -> Endpoint:
    """A model at an endpoint of the user's, where no other address is given."""
    if own_server:
        raise UsageError(
            f"{model} is asked at the address of your endpoint {row.name}, and another address is given",
            hint=f"Leave that out: where {row.name} is, {endpoints.file} says.",
        )
    name = model.partition(":")[2]
    _check_model(name)
    return Endpoint(
        model=model,
        provider=row.provider,
        name=name,
        api_base=urlunsplit(check_url(row.url, f"`{row.name}`")),
        api_base_for_key=f"{IN_KEYS}{row.name}",
        named_by="config",
        key_variables=(row.key_env,) if row.key_env else provider_facts.key_variables(row.provider),
        alias=row.name,
        needs_key=row.key_env is not None,
    )


def _choose(
    flag: str | None, recipe: str | None, environment: str | None, config: str | None
) -> tuple[str | None, NamedBy]:
    """The URL that holds, and who named it. What the recipe says and the user says too was named by the user."""
    by_user: tuple[tuple[str | None, NamedBy], ...] = ((environment, "environment"), (config, "config"))
    if flag:
        return flag, "flag"
    if recipe:
        return next(((url, by) for url, by in by_user if url and _same(url, recipe)), (recipe, "recipe"))
    return next(((url, by) for url, by in by_user if url), (None, "default"))


def _untrusted(endpoint: Endpoint) -> UntrustedEndpointError:
    return UntrustedEndpointError(
        f"the recipe wants its requests sent to {endpoint.host} ({endpoint.api_base_for_key}); nothing was sent",
        hint=f"If you know that host, name it yourself with `--api-base {endpoint.api_base_for_key}`, or let the recipe "
        f"name it with `--trust`: your prompts and your key of {endpoint.provider} go there then.",
    )


def _check_provider(endpoint: Endpoint, *, named_by_user: bool) -> None:
    """A model's name may decide a path, never a host: what is not known to keep to that needs the user's word."""
    row = provider_facts.row_of(endpoint.provider)
    if not provider_facts.name_allowed(endpoint.provider, endpoint.name):
        raise UntrustedEndpointError(
            f"the name {endpoint.model} may select the host, or run a stranger's program; nothing was sent",
            hint="Name a model, or an ARN of one with a region such as us-east-1. "
            f"If you know what it is, let it through with `--trust`: {_what_goes(endpoint)}",
        )
    always = row is not None and row.always_doubted
    doubt = row.doubt if row is not None else "the hosts that litellm asks for it are not known here"
    # An endpoint of the user's has an address too, and a recipe may choose it: that is no word of the user's for this model.
    at_users_address = endpoint.api_base is not None and (endpoint.alias is None or named_by_user)
    if not always and (not doubt or at_users_address or (named_by_user and row is not None)):
        return
    where = f" at {endpoint.host or ', '.join(row.hosts)}" if row and (endpoint.host or row.hosts) else ""
    itself = "" if row is None or always else f"name the model yourself with `--model {endpoint.model}`, or "
    raise UntrustedEndpointError(
        f"{endpoint.model} would be asked{where}, and {doubt}; nothing was sent",
        hint=f"If you want that, {itself}let it through with `--trust`: {_what_goes(endpoint)}",
    )


def _what_goes(endpoint: Endpoint) -> str:
    return f"your prompts and your key of {endpoint.provider} go there then."


def _check_model(model: str) -> None:
    if not _MODEL.fullmatch(model) or "//" in model or ".." in model.split("/") or model.endswith("/"):
        raise UsageError(
            f"{model!a:.100} cannot be the name of a model",
            hint="Write PROVIDER/NAME, as in openai/gpt-4o-mini, ollama/llama3.2 or local/smollm2-135m. "
            "A URL goes into --api-base.",
        )


def _split(model: str, *, own_server: bool, environ: Mapping[str, str], endpoints: NamedEndpoints) -> tuple[str, str]:
    """Provider and name. A name without a provider means an OpenAI-compatible server where there is a URL of one."""
    provider, slash, name = model.partition("/")
    if slash and provider_facts.known(provider):
        if provider_facts.facts(provider).asks_a_person:
            raise UsageError(f"{provider} asks a person to log in while it runs, so it cannot be used in a run")
        return provider, name
    if own_server:
        return provider_facts.OPENAI, model
    bare = None if slash else provider_facts.provider_of(model)
    if bare is not None:
        return bare, model
    if any(environ.get(variable) for variable in provider_facts.base_variables(provider_facts.OPENAI)):
        return provider_facts.OPENAI, model
    endpoints.check_not_meant(model)
    near = difflib.get_close_matches(provider, provider_facts.all_names(), 1)
    message = (
        f"no provider is called {provider[:100]!r}" if slash else f"{model[:100]!r} does not say which provider has it"
    )
    hint = f"Did you mean {near[0]}/{name}?" if slash and near else "Write PROVIDER/NAME, as in openai/gpt-4o-mini."
    raise UsageError(message, hint=f"{hint} For an OpenAI-compatible server of your own add --api-base URL.")


_WHERE: Mapping[NamedBy, str] = {
    "flag": "--api-base",
    "recipe": "the recipe's `api_base`",
    "config": "the config's `api_base`",
    "environment": "the environment's URL",
}


def check_url(text: str, where: str) -> SplitResult:
    """The URL `text`, which stands at `where`. Raises `UsageError`."""
    try:
        url = urlsplit(text)
        problems = (
            (_UNSAFE_IN_URL.search(text), "it holds characters that no URL holds"),
            (url.scheme not in _DEFAULT_PORTS, "it must begin with http:// or https://"),
            (not url.hostname or url.port == 0, "it names no host"),
            (url.fragment, "a fragment (#...) is never sent"),
        )
        problem = next((words for wrong, words in problems if wrong), None)
    except ValueError:
        problem = "it is no URL"
    if problem is not None:
        # What is no URL may be a key or hold one anywhere, so it is not shown.
        raise UsageError(f"{where} cannot be used: {problem}", hint="Write it as in http://localhost:8000/v1.")
    return url


def _for_key(url: SplitResult) -> str:
    """Without user info and query; lower-case host, no default port, no slash at the end."""
    host = (url.hostname or "").lower()
    netloc = f"[{host}]" if ":" in host else host
    if url.port is not None and url.port != _DEFAULT_PORTS[url.scheme]:
        netloc += f":{url.port}"
    return urlunsplit((url.scheme, netloc, url.path.rstrip("/"), "", ""))


def _same(one: str, other: str) -> bool:
    try:
        return _for_key(check_url(one, "")) == _for_key(check_url(other, ""))
    except UsageError:
        return False
