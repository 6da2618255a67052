"""A way to an answer: a model with its transport, the gate before its provider, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from datarecipe.amount import Priced
from datarecipe.exchange import Complete
from datarecipe.llm.limits.admission_gate import Gate
from datarecipe.llm.transport import Transport


def unchanged(request: Complete) -> Complete:
    """The request as it is."""
    return request


@dataclass(frozen=True, slots=True)
class CandidateModel:
    """One of the models that may answer; the first is the one that the request is for."""

    name: str
    """The model's name, for people."""
    transport: Transport
    gate: Gate
    price: Priced | None = None
    """None where it is not known."""
    adapt: Callable[[Complete], Complete] = unchanged
    """The request as this model is asked: a fallback has a name, an address and sampling parameters of its own."""
    in_process: bool = False
    """Whether the model runs here: an attempt that is broken off is known to cost nothing."""
