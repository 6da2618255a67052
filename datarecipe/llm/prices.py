"""Interim: what a model costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from datarecipe.llm.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a token."""

    input_per_token: Decimal
    output_per_token: Decimal

    def cost(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        """In US dollars."""
        return self.input_per_token * prompt_tokens + self.output_per_token * completion_tokens


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model."""

    price: Price | None
    source: str


def facts_of(endpoint: Endpoint) -> ModelFacts:
    """What is known."""
    return ModelFacts(Price(Decimal(0), Decimal(0)) if endpoint.provider == "local" else None, "interim")
