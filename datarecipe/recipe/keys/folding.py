"""The text by which an answer finds its label when its type or case differs."""

from __future__ import annotations

import json

from datarecipe.characters import caseless
from datarecipe.exchange import Json


def folded(value: Json) -> str:
    """A text's own letters, JSON's spelling of other types; stripped, composed (NFC) and case-folded."""
    text = value if isinstance(value, str) else json.dumps(value)
    return caseless(text.strip())
