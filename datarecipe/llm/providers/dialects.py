"""How a provider that speaks OpenAI's chat protocol speaks it, where direct requests have to follow.

litellm is the reference. What it sends depends on the provider, for OpenAI's own models on the model's name too, and with
some parameters on its list of models. Where that is not known here, litellm is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

EFFORT = frozenset({"reasoning_effort"})

_NO_MODEL = r"(?!)"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one provider speaks the protocol. The patterns, for `re.match`, fit a model's name from its beginning."""

    path: str = ""
    """What follows the host in the provider's own address."""
    as_plain: bool = False
    """litellm speaks another protocol to it, and asks localhost about the model, twice a request, wherever that is. So it is
    asked as any server with OpenAI's protocol, at `path` of its address."""
    seed: str | None = "seed"
    """What it calls the seed; None where it takes none."""
    not_here: frozenset[str] = frozenset()
    """Sampling parameters, and types of response formats, that litellm rewrites or refuses by its list of models, so that
    it has to send them."""
    models_not_here: str = _NO_MODEL
    """Models that litellm has to ask."""
    completion_tokens: str = _NO_MODEL
    """Models that call the most tokens of a reply `max_completion_tokens`."""
    no_system: str = _NO_MODEL
    """Models that get the system message as one of the user's."""
    prefix: str = ""
    """What a model's name begins with on the wire, where it has no `/`."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Sent with every request."""

    def model(self, name: str) -> str:
        """The model's name on the wire."""
        return name if "/" in name else f"{self.prefix}{name}"


NOT_SPOKEN = Dialect(models_not_here="")
"""That of a provider which only litellm can ask."""

# Names of OpenAI's own models, as litellm tells them apart. The date at the end is a snapshot's.
_DATE = r"(?:-\d{4}-\d\d-\d\d)?"
_CHAT = r"(?:ft:)?(?:gpt-3\.5-turbo|gpt-4)(?![\w.-]*(?:instruct|realtime|transcribe|tts|image))[\w.:-]*"
_SERIES = rf"gpt-(?:5|6)(?:(?:\.\d+)?(?:-mini|-nano)?|\.\d+-chat-latest){_DATE}"
_SERIES_CHAT = rf"gpt-5-chat(?:-latest)?{_DATE}"
_O_SERIES = rf"(?:o1|o3|o3-mini|o4-mini){_DATE}"
OPENAI_THINKING = rf"(?:{_O_SERIES}|{_SERIES})\Z"
OPENAI_NO_SYSTEM = rf"(?!o1{_DATE}\Z){_O_SERIES}\Z"
OPENAI_NOT_HERE = (
    rf"(?!(?:{_CHAT}|{_SERIES}|{_SERIES_CHAT}|{_O_SERIES})\Z)(?:responses/|.*gpt-[56]|(?:.*/)?(?:ft:)?"
    r"(?:gpt-?\d|o\d|chatgpt|chat-latest|codex|computer-use|daybreak|davinci|babbage"
    r"|gpt-(?:audio|realtime|image|daybreak|rosalind)))"
)
FIREWORKS_NOT_HERE = r"(?!accounts/|(?!FW-|firerouter|auto\Z|auto-instant\Z)[\w.-]+(?<!-fast)\Z)"
