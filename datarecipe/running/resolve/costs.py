"""What a run's models cost, and how much it may use."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from datarecipe.amount import LARGEST, Caps
from datarecipe.errors import UnknownPriceError
from datarecipe.llm.providers.endpoint import Endpoint
from datarecipe.llm.providers.prices import Price, facts_of
from datarecipe.recipe import Limits, Prices

DEFAULT_USD = Decimal("5.00")
"""The cap of a dataset whose recipe names none."""

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model costs."""

    price: Price | None
    """None where it is not known."""
    source: str
    """Who says so."""
    only_recipe: bool = False
    """Whether the recipe alone says so. Anybody may have written it, so no cap that the user gives can rest on it."""


@dataclass(frozen=True, slots=True)
class GivenPrices:
    """Prices that are not litellm's."""

    prices: Prices
    by_user: bool
    """Whether a flag or the user's own configuration says so; else the recipe does."""
    source: str


def cost_of(endpoint: Endpoint, given: GivenPrices | None, *, trust: bool = False) -> Cost:
    """What a model costs.

    The user's word counts as it is. A recipe may only raise the price that litellm's map has, and where the map has none its
    word is taken for what it is; `trust` is the user's consent to it.
    """
    facts = facts_of(endpoint)
    if given is None:
        return Cost(facts.price, facts.source)
    per_input, per_output = (
        Decimal(str(usd)) / _MILLION for usd in (given.prices.input_per_million, given.prices.output_per_million)
    )
    if given.by_user:
        return Cost(Price(per_input, per_output), given.source)
    if facts.price is None:
        return Cost(Price(per_input, per_output), given.source, only_recipe=not trust)
    raised = facts.price.at_least(per_input, per_output)
    return Cost(raised, facts.source if raised == facts.price else f"{given.source}, above those of {facts.source}")


def caps_of(limits: Limits, costs: tuple[Cost, ...], models: tuple[str, ...], *, by_user: bool) -> Caps:
    """The caps of a dataset whose requests may go to any of `models`; `by_user` says whose the cap in dollars is.

    Raises:
        UnknownPriceError: there is a cap in dollars, and the price of one of the models is not known.
    """
    if limits.usd is not None:
        require_prices("limits.usd", costs, models, by_user=by_user)
    # What costs nothing that is known of must not take the cap away from what does.
    known = any(cost.price is not None for cost in costs)
    usd = Decimal(str(limits.usd)) if limits.usd is not None else (DEFAULT_USD if known else None)
    # No account holds more than `LARGEST`, nor is more read back from a manifest.
    tokens, calls = (None if cap is None else min(cap, LARGEST) for cap in (limits.tokens, limits.calls))
    return Caps(None if usd is None else min(usd, Decimal(LARGEST)), tokens, calls)


def require_prices(cap: str, costs: tuple[Cost, ...], models: tuple[str, ...], *, by_user: bool) -> None:
    """Raise `UnknownPriceError` where `cap`, a cap in dollars, cannot be enforced since the price of a model is not known.

    For a cap that the user gives, a price that only the recipe names is not known.
    """
    unknown = [number for number, cost in enumerate(costs) if cost.price is None or (by_user and cost.only_recipe)]
    if unknown:
        model, tokens = models[unknown[0]], cap.replace("usd", "tokens")
        if costs[unknown[0]].price is not None:
            raise UnknownPriceError(
                f"`{cap}` cannot be enforced: only the recipe says what {model} costs here",
                hint="If its `prices` are right, add --trust. Or give them yourself: --set 'prices={input_per_million: "
                f"0.15, output_per_million: 0.60}}', or `prices` in your configuration. Or cap `{tokens}` instead.",
            )
        prices = "prices={input_per_million: 0.15, output_per_million: 0.60}"
        if unknown[0]:
            # The recipe's `prices` are those of its own model.
            prices = f"fallbacks=[{{model: {model}, {prices.replace('=', ': ', 1)}}}]"
        raise UnknownPriceError(
            f"`{cap}` cannot be enforced: the price of {model} is not known",
            hint="Give it, in dollars for a million tokens (0 where it costs nothing), in the recipe or with "
            f"--set '{prices}'. Or cap `{tokens}` instead.",
        )


def warning(endpoint: Endpoint, cost: Cost) -> str | None:
    """What to say of a model that no cap in dollars bounds; nothing of servers that people run themselves."""
    if endpoint.facts.keyless:
        return None
    if cost.only_recipe:
        return (
            f"warning: only the recipe says what {endpoint.model} costs here, and the cap in dollars rests on that; "
            "--max-tokens caps it whatever it costs"
        )
    if cost.price is not None:
        return None
    return (
        f"warning: the price of {endpoint.model} is not known, so no cap in dollars holds for it; "
        "give `prices` in the recipe, or cap `limits.tokens`"
    )
