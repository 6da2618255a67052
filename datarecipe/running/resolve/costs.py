"""What a run's models cost, and how much it may use."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Generic, TypeAlias, TypeVar

from datarecipe.amount import LARGEST, Caps
from datarecipe.errors import UnknownPriceError
from datarecipe.generate.prompt.model_profile import EmbedderSettings, ModelSettings
from datarecipe.llm.providers.endpoint import Endpoint
from datarecipe.llm.providers.prices import Price, facts_of
from datarecipe.recipe import Limits, Prices

DEFAULT_USD = Decimal("5.00")
"""The cap of a dataset whose recipe names none."""

_MILLION = 1_000_000

S = TypeVar("S", ModelSettings, EmbedderSettings)


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


@dataclass(frozen=True)
class AskedModel(Generic[S]):
    """A model that may be asked: the run's own, a fallback, one of a filter, an embedder. How, where, and what it costs."""

    model: S
    endpoint: Endpoint
    given: GivenPrices | None
    """The prices that a flag, the user's configuration or the recipe gives for it."""
    trust: bool
    """The user's consent to what the recipe says."""
    prices_setting: str = "prices={}"
    """What `--set` needs to give its prices, with `{}` for them."""
    role: str = ""
    """The filter that asks it, or `embed`; empty for a model that writes examples."""

    @property
    def name(self) -> str:
        """By which its costs are known: the same model costs apart where it verifies."""
        return f"{self.endpoint.model} ({self.role})" if self.role else self.model.name

    @property
    def embeds(self) -> bool:
        """Whether it is asked for vectors."""
        return isinstance(self.model, EmbedderSettings)

    @cached_property
    def cost(self) -> Cost:
        """The user's word counts as it is. A recipe may only raise the price that litellm's map has, and where the map has
        none its word is taken for what it is.
        """
        facts, given = facts_of(self.endpoint, embeds=self.embeds), self.given
        if given is None:
            return Cost(facts.price, facts.source)
        per_input, per_output = (
            Decimal(str(usd)) / _MILLION for usd in (given.prices.input_per_million, given.prices.output_per_million)
        )
        if given.by_user:
            return Cost(Price(per_input, per_output), given.source)
        if facts.price is None:
            return Cost(Price(per_input, per_output), given.source, only_recipe=not self.trust)
        raised = facts.price.at_least(per_input, per_output)
        return Cost(raised, facts.source if raised == facts.price else f"{given.source}, above those of {facts.source}")

    def warning(self) -> str | None:
        """What to say where no cap in dollars bounds it; nothing of servers that people run themselves."""
        name = self.endpoint.model
        if self.endpoint.facts.keyless:
            return None
        if self.cost.only_recipe:
            return (
                f"warning: only the recipe says what {name} costs here, and the cap in dollars rests on that; "
                "--max-tokens caps it whatever it costs"
            )
        if self.cost.price is not None:
            return None
        return (
            f"warning: the price of {name} is not known, so no cap in dollars holds for it; "
            "give `prices` in the recipe, or cap `limits.tokens`"
        )


AnyModel: TypeAlias = AskedModel[ModelSettings] | AskedModel[EmbedderSettings]


def caps_of(limits: Limits, asked: tuple[AnyModel, ...], *, by_user: bool) -> Caps:
    """The caps of a dataset whose requests may go to any model `asked`; `by_user` says whose the cap in dollars is.

    Raises:
        UnknownPriceError: there is a cap in dollars, and the price of one of the models is not known.
    """
    if limits.usd is not None:
        require_prices("limits.usd", asked, by_user=by_user)
    # What costs nothing that is known of must not take the cap away from what does.
    known = any(one.cost.price is not None for one in asked)
    usd = Decimal(str(limits.usd)) if limits.usd is not None else (DEFAULT_USD if known else None)
    # No account holds more than `LARGEST`, nor is more read back from a manifest.
    tokens, calls = (None if cap is None else min(cap, LARGEST) for cap in (limits.tokens, limits.calls))
    return Caps(None if usd is None else min(usd, Decimal(LARGEST)), tokens, calls)


def require_prices(cap: str, asked: tuple[AnyModel, ...], *, by_user: bool) -> None:
    """Raise `UnknownPriceError` where `cap`, a cap in dollars, cannot be enforced since the price of a model is not known.

    For a cap that the user gives, a price that only the recipe names is not known.
    """
    tokens, prices = cap.replace("usd", "tokens"), "{input_per_million: 0.15, output_per_million: 0.60}"
    for one in asked:
        name = one.endpoint.model if one.embeds else one.model.name
        setting = one.prices_setting.replace("{}", prices)
        if one.cost.price is None:
            raise UnknownPriceError(
                f"`{cap}` cannot be enforced: the price of {name} is not known",
                hint="Give it, in dollars for a million tokens (0 where it costs nothing), in the recipe or with "
                f"--set '{setting}'. Or cap `{tokens}` instead.",
            )
        if by_user and one.cost.only_recipe:
            raise UnknownPriceError(
                f"`{cap}` cannot be enforced: only the recipe says what {name} costs here",
                hint=f"If its `prices` are right, add --trust. Or give them yourself: --set '{setting}', "
                f"or `prices` in your configuration. Or cap `{tokens}` instead.",
            )
