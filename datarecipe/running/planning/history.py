"""What the manifest of the same run (recipe and model) shows of earlier responses, where the cache was emptied."""

from __future__ import annotations

from datarecipe.errors import UsageError
from datarecipe.run_folder.layout import MANIFEST
from datarecipe.run_folder.manifest import Manifest, load_manifest
from datarecipe.run_folder.run_files import RunFiles
from datarecipe.running.planning.dry_run import Measured
from datarecipe.running.resolve.resolved_run import ResolvedRun


def past_of(setup: ResolvedRun) -> Measured | None:
    """From the manifest in the run's folder; None where there is none of this run, or none that can be read."""
    manifest = _manifest_of(setup)
    if not isinstance(manifest, Manifest) or manifest.identity != setup.identity or not manifest.counts.tally.responses:
        return None
    tally, tokens = manifest.counts.tally, manifest.tokens
    return Measured(
        responses=tally.responses,
        examples=tally.accepted,
        new=tally.accepted + tally.surplus,
        counted=max(0, tally.responses - tokens.responses_without_usage),
        prompt_tokens=tokens.prompt,
        completion_tokens=tokens.completion,
    )


def broken_manifest(setup: ResolvedRun) -> str | None:
    """What is wrong with the manifest in the run's folder and how to mend it; None where nothing is, or there is none."""
    error = _manifest_of(setup)
    return f"{error.message}. {error.hint}" if isinstance(error, UsageError) else None


def _manifest_of(setup: ResolvedRun) -> Manifest | UsageError | None:
    try:
        return load_manifest(setup.output)
    except UsageError as error:
        return error if RunFiles(setup.output).exists(MANIFEST) else None
