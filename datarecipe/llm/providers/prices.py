"""What a model costs and how much text it takes, from the price map that comes with litellm; litellm is not imported.

An estimate that is too low would break a cap, one that is too high only ends a run early. So nothing here is below what is
charged for a plain request at the standard tier:

- Prompts above so many tokens cost what the map says of them. Surcharges for regional hosts count wherever the map has one.
- No discount is taken off: not for what a provider has cached, nor for batches, flex or off-peak hours. Where caching itself
  costs more than plain input, and the provider caches without being asked, that price counts.
- Where reasoning tokens cost more than the rest of the reply, all of it is counted so.
- Fees for each request are added where the model searches the web each time. Models that search as often as they like
  (`deep-research`) have no price here.
- Zero is what the map says of models whose price it does not know; so it means unknown here.

A price belongs to a provider. At another host than its own (a proxy, a server of one's own) the same model may cost
anything, so its price is unknown there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from datarecipe.installed import version_of
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.endpoint import Endpoint

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LongPromptPrice:
    """US dollars a token, prompt and reply, for requests whose prompt has more than `above` tokens."""

    above: int
    input_per_token: Decimal
    output_per_token: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """What one request costs, in US dollars."""

    input_per_token: Decimal
    output_per_token: Decimal
    per_request: Decimal = _ZERO
    """On top of the tokens."""
    long_prompts: tuple[LongPromptPrice, ...] = ()
    """By rising length."""

    def cost(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        """US dollars for one request. For sums over many requests add up their costs: long prompts may cost more."""
        price: Price | LongPromptPrice = self
        for longer in self.long_prompts:
            if prompt_tokens > longer.above:
                price = longer
        return price.input_per_token * prompt_tokens + price.output_per_token * completion_tokens + self.per_request

    def at_least(self, input_per_token: Decimal, output_per_token: Decimal) -> Price:
        """This price, raised to these."""
        return Price(
            max(self.input_per_token, input_per_token),
            max(self.output_per_token, output_per_token),
            self.per_request,
            tuple(
                LongPromptPrice(
                    longer.above,
                    max(longer.input_per_token, input_per_token),
                    max(longer.output_per_token, output_per_token),
                )
                for longer in self.long_prompts
            ),
        )


@dataclass(frozen=True, slots=True)
class ModelFacts:
    source: str
    """Who says so, or why it is not known."""
    price: Price | None = None
    """None where it is not known."""
    max_input_tokens: int | None = None
    """Tokens that a prompt may have."""
    max_output_tokens: int | None = None
    """Tokens that a reply may have."""


def facts_of(endpoint: Endpoint, *, embeds: bool = False) -> ModelFacts:
    """What is known of a model at its endpoint, which is asked for texts or, with `embeds`, for embeddings.

    Reads one file, imports nothing, contacts nobody.
    """
    if endpoint.provider == provider_facts.LOCAL:
        return ModelFacts("runs in this process", Price(_ZERO, _ZERO))
    if not _at_home(endpoint):
        return ModelFacts("a server of your own: what it costs, you alone know")
    release = _release()
    entry = _entry(endpoint)
    if entry is None:
        return ModelFacts(f"not in the price map of {release}")
    price = _embedding_price(entry) if embeds else _price(endpoint, entry)
    return ModelFacts(
        f"{release}, prices as of its release" if price else f"the price map of {release} has no price for it",
        price,
        _count(entry.get("max_input_tokens")),
        _count(entry.get("max_output_tokens")),
    )


def _release() -> str:
    version = version_of("litellm")
    return "litellm, which is not installed" if version is None else f"litellm {version}"


# Where the price is charged -------------------------------------------------------------------------------------------


def _at_home(endpoint: Endpoint) -> bool:
    """Whether requests go to the provider that the map means."""
    if endpoint.api_base is None:
        return not (endpoint.facts.keyless or endpoint.facts.needs_url)
    host, row = urlsplit(endpoint.api_base).hostname or "", endpoint.facts
    return (row.priced and host in row.hosts) or any(host.endswith(f".{domain}") for domain in row.domains)


# Finding the model in the map -----------------------------------------------------------------------------------------


def _entry(endpoint: Endpoint) -> dict[str, Any] | None:
    """The map's entry for the endpoint's model. Models of another provider may have the same name; those don't count."""
    text, family = provider_facts.litellm_file(provider_facts.PRICE_MAP), provider_facts.charges_as(endpoint.provider)
    for name in _names(endpoint):
        for entry in _entries(text, name):
            provider = entry.get("litellm_provider")
            if isinstance(provider, str) and provider_facts.charges_as(provider) == family:
                return entry
    return None


def _names(endpoint: Endpoint) -> Iterator[str]:
    """How the map may name the model, the surest first."""
    yield f"{endpoint.provider}/{endpoint.name}"
    yield f"{provider_facts.charges_as(endpoint.provider)}/{endpoint.name}"
    yield endpoint.name
    if endpoint.name.startswith("ft:"):  # ft:<model>:<organisation>::<id> costs what all of ft:<model> do
        yield ":".join(endpoint.name.split(":")[:2])


def _entries(text: str, name: str) -> Iterator[dict[str, Any]]:
    """The objects that stand under a key in the map's text.

    To parse the whole map would take ten times as long, and twelve megabytes.
    """
    key = json.dumps(name)
    start = text.find(key)
    while start >= 0:
        start += len(key)
        if found := _OBJECT_FOLLOWS.match(text, start):
            try:
                entry = _DECODER.raw_decode(text, found.end())[0]
            except (ValueError, RecursionError):
                return
            yield entry
        start = text.find(key, start)


_DECODER = json.JSONDecoder(parse_float=Decimal)
_OBJECT_FOLLOWS = re.compile(r"\s*:\s*(?=\{)")


# Reading its price ----------------------------------------------------------------------------------------------------

_FOR_TEXT = frozenset({"chat", "completion", "responses"})

_LONG_PROMPTS = re.compile(r"input_cost_per_token(_above_(\d+)k_tokens)")

_WITHOUT_BOUND = re.compile(r"deep-research")
"""Models that ask themselves, and charge for it."""

_SEARCHES = re.compile(r"(^|[-/])search(-|$)")

_CACHED_ON_REQUEST = re.compile(r"claude|nova|anthropic")
"""Models that cache a prompt only where the request says so, which ours never do."""


def _embedding_price(entry: Mapping[str, Any]) -> Price | None:
    """The price of an embedding model, which charges for what it reads alone."""
    if entry.get("mode") != "embedding":
        return None
    surcharge = max(_amount(entry.get("regional_endpoint_uplift_multiplier")), Decimal(1))
    each = _amount(entry.get("input_cost_per_token")) * surcharge
    return Price(each, _ZERO, _amount(entry.get("input_cost_per_request"))) if each else None


def _price(endpoint: Endpoint, entry: Mapping[str, Any]) -> Price | None:
    if entry.get("mode") not in _FOR_TEXT or _WITHOUT_BOUND.search(endpoint.name):
        return None
    rows = dict(_rows(entry, caches_by_itself=not _CACHED_ON_REQUEST.search(endpoint.name)))
    if 0 not in rows or not all(rows[0]):
        return None
    surcharge = max(_amount(entry.get("regional_endpoint_uplift_multiplier")), Decimal(1))
    dearest, prices = (_ZERO, _ZERO), list[LongPromptPrice]()
    for above, row in sorted(rows.items()):
        # Never less for more: what is reserved for a prompt that proves shorter must be enough.
        dearest = (max(dearest[0], surcharge * row[0]), max(dearest[1], surcharge * row[1]))
        prices.append(LongPromptPrice(above, *dearest))
    short, *longer = prices
    return Price(short.input_per_token, short.output_per_token, _fee(endpoint, entry), tuple(longer))


def _rows(entry: Mapping[str, Any], *, caches_by_itself: bool) -> Iterator[tuple[int, tuple[Decimal, Decimal]]]:
    """Dollars a token, of prompt and reply, for prompts of more than so many tokens; 0 where the map says nothing."""
    tiers = entry.get("tiered_pricing")
    if isinstance(tiers, list):
        for tier in tiers:
            match tier:
                case {"range": [above, *_]}:
                    yield _count(above) or 0, _per_token(tier, "", caches_by_itself=False)
        return
    suffixes = {found[1]: 1000 * int(found[2]) for key in entry if (found := _LONG_PROMPTS.fullmatch(key))}
    for suffix, above in {"": 0, **suffixes}.items():
        yield above, _per_token(entry, suffix, caches_by_itself=caches_by_itself)


def _per_token(entry: Mapping[str, Any], suffix: str, *, caches_by_itself: bool) -> tuple[Decimal, Decimal]:
    prompt = _amount(entry.get(f"input_cost_per_token{suffix}"))
    reply = _amount(entry.get(f"output_cost_per_token{suffix}"))
    if caches_by_itself and prompt:
        prompt = max(prompt, _amount(entry.get(f"cache_creation_input_token_cost{suffix}")))
    if reply:
        reply = max(reply, _amount(entry.get("output_cost_per_reasoning_token")))
    return prompt, reply


def _fee(endpoint: Endpoint, entry: Mapping[str, Any]) -> Decimal:
    """Dollars for each request beside its tokens."""
    fee = _amount(entry.get("input_cost_per_request"))
    searches = entry.get("search_context_cost_per_query")
    if isinstance(searches, dict) and (endpoint.facts.searches or _SEARCHES.search(endpoint.name)):
        fee += max(map(_amount, searches.values()), default=_ZERO)
    return fee


def _amount(value: object) -> Decimal:
    """A number of the map; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return _ZERO
    return max(Decimal(value), _ZERO)


def _count(value: object) -> int | None:
    """A count of tokens; None for what is none."""
    amount = _amount(value)
    return int(amount) if amount else None
