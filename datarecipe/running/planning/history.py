"""What earlier responses show: which share of the items was accepted, how many tokens the provider counted.

The cache's responses say most, since the loop has just been run with them. Where the cache was emptied, the manifest of the
run's folder still has the sums; only that of the same run (recipe and model) counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from datarecipe.run_folder.ownership import MANIFEST, read_manifest
from datarecipe.running.planning.dry_run import Stored
from datarecipe.running.planning.ranges import Range
from datarecipe.running.resolve.resolved_run import Setup

Source: TypeAlias = Literal["stated", "measured", "assumed"]

ASSUMED_SHARE = Range(0.6, 0.95)
"""Accepted items to items asked for, where nothing is known: instruction and model decide it."""

_LEAST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Share:
    """Accepted items to items asked for."""

    range: Range[float]
    source: Source
    responses: int = 0
    """What it was measured over."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them."""

    responses: int
    prompt_tokens: float
    """For a response, in the mean."""
    completion_tokens: float
    """For a response, in the mean."""
    prompt_bytes: float | None
    """Of the messages of these requests, in the mean; None where they are not known."""


@dataclass(frozen=True, slots=True)
class Past:
    """What the manifest of an earlier run says."""

    responses: int
    new: int
    """Items that were new and valid."""
    usage: Usage | None


def past_of(setup: Setup) -> Past | None:
    """From the manifest in the run's folder; None where there is none of this run, or none that can be read."""
    if not setup.output.is_dir():
        return None
    document = read_manifest(setup.output / MANIFEST) or {}
    if document.get("identity") != setup.identity:
        return None
    counts, tokens = _mapping(document, "counts"), _mapping(document, "tokens")
    responses = _count(counts, "responses")
    counted = responses - _count(tokens, "responses_without_usage")
    usage = None
    if counted > 0:
        prompt, completion = _count(tokens, "prompt"), _count(tokens, "completion")
        usage = Usage(counted, prompt / counted, completion / counted, None)
    # Earlier manifests told what was beyond the target as a rejection.
    beyond = _count(counts, "surplus") + _count(_mapping(counts, "rejected"), "surplus")
    new = _count(counts, "accepted") + beyond
    return Past(responses, new, usage) if responses > 0 else None


def share_of(stated: float | None, stored: Stored, past: Past | None, batch_size: int) -> Share:
    """As the user states it, else as measured, else assumed."""
    if stated is not None:
        return Share(Range(stated, stated), "stated")
    if stored.responses:
        responses, new = stored.responses, stored.new
    elif past is not None:
        responses, new = past.responses, past.new
    else:
        return Share(ASSUMED_SHARE, "assumed")
    mean = min(1.0, new / (responses * batch_size))
    # The items of one response stand and fall together, more or less; so it is the responses that count.
    margin = 0.02 + 2 * math.sqrt(max(mean * (1 - mean), 0.05) / responses)
    low, high = (min(1.0, max(_LEAST_SHARE, mean + sign * margin)) for sign in (-1, 1))
    return Share(Range(low, high), "measured", responses)


def usage_of(stored: Stored, past: Past | None) -> Usage | None:
    """The tokens that were counted, if any were."""
    if stored.counted:
        return Usage(
            stored.counted,
            stored.prompt_tokens / stored.counted,
            stored.completion_tokens / stored.counted,
            stored.prompt_bytes / stored.counted,
        )
    return past.usage if past is not None else None


def _mapping(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _count(document: Mapping[str, Any], name: str) -> int:
    value = document.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
