"""When two examples are the same example, and how an example is named.

Two examples are equal when their text fields are equal after Unicode normalisation (NFC, UAX #15, of Unicode 14) and with
runs of white space made one space. Not NFKC: it would make "5²" and "52" the same question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from datarecipe.characters import nfc
from datarecipe.exchange import Example, Json

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode


def normalise_text(text: str) -> str:
    """NFC, white space collapsed and stripped."""
    return " ".join(nfc(text).split())


def normalise(value: Json) -> Json:
    """`normalise_text` on every string within `value`; keys of mappings too."""
    if isinstance(value, str):
        return normalise_text(value)
    if isinstance(value, list):
        return [normalise(item) for item in value]
    if isinstance(value, dict):
        return {normalise_text(key): normalise(item) for key, item in value.items()}
    return value


def equality_digest(example: Example, text_fields: Sequence[str]) -> bytes:
    """16 bytes that two examples share exactly when their normalised text fields are equal."""
    return _digest([normalise(example.get(field)) for field in text_fields])


def example_id(example: Example) -> str:
    """The id of an example in `lineage.jsonl`: hash of the whole normalised example, 32 hexadecimal digits."""
    return _digest(normalise(example)).hex()


def embedding_text(example: Example, text_fields: Sequence[str]) -> str:
    """The text whose embedding stands for the example: its normalised text fields, one a line."""
    values = [normalise(example.get(field)) for field in text_fields]
    return "\n".join(value if isinstance(value, str) else _dumps(value) for value in values)


def _digest(value: Json) -> bytes:
    return hashlib.blake2b(_dumps(value).encode(), digest_size=16).digest()
