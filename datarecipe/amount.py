"""What a request uses: calls, tokens, dollars. Money is `Decimal`: a cap has to hold to the last digit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, get_args

from datarecipe.exchange import Embed

if TYPE_CHECKING:
    from datarecipe.exchange import Request, Usage

NO_MAXIMUM = 4096
"""Completion tokens that are reserved for a request that states no maximum, since something has to be."""

LARGEST = 10**15
"""More than any sum of tokens or dollars; numbers beyond it were not written by us, and would take long to work with."""


Cap: TypeAlias = Literal["usd", "tokens", "calls"]
CAPS: tuple[Cap, ...] = get_args(Cap)
"""What is capped: attributes of `Amount`, and of `Caps`."""


class Priced(Protocol):
    """What knows what tokens cost."""

    def cost(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        """In US dollars."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Something used, or reserved."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: Decimal = Decimal(0)
    """0 where no price is known."""

    @property
    def tokens(self) -> int:
        """Of prompts and replies together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.usd + other.usd,
        )

    def __sub__(self, other: Amount) -> Amount:
        return Amount(
            self.calls - other.calls,
            self.prompt_tokens - other.prompt_tokens,
            self.completion_tokens - other.completion_tokens,
            self.usd - other.usd,
        )


NOTHING = Amount()


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that may be used; None for no cap."""

    usd: Decimal | None = None
    tokens: int | None = None
    calls: int | None = None

    def items(self) -> Iterator[tuple[Cap, Decimal | int]]:
        """Those that there are, by name."""
        for cap in CAPS:
            if (limit := getattr(self, cap)) is not None:
                yield cap, limit

    def exceeded_by(self, amount: Amount) -> Cap | None:
        """The first cap that `amount` exceeds."""
        return next((cap for cap, limit in self.items() if getattr(amount, cap) > limit), None)

    def room_for(self, amount: Amount, beside: Amount) -> float:
        """How many times `amount` fits beside another."""
        return min(
            (
                float(limit - getattr(beside, cap)) / float(getattr(amount, cap))
                for cap, limit in self.items()
                if getattr(amount, cap)
            ),
            default=math.inf,
        )


@dataclass(frozen=True, slots=True)
class Reservation:
    """An amount that is set aside for one attempt."""

    number: int
    amount: Amount
    model: str = ""
    """Who is asked."""
    priced: bool = True
    """Whether its price is known: the dollars say nothing otherwise."""


def dollars(usd: Decimal) -> str:
    """An amount that may be very small, with four digits that say something."""
    return f"${usd:,.2f}" if usd >= 1 or not usd else f"${usd:.4f}" if usd >= Decimal("0.001") else f"${usd:.6f}"


def plain(usd: Decimal) -> str:
    """Dollars as text that every program reads: without an exponent, and without zeros at the end."""
    return f"{usd.normalize() + 0:f}"


def most(request: Request, price: Priced | None) -> Amount:
    """What one attempt at `request` can use: a token for every byte of what is sent, and `max_tokens` for the reply.

    An embedding has no reply that costs anything.

    No tokeniser makes more tokens than bytes; the bytes are those of the whole content as JSON, schema and roles with it,
    which stand for what the provider wraps around the messages.
    """
    if isinstance(request, Embed):
        prompt = len(request.canonical)
        return Amount(1, prompt, 0, price.cost(prompt, 0) if price else Decimal(0))
    content = request.content
    prompt = len(content.canonical)  # ASCII: as many bytes as characters
    maximum = content.sampling.get("max_tokens")
    completion = maximum if isinstance(maximum, int) else NO_MAXIMUM
    return Amount(1, prompt, completion, price.cost(prompt, completion) if price else Decimal(0))


def used(usage: Usage, price: Priced | None) -> Amount:
    """What one attempt did use, as the provider counted."""
    prompt, completion = usage.prompt_tokens, usage.completion_tokens
    return Amount(1, prompt, completion, price.cost(prompt, completion) if price else Decimal(0))
