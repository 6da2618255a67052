"""`manifest.json`: what a run was, for people and for tools. The only file of a run that holds times and machines."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from typing import Any

from datarecipe._version import __version__
from datarecipe.running.dispatch import Ending, Traffic
from datarecipe.running.setup import Setup
from datarecipe.running.tally import Tally

FORMAT = 1

EMBEDDED_WARNING = (
    "Written by the embedded model, which is there to show that the pipe works. It is a poor author: "
    "expect wrong answers, and do not train on them."
)


def manifest(
    setup: Setup, ending: Ending, tally: Tally, traffic: Traffic, *, started: datetime, finished: datetime
) -> dict[str, Any]:
    """The manifest as a JSON document."""
    return {
        "manifest": FORMAT,
        "identity": setup.identity,
        "status": "complete" if ending.reason == "target" else "short",
        "outcome": ending.reason,
        "error": ending.error.message if ending.error else None,
        "name": setup.recipe.name,
        "counts": {
            "target_size": setup.recipe.target_size,
            "accepted": tally.accepted,
            "rejected": dict(sorted(tally.rejected.items())),
            "normalised": tally.normalised,
            "responses": tally.responses,
            "uncommitted_responses": traffic.stored + traffic.answered - tally.responses,
        },
        "tokens": {
            "prompt": tally.prompt_tokens,
            "completion": tally.completion_tokens,
            "responses_without_usage": tally.without_usage,
        },
        "this_run": {
            "from_cache": traffic.stored,
            "sent": traffic.sent,
            "answered": traffic.answered,
            "abandoned": traffic.abandoned,
            "started": started.isoformat(timespec="seconds"),
            "finished": finished.isoformat(timespec="seconds"),
        },
        "model": {
            "name": setup.model.name,
            "named_by": setup.model_from,
            "api_base": setup.model.api_base,
            "profile": setup.model.profile.name,
            "sampling": dict(setup.model.sampling),
            "response_format": setup.model.response_format,
            "as_named_by_provider": sorted(tally.models),
            "answered_by": dict(sorted(tally.answered_by.items())),
            "warning": EMBEDDED_WARNING if setup.embedded else None,
        },
        "versions": versions(),
        "machine": f"{platform.system()} {platform.machine()}",
        "recipe": dict(setup.recipe.resolved),
    }


def versions() -> Mapping[str, str | None]:
    """Versions of what can have a say in the result."""
    return {
        "datarecipe": __version__,
        "python": platform.python_version(),
        "jinja2": _version("jinja2"),
        "jsonschema": _version("jsonschema"),
        "litellm": _version("litellm"),
        "xllamacpp": _version("xllamacpp"),
    }


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
