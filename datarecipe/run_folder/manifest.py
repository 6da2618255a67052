"""`manifest.json`: what a run was, for people and for tools. The only file of a run that holds times and machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

from datarecipe._version import __version__
from datarecipe.amount import Amount, Caps
from datarecipe.errors import UsageError
from datarecipe.json_size import too_many_values
from datarecipe.run_folder.counts.balanced_values import Balanced
from datarecipe.run_folder.counts.commit_counts import Tally, TokenCounts
from datarecipe.run_folder.counts.confirmed_labels import ConfirmedLabel
from datarecipe.run_folder.counts.judged_scores import CriterionScores
from datarecipe.run_folder.counts.label_counts import ByLabel
from datarecipe.run_folder.counts.run_counts import Traffic
from datarecipe.run_folder.json_records import FLAT, RecordError, from_json
from datarecipe.run_folder.layout import LARGEST_MANIFEST, LAYOUT_VERSION, MANIFEST
from datarecipe.run_folder.run_files import FileRecord, RunFiles

End: TypeAlias = Literal["target", "barren", "degraded", "capped", "failed", "interrupted"]
"""Why a run ended."""


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """What a run committed."""

    target_size: int
    tally: Tally = field(metadata=FLAT)
    uncommitted_responses: int
    """Stored, and not in the dataset, since the run ended before their turn."""
    by_label: ByLabel = field(metadata=FLAT)


@dataclass(frozen=True, slots=True)
class Used:
    """An amount; its dollars are None where no price is known."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: Decimal | None

    @classmethod
    def of(cls, amount: Amount, *, priced: bool) -> Used:
        """`amount`, whose dollars say something only where it is `priced`."""
        return cls(amount.calls, amount.prompt_tokens, amount.completion_tokens, amount.usd if priced else None)

    @property
    def amount(self) -> Amount:
        """The same as an `Amount`; unknown dollars count as 0."""
        return Amount(self.calls, self.prompt_tokens, self.completion_tokens, self.usd or Decimal(0))


@dataclass(frozen=True, slots=True)
class PricesUsed:
    """Prices in US dollars, and who says so."""

    input_per_million: Decimal
    output_per_million: Decimal
    per_request: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What one model was used for, over all runs of the dataset."""

    model: str
    used: Used = field(metadata=FLAT)
    prices: PricesUsed | None


@dataclass(frozen=True, slots=True)
class CostRecord:
    """What a dataset cost, and under which caps."""

    all_runs: Used
    all_runs_assumed: Used
    """How much of that no reply told: it counts at its most."""
    this_run: Used
    this_run_assumed: Used
    prices: PricesUsed | None
    by_model: tuple[ModelCost, ...]
    caps: Caps


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the process did that wrote the files."""

    traffic: Traffic = field(metadata=FLAT)
    started: datetime
    finished: datetime


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """The model, how it was asked and who answered."""

    name: str
    named_by: str
    api_base: str | None
    profile: str
    sampling: Mapping[str, Any]
    response_format: str
    as_named_by_provider: tuple[str, ...]
    answered_by: Counter[str]
    """Committed responses."""
    warning: str | None


@dataclass(frozen=True, slots=True)
class Verification:
    """The model that `filters.verify` asked, and how often it confirmed each label."""

    model: str
    api_base: str | None
    sampling: Mapping[str, Any]
    response_format: str
    votes: int
    agree: int
    """How many of the votes had to be the label."""
    by_label: tuple[ConfirmedLabel, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The model that `filters.judge` asked, and the scores that it gave."""

    model: str
    api_base: str | None
    sampling: Mapping[str, Any]
    response_format: str
    scale: int
    """The highest score; the lowest is 1."""
    accepted: int
    rejected: int
    criteria: tuple[CriterionScores, ...]
    """Over the accepted examples."""


@dataclass(frozen=True, slots=True)
class EmbedderRecord:
    """An embedder that texts were compared with."""

    embedder: str
    """As the recipe names it."""
    model: str
    """As requests name it: of one that runs in the process, with its version."""
    api_base: str | None


@dataclass(frozen=True, slots=True)
class FormatVersions:
    """The versions of ours that shaped a run's requests, its choice of examples and its files."""

    recipe: int
    """Of the recipe's format."""
    identity: int
    """Of what a recipe means."""
    loop: int
    """Of what is committed, chosen and drawn."""
    profiles: int
    """Of the table that says how models are asked."""
    embedded: int
    """Of how the embedded model is asked."""
    filters: Mapping[str, int]
    """Of the recipe's filters, by name."""
    unicode: int
    """Of Unicode, by which texts are compared."""
    key: int
    """Of the cache's keys."""
    response: int
    """Of a stored response."""
    spending: int
    """Of `spending.jsonl`."""
    comparison: int | None = None
    """Of how embeddings are compared; None for a run of an earlier release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a run was."""

    manifest: int = LAYOUT_VERSION
    """The version of the folder's layout and of this file."""
    identity: str
    identity_parts: Mapping[str, str]
    """Hashes of the identity's parts by name."""
    status: Literal["complete", "short"]
    outcome: End
    error: str | None
    """What ended it short of the target."""
    name: str
    counts: ItemCounts
    tokens: TokenCounts
    cost: CostRecord
    this_run: LastRun
    model: ModelRecord
    verification: Verification | None = None
    """None where the recipe verifies nothing."""
    judgement: Judgement | None = None
    """None where the recipe has no judge."""
    balance: Balanced | None = None
    """None where the recipe balances nothing."""
    embedders: tuple[EmbedderRecord, ...] = ()
    """Empty where the recipe compares no embeddings."""
    versions: Mapping[str, str | None]
    """Versions of the software that can affect the dataset; None for a package that was not installed."""
    formats: FormatVersions | None = None
    """None for a run of an earlier release, which did not record them."""
    machine: str
    recipe: Mapping[str, Any]
    """The recipe with defaults filled in and files by content."""
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    """By name, once they are written."""


def manifest_in(files: RunFiles, name: str = MANIFEST) -> dict[str, Any] | None:
    """The manifest of that name as it stands, or None where there is none that can be read.

    It is for who has to go on with an incomplete one: whose a folder is must be known of every folder.
    """
    try:
        stream = files.reading(name)
        if stream is None:
            return None
        with stream:
            text = stream.read(LARGEST_MANIFEST + 1)
        fits = len(text) <= LARGEST_MANIFEST and not too_many_values(text)
        manifest = json.loads(text.decode()) if fits else None
    except (OSError, ValueError, RecursionError):
        return None
    return manifest if isinstance(manifest, dict) else None


def identity_of(manifest: Mapping[str, Any] | None) -> str | None:
    """The identity of the run that wrote a manifest, where it says one."""
    identity = manifest.get("identity") if manifest else None
    return identity if isinstance(identity, str) else None


def load_manifest(folder: Path | RunFiles) -> Manifest:
    """The manifest of a run's folder. Raises `UsageError` where there is none, or none that this release can read."""
    files = folder if isinstance(folder, RunFiles) else RunFiles(folder)
    path = files.path / MANIFEST
    document = manifest_in(files)
    if document is None:
        broken = files.exists(MANIFEST)
        raise UsageError(
            f"{path} cannot be read as JSON" if broken else f"{files.path} holds no {MANIFEST}",
            hint=_MEND if broken else "A run's folder is what `datarecipe run` names at its end.",
        )
    version = document.get("manifest")
    if isinstance(version, int) and version > LAYOUT_VERSION:
        raise UsageError(
            f"{path} has format {version}; this is datarecipe {__version__}, which reads format {LAYOUT_VERSION}",
            hint="Install a newer release.",
        )
    try:
        return from_json(Manifest, document)
    except RecordError as error:
        raise UsageError(f"{path}: {error}", hint=_MEND) from None


_MEND = (
    "Put the file back as its run wrote it, or run the recipe again with --overwrite: "
    "every stored response is used, and the file is written anew."
)
