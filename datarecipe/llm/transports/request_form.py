"""The form in which one server takes requests, where that shows only by asking: without a seed or a system message, with
`max_completion_tokens` for `max_tokens` or the reverse.

A request that is refused for its form is repeated in the other at once, as all later ones are sent. Its key stays the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from datarecipe.llm.failures.failure_table import row_of
from datarecipe.llm.transport import AskAgainError

if TYPE_CHECKING:
    from datarecipe.llm.failures.failure_table import Failure

Length = Literal["max_tokens", "max_completion_tokens"]

_OTHER: Mapping[str, Length] = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_SEEDS = frozenset({"seed", "random_seed"})
# Texts, which `re` compiles when it first needs them: few requests are refused.
_SEED = r"\b(?:random_)?seed\b"
_REFUSES = (
    r"(?ai)unsupported|not supported|n't supported|unrecogni[sz]ed|unknown|unexpected|extra_forbidden"
    r"|extra (?:inputs|fields)|not permitted|not allowed|deprecated"
)
_OF_ITS_VALUE = r"(?i)too (?:large|small|high|long)|must be|at most|at least|less than|greater than|exceed|range"
# vLLM, SGLang, TGI (Gemma's template); Mistral's older templates, which say so of a system message too; LM Studio; OpenAI;
# Anthropic; Bedrock; Google; Intern. What follows "the optional system message" is not about that one.
_SYSTEM = (
    r"(?ai)system (?:role|messages?|prompts?|instructions?) (?:is |are )?(?:not (?:yet )?|un)supported"
    r"|role '?\"?system'?\"? is not supported|does(?:n't| not) support (?:the )?['\"]?system\b"
    r"|only user and assistant roles are supported|(?<!system message, )conversation roles must alternate"
    r"|developer instruction is not enabled|(?:message role not supported yet|unsupported role|invalid role): ?['\"]?system"
    r"|不支持的 message role: ?system"
)
LONGEST_WORDS = 10_000
"""Characters of a refusal that are looked at."""


@dataclass(frozen=True, slots=True)
class RequestForm:
    """What a server takes."""

    seed: bool = True
    length: Length | None = None
    """The name for the most tokens of a reply; None for the one that goes with the model's name."""
    system: bool = True
    """Whether it takes a system message; else what that says goes before the user's."""


class FormInUse:
    """The form that one server is asked in, as far as a run has found it out."""

    def __init__(self) -> None:
        self.form = RequestForm()
        self._changed: set[str] = set()

    def another(self, failure: Failure, form: RequestForm, body: Mapping[str, Any]) -> AskAgainError | None:
        """Why the request is to be asked again, where `failure` refuses the form in which `body` was sent; else None.

        Each part changes once: a server that refuses both forms refuses the request.
        """
        change = _refused(failure, body)
        if change is None:
            return None
        part, value, words = change
        if getattr(self.form, part) == getattr(form, part):  # else another request has found out meanwhile
            if part in self._changed:
                return None
            self._changed.add(part)
            self.form = replace(self.form, **{part: value})
        return AskAgainError(f"the server takes no {words}", charged=False, kind=f"no {words}")


def _refused(failure: Failure, body: Mapping[str, Any]) -> tuple[str, Any, str] | None:
    """The part of the form that is refused, what it becomes, and what the server does not take."""
    if failure.kind != "http":
        return None
    message = failure.message[:LONGEST_WORDS]
    row = row_of(failure).name
    has_system = any(each.get("role") == "system" for each in body.get("messages", ()))
    # Servers that render the template after they took the request say so with a 500.
    if has_system and row in ("parameter", "server error") and re.search(_SYSTEM, message):
        return "system", False, "system role"
    if row != "parameter" or failure.status not in (400, 422):
        return None
    if not _SEEDS.isdisjoint(body) and (failure.parameter == "seed" or re.search(_SEED, message)):
        return "seed", False, "seed"
    for name, other in _OTHER.items():
        if body.get(name) is not None and _refuses_name(name, other, failure, message):
            return "length", other, name
    return None


def _refuses_name(name: str, other: str, failure: Failure, message: str) -> bool:
    """Whether the parameter `name` is refused, and not its value."""
    if failure.parameter != name and re.search(rf"\b{name}\b", message) is None:
        return False
    if "unsupported_parameter" in failure.codes or (other in message and "instead" in message):
        return True
    return re.search(_REFUSES, message) is not None and re.search(_OF_ITS_VALUE, message) is None
