"""What a run's models cost, and how much it may use."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from datarecipe.errors import UnknownPriceError
from datarecipe.llm import providers
from datarecipe.llm.endpoint import Endpoint
from datarecipe.llm.limits.account import Caps
from datarecipe.llm.prices import Price, facts_of
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


def cost_of(endpoint: Endpoint, given: Prices | None) -> Cost:
    """What the recipe says, else what litellm's price map says."""
    if given is not None:
        per_input, per_output = (Decimal(str(usd)) for usd in (given.input_per_million, given.output_per_million))
        return Cost(Price(per_input / _MILLION, per_output / _MILLION), "the recipe's `prices`")
    facts = facts_of(endpoint)
    return Cost(facts.price, facts.source)


def caps_of(limits: Limits, costs: tuple[Cost, ...], models: tuple[str, ...]) -> Caps:
    """The caps of a dataset whose requests may go to any of `models`.

    Raises:
        UnknownPriceError: the recipe has a cap in dollars, and the price of one of the models is not known.
    """
    if limits.usd is not None:
        require_prices("limits.usd", costs, models)
    # What costs nothing that is known of must not take the cap away from what does.
    known = any(cost.price is not None for cost in costs)
    usd = Decimal(str(limits.usd)) if limits.usd is not None else (DEFAULT_USD if known else None)
    return Caps(usd=usd, tokens=limits.tokens, calls=limits.calls)


def require_prices(cap: str, costs: tuple[Cost, ...], models: tuple[str, ...]) -> None:
    """Raise `UnknownPriceError` where `cap`, a cap in dollars, cannot be kept since the price of a model is not known."""
    unknown = [number for number, cost in enumerate(costs) if cost.price is None]
    if unknown:
        model, tokens = models[unknown[0]], cap.replace("usd", "tokens")
        prices = "prices={input_per_million: 0.15, output_per_million: 0.60}"
        if unknown[0]:
            # The recipe's `prices` are those of its own model.
            prices = f"fallbacks=[{{model: {model}, {prices.replace('=', ': ', 1)}}}]"
        raise UnknownPriceError(
            f"`{cap}` cannot be kept: the price of {model} is not known",
            hint="Give it, in dollars for a million tokens (0 where it costs nothing), in the recipe or with "
            f"--set '{prices}'. Or cap `{tokens}` instead.",
        )


def warning(endpoint: Endpoint, cost: Cost) -> str | None:
    """What to say of a model that no cap in dollars bounds; nothing of servers that people run themselves."""
    if cost.price is not None or endpoint.provider in providers.NEEDS_NO_KEY:
        return None
    return (
        f"warning: the price of {endpoint.model} is not known, so no cap in dollars holds for it; "
        "give `prices` in the recipe, or cap `limits.tokens`"
    )
