"""What earlier responses show: which share of the items was accepted, how many tokens the provider counted.

The cache's responses say most, since the loop has just been run with them. Where the cache was emptied, the manifest of the
run's folder still has the sums; only that of the same run (recipe and model) counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from datarecipe.errors import UsageError
from datarecipe.run_folder.layout import MANIFEST
from datarecipe.run_folder.manifest import Manifest, load_manifest
from datarecipe.run_folder.run_files import RunFiles
from datarecipe.running.planning.dry_run import Stored
from datarecipe.running.planning.ranges import Range
from datarecipe.running.resolve.resolved_run import ResolvedRun

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


def past_of(setup: ResolvedRun) -> Past | None:
    """From the manifest in the run's folder; None where there is none of this run, or none that can be read."""
    manifest = _manifest_of(setup)
    if not isinstance(manifest, Manifest) or manifest.identity != setup.identity:
        return None
    tally, tokens = manifest.counts.tally, manifest.tokens
    counted = tally.responses - tokens.responses_without_usage
    usage = Usage(counted, tokens.prompt / counted, tokens.completion / counted, None) if counted > 0 else None
    return Past(tally.responses, tally.accepted + tally.surplus, usage) if tally.responses else None


def broken_manifest(setup: ResolvedRun) -> str | None:
    """What is wrong with the manifest in the run's folder and how to mend it; None where nothing is, or there is none."""
    error = _manifest_of(setup)
    return f"{error.message}. {error.hint}" if isinstance(error, UsageError) else None


def _manifest_of(setup: ResolvedRun) -> Manifest | UsageError | None:
    try:
        return load_manifest(setup.output)
    except UsageError as error:
        return error if RunFiles(setup.output).exists(MANIFEST) else None


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
